"""The one WSGI entry: finds the party a request is for, by host or by path, and the realm it is in.

A URL that a party writes always comes from its realm's own address. What reaches a run's realm from outside is recorded
in that run.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from werkzeug.wrappers import Response

from flows import wire
from flows.party import MOST_BYTES
from flows.place import find_place
from flows.realm import find_realm
from flows.run import Run
from flows.stage import MEANWHILE, MOST_EXCHANGES, Broken, Stage
from flows.store import Store

LONGEST_TARGET = 16 * 1024
MOST_HEADERS = 64 * 1024
OUR_COOKIES = "tokenwalk"  # how the names of our own pages’ cookies begin


class Entry:
    """A WSGI application made of the pages and the parties."""

    def __init__(self, store: Store, stage: Stage, pages: wire.WSGIApp, parties: Mapping[str, wire.WSGIApp]) -> None:
        self._store = store
        self.stage = stage
        self._pages = pages
        self._parties = parties

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not environ.get("HTTP_HOST") or "," in environ["HTTP_HOST"]:
            return _plain(400, "A request names one host (RFC 9112 §3.2).")(environ, start_response)
        too_large = _too_large(environ)
        if too_large:
            return too_large(environ, start_response)
        found = find_place(environ)
        if found is None:
            if not environ.get("QUERY_STRING", "").isascii():
                says = "The address holds bytes that are not percent-encoded (RFC 3986 §2.1)."
                return _plain(400, says)(environ, start_response)
            return self._pages(environ, start_response)
        party = found.party
        realm = find_realm(self._store, found.realm)
        if realm is None:
            return _plain(404, f"There is no realm {found.realm[:40]!r} here.")(environ, start_response)
        _without_our_cookies(environ)
        environ |= {
            "tokenwalk.realm": realm,
            "SCRIPT_NAME": found.script_name,
            "PATH_INFO": found.path_info,
        }
        environ["tokenwalk.network"] = lambda request: self._asked_meanwhile(environ, request)
        if "tokenwalk.exchange" in environ:  # the stage sent it, and records it
            return self._parties[party](environ, start_response)
        run = self.stage.runs.run_of_realm(realm)
        if (run is None and party != "client") or (run and run.shared):
            return self._parties[party](environ, start_response)
        if run and len(run.exchanges) >= MOST_EXCHANGES:
            return _plain(429, f"This run holds {MOST_EXCHANGES} exchanges and takes no more.")(environ, start_response)
        return self._recorded(environ, start_response, party, run)

    def _asked_meanwhile(self, environ: dict[str, Any], request: wire.Request) -> wire.Response:
        """What a party is answered by another one that it asks while it answers: recorded with its own answer."""
        asked: list[tuple[bytes, wire.Answered]] = environ.setdefault(MEANWHILE, [])
        within = environ.get("tokenwalk.exchange") or secrets.token_hex(16)
        answered = wire.call(self, request.raw(), exchange=f"{within}.{len(asked)}")
        asked.append((request.raw(), answered))
        return answered.response

    def _recorded(self, environ: dict[str, Any], start_response: Any, party: str, run: Run | None) -> Iterable[bytes]:
        """Serve a request from outside and write it into the run it belongs to, in one transaction.

        The sandbox's client names the run itself, by its session, and the step that this was to it.
        """
        body = environ["wsgi.input"].read(MOST_BYTES + 1)
        environ["wsgi.input"] = io.BytesIO(body)
        came = wire.request_of(environ, body)
        started: list[Any] = []

        def keep(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            started[:] = [status, headers]

        try:
            with self._store.transaction():
                content = b"".join(self._parties[party](environ, keep))
                status = int(started[0][:3])
                if status == 500:
                    raise Broken(f"{party} failed with {status}")  # and leaves nothing behind
                if run := environ.get("tokenwalk.run") or run:
                    response = wire.Response(status, tuple(started[1]), content)
                    step = environ.get("tokenwalk.step")
                    self.stage.record(run, step, came.raw(), wire.Answered(response, environ, 0), party)
        except Broken:
            pass
        start_response(*started)
        return [content]


def _without_our_cookies(environ: dict[str, Any]) -> None:
    """A party that answers by path shares the host of our pages, and must not be told, or recorded, whose browser it
    is."""
    sent = str(environ.get("HTTP_COOKIE", ""))
    if OUR_COOKIES in sent:
        kept = [pair for pair in sent.split(";") if not pair.strip().startswith(OUR_COOKIES)]
        environ["HTTP_COOKIE"] = ";".join(kept).strip()
        if not kept:
            del environ["HTTP_COOKIE"]


def _too_large(environ: Mapping[str, Any]) -> Response | None:
    if len(environ["PATH_INFO"]) + len(environ.get("QUERY_STRING", "")) > LONGEST_TARGET:
        return _plain(414, f"The address is longer than {LONGEST_TARGET:,} characters.")
    if sum(len(str(value)) for key, value in environ.items() if key.startswith("HTTP_")) > MOST_HEADERS:
        return _plain(431, f"The headers are longer than {MOST_HEADERS:,} characters.")
    return None


def _plain(status: int, says: str) -> Response:
    return Response(says + "\n", status, mimetype="text/plain", headers={"X-Content-Type-Options": "nosniff"})
