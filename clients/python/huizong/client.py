"""Calls as a program wants them: safe to repeat, in time, and with what went wrong in words."""

from __future__ import annotations

import random
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import grpc

from .errors import Refused, Unreachable, problem_of
from .v1 import (
    filling_pb2,
    filling_pb2_grpc,
    problem_pb2,
    report_pb2,
    report_pb2_grpc,
    rollup_pb2,
    rollup_pb2_grpc,
)
from .values import Cell, filled, from_wire

if TYPE_CHECKING:
    import pandas

Answer = TypeVar("Answer")
Stored = report_pb2.SubmitReportResponse

#: The same call may be answered otherwise later. RESOURCE_EXHAUSTED only where the service says after how long.
_PASSING = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.RESOURCE_EXHAUSTED)
_ATTEMPTS = 6
_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 10.0
_MESSAGE_BYTES = 64 << 20


@dataclass
class Submission:
    """A report to be handed in. Its request id is made once, and kept however often it is sent."""

    name: str
    cells: Mapping[str, Cell]
    #: Reasons for warnings, by rule.
    answers: Mapping[str, str] = field(default_factory=dict)
    etag: str = ""
    correction_reason: str = ""
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def message(self, validate_only: bool = False) -> report_pb2.SubmitReportRequest:
        answers = [report_pb2.Answer(rule=rule, reason=reason) for rule, reason in self.answers.items()]
        return report_pb2.SubmitReportRequest(
            name=self.name,
            cells=filled(self.cells),
            answers=answers,
            etag=self.etag,
            correction_reason=self.correction_reason,
            request_id=self.request_id,
            validate_only=validate_only,
        )


