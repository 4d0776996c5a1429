"""What a program that uses the client is promised, against the real service."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from conftest import Service

from huizong import Client, Refused, Submission, Unreachable
from huizong.v1 import report_pb2

PROVINCE = "jurisdictions/230000"
#: A total that is left blank is computed, and asks why.
COMPUTED = {"TOTAL-BLANK": "由系统计算"}


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with Client(service.address) as client:
        yield client


def cells(client: Client, requests: int) -> dict:
    filled = client.zeros(2022)
    filled["requests.received.natural_person"] = requests
    filled["requests.disclosed.natural_person"] = requests
    return filled


def test_a_report_is_stored_once_however_often_it_is_sent(client: Client, service: Service) -> None:
    name = f"agencies/{service.guest}/reports/2022"
    checked = client.submit(name, cells(client, 12), answers=COMPUTED, validate_only=True)
    assert not checked.HasField("receipt")
    request_id = "0b9d1c3e-9a55-4d5f-8f58-3a4b6f0e7c11"
    first = client.submit(name, cells(client, 12), answers=COMPUTED, request_id=request_id)
    again = client.submit(name, cells(client, 12), answers=COMPUTED, request_id=request_id)
    assert again.already_stored and again.receipt.revision == first.receipt.revision
    assert len(first.receipt.content_sha256) == 64

    corrected = client.submit(
        name, cells(client, 13), answers=COMPUTED, etag=first.receipt.etag, correction_reason="漏计"
    )
    assert corrected.receipt.revision.endswith("/revisions/2")
    with pytest.raises(Refused) as stale:
        client.submit(name, cells(client, 14), answers=COMPUTED, etag=first.receipt.etag, correction_reason="再改")
    assert stale.value.reason == "ETAG_MISMATCH"
    assert stale.value.problem.metadata["etag"] == corrected.receipt.etag


def hopeless(client: Client) -> dict:
    """Nothing adds up: more than a refusal has room for in words."""
    numbers = iter(range(1_000, 10_000, 7))
    zeros = client.zeros(2022)
    filled = {path: value if isinstance(value, Decimal) else next(numbers) for path, value in zeros.items()}
    for path in [path for path in filled if path.endswith(".natural_person")]:
        filled[path.replace("natural_person", "total")] = 1
    return filled


def test_a_refusal_says_every_rule_that_is_broken_and_what_to_do(client: Client, service: Service) -> None:
    wrong = cells(client, 12)
    wrong["requests.received.total"] = 99
    with pytest.raises(Refused) as refused:
        client.submit(f"agencies/{service.guest}/reports/2023", wrong)
    assert refused.value.reason == "REPORT_INVALID"
    assert "T3-ROW-TOTAL" in {finding.rule for finding in refused.value.findings if finding.is_error}
    assert "T3-ROW-TOTAL" in str(refused.value) and "→" in str(refused.value)

    # However many there are, every one is there.
    name = f"agencies/{service.guest}/reports/2023"
    verdict = client.check(name, hopeless(client))
    with pytest.raises(Refused) as refused:
        client.submit(name, hopeless(client))
    errors = [finding for finding in verdict.findings if finding.severity == 1]
    told = [finding for finding in refused.value.findings if finding.is_error]
    assert len(told) == len(errors) > 20
    assert all(finding.cell for finding in told)


NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@pytest.mark.skipif(NGINX is None, reason="nginx is missing")
def test_a_refusal_passes_nginx_with_its_own_limits(client: Client, service: Service, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    paths = "".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; pid {tmp_path}/pid; error_log {tmp_path}/errors; events {{}} http {{ access_log off; {paths} server {{"
        f" listen 127.0.0.1:{port} http2; location / {{ grpc_pass grpc://{service.address}; }} }} }}"
    )
    nginx = subprocess.Popen([str(NGINX), "-c", str(tmp_path / "nginx.conf")], stderr=subprocess.DEVNULL)
    try:
        with Client(f"127.0.0.1:{port}") as through:
            filled = hopeless(through)
            for _ in range(20):
                with pytest.raises(Refused) as refused:
                    through.submit(f"agencies/{service.guest}/reports/2023", filled)
                assert len([finding for finding in refused.value.findings if finding.is_error]) > 20
    finally:
        nginx.terminate()
        nginx.wait()


def test_a_service_that_is_not_there_is_an_error_of_its_own() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Client(f"127.0.0.1:{port}", deadline_seconds=0.2) as client, pytest.raises(Unreachable) as unreachable:
        client.zeros(2022)
    assert str(port) in str(unreachable.value)


def test_sums_are_exact_and_whole_and_a_pandas_table(client: Client) -> None:
    whole = sum(value for _, _, value in client.rollup(PROVINCE, ["requests.received"], 2022))
    by_child = list(client.rollup(PROVINCE, ["requests.received"], 2022, ["child_jurisdiction"]))
    assert sum(value for _, _, value in by_child) == whole > 0
    fees = list(client.rollup(PROVINCE, ["proactive_disclosure.administrative_fees"], (2022, 2023), ["year"]))
    assert [group["year"] for group, _, _ in fees] == [2022, 2023]
    assert all(isinstance(value, Decimal) for _, _, value in fees)
    frame = client.rollup_frame(PROVINCE, ["requests.received", "requests.disclosed"], 2022, ["agency"])
    assert frame["requests.received"].sum() == whole
    assert frame["agency"].str.startswith("agencies/").all()


class Cut:
    """Stands before the service, and cuts each connection off after so many bytes of answers, a few times."""

    def __init__(self, target: str, bytes_each: int, times: int) -> None:
        self._target, self._left, self._times = target, bytes_each, times
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        host, port = self._target.split(":")
        while True:
            caller, _ = self._listener.accept()
            service = socket.create_connection((host, int(port)))
            cuts, self._times = self._times > 0, self._times - 1
            threading.Thread(target=self._pass, args=(caller, service, None), daemon=True).start()
            limit = self._left if cuts else None
            threading.Thread(target=self._pass, args=(service, caller, limit), daemon=True).start()

    @staticmethod
    def _pass(source: socket.socket, target: socket.socket, limit: int | None) -> None:
        passed = 0
        try:
            while data := source.recv(4096):
                target.sendall(data)
                passed += len(data)
                if limit is not None and passed > limit:
                    break
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def test_a_stream_goes_on_where_it_broke_and_stores_nothing_twice(client: Client, service: Service) -> None:
    request = report_pb2.ListReportsRequest(parent="agencies/-", year=2023, page_size=40)
    listed = client.call(client.reports.ListReports, request).reports
    etags = {report.name: report.etag for report in listed}
    submissions = [
        Submission(name, cells(client, 5), COMPUTED, etag, correction_reason="测试") for name, etag in etags.items()
    ]
    before = len(submissions)
    with Client(Cut(service.address, bytes_each=3_000, times=3).address) as cut:
        results = list(cut.submit_all(iter(submissions)))
    assert [submission.name for submission, _ in results] == [submission.name for submission in submissions]
    assert before == len(results)
    for submission, result in results:
        if isinstance(result, Refused):
            assert result.reason in {"WARNINGS_UNANSWERED", "STATE_CONFLICT", "ETAG_MISMATCH", "COLLECTION_LOCKED"}, result
            continue
        request = report_pb2.ListReportRevisionsRequest(name=submission.name)
        revisions = client.call(client.reports.ListReportRevisions, request).reports
        ours = [report for report in revisions if report.correction_reason == "测试"]
        assert len(ours) == 1, submission.name
    assert any(not isinstance(result, Refused) for _, result in results)


def test_a_watch_tells_of_each_change(client: Client, service: Service) -> None:
    answers = client.watch(PROVINCE, ["requests.received"], 2023, heartbeat_seconds=5)
    first = next(answers)
    listed = report_pb2.ListReportsRequest(parent="agencies/-", year=2023, states=[2], page_size=1)
    report = client.call(client.reports.ListReports, listed).reports[0]
    withdraw = report_pb2.WithdrawReportRequest(name=report.name, etag=report.etag, reason="测试")
    client.call(client.reports.WithdrawReport, withdraw)
    second = next(answers)
    assert second.as_of > first.as_of
    assert second.coverage[0].included == first.coverage[0].included - 1
