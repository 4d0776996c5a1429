"""What is to be reached, and whether it is, by the figures of one run."""

from dataclasses import dataclass

SUBMIT = "SubmitReport, corrections"
FIRST_ONES = "SubmitReport, first ones"
BY_REQUESTER_TYPE = "QueryRollup by requester type, one year"
BY_AGENCY = "QueryRollup by agency, all years"
FILTERED = "QueryRollup by year, one kind of agency"
FORM = "GetConsolidatedForm, one year"
DATABASES = {"postgresql": "PostgreSQL", "duckdb": "DuckDB"}
MANY = 64
# How many times a database a roll-up is to be, by agencies of the year.
TIMES_A_DATABASE = {10_000: 30, 300_000: 100}
DOCUMENT_MILLISECONDS = {".txt": 10, ".md": 10, ".html": 10, ".docx": 10, ".xlsx": 10, ".pdf": 100}


@dataclass
class Target:
    measure: str
    told: str
    goal: str
    # None where it is for people to judge.
    met: bool | None


def number(value):
    """As people read it: three digits that matter, thousands apart."""
    if value is None:
        return ""
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def at_least(measure, ratio, goal, of):
    """A ratio that is to be reached; nothing where a part of it was not measured."""
    return [Target(measure, f"{number(ratio)} × {of}", f"≥ {goal:g} × {of}", ratio >= goal)]


def at_most(measure, value, goal, unit):
    return [Target(measure, f"{number(value)} {unit}", f"≤ {goal:g} {unit}", value <= goal)]


def divided(above, below):
    return above / below if above and below else None


def targets(figures):
    found = []
    for province in figures.provinces():
        found += of_province(figures, province)
    return found + of_growth(figures) + of_no_province(figures)


def of_province(figures, province):
    place = f"{province['agencies']:,} × {province['years']}"

    def rate(measure, call, engine, in_flight=MANY):
        return figures.value("per_second", measure, call=call, engine=engine, in_flight=in_flight, **province)

    submit, first_ones = rate("submit", SUBMIT, "huizong"), rate("submit", FIRST_ONES, "huizong")
    streamed = figures.best("stream", **province)
    ratios = [
        (f"SubmitReport, {MANY} in flight", submit, rate("submit", SUBMIT, "echo"), 0.45, "echo"),
        (f"SubmitReport, {MANY} in flight", submit, rate("submit", SUBMIT, "peer"), 1.15, "a bare service over PostgreSQL"),
        ("SubmitReport, 1 in flight", rate("submit", SUBMIT, "huizong", 1), rate("submit", SUBMIT, "echo", 1), 0.36, "echo"),
        (
            "SubmitReport, 1 in flight",
            rate("submit", SUBMIT, "huizong", 1),
            rate("submit", SUBMIT, "peer", 1),
            1,
            "a bare service over PostgreSQL",
        ),
        (
            f"SubmitReport, {MANY} in flight",
            submit,
            rate("submit", "INSERT of the payload", "postgresql"),
            1.5,
            "PostgreSQL, INSERT of the payload",
        ),
        (
            f"SubmitReport, {MANY} in flight",
            submit,
            rate("submit", "INSERT of columns", "postgresql"),
            1.5,
            "PostgreSQL, INSERT of columns",
        ),
        ("SubmitReports", streamed, first_ones, 2.2, "SubmitReport"),
    ]
    times = max(
        (times for agencies, times in TIMES_A_DATABASE.items() if agencies <= province["agencies"]), default=None
    )
    questions = [(BY_REQUESTER_TYPE, 0.9, times), (FORM, 0.5, 200)]
    for call, of_echo, of_database in questions:
        asked = rate("query", call, "huizong")
        ratios.append((call, asked, rate("query", call, "echo"), of_echo, "echo"))
        for engine, name in DATABASES.items() if of_database else []:
            ratios.append((call, asked, figures.best("query", call=call, engine=engine, **province), of_database, name))
    for call in [BY_AGENCY, FILTERED]:
        fastest = figures.best("query", call=call, engine="duckdb", **province)
        ratios.append((call, rate("query", call, "huizong"), fastest, 1, "DuckDB"))
    watched = figures.one("watch", watchers=1000, **province)
    if watched:
        both = watched["per_second"], watched["unwatched_per_second"]
        ratios.append(("SubmitReport, 1,000 watchers", *both, 0.9, "unwatched"))
    found = []
    for measure, above, below, goal, of in ratios:
        ratio = divided(above, below)
        found += at_least(f"{measure}; {place}", ratio, goal, of) if ratio else []
    mixed = figures.value("ratio", "mixed", call="p99 beside ÷ p99 alone", **province)
    if mixed:
        found += at_most(f"QueryRollup beside submissions at half rate, p99; {place}", mixed, 3, "× alone")
    start = figures.one("start", engine="huizong", **province)
    if start:
        # A small store does not show what a large one takes.
        millions = start["reports"] / 1e6
        met = start["seconds"] <= 3 * millions if millions >= 1 else None
        told = f"{number(start['seconds'])} s for {millions:.3g} million reports"
        found.append(Target(f"start to first answer; {place}", told, "≤ 3 s a million reports", met))
        of_disk = start["seconds"] / figures.value("seconds", "start", engine="disk", **province)
        found.append(
            Target(f"start to first answer; {place}", f"{number(of_disk)} × reading the store's files", "", None)
        )
    return found


