"""Plots of the figures of one run, as SVG."""

import matplotlib
import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

matplotlib.use("svg")
# The same figures make the same file.
matplotlib.rcParams.update(
    {
        "svg.hashsalt": "huizong",
        "svg.fonttype": "none",
        "font.size": 9,
        "axes.grid": True,
        "grid.alpha": 0.3,
        "legend.handlelength": 3.5,
    }
)
COLOURS = {"huizong": "#b3312c", "echo": "#8a8a8a", "postgresql": "#336791", "duckdb": "#d9a400", "disk": "#222222"}
NAMES = {"huizong": "Huizong", "echo": "echo", "postgresql": "PostgreSQL", "duckdb": "DuckDB", "disk": "the disk"}
PLAIN = FuncFormatter(lambda value, _: f"{value:,.10g}")


def plots(figures, folder):
    """Draws what was measured; the names of the files, with what they show."""
    drawn = []
    for draw in [submissions, questions, latencies, growth, size]:
        figure, caption = draw(figures)
        if figure:
            name = f"performance-{draw.__name__}.svg"
            figure.savefig(folder / name, metadata={"Date": None})
            plt.close(figure)
            drawn.append((name, caption))
    return drawn


def axes(count, height=3.2, sharey=False):
    size = (4.2 * count, height)
    figure, panels = plt.subplots(1, count, figsize=size, squeeze=False, sharey=sharey, layout="constrained")
    return figure, panels[0]


def plain(panel, x="log", y="log"):
    """Scales that say their numbers in full."""
    panel.set_xscale(x)
    panel.set_yscale(y)
    for axis in [panel.xaxis, panel.yaxis]:
        if axis.get_scale() == "log":
            axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(PLAIN)


def largest(figures):
    provinces = figures.provinces()
    return provinces[-1] if provinces else {"agencies": None}


def submissions(figures):
    found = figures.all("submit", **largest(figures))
    if not found:
        return None, ""
    figure, [panel] = axes(1)
    for call, engine in dict.fromkeys((line["call"], line["engine"]) for line in found):
        lines = [line for line in found if (line["call"], line["engine"]) == (call, engine)]
        label = NAMES[engine] if engine == "echo" else f"{NAMES[engine]}: {call}"
        style = {"INSERT of columns": "--", "SubmitReport, first ones": ":"}.get(call, "-")
        points = [line["in_flight"] for line in lines], [line["per_second"] for line in lines]
        panel.plot(*points, style, marker="o", color=COLOURS[engine], label=label)
    plain(panel)
    panel.set(xlabel="in flight", ylabel="a second")
    panel.legend(fontsize=7)
    return figure, "Durable submissions a second, by how many are in flight"


def questions(figures):
    found = figures.all("query", **largest(figures))
    if not found:
        return None, ""
    calls = list(dict.fromkeys(line["call"] for line in found))
    engines = [engine for engine in NAMES if any(line["engine"] == engine for line in found)]
    figure, [panel] = axes(1, height=0.8 * len(calls) + 0.8)
    width = 0.8 / len(engines)
    for at, engine in enumerate(engines):
        rates = [
            max((line["per_second"] for line in found if (line["call"], line["engine"]) == (call, engine)), default=0)
            for call in calls
        ]
        places = [place + at * width for place in range(len(calls))]
        panel.barh(places, rates, width, color=COLOURS[engine], label=NAMES[engine])
    panel.set_xscale("log")
    panel.set_xlim(left=1)
    panel.xaxis.set_major_formatter(PLAIN)
    panel.set_yticks([place + 0.4 - width / 2 for place in range(len(calls))], calls)
    panel.invert_yaxis()
    panel.set(xlabel="answers a second, at best")
    panel.legend(fontsize=7)
    return figure, "Answers a second to the same question"


def latencies(figures):
    found = figures.all("latency", **largest(figures))
    if not found:
        return None, ""
    calls = list(dict.fromkeys(line["call"] for line in found))
    figure, panels = axes(len(calls))
    for panel, call in zip(panels, calls):
        for engine in ["huizong", "echo"]:
            lines = [line for line in found if (line["call"], line["engine"]) == (call, engine)]
            for share, style in [("p50_ms", "-"), ("p99_ms", "--")]:
                points = [line["rate"] for line in lines], [line[share] for line in lines]
                label = f"{NAMES[engine]}, {'half' if share == 'p50_ms' else '99 %'} within"
                panel.plot(*points, style, marker="o", color=COLOURS[engine], label=label)
        plain(panel, x="linear")
        panel.set(title=call, xlabel="calls a second", ylabel="ms")
    panels[0].legend(fontsize=7)
    return figure, "How long calls take at fixed rates"


GROWING = {
    "QueryRollup by requester type": "#b3312c",
    "GetConsolidatedForm": "#d9a400",
    "QueryRollup by agency": "#336791",
    "SubmitReport": "#222222",
}


def costs(panel, lines, x, scale="log"):
    """Time for each call against something that grows."""
    for call, colour in GROWING.items():
        points = sorted((line[x], 1e6 / line["per_second"]) for line in lines if line["call"] == call)
        if points:
            panel.plot(*zip(*points), marker="o", color=colour, label=call)
    plain(panel, x=scale)
    panel.set(xlabel=x, ylabel="µs a call")


def growth(figures):
    found = figures.all("growth", growing=True)
    watched = figures.all("watch", **largest(figures))
    if not found:
        return None, ""
    few = min(line["years"] for line in found if line["years"] > 1)
    of_years = min(line["agencies"] for line in found if line["years"] > few)
    # Of one scale, so that what is flat looks flat.
    figure, panels = axes(4, sharey=True)
    costs(panels[0], [line for line in found if line["years"] == few], "agencies")
    costs(panels[1], [line for line in found if line["agencies"] == of_years], "years")
    costs(panels[2], figures.all("depth", growing=True), "depth", scale="linear")
    panels[2].set_xticks([1, 2, 3])
    panels[0].legend(fontsize=7)
    watched = [{**line, "call": "SubmitReport"} for line in watched]
    costs(panels[3], watched, "watchers")
    return figure, "Time for a call, by agencies, years, depth of the jurisdiction, and watchers"


def size(figures):
    found = figures.all("memory", growing=True, call="after the start")
    if not found:
        return None, ""
    figure, [memory, start] = axes(2)
    points = sorted((line["reports"], line["bytes"] / 1e6, 8e-6 * line["reports"] * line["cells"]) for line in found)
    reports, held, figures_alone = zip(*points)
    memory.plot(reports, held, "o", color=COLOURS["huizong"], label="memory of the process")
    memory.plot(reports, figures_alone, "-", color=COLOURS["echo"], label="8 bytes for each figure")
    memory.set(xlabel="reports", ylabel="MB")
    starts = [("huizong", "start to first answer"), ("disk", "reading the store's files")]
    for engine, label in starts:
        lines = figures.all("start", growing=True, engine=engine)
        points = sorted((line["reports"], line["seconds"]) for line in lines)
        start.plot(*zip(*points), "o", color=COLOURS.get(engine, COLOURS["echo"]), label=label)
    start.set(xlabel="reports", ylabel="s")
    for panel in [memory, start]:
        plain(panel)
        panel.legend(fontsize=7)
    return figure, "Memory and start, by reports"