class Client:
    """A connection to the service at an address such as "127.0.0.1:7411" or "https://huizong.example"."""

    def __init__(
        self,
        address: str = "127.0.0.1:7411",
        *,
        token: str | None = None,
        ca: str | Path | None = None,
        deadline_seconds: float = 30.0,
        language: str = "zh-CN",
    ) -> None:
        scheme, _, target = address.rpartition("://")
        is_protected = scheme == "https" or ca is not None
        options = [("grpc.max_receive_message_length", _MESSAGE_BYTES)]
        if is_protected:
            roots = Path(ca).read_bytes() if ca else None
            self._channel = grpc.secure_channel(target, grpc.ssl_channel_credentials(roots), options)
        else:
            self._channel = grpc.insecure_channel(target, options)
        self._address = target
        self._deadline = deadline_seconds
        self._metadata = [("accept-language", language)]
        if token:
            self._metadata.append(("authorization", f"Bearer {token}"))
        self.reports = report_pb2_grpc.ReportServiceStub(self._channel)
        self.forms = filling_pb2_grpc.FormServiceStub(self._channel)
        self.rollups = rollup_pb2_grpc.RollupServiceStub(self._channel)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._channel.close()

    def call(self, method: Callable[..., Answer], request: Any) -> Answer:
        """Calls any method with one answer: each attempt in time, and again what may be answered otherwise then.

        Give a request that changes something a request_id, so that it is done once."""
        for attempt in range(_ATTEMPTS):
            try:
                return method(request, timeout=self._deadline, metadata=self._metadata)
            except grpc.RpcError as error:
                self._pause(error, attempt)
        raise AssertionError("the last attempt raises")

    def _pause(self, error: grpc.RpcError, attempt: int) -> None:
        """Waits before the next attempt, or raises where there is none."""
        problem = problem_of(error)
        says_when = problem is not None and problem.HasField("retry_delay")
        is_passing = error.code() in _PASSING and (
            error.code() != grpc.StatusCode.RESOURCE_EXHAUSTED or says_when
        )
        if not is_passing or attempt + 1 == _ATTEMPTS:
            if problem is not None:
                raise Refused(problem) from error
            if error.code() in _PASSING:
                raise Unreachable(f"{self._address}: {error.details()}") from error
            raise error
        pause = min(_FIRST_PAUSE_SECONDS * 2**attempt, _LONGEST_PAUSE_SECONDS)
        if problem is not None and says_when:
            pause = max(pause, problem.retry_delay.ToTimedelta().total_seconds())
        # Not all at the same moment.
        time.sleep(pause * random.uniform(1.0, 1.5))

    def zeros(self, year: int) -> dict[str, Cell]:
        """Every cell of the form of a year with zero in it, but the totals: those are computed. To be filled in."""
        layout = self.call(self.forms.GetFormLayout, filling_pb2.GetFormLayoutRequest(year=year))
        tiles = [tile for table in layout.tables for tile in table.tiles if tile.cell and not tile.addends]
        amount = filling_pb2.CellKind.CELL_KIND_AMOUNT
        return {tile.cell: Decimal(0) if tile.cell_kind == amount else 0 for tile in tiles}

    def check(self, name: str, cells: Mapping[str, Cell], answers: Mapping[str, str] | None = None) -> Any:
        """What the service thinks of a report: every finding in words. Nothing is stored."""
        submission = Submission(name, cells, answers or {}).message()
        return self.call(self.forms.CheckReport, filling_pb2.CheckReportRequest(submission=submission))

    def submit(
        self,
        name: str,
        cells: Mapping[str, Cell],
        *,
        answers: Mapping[str, str] | None = None,
        etag: str = "",
        correction_reason: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
    ) -> Stored:
        """Hands a report in, such as "agencies/ID/reports/2022"; keep the receipt that comes back.

        Raises Refused, whose text has every rule that is broken; a warning is answered by its reason in `answers`."""
        submission = Submission(name, cells, answers or {}, etag, correction_reason)
        if request_id:
            submission.request_id = request_id
        return self.call(self.reports.SubmitReport, submission.message(validate_only))

    def submit_all(self, submissions: Iterable[Submission]) -> Iterator[tuple[Submission, Stored | Refused]]:
        """Hands in many on one stream; what each came to, in their order.

        Where the connection breaks, what has no answer yet is sent again on another: the ids make that safe."""
        waiting: deque[Submission] = deque()
        rest = iter(submissions)
        attempt = 0
        while True:
            unanswered = list(waiting)
            more = rest

            def requests() -> Iterator[report_pb2.SubmitReportsRequest]:
                for submission in unanswered:
                    yield report_pb2.SubmitReportsRequest(submission=submission.message())
                for submission in more:
                    waiting.append(submission)
                    yield report_pb2.SubmitReportsRequest(submission=submission.message())

            try:
                for answer in self.reports.SubmitReports(requests(), metadata=self._metadata):
                    submission, attempt = waiting.popleft(), 0
                    refused = answer.WhichOneof("result") == "refused"
                    yield submission, Refused(answer.refused) if refused else answer.stored
                return
            except grpc.RpcError as error:
                self._pause(error, attempt)
                attempt += 1

    def rollup(
        self,
        jurisdiction: str,
        measures: Sequence[str],
        years: int | tuple[int, int],
        group_by: Sequence[str] = (),
    ) -> Iterator[tuple[dict[str, Any], str, Cell]]:
        """Sums, row by row and page by page: the group by dimension, the measure, and the exact value.

        Dimensions are those of the contract, such as "year", "child_jurisdiction" or "requester_type"."""
        first, last = (years, years) if isinstance(years, int) else years
        request = rollup_pb2.QueryRollupRequest(
            scope=rollup_pb2.Scope(jurisdiction=jurisdiction),
            first_year=first,
            last_year=last,
            measures=measures,
            group_by=[rollup_pb2.Dimension.Value(f"DIMENSION_{name.upper()}") for name in group_by],
        )
        while True:
            page = self.call(self.rollups.QueryRollup, request)
            for row in page.rows:
                yield _group(row), row.measure, from_wire(row.value)
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def rollup_frame(self, *question: Any, **more: Any) -> pandas.DataFrame:
        """The same as a pandas table: a column for each dimension, and one for each measure. Amounts are Decimals."""
        import pandas

        rows: dict[tuple[Any, ...], dict[str, Any]] = {}
        for group, measure, value in self.rollup(*question, **more):
            rows.setdefault(tuple(group.values()), dict(group))[measure] = value
        return pandas.DataFrame(list(rows.values()))

    def watch(
        self, jurisdiction: str, measures: Sequence[str], year: int, heartbeat_seconds: int = 30
    ) -> Iterator[rollup_pb2.QueryRollupResponse]:
        """The sums, and each time that they change; goes on where it was when the connection breaks."""
        request = rollup_pb2.WatchRollupRequest(
            scope=rollup_pb2.Scope(jurisdiction=jurisdiction),
            first_year=year,
            measures=measures,
            heartbeat_seconds=heartbeat_seconds,
        )
        attempt = 0
        while True:
            try:
                for update in self.rollups.WatchRollup(request, metadata=self._metadata):
                    request.resume_after, attempt = update.as_of, 0
                    if update.HasField("answer"):
                        yield update.answer
                return
            except grpc.RpcError as error:
                self._pause(error, attempt)
                attempt += 1


def _group(row: rollup_pb2.RollupRow) -> dict[str, Any]:
    """Values by dimension."""
    group = {}
    for key in row.keys:
        name = rollup_pb2.Dimension.Name(key.dimension).removeprefix("DIMENSION_").lower()
        kind = key.WhichOneof("value")
        group[name] = key.label.zh if kind in ("agency_kind", "requester_type") else getattr(key, kind)
    return group