STORES = "commits, stores alone"


def targets_of_instances(figures):
    """Stores alone beside plain INSERTs, and services beside the bare one."""
    found = []
    for province in figures.provinces():
        place = f"{province['agencies']:,} × {province['years']}"

        def value(field, call, engine, in_flight):
            return figures.value(field, "instances", call=call, engine=engine, in_flight=in_flight, **province)

        for engine, in_flight, goal in [("1 instance", MANY, 1.4), ("3 instances", MANY, 1.1), ("3 instances", 256, 1.4)]:
            rates = [value("per_second", STORES, who, in_flight) for who in [engine, "plain"]]
            ratio = divided(*rates)
            measure = f"{STORES}, {engine}, {in_flight} in flight; {place}"
            found += at_least(measure, ratio, goal, "plain INSERTs") if ratio else []
        spread = divided(*(value(field, STORES, "3 instances", MANY) for field in ["p99_ms", "p50_ms"]))
        measure = f"{STORES}, 3 instances, p99 ÷ p50; {place}"
        found += at_most(measure, spread, 4, "×") if spread else []
        for engine in ["1 instance", "2 instances", "3 instances"]:
            for in_flight in [MANY, 256]:
                ratio = divided(*(value("per_second", SUBMIT, who, in_flight) for who in [engine, "peer"]))
                told = f"{number(ratio)} × a bare service over PostgreSQL"
                measure = f"{SUBMIT}, {engine}, {in_flight} in flight; {place}"
                found += [Target(measure, told, "", None)] if ratio else []
    return found


def targets_of_pauses(figures):
    found = []
    for province in figures.provinces():
        found += of_pauses(figures, province, f"{province['agencies']:,} × {province['years']}")
    return found


def of_pauses(figures, province, place):
    """What submissions and roll-ups wait for others: the worst of all that was beside them."""
    lines = figures.all("pauses", **province)
    if len(lines) < 2:
        return []
    alone, *beside = lines
    found = []
    for load, call in [("submit", "SubmitReport"), ("query", "QueryRollup")]:
        worst = max(line[f"{load}_p99_ms"] for line in beside) / alone[f"{load}_p99_ms"]
        longest = max(line[f"{load}_most_ms"] for line in beside)
        found += at_most(f"{call} beside each large question or change, p99; {place}", worst, 3, "× alone")
        found += at_most(f"{call} beside each large question or change, longest; {place}", longest, 100, "ms")
    return found


def of_growth(figures):
    """What does not grow with the number of reports."""
    call = "QueryRollup by requester type"
    by_agencies = figures.all("growth", growing=True, call=call, years=2)
    if not by_agencies:
        return []
    few, many = by_agencies[0], by_agencies[-1]
    ratio = many["per_second"] / few["per_second"]
    of = f"the rate with {few['agencies']:,}"
    found = at_least(f"{call}, {many['agencies']:,} agencies", ratio, 0.9, of)
    memory = {line["agencies"]: line for line in figures.all("memory", growing=True, years=2)}
    few, many = memory[few["agencies"]], memory[many["agencies"]]
    more = (many["bytes"] - few["bytes"]) / (many["reports"] - few["reports"])
    told = f"{more:,.0f} bytes more for each report; its figures are {8 * many['cells']:,}"
    return found + [Target("memory", told, "bounded by jurisdictions", None)]


def of_no_province(figures):
    found = []
    for line in figures.all("validation", call="reports in order"):
        found += at_most("validation", line["microseconds"], 20, "µs a report")
    for ending, goal in DOCUMENT_MILLISECONDS.items():
        times = [line["milliseconds"] for line in figures.all("documents") if line["call"].endswith(ending)]
        if times:
            found += at_most(f"reading the slowest {ending}", max(times), goal, "ms")
    return found
