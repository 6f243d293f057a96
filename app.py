"""Tokenwalk: the pages and the parties behind one WSGI entry. `python app.py` serves it."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from flows import client
from flows.authorization_server import app as authorization_server
from flows.entry import Entry
from flows.pages import app as pages
from flows.realm import open_sandbox
from flows.resource_server import app as resource_server
from flows.runs import Runs
from flows.stage import Stage
from flows.store import Store, default_url

HERE = Path(__file__).resolve().parent
TEMPLATES = HERE / "templates"


def create_app(database_url: str | None = None, authority: str | None = None) -> Entry:
    """The whole of Tokenwalk as one WSGI application.

    `authority` is the host and port that it is reached at ("localhost:8765"): every address in it begins with that.
    """
    authority = authority or os.environ.get("TOKENWALK_AUTHORITY", "localhost:8765")
    store = Store(database_url or os.environ.get("DATABASE_URL") or default_url(HERE / ".tokenwalk"))
    stage = Stage(Runs(store, authority))
    open_sandbox(store, authority)
    parties = {
        "authorization_server": authorization_server.make_app(TEMPLATES),
        "resource_server": resource_server.make_app(TEMPLATES),
        "client": client.make_app(TEMPLATES, stage),
    }
    entry = Entry(store, stage, pages.make_app(TEMPLATES, HERE / "static", stage), parties)
    stage.entry = entry
    return entry


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> None:
    """Serve on a port that is free, and say where."""
    parser = argparse.ArgumentParser(prog, description="OAuth 2.0 and JWT, one real request at a time.")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1, this machine only)"
    )
    parser.add_argument("--port", type=int, default=8765, help="port to listen on (default: 8765)")
    asked = parser.parse_args(argv)
    if not 1 <= asked.port <= 65535:
        parser.error(f"--port must be between 1 and 65535, not {asked.port}")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((asked.host, asked.port))
        except OSError as error:
            sys.exit(
                f"Port {asked.port} of {asked.host} cannot be used: {error.strerror}. "
                f"Choose another one: python app.py --port {asked.port + 1}"
            )
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    for name in [name for name in os.environ if name.startswith("HTTP_")]:
        del os.environ[name]  # granian would hand them to us as headers
    os.environ["TOKENWALK_AUTHORITY"] = f"localhost:{asked.port}"
    print(f"Tokenwalk is at http://localhost:{asked.port}/ (stop it with Ctrl+C)", flush=True)
    Granian(
        "app:create_app",
        address=asked.host,
        port=asked.port,
        interface=Interfaces.WSGI,
        factory=True,
        blocking_threads=2,
        log_level=LogLevels.warning,
        working_dir=HERE,
    ).serve()


if __name__ == "__main__":
    main()
