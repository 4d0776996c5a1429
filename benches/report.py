"""Tables and plots of what `make bench` has measured: report.py [--publish].

Reads `target/bench/figures.jsonl`; writes `performance-tables.md` and `performance-*.svg` beside it. With `--publish`
the tables take the place of the marked sections of `docs/performance.md`, and the plots go to `docs/images`; a section
of which nothing was measured stays as it is.
"""

import json
import shutil
import sys
from pathlib import Path

from plots import plots
from targets import number, targets, targets_of_instances, targets_of_pauses

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "target/bench"
DOCUMENT = ROOT / "docs/performance.md"
# What stands beside nothing, in the measure of pauses.
ALONE = "nothing else"
ENGINES = {"huizong": "Huizong", "echo": "echo", "peer": "bare service over PostgreSQL", "postgresql": "PostgreSQL", "duckdb": "DuckDB", "disk": "the disk"}
ENGINES |= {"plain": "plain INSERTs by 64 connections"} | {f"{count} instance{'s' * (count > 1)}": f"{count} instance{'s' * (count > 1)}" for count in [1, 2, 3]}


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

    def has_more_than(self, *measures):
        return any(line["measure"] not in measures for line in self.lines)

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
    worked = [
        [line["call"], line["in_flight"], number(line["processor_us"]), number(line["thread_changes"])]
        for line in figures.all("work", **province)
    ]
    heading = ["work of the service", "in flight", "µs of processor a call", "changes of thread a call"]
    text += table(heading, worked) if worked else ""
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


def of_pauses(figures, province):
    """How long submissions and roll-ups took alone and beside each thing that was asked or changed."""
    found = figures.all("pauses", **province)
    alone = next((line for line in found if line["call"] == ALONE), None)
    rows = []
    for line in found:
        row = [line["call"]]
        for load in ["submit", "query"]:
            p99 = line[f"{load}_p99_ms"]
            times = f" (× {number(p99 / alone[f'{load}_p99_ms'])})" if alone and line is not alone else ""
            row += [number(p99) + times, number(line[f"{load}_most_ms"])]
        row += [number(line["disk_p99_ms"]), number(line["disk_most_ms"])]
        rows.append([*row, number(line["call_ms"]), number(line["calls"] or None)])
    heading = [
        "beside",
        "SubmitReport, 99 % within, ms",
        "all within, ms",
        "QueryRollup, 99 % within, ms",
        "all within, ms",
        "4 KiB synced, 99 % within, ms",
        "all within, ms",
        "what is beside takes, ms",
        "times",
    ]
    return table(heading, rows) if rows else ""


def growth_of_pauses(figures):
    """What is asked or changed, by the number of agencies."""
    found = figures.all("pauses")
    sizes = sorted({line["agencies"] for line in found})
    if len(sizes) < 2:
        return ""
    calls = [call for call in dict.fromkeys(line["call"] for line in found) if call != ALONE]
    rows = [
        [call, *(number(figures.value("call_ms", "pauses", call=call, agencies=agencies)) for agencies in sizes)]
        for call in calls
    ]
    return "By the number of agencies:\n\n" + table(["ms, the middle one", *map(number, sizes)], rows)


def pauses(figures):
    """All that was measured of who waits for whom; nothing where that was not measured."""
    if not figures.all("pauses"):
        return ""
    text = machine(figures) + verdicts(targets_of_pauses(figures))
    for province in figures.provinces():
        text += f"{title(province)}:\n\n" + of_pauses(figures, province)
        rows = [
            [line["call"], number(line["bytes"] / 1e6), number(line["most_bytes"] / 1e6)]
            for line in figures.all("memory", **province)
        ]
        text += table(["memory of the process", "MB", "at most, MB"], rows)
    return (text + growth_of_pauses(figures)).rstrip() + "\n"


def instances(figures):
    """Several instances over one journal; nothing where that was not measured."""
    if not figures.all("instances"):
        return ""
    text = machine(figures) + verdicts(targets_of_instances(figures))
    for province in figures.provinces():
        text += f"{title(province)}:\n\n" + rates(figures, province, "instances")
        rows = [
            [line["engine"], line["in_flight"], number(line["p50_ms"]), number(line["p99_ms"])]
            for line in figures.all("instances", **province)
            if "p50_ms" in line
        ]
        text += table(["a commit, by", "in flight", "half within, ms", "99 % within, ms"], rows) if rows else ""
    return text.rstrip() + "\n"


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


def verdicts(found):
    rows = [
        [target.measure, target.told, target.goal, "" if target.met is None else "met" if target.met else "**missed**"]
        for target in found
    ]
    return table(["measure", "measured", "target", ""], rows)


def tables(figures, images, pictures):
    """All else; nothing where nothing else was measured."""
    if not figures.has_more_than("machine", "memory", "pauses", "instances"):
        return ""
    text = machine(figures) + verdicts(targets(figures))
    text += "".join(f"![{caption}]({images}{name})\n\n" for name, caption in pictures)
    text += "".join(of_province(figures, province) for province in figures.provinces())
    return (text + of_no_province(figures)).rstrip() + "\n"


def publish(figures, pictures):
    document = DOCUMENT.read_text()
    sections = {"figures": tables(figures, "images/", pictures), "pauses": pauses(figures), "instances": instances(figures)}
    for name, text in sections.items():
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
        before, rest = document.split(begin)
        _, after = rest.split(end)
        if text:
            document = f"{before}{begin}\n{text}\n{end}{after}"
    DOCUMENT.write_text(document)
    for name, _ in pictures:
        shutil.copy(FOLDER / name, ROOT / "docs/images" / name)


def main():
    lines = (FOLDER / "figures.jsonl").read_text().splitlines()
    figures = Figures([json.loads(line) for line in lines])
    pictures = plots(figures, FOLDER)
    text = "\n".join(filter(None, [tables(figures, "", pictures), pauses(figures), instances(figures)]))
    (FOLDER / "performance-tables.md").write_text(text)
    print(text)
    if "--publish" in sys.argv[1:]:
        publish(figures, pictures)


if __name__ == "__main__":
    main()
