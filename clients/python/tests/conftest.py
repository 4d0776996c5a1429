"""The real service: a simulated province on a free port. HUIZONG names the program."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest


@dataclass
class Service:
    address: str
    #: An agency that has not reported.
    guest: str


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    command = [os.environ["HUIZONG"], "demo", "--agencies", "300", "--years", "2022..2023", "--listen", "127.0.0.1:0"]
    program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    address = ""
    assert program.stdout is not None
    for line in program.stdout:
        if found := re.search(r"Address: http://(\S+)", line):
            address = found[1]
        if found := re.search(r"huizong submit \S+ --agency (\S+)", line):
            break
    assert found is not None, "the demonstration has ended"
    yield Service(address, found[1])
    program.terminate()
    program.wait()
