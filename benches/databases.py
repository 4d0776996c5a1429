"""The same questions, and the same insertions, in PostgreSQL and DuckDB, on the figures that `benches/rpc` wrote down.

`make bench` runs it: databases.py [AGENCIESxYEARS…]. Every answer must come to the same sum as the service's did.
PostgreSQL is a cluster of its own on the disk that is measured, asked by pgbench over a Unix socket with prepared
statements; DuckDB is asked in this very process, without any network, on a Parquet file.
"""

import json
import os
import pwd
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import duckdb

FOLDER = Path(__file__).parent.parent / "target/bench"
DISK = os.environ.get("BENCH_DISK", "/var/tmp")
SECONDS = int(os.environ.get("BENCH_SECONDS", "2"))
ROUNDS = 3
ASKING = [1, 16]
INSERTING = [1, 16, 64, 256]
# Rows of a first page of QueryRollup.
PAGE = 1000


def quoted(path):
    return f'"{path}"'


def questions(scene):
    """By the names that `benches/rpc/query.rs` gives them: SQL, and how many columns are no sums."""
    first, last = scene["first_year"], scene["last_year"]
    years = f"year BETWEEN {first} AND {last}"
    paths = [cell["path"] for cell in scene["cells"]]
    received = [path for path in paths if path.startswith("requests.received.")]
    types = [path for path in received if not path.endswith(".total")]
    total = f"sum({quoted('requests.received.total')})"

    def sums(cells):
        return ", ".join(f"sum({quoted(path)})" for path in cells)

    return {
        "QueryRollup by requester type, one year": (f"SELECT {sums(types)} FROM figures WHERE year = {last}", 0),
        "GetConsolidatedForm, one year": (f"SELECT {sums(scene['cells_of_form'])} FROM figures WHERE year = {last}", 0),
        "QueryRollup by year, one kind of agency": (
            f"SELECT year, {total} FROM figures WHERE department AND {years} GROUP BY year",
            1,
        ),
        "QueryRollup by agency, all years": (
            f"SELECT agency, {total} FROM figures WHERE {years} GROUP BY agency ORDER BY agency LIMIT {PAGE}",
            1,
        ),
    }


def columns(scene):
    """Names and types: the narrowest that hold every value, and add up fastest."""
    cells = [(cell["path"], "bigint" if cell["amount"] else "integer") for cell in scene["cells"]]
    return [("year", "smallint"), ("agency", "varchar"), ("department", "boolean"), *cells]


class Figures:
    """Takes figures down beside those of the service."""

    def __init__(self):
        self.lines = [json.loads(line) for line in (FOLDER / "figures.jsonl").read_text().splitlines()]

    def of_service(self, measure, **province):
        """Figures of the service for a province, by call."""
        about = {"measure": measure, **province}
        found = [line for line in self.lines if all(line.get(key) == value for key, value in about.items())]
        return {line["call"]: line for line in found}

    def has_counterpart(self, province):
        """Whether something of the service was measured that databases can do, too."""
        agencies, years = map(int, province.split("x"))
        return any(self.of_service(measure, agencies=agencies, years=years) for measure in ["answer", "submit"])

    def add(self, **figure):
        print("  ".join(f"{value:.0f}" if isinstance(value, float) else str(value) for value in figure.values()))
        with open(FOLDER / "figures.jsonl", "a") as file:
            file.write(json.dumps(figure, ensure_ascii=False) + "\n")


def middle(measured):
    """The middle one of several rounds."""
    return statistics.median(measured() for _ in range(ROUNDS))


