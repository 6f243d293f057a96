"""`python app.py`: it says where it is, and what to do about a port that is taken."""

from __future__ import annotations

import socket
import subprocess
import sys
import urllib.request

import pytest
from conftest import ROOT, Server, free_port


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "app.py", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_busy_port_says_so_and_how_to_choose_another() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = run("--port", str(port))
    assert ended.returncode == 1
    assert ended.stderr == (
        f"Port {port} of 127.0.0.1 cannot be used: Address already in use. "
        f"Choose another one: python app.py --port {port + 1}\n"
    )


@pytest.mark.parametrize("port", ["0", "70000", "-1"])
def test_port_that_is_none_is_named(port: str) -> None:
    ended = run("--port", port)
    assert ended.returncode == 2
    assert ended.stderr.endswith(f"app.py: error: --port must be between 1 and 65535, not {port}\n")


def test_address_is_printed_before_anything_else(tmp_path) -> None:  # type: ignore[no-untyped-def]
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "app.py", "--port", str(port)],
        cwd=ROOT,
        env={"DATABASE_URL": f"sqlite:///{tmp_path / 'x.sqlite3'}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == f"Tokenwalk is at http://localhost:{port}/ (stop it with Ctrl+C)\n"
    process.terminate()
    process.communicate(timeout=20)


def test_static_files_are_served_on_every_host(server: Server) -> None:
    for host in (f"localhost:{server.port}", f"auth.localhost:{server.port}"):
        asked = urllib.request.Request(f"http://127.0.0.1:{server.port}/static/party.css", headers={"Host": host})
        with urllib.request.urlopen(asked, timeout=10) as answer:
            assert answer.status == 200
            assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
