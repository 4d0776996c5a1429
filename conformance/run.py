#!/usr/bin/env python3
"""Proves an implementation of the rules and sums with the vectors beside this file, with nothing but Python's standard library.

    run.py --server URL        a service, over JSON by POST; an empty one, for the vectors hand reports in
    run.py --check PROGRAM     the offline check of the program: its errors
    run.py --judge COMMAND     any program: gets a report a line as JSON (report, cells, narrative, answers, source, earlier), and answers a line with
                               {"sha256": …, "findings": [{"rule": …, "severity": …, "difference": …}, …]}

Exit code 0 where everything is as the vectors say; 1 with what is not. The canonical content of each report is hashed here, too.
"""

import argparse
import csv
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

faults = []


def expect(what, found, expected):
    if found != expected:
        faults.append(f"{what}\n  found    {json.dumps(found, ensure_ascii=False)}\n  expected {json.dumps(expected, ensure_ascii=False)}")


def cells(report, editions):
    """Every cell that is not blank, by its path."""
    year = int(report["report"].rsplit("/", 1)[1])
    edition = [one for one in editions if one["first_year"] <= year][-1]
    filled = dict.fromkeys(edition["prescribed"], 0)
    filled.update(report["zero_but"])
    return {path: value for path, value in filled.items() if value is not None}


def wire(value, is_amount):
    if value == "n/a":
        return {"notApplicable": True}
    return {"amountWanYuan": str(value)} if is_amount else {"count": str(value)}


def submission(report, vectors):
    filled = cells(report, vectors["editions"]).items()
    message = {
        "name": report["report"],
        "cells": [{"cell": path, "value": wire(value, path in vectors["amounts"])} for path, value in filled],
        "answers": report["answers"],
    }
    return message | {part: report[part] for part in ("narrative", "source") if report.get(part)}


def words(value):
    """A value as the vectors have it."""
    value = value or {}
    for kind in ("count", "amountWanYuan"):
        if kind in value:
            return value[kind]
    return "n/a" if value.get("notApplicable") else "unread" if value.get("unread") else ""


def term(term):
    marks = [term.get(mark, False) for mark in ("negative", "computed", "previousYear")]
    return [term["cell"], words(term.get("value")), *marks]


def finding(found):
    message = found.get("message", {})
    return {
        "rule": found["rule"],
        "severity": found["severity"],
        "left": [term(one) for one in found.get("left", [])],
        "right": [term(one) for one in found.get("right", [])],
        "difference": words(found.get("difference")),
        "zh": message.get("zh", ""),
        "en": message.get("en", ""),
    }


class Server:
    def __init__(self, url):
        self.url = url.rstrip("/")

    def call(self, method, message):
        headers = {"content-type": "application/json", "connect-protocol-version": "1"}
        request = urllib.request.Request(f"{self.url}/huizong.v1.{method}", json.dumps(message).encode(), headers)
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            sys.exit(f"{method}: {refused.code} {refused.read().decode()}")

    def prove(self, vectors):
        reports, sums = vectors["reports"], vectors["sums"]
        self.call("RegistryService/ApplyRegistryChanges", reports["registry"])
        for report in reports["reports"]:
            if report["earlier"]:
                self.call("ReportService/SubmitReport", submission(report["earlier"], reports))
        for report in reports["reports"]:
            message = {"submission": submission(report, reports)}
            verdict = self.call("FormService/CheckReport", message)
            expect(f"{report['what']}: content", verdict["contentSha256"], report["sha256"])
            told = {
                "passes": verdict.get("passes", False),
                "unanswered": verdict.get("unansweredRules", []),
                "computed": {one["cell"]: words(one["value"]) for one in verdict.get("computed", [])},
                "findings": [finding(one) for one in verdict.get("findings", [])],
            }
            for part, expected in report["verdict"].items():
                expect(f"{report['what']}: {part}", told[part], expected)
        for report in sums["handed_in"]:
            self.call("ReportService/SubmitReport", submission(report, reports))
        for asked in sums["questions"]:
            question, pages = dict(asked["question"]), []
            while True:
                page = self.call("RollupService/QueryRollup", question)
                pages.append(page.get("rows", []))
                if not page.get("nextPageToken"):
                    break
                question["pageToken"] = page["nextPageToken"]
            expect(f"sums, {asked['what']}", pages, asked["pages"])


def check(program, vectors):
    """The errors that the program finds in a document with the figures; what needs a registry is not asked of it, nor what is
    not printed at all: a table that is missing in a document was not read."""
    for report in vectors["reports"]["reports"]:
        if report["narrative"] or report["earlier"] or report["source"]:
            continue
        year = report["report"].rsplit("/", 1)[1]
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "report.csv"
            with open(path, "w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(["cell", "单元格", "label", "值 value"])
                for cell, value in cells(report, vectors["reports"]["editions"]).items():
                    writer.writerow([cell, "", "", "不适用" if value == "n/a" else value])
            found = subprocess.run([program, "check", str(path), "--year", year, "--format", "json"], capture_output=True, text=True)
            if not found.stdout:
                faults.append(f"{report['what']}: {found.stderr}")
                continue
            verdict = json.loads(found.stdout)
            errors = lambda all_of_them: [
                one for one in all_of_them if one["severity"] == "SEVERITY_ERROR" and one["rule"] != "TABLE-MISSING"
            ]
            told = errors([finding(one) for one in verdict.get("findings", [])])
            expect(f"{report['what']}: errors", told, errors(report["verdict"]["findings"]))


def judge(command, vectors):
    reports = vectors["reports"]

    def told(report):
        filled = {path: str(value) for path, value in cells(report, reports["editions"]).items()}
        return {key: report[key] for key in ("report", "narrative", "answers", "source")} | {"cells": filled}

    lines = []
    for report in reports["reports"]:
        earlier = told(report["earlier"]) if report["earlier"] else None
        lines.append(json.dumps(told(report) | {"earlier": earlier, "registry": reports["registry"]}))
    answers = subprocess.run(command, shell=True, input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    for report, answer in zip(reports["reports"], answers.stdout.splitlines(), strict=True):
        answer = json.loads(answer)
        part = lambda found: [(one["rule"], one["severity"], one["difference"]) for one in found]
        expect(f"{report['what']}: content", answer["sha256"], report["sha256"])
        expect(f"{report['what']}: findings", part(answer["findings"]), part(report["verdict"]["findings"]))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--server")
    arguments.add_argument("--check")
    arguments.add_argument("--judge")
    arguments.add_argument("--vectors", default=pathlib.Path(__file__).parent / "vectors", type=pathlib.Path)
    asked = arguments.parse_args()
    vectors = {name: json.loads((asked.vectors / f"{name}.json").read_text(encoding="utf-8")) for name in ("reports", "sums")}
    for report in vectors["reports"]["reports"]:
        expect(f"{report['what']}: hash", hashlib.sha256(report["canonical"].encode()).hexdigest(), report["sha256"])
    if asked.server:
        Server(asked.server).prove(vectors)
    if asked.check:
        check(asked.check, vectors)
    if asked.judge:
        judge(asked.judge, vectors)
    for fault in faults:
        print(fault)
    print(f"{len(vectors['reports']['reports'])} reports, {len(vectors['sums']['questions'])} questions, {len(faults)} faults")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