class PostgreSQL:
    """A cluster of its own, in a folder that is removed again."""

    def __init__(self):
        self.tools = postgresql_tools()
        # PostgreSQL refuses to run as root.
        self.user = None if os.geteuid() else some_user()
        self.folder = tempfile.mkdtemp(prefix="huizong-bench-", dir=DISK)
        if self.user:
            shutil.chown(self.folder, self.user)

    def __enter__(self):
        data = f"{self.folder}/data"
        self.as_user("initdb", "--auth=trust", "--username=bench", "--encoding=UTF8", "--locale=C", data)
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        settings = {
            "fsync": "on",
            "synchronous_commit": "on",
            "listen_addresses": "",
            "unix_socket_directories": self.folder,
            "max_connections": max(INSERTING) + 10,
            "shared_buffers": f"{memory // 4 >> 20}MB",
            "max_wal_size": "8GB",
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        log = open(f"{self.folder}/log", "w")
        self.server = subprocess.Popen(
            [self.tools / "postgres", "-D", data, *options], stdout=log, stderr=log, user=self.user, cwd="/"
        )
        for _ in range(300):
            ready = [self.tools / "pg_isready", "-q", "-h", self.folder, "-U", "bench", "-d", "postgres"]
            if subprocess.run(ready, check=False).returncode == 0:
                return self
            time.sleep(0.1)
        said = Path(f"{self.folder}/log").read_text()
        self.__exit__()
        raise SystemExit(said)

    def __exit__(self, *_):
        self.server.send_signal(2)
        self.server.wait()
        shutil.rmtree(self.folder)

    def as_user(self, tool, *arguments):
        subprocess.run([self.tools / tool, *arguments], user=self.user, cwd="/", check=True, stdout=subprocess.DEVNULL)

    def sql(self, text):
        """Runs SQL; the rows of the answer as lists of texts."""
        command = [self.tools / "psql", "-h", self.folder, "-U", "bench", "-d", "postgres", "-XAtq"]
        command += ["-v", "ON_ERROR_STOP=1"]
        done = subprocess.run(command, check=False, input=text, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(done.stderr)
        return [line.split("|") for line in done.stdout.splitlines()]

    def per_second(self, text, clients, variables=None):
        """How often clients have SQL answered, one time after the other each."""
        script = f"{self.folder}/script.sql"
        Path(script).write_text(text + ";\n")
        command = [self.tools / "pgbench", "-h", self.folder, "-U", "bench", "--no-vacuum", "--protocol=prepared"]
        command += [f"--client={clients}", f"--jobs={min(clients, os.cpu_count())}"]
        command += [f"--time={ROUNDS * SECONDS}", "--progress=1"]
        command += [f"--define={name}={value}" for name, value in (variables or {}).items()]
        command += [f"--file={script}", "postgres"]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(done.stdout + done.stderr)
        # Many clients take a while to begin: the better of the mean and the middle second counts.
        mean = [float(line.split()[2]) for line in done.stdout.splitlines() if line.startswith("tps = ")]
        seconds = [float(line.split()[3]) for line in done.stderr.splitlines() if line.startswith("progress: ")]
        return max([*mean, statistics.median(seconds or [0.0])])

    def fill(self, scene, folder):
        described = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns(scene))
        self.sql(f"DROP TABLE IF EXISTS figures, payloads, reports; CREATE TABLE figures ({described})")
        self.sql(f"\\copy figures FROM '{folder}/figures.csv' CSV")
        self.sql("CREATE INDEX ON figures (year); VACUUM ANALYZE figures; CHECKPOINT")
        self.sql("CREATE TABLE payloads (id bigserial PRIMARY KEY, body bytea NOT NULL)")
        self.sql("CREATE TABLE reports (id bigserial PRIMARY KEY, LIKE figures)")


def postgresql_tools():
    """The folder of the newest PostgreSQL that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    on_path = shutil.which("pgbench")
    if not found and not on_path:
        raise SystemExit("PostgreSQL is missing: apt-get install postgresql")
    return found[-1] if found else Path(on_path).parent


def some_user():
    for name in ["postgres", "nobody"]:
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            pass
    raise SystemExit("PostgreSQL refuses to run as root, and there is no user postgres or nobody")


class DuckDB:
    """On a Parquet file, in this process."""

    def __init__(self, scene, folder):
        self.connection = duckdb.connect()
        # It may remember where in the file everything is.
        self.connection.execute("SET parquet_metadata_cache = true")
        parquet = folder / "figures.parquet"
        kinds = {name: kind for name, kind in columns(scene)}
        self.connection.execute(
            f"COPY (SELECT * FROM read_csv('{folder}/figures.csv', header = false, columns = {kinds})) "
            f"TO '{parquet}' (FORMAT parquet)"
        )
        self.connection.execute(f"CREATE VIEW figures AS SELECT * FROM read_parquet('{parquet}')")

    def rows(self, text):
        return self.connection.execute(text).fetchall()

    def per_second(self, text, callers):
        def measured():
            counts = [0] * callers
            begin = time.monotonic()

            def call(at):
                cursor = self.connection.cursor()
                cursor.execute(f"PREPARE question AS {text}")
                while time.monotonic() - begin < SECONDS:
                    cursor.execute("EXECUTE question").fetchall()
                    counts[at] += 1

            threads = [threading.Thread(target=call, args=[at]) for at in range(callers)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return sum(counts) / (time.monotonic() - begin)

        return middle(measured)


def measure(province, figures, postgresql):
    folder = FOLDER / province
    scene = json.loads((folder / "scene.json").read_text())
    about = {"agencies": scene["agencies"], "years": scene["years"]}
    answers, submitted = (figures.of_service(measure, **about) for measure in ["answer", "submit"])
    print(f"\n{province}: filling PostgreSQL")
    postgresql.fill(scene, folder)
    if answers:
        print(f"{province}: filling DuckDB")
        engines = {"postgresql": (postgresql.sql, postgresql.per_second)}
        duck = DuckDB(scene, folder)
        engines["duckdb"] = (duck.rows, duck.per_second)
        for call, (text, keys) in questions(scene).items():
            for engine, (rows, per_second) in engines.items():
                total = sum(int(value) for row in rows(text) for value in row[keys:])
                if total != int(answers[call]["sum"]):
                    raise SystemExit(f"{engine}, {call}: {total}, but the service answered {answers[call]['sum']}")
                for callers in ASKING:
                    rate = per_second(text, callers)
                    figures.add(measure="query", call=call, engine=engine, **about, in_flight=callers, per_second=rate)
    if submitted:
        first = (folder / "figures.csv").open().readline().strip().split(",")
        row = {f"v{at}": value for at, value in enumerate(first)}
        names = ", ".join(quoted(name) for name, _ in columns(scene))
        inserts = {
            "INSERT of the payload": (
                "INSERT INTO payloads (body) VALUES (:payload)",
                {"payload": f"\\x{scene['payload']}"},
            ),
            "INSERT of columns": (
                f"INSERT INTO reports ({names}) VALUES ({', '.join(f':{name}' for name in row)})",
                row,
            ),
        }
        for call, (text, variables) in inserts.items():
            for clients in INSERTING:
                rate = postgresql.per_second(text, clients, variables)
                figures.add(
                    measure="submit", call=call, engine="postgresql", **about, in_flight=clients, per_second=rate
                )


def main():
    figures = Figures()
    provinces = [province for province in sys.argv[1:] if figures.has_counterpart(province)]
    if not provinces:
        return
    with PostgreSQL() as postgresql:
        version = postgresql.sql("SHOW server_version")[0][0].split()[0]
        figures.add(measure="machine", call="", engine="postgresql", version=version)
        figures.add(measure="machine", call="", engine="duckdb", version=duckdb.__version__)
        for province in provinces:
            measure(province, figures, postgresql)


if __name__ == "__main__":
    main()
