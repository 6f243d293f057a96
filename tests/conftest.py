"""What the tests share: an application on a database of its own, and one that is served over a real socket."""

from __future__ import annotations

import gc
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

import pytest
from browser import started
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from playwright.sync_api import Browser, BrowserContext, Page

from app import create_app
from flows.entry import Entry
from flows.run import Run
from flows.stage import Stage

ROOT = Path(__file__).resolve().parents[1]


def pytest_collection_finish() -> None:
    """Thousands of collected tests stay until the end: no need to look through them for garbage again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


class Compiled(BytecodeCache):
    """The templates, compiled once for all the applications of a process, each of which would compile them anew. Jinja
    compares a template’s source with what was compiled; the whitespace that it drops is up to the environment."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, bool], tuple[str, CodeType]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, code = self._kept.get(self._key(bucket), (None, None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code
        self._kept[self._key(bucket)] = bucket.checksum, bucket.code

    def _key(self, bucket: Bucket) -> tuple[str, bool]:
        return bucket.key, bucket.environment.trim_blocks


Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": Compiled()}


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'tokenwalk.sqlite3'}"


@pytest.fixture(scope="session")
def new_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database as an application leaves it that has only started: copied, it need not be made for every test."""
    file = tmp_path_factory.mktemp("new") / "tokenwalk.sqlite3"
    create_app(f"sqlite:///{file}", "localhost:8765").stage.runs.store.engine.dispose()
    assert [each.name for each in file.parent.iterdir()] == [file.name], "something is not written yet"
    return file


@pytest.fixture
def entry(tmp_path: Path, database_url: str, new_database: Path) -> Iterator[Entry]:
    """The whole application, in process."""
    shutil.copyfile(new_database, tmp_path / "tokenwalk.sqlite3")
    made = create_app(database_url, "localhost:8765")
    yield made
    made.stage.runs.store.engine.dispose()


@pytest.fixture
def stage(entry: Entry) -> Stage:
    return entry.stage


def walk(
    stage: Stage, *choices: str, flow: str = "authorization_code", until: str | None = None, **options: str
) -> Run:
    """Walk a flow under its options to its end, or up to and with the step `until`; `choices` are taken where there is
    one."""
    run = stage.runs.find(stage.start(flow, options, "the browser that started it"))
    while run.next_steps and (not until or all(each.step != until for each in run.walked)):
        step = next((step for step in run.next_steps if step.name in choices), run.next_steps[0])
        run = stage.send(run.id, step.name, len(run.walked))
    return run


@dataclass(frozen=True)
class Server:
    """The application under granian, on a port of its own."""

    port: int
    database_url: str
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def serve(database_url: str) -> Server:
    """Start `python app.py` and wait until it answers."""
    port = free_port()
    environment = {**os.environ, "DATABASE_URL": database_url}
    process = subprocess.Popen(
        [sys.executable, "app.py", "--port", str(port)], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    server = Server(port, database_url, process)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{server.url}/static/icon.svg", timeout=5).close()
            return server
        except (urllib.error.URLError, OSError):
            continue
    process.kill()
    raise RuntimeError("the server did not start")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    database = tmp_path_factory.mktemp("served") / "tokenwalk.sqlite3"
    running = serve(f"sqlite:///{database}")
    yield running
    running.process.terminate()
    running.process.wait(timeout=15)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with started() as browser:
        yield browser


@pytest.fixture
def context(chromium: Browser, server: Server) -> Iterator[BrowserContext]:
    made = chromium.new_context(base_url=server.url, viewport={"width": 1440, "height": 900})
    yield made
    made.close()


# A form that came back, and a script of Playwright’s own that the frame with Alice’s page does not let in.
EXPECTED = "status of (409|422)|Blocked script execution in .*/page'"


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    yield opened
    assert [problem for problem in problems if not re.search(EXPECTED, problem)] == []
