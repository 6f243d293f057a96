"""Raw HTTP text in, raw HTTP text out: a message is its bytes, and what a party was sent is what the page shows."""

from __future__ import annotations

import base64
import io
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlencode, urlsplit

import h11

from flows.raw_text import END_OF_HEAD, check_request, refusal
from flows.raw_text import NotHTTP as NotHTTP

Fields = list[tuple[str, str]]
WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
NO_REQUEST = "this is not one whole HTTP request"


class _Message:
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first header of that name, or None."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def content_type(self) -> str:
        """The media type in lower case, without its parameters; "" where none is given."""
        return (self.header("Content-Type") or "").split(";")[0].strip().lower()


@dataclass(frozen=True)
class Request(_Message):
    """One HTTP request; `target` is as on the wire, percent-encoded."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def raw(self) -> bytes:
        return _raw(f"{self.method} {self.target} HTTP/1.1", self.headers, self.body)

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @cached_property
    def query(self) -> Fields:
        """Name and value of each query parameter, in order, repeats kept."""
        return lenient_fields(self.target.partition("?")[2])

    @cached_property
    def form(self) -> Fields:
        """Name and value of each form field, in order, repeats kept."""
        return lenient_fields(self.body.decode("latin-1"))


@dataclass(frozen=True)
class Response(_Message):
    """One HTTP response."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def reason(self) -> str:
        return HTTPStatus(self.status).phrase

    def raw(self) -> bytes:
        return _raw(f"HTTP/1.1 {self.status} {self.reason}", self.headers, self.body)


@dataclass(frozen=True)
class Answered:
    """What came back from a call: the response, the environ as the party left it, and how long it took."""

    response: Response
    environ: dict[str, Any]
    microseconds: int


def _raw(first: str, headers: Sequence[tuple[str, str]], body: bytes) -> bytes:
    lines = [first, *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def strict_fields(text: str) -> Fields:
    """Parse application/x-www-form-urlencoded text; UnicodeDecodeError where a value is not UTF-8."""
    return parse_qsl(text, keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=None)


def lenient_fields(text: str) -> Fields:
    """The same for showing: what is not UTF-8 becomes a replacement character."""
    return parse_qsl(text, keep_blank_values=True, errors="replace")


def get(url: str, *headers: tuple[str, str]) -> Request:
    """A GET request for an absolute URL."""
    host, target = _split(url)
    return Request("GET", target, (("Host", host), *headers))


def post(url: str, form: Mapping[str, str], *headers: tuple[str, str]) -> Request:
    """A POST request that carries a form."""
    host, target = _split(url)
    body = urlencode(form).encode()
    kind = ("Content-Type", "application/x-www-form-urlencoded")
    return Request("POST", target, (("Host", host), *headers, kind, ("Content-Length", str(len(body)))), body)


def basic(client_id: str, client_secret: str) -> tuple[str, str]:
    """The Authorization header of a client: each half form-encoded, then base64 (RFC 6749 §2.3.1)."""
    pair = f"{quote(client_id, safe='')}:{quote(client_secret, safe='')}"
    return ("Authorization", "Basic " + base64.b64encode(pair.encode()).decode())


def bearer(token: str) -> tuple[str, str]:
    """The Authorization header that carries a token (RFC 6750 §2.1)."""
    return ("Authorization", f"Bearer {token}")


def _split(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.netloc, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def parse_request(raw: bytes) -> Request:
    """Read one request from its bytes; NotHTTP says what is wrong with them, and at which character."""
    check_request(raw)
    reader = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    try:
        reader.receive_data(raw)
        head, body = reader.next_event(), b""
        while isinstance(event := reader.next_event(), h11.Data):
            body += event.data
    except h11.RemoteProtocolError:
        raise refusal(raw, 0, NO_REQUEST) from None
    if not (isinstance(head, h11.Request) and isinstance(event, h11.EndOfMessage)) or reader.trailing_data[0]:
        raise refusal(raw, 0, NO_REQUEST)
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers.raw_items())
    return Request(head.method.decode("latin-1"), head.target.decode("latin-1"), headers, body)


def recorded_request(raw: bytes) -> Request:
    """Read a request that was recorded. It was read strictly when it was sent, so it is only cut into its parts."""
    first, headers, body = _parts(raw)
    method, _, rest = first.partition(" ")  # what came from outside may have more of them
    return Request(method, rest.rpartition(" ")[0], headers, body)


def recorded_response(raw: bytes) -> Response:
    """Read a response that was recorded."""
    first, headers, body = _parts(raw)
    return Response(int(first.split(" ")[1]), headers, body)


def _parts(raw: bytes) -> tuple[str, tuple[tuple[str, str], ...], bytes]:
    head, body = END_OF_HEAD.split(raw, 1)
    first, *lines = head.decode("latin-1").split("\n")
    pairs = (line.partition(":") for line in lines)
    return first.rstrip("\r"), tuple((name, value.strip(" \t\r")) for name, _, value in pairs), body


def environ_of(request: Request) -> dict[str, Any]:
    """The WSGI environ (PEP 3333) of a request that came from this machine."""
    path, _, query = request.target.partition("?")
    host, _, port = (request.header("Host") or "localhost").partition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": host,
        "SERVER_PORT": port or "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input_terminated": True,
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in request.headers:
        if name.lower() in ("content-type", "content-length"):
            environ.setdefault(name.upper().replace("-", "_"), value)
            continue
        key = "HTTP_" + name.upper().replace("-", "_")
        between = ";" if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{between}{value}" if key in environ else value
    return environ


def request_of(environ: Mapping[str, Any], body: bytes) -> Request:
    """A request as far as an environ still tells it: header order and case are lost."""
    target = quote((environ.get("SCRIPT_NAME", "") + environ["PATH_INFO"]).encode("latin-1"), safe="/:@!$&'()*+,;=~-._")
    if environ.get("QUERY_STRING"):
        target += "?" + environ["QUERY_STRING"]
    left_out = ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING")
    headers = [
        (key[5:].replace("_", "-").title(), str(value))
        for key, value in environ.items()
        if key.startswith("HTTP_") and key not in left_out
    ]
    if environ.get("CONTENT_TYPE"):
        headers.append(("Content-Type", str(environ["CONTENT_TYPE"])))
    if body or environ.get("CONTENT_LENGTH"):
        headers.append(("Content-Length", str(len(body))))
    headers.sort(key=lambda pair: pair[0] != "Host")
    return Request(environ["REQUEST_METHOD"], target, tuple(headers), body)


def call(app: WSGIApp, raw: bytes, **known: Any) -> Answered:
    """Give a raw request to a WSGI application; `known` goes into the environ under "tokenwalk."."""
    environ = environ_of(parse_request(raw))
    environ |= {f"tokenwalk.{name}": value for name, value in known.items()}
    started: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        started[:] = [int(status.split(" ")[0]), tuple(headers)]

    begin = time.perf_counter_ns()
    chunks = app(environ, start_response)
    body = b"".join(chunks)
    took = (time.perf_counter_ns() - begin) // 1000
    if close := getattr(chunks, "close", None):
        close()
    return Answered(Response(started[0], started[1], body), environ, took)
