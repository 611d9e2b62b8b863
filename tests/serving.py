"""A really served Rekindle, in processes of its own with a database of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from recommender.domain import Week
from tests.conftest import OPERATOR_TOKEN, private_in

PROGRAM = "from recommender.cli import main; main()"
AHEAD = Week.of(date.today() + timedelta(weeks=4))
"""All of it is still to come, whatever day it is."""


@dataclass(frozen=True)
class Served:
    """Where it is served, by which process, from which home, and the file that holds its log."""

    url: str
    process: subprocess.Popen[bytes]
    home: Path
    log: Path

    def workers(self) -> list[int]:
        """Return the process ids of those that answer."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return the environment of a Rekindle with a home and an operator."""
    own = {
        "REKINDLE_HOME": str(home),
        "REKINDLE_OPERATOR_TOKEN": OPERATOR_TOKEN,
        "REKINDLE_RATE_PER_MINUTE": "0",
    }
    return {**os.environ, **own, "PYTHONPATH": os.pathsep.join(sys.path), **more}


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def served(home: Path, *options: str, **more: str) -> Iterator[Served]:
    """Serve Rekindle with options and settings of its own, and yield it once it is ready."""
    port = free_port()
    home.mkdir(exist_ok=True)
    log = home / "served.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "serve", "--port", str(port), *options],
            stdout=subprocess.DEVNULL,
            stderr=said,
            env=environment(home, **more),
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(url, process)
        yield Served(url, process, home, log)
    finally:
        process.terminate()
        process.wait()
        lines = log.read_text().splitlines()
        assert private_in(lines) == []
        assert [line for line in lines if not line.startswith("{")] == []


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    """Return once the service at an address can be used; raise if its process ends, or after a minute."""
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError(f"{url} ended with {process.returncode}")
        try:
            with urllib.request.urlopen(f"{url}/health/ready", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"{url} is not ready after a minute")
