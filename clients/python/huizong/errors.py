"""What a call may come to, other than its answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import grpc
from google.rpc import status_pb2

from .v1 import form_pb2, problem_pb2

_DETAILS = "grpc-status-details-bin"


@dataclass(frozen=True)
class Finding:
    """One rule that a report breaks in one place; its words are empty where the refusal had no room for them."""

    rule: str
    is_error: bool
    #: Path of its first cell; empty where it is about none.
    cell: str
    zh: str = ""
    en: str = ""
    remedy_zh: str = ""
    remedy_en: str = ""


class Unreachable(Exception):
    """Nobody answers at the address, or not in time, however often it was tried."""


class Refused(Exception):
    """The service refused. str() says why and what to do, in Chinese and English."""

    def __init__(self, problem: problem_pb2.Problem) -> None:
        super().__init__(problem)
        self.problem = problem

    @property
    def reason(self) -> str:
        """Such as "REPORT_INVALID"."""
        return problem_pb2.ErrorReason.Name(self.problem.reason)

    @property
    def findings(self) -> list[Finding]:
        """Every finding: those that are told in full, then those that are told in brief."""
        return [*map(_finding, self.problem.findings), *_brief(self.problem)]

    def __str__(self) -> str:
        problem = self.problem
        lines = [self.reason, f"  {problem.message.zh}", f"  {problem.message.en}"]
        for violation in problem.field_violations:
            lines.append(f"  - {violation.field}: {violation.description.zh} {violation.description.en}")
        for diagnosis in problem.diagnoses:
            lines.append(f"  ☞ {diagnosis.message.zh} {diagnosis.message.en}")
        for finding in self.findings:
            lines.append(f"  {'✗' if finding.is_error else '!'} {finding.rule} {finding.cell}")
            lines.extend(f"      {text}" for text in (finding.zh, finding.en, finding.remedy_zh) if text)
        lines.append(f"  → {problem.remedy.zh} {problem.remedy.en}")
        return "\n".join(lines)


def problem_of(error: grpc.RpcError) -> problem_pb2.Problem | None:
    """The problem in the details of an error; None where it is not the service's own."""
    for key, value in error.trailing_metadata() or ():
        if key == _DETAILS:
            for detail in status_pb2.Status.FromString(value).details:
                problem = problem_pb2.Problem()
                if detail.Unpack(problem):
                    return problem
    return None


def _finding(finding: problem_pb2.Finding) -> Finding:
    first = next(iter([*finding.left, *finding.right]), None)
    return Finding(
        rule=finding.rule,
        is_error=finding.severity == problem_pb2.SEVERITY_ERROR,
        cell=first.cell if first else "",
        zh=finding.message.zh,
        en=finding.message.en,
        remedy_zh=finding.remedy.zh,
        remedy_en=finding.remedy.en,
    )


def _brief(problem: problem_pb2.Problem) -> Iterator[Finding]:
    for brief in problem.brief_findings:
        for cell in brief.cells:
            yield Finding(brief.rule, brief.severity == problem_pb2.SEVERITY_ERROR, _path(cell))


def _path(numbers: bytes) -> str:
    """The path of a cell that the numbers of fields lead to from Form."""
    message, names = form_pb2.Form.DESCRIPTOR, []
    for number in numbers:
        field = message.fields_by_number.get(number)
        if field is None:
            return ""
        names.append(field.name)
        message = field.message_type or message
    return ".".join(names)
