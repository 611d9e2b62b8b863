"""The serving process: it starts, answers, and stops without dropping anyone."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator

import pytest

from tests.serving import free_port

# Says that a request has come in before it takes its time over it, so that the test can stop it half-way.
PROGRAM = """
import gc, sys, time
from flask import Flask
from api.doorway import Doorway
from api.metrics import Metrics
from api.server import serve

app = Flask("slow")
app.wsgi_app = Doorway(app.wsgi_app, Metrics.new())

@app.get("/slow")
def slow():
    print("asked", flush=True)
    time.sleep(0.5)
    return "answered"

@app.get("/set-aside")
def set_aside():
    return str(gc.get_freeze_count())

serve(app, "127.0.0.1", int(sys.argv[1]), on_ready=lambda: print("ready", flush=True))
"""


@pytest.fixture
def port() -> int:
    """Return a port that was free a moment ago."""
    return free_port()


@pytest.fixture
def server(port: int) -> Iterator[subprocess.Popen]:
    """Serve the slow app in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_stopping_answers_whoever_asked(server, port, told):
    """A request that came in before SIGTERM or SIGINT is answered, then the process ends well."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET /slow HTTP/1.0\r\n\r\n")
        assert server.stdout.readline() == "asked\n"
        server.send_signal(told)
        answer = b"".join(iter(lambda: client.recv(4096), b""))

    assert answer.endswith(b"answered")
    assert server.wait(timeout=30) == 0


def test_what_is_loaded_is_set_aside_from_garbage_collection(server, port):
    """The process that answers never looks for garbage in what was there before it."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/set-aside") as answer:
        assert int(answer.read()) > 10_000


def test_the_log_is_json_lines_on_stderr(server, port):
    """What the process says of its requests is one JSON line each."""
    urllib.request.urlopen(f"http://127.0.0.1:{port}/slow").close()

    server.terminate()
    _, lines = server.communicate(timeout=30)

    # The server may add remarks of its own, on a slow stop for one; they are JSON lines too, without a route.
    said = [json.loads(line) for line in lines.splitlines()]
    (line,) = [line for line in said if "route" in line]
    assert (line["route"], line["status"]) == ("/slow", 200)
