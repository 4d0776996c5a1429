#!/usr/bin/env python3
"""Checks an exported journal, with nothing but docs/journal.md and Python's standard library.

    verify_journal.py journal.jsonl [more.jsonl ...]

Several files go on from one another. Exit code 0 where every entry, the chain and every record that is in the file are as they were; 1 with the first line that
is not.
"""

import collections
import hashlib
import json
import sys

FORMAT = "huizong-journal-export/2"
ZEROS = "0" * 64


def sha256(data):
    return hashlib.sha256(data if isinstance(data, bytes) else data.encode()).hexdigest()


def escape(value):
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")


def hash_of_lines(header, pairs):
    return sha256("".join(line + "\n" for line in [header] + [f"{key}={escape(value)}" for key, value in pairs]))


def digest_of_words(salt, words):
    return sha256(bytes.fromhex(salt) + words.encode())


def is_struck(value):
    return isinstance(value, dict) and "struck" in value


def chain_of(entry):
    covers, detail = "records" in entry, entry["detail"]
    if is_struck(detail):
        detail = detail["struck"]
    elif covers:
        detail = digest_of_words(entry["salt"], detail)
    version = 3 if "by" in entry else 2 if covers else 1
    keys = ("sequence", "time", "actor", "by", "action", "subject", "outcome")
    pairs = [(key, str(entry[key])) for key in keys if key != "by" or version == 3]
    pairs += [("detail", detail), ("content", entry["content"])]
    if covers:
        pairs.append(("records", entry["records"]))
    pairs.append(("previous", entry["previous"]))
    return hash_of_lines(f"huizong-journal/{version}", pairs)


def hash_of_record(record, salt):
    pairs = [("kind", record["record"])]
    for key, value in record["lines"]:
        if is_struck(value):
            # Words go together with their salt, but for exceptions that a collection was stored with again.
            if salt is not None and record["record"] != "registry.collection":
                raise KeyError("words are struck out of a record, and not of its entry")
            value = value["struck"]
        elif isinstance(value, dict):
            if salt is None:
                raise ValueError("words are there without the salt of their entry")
            value = digest_of_words(salt, value["words"])
        pairs.append((key, value))
    return hash_of_lines("huizong-record/1", pairs)


def hash_of_records(hashes):
    if not hashes:
        return ZEROS
    return sha256("".join(line + "\n" for line in ["huizong-records/1"] + sorted(hashes)))


class Fault(Exception):
    pass


def check(holds, line, what):
    if not holds:
        raise Fault(f"line {line}: {what}")


def verify(file, before=None):
    head = json.loads(next(file))
    check(head.get("format") == FORMAT, 1, f"the format is not {FORMAT}")
    said = [FORMAT, f"sequence={head['sequence']}", f"chain={head['chain']}"]
    said += [f"{key}={head[key]}" for key in ("after", "previous", "records") if key in head]
    check(head["sha256"] == sha256("".join(line + "\n" for line in said)), 1, "it was changed")
    check(("after" in head) == ("previous" in head), 1, "it does not say what it goes on from")
    after, previous = head.get("after", 0), head.get("previous", ZEROS)
    if before is not None:
        check((after, previous) == (before["sequence"], before["chain"]), 1, "it does not go on from the file before")

    entries, covered, struck, told = [], False, set(), set()
    for number in range(after + 1, head["sequence"] + 1):
        at = number - after + 1
        line = next(file, None)
        check(line is not None, at, "the file ends before the entries do")
        entry = json.loads(line)
        check(entry["sequence"] == number, at, f"entry {entry['sequence']} instead of {number}")
        check(entry["previous"] == previous, at, "it does not follow the entry before")
        check(entry["chain"] == chain_of(entry), at, "it is not what its chain hash says")
        check("records" in entry or not covered, at, "it is of version 1 after one of a later version")
        check("records" in entry or "by" not in entry, at, "it is of no version")
        previous, covered = entry["chain"], covered or "records" in entry
        entries.append((entry.get("records"), entry.get("salt")))
        check(is_struck(entry["detail"]) == (entry.keys() >= {"records"} and "salt" not in entry), at, "it is struck out in part")
        if is_struck(entry["detail"]):
            struck.add(number)
        if (entry["action"], entry["outcome"]) == ("journal.strike", "accepted"):
            told.add(int(entry["subject"].removeprefix("journal/")))
    untold = min(struck - told, default=None)
    check(untold is None, (untold or 0) - after + 1, "its words are struck out, and no entry tells of that")
    check(previous == head["chain"], len(entries) + 1, "it is not the entry that the first line names")

    if "records" in head:
        hashes = collections.defaultdict(list)
        for number in range(1, head["records"] + 1):
            at = head["sequence"] + 1 + number
            line = next(file, None)
            check(line is not None, at, "the file ends before the records do")
            record = json.loads(line)
            check(1 <= record["sequence"] <= len(entries), at, "it belongs to no entry")
            salt = entries[record["sequence"] - 1][1]
            if entries[record["sequence"] - 1][0] is not None:
                hashes[record["sequence"]].append(hash_of_record(record, salt))
        for number, (records, _) in enumerate(entries, 1):
            check(records in (None, hash_of_records(hashes[number])), number + 1, "its records are others")
    check(next(file, None) is None, "the last", "there is more than the first line says")
    return head


def main():
    head, first = None, None
    for name in sys.argv[1:]:
        with open(name, encoding="utf-8") as file:
            try:
                head = verify(file, head)
            except (Fault, ValueError, KeyError, StopIteration) as fault:
                print(f"{fault} (of {name})", file=sys.stderr)
                return 1
        first = head.get("after", 0) if first is None else first
    entries = f"{head['sequence'] - first} entries" + (f" after {first}" if first else "")
    print(f"{entries}, {head.get('records', 'no')} records; head {head['chain']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
