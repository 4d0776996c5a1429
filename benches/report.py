"""Tables and plots of what `make bench` has measured: report.py [--publish].

Reads `target/bench/figures.jsonl`; writes `performance-tables.md` and `performance-*.svg` beside it. With `--publish`
the tables take the place of the marked section of `docs/performance.md`, and the plots go to `docs/images`.
"""

import json
import shutil
import sys
from pathlib import Path

from plots import plots
from targets import number, targets

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "target/bench"
DOCUMENT = ROOT / "docs/performance.md"
BEGIN, END = "<!-- figures: begin -->\n", "<!-- figures: end -->\n"
ENGINES = {"huizong": "Huizong", "echo": "echo", "postgresql": "PostgreSQL", "duckdb": "DuckDB", "disk": "the disk"}


class Figures:
    """What was measured, one dictionary a figure."""

    def __init__(self, lines):
        self.lines = lines

    def all(self, measure, **conditions):
        """Figures of a measure with these values; those of growing provinces only where `growing` is asked for."""
        conditions = {"measure": measure, "growing": None, **conditions}
        return [line for line in self.lines if all(line.get(key) == value for key, value in conditions.items())]

    def one(self, measure, **conditions):
        """The newest such figure; none where it was not measured."""
        found = self.all(measure, **conditions)
        return found[-1] if found else None

    def value(self, field, measure, **conditions):
        found = self.one(measure, **conditions)
        return found and found[field]

    def best(self, measure, **conditions):
        """The highest rate of such figures, whatever the number in flight."""
        return max((line["per_second"] for line in self.all(measure, **conditions)), default=None)

    def provinces(self):
        """Those that were measured on purpose, smallest first."""
        known = {
            (line["agencies"], line["years"]) for line in self.lines if "agencies" in line and "growing" not in line
        }
        return [{"agencies": agencies, "years": years} for agencies, years in sorted(known)]


def table(heading, rows):
    lines = [heading, ["---" if at == 0 else "---:" for at in range(len(heading))], *rows]
    return "".join("| " + " | ".join(str(cell) for cell in line) + " |\n" for line in lines) + "\n"


def machine(figures):
    about = figures.one("machine", engine="")
    versions = {line["engine"]: line["version"] for line in figures.all("machine") if "version" in line}
    beside = "".join(f" {ENGINES[engine]} {version}." for engine, version in versions.items())
    memory = int(about["memory"].split()[0]) / (1 << 20)
    asked = {"PROVINCES": about["provinces"], "MEASURES": about["measures"]}
    command = " ".join(["make bench", *(f'{name}="{value}"' for name, value in asked.items() if value)])
    return (
        f"`{command}` on {about['date']}: {about['cores']} cores ({about['processor']}), {memory:.0f} GiB of memory, "
        f"Linux {about['kernel']}; client, service and databases share the cores. "
        f"{about['rounds']} rounds of {about['seconds_a_round']} s a figure, the middle one told; "
        f"{about['profile']} build.{beside}\n\n"
    )


def title(province):
    return f"{number(province['agencies'])} agencies, {province['years']} years"


def rates(figures, province, measure):
    """Calls a second by who answers and how many are in flight."""
    found = figures.all(measure, **province)
    counts = sorted({line["in_flight"] for line in found})
    kinds = list(dict.fromkeys((line["call"], line["engine"]) for line in found))
    rows = []
    for call, engine in sorted(kinds, key=lambda kind: [known[0] for known in kinds].index(kind[0])):
        values = [
            figures.value("per_second", measure, call=call, engine=engine, in_flight=count, **province)
            for count in counts
        ]
        rows.append([call, ENGINES[engine], *map(number, values)])
    return table(["calls a second, by calls in flight", "by", *counts], rows) if rows else ""


def latencies(figures, province, measure):
    found = figures.all(measure, **province)
    rows = [
        [
            line["call"],
            ENGINES[line["engine"]],
            *(number(line[key]) for key in ["rate", "p50_ms", "p99_ms", "most_ms", "calls", "missed"]),
        ]
        for line in found
        if "rate" in line
    ]
    heading = [
        "at fixed rates",
        "by",
        "calls a second",
        "half within, ms",
        "99 % within, ms",
        "all within, ms",
        "calls",
        "begun late",
    ]
    return table(heading, rows) if rows else ""


def of_province(figures, province):
    text = f"### {title(province)}\n\n"
    text += rates(figures, province, "submit")
    streams = [
        [line["call"], line["streams"], number(line["per_second"])] for line in figures.all("stream", **province)
    ]
    text += table(["over streams", "streams", "reports a second"], streams) if streams else ""
    text += rates(figures, province, "query")
    answers = figures.all("answer", **province)
    rows = [[line["call"], number(line["milliseconds"]), number(line["bytes"])] for line in answers]
    text += table(["first answer", "ms", "bytes"], rows) if rows else ""
    text += latencies(figures, province, "latency")
    text += latencies(figures, province, "mixed")
    watched = figures.all("watch", **province)
    rows = [[line["watchers"], number(line["per_second"]), number(line["unwatched_per_second"])] for line in watched]
    text += table(["watchers", "submissions a second", "unwatched, in turns"], rows) if rows else ""
    starts = figures.all("start", **province)
    rows = [[line["call"], number(line["seconds"]), number(line["bytes"] / 1e6)] for line in starts]
    text += table(["start", "s", "MB in the store"], rows) if rows else ""
    rows = [
        [line["call"], number(line["bytes"] / 1e6), number(line["most_bytes"] / 1e6)]
        for line in figures.all("memory", **province)
    ]
    return text + table(["memory of the process", "MB", "at most, MB"], rows)


def of_no_province(figures):
    text = ""
    rows = [[line["call"], number(line["microseconds"]), line["reports"]] for line in figures.all("validation")]
    text += table(["validation", "µs a report", "reports"], rows) if rows else ""
    rows = [
        [line["call"], number(line["milliseconds"]), number(line["bytes"]), line["cells"]]
        for line in figures.all("documents")
    ]
    text += table(["documents", "ms", "bytes", "cells"], rows) if rows else ""
    return f"### Without a province\n\n{text}" if text else ""


def tables(figures, images, pictures):
    text = machine(figures)
    rows = [
        [target.measure, target.told, target.goal, "" if target.met is None else "met" if target.met else "**missed**"]
        for target in targets(figures)
    ]
    text += table(["measure", "measured", "target", ""], rows)
    text += "".join(f"![{caption}]({images}{name})\n\n" for name, caption in pictures)
    text += "".join(of_province(figures, province) for province in figures.provinces())
    return (text + of_no_province(figures)).rstrip() + "\n"


def publish(figures, pictures):
    before, rest = DOCUMENT.read_text().split(BEGIN)
    _, after = rest.split(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{tables(figures, 'images/', pictures)}\n{END}{after}")
    for name, _ in pictures:
        shutil.copy(FOLDER / name, ROOT / "docs/images" / name)


def main():
    lines = (FOLDER / "figures.jsonl").read_text().splitlines()
    figures = Figures([json.loads(line) for line in lines])
    pictures = plots(figures, FOLDER)
    text = tables(figures, "", pictures)
    (FOLDER / "performance-tables.md").write_text(text)
    print(text)
    if "--publish" in sys.argv[1:]:
        publish(figures, pictures)


if __name__ == "__main__":
    main()
