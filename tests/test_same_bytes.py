"""The same bytes, handed over in process and sent over a socket, get the same answer.

A database is walked up to each step and copied. The copy is served by `python app.py`, the original called in process.
What is fresh from the random source cannot be equal, so a value of twenty or more base64url characters is compared by
its length alone. The names of headers are compared in lower case, which is how granian writes them.
"""

from __future__ import annotations

import re
import socket
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPResponse

import pytest
from conftest import serve
from stories import STEPS, read, walked_before

from app import create_app
from flows import wire
from flows.entry import Entry
from flows.run import Run
from flows.stage import Stage

CODE = "authorization_code"
AUTHORITY = "localhost:8765"  # of the runs' realms; the sandbox takes that of the server
OF_THE_SERVER = {"date", "server", "connection", "transfer-encoding"}
FRESH = re.compile(  # a word in small letters alone is not from a random source; a new photo's number is a short one
    r"(?=[a-z_-]*[A-Z0-9])[A-Za-z0-9_-]{20,}|(?<=\"id\":\")[A-Za-z0-9_-]{12}(?=\")"
)
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"


@dataclass(frozen=True)
class Answer:
    """A response, with what is fresh in it replaced by its length."""

    status: int
    headers: list[tuple[str, str]]
    body: str


@dataclass(frozen=True)
class Both:
    """One application in process and one over a socket, on equal databases, and a run that stands before each step."""

    entry: Entry
    served: Stage
    port: int
    runs: dict[tuple[str, str], str]

    def in_process(self, raw: bytes, position: int = 0) -> Answer:
        answered = wire.call(self.entry, raw, exchange=str(position)).response
        return _answer(answered.status, answered.headers, answered.body)

    def over_a_socket(self, raw: bytes) -> Answer:
        method = raw.partition(b" ")[0].decode()
        with closing(socket.create_connection(("127.0.0.1", self.port), timeout=20)) as connection:
            connection.sendall(raw)
            with closing(HTTPResponse(connection, method=method)) as response:
                response.begin()
                return _answer(response.status, response.getheaders(), response.read())

    def prepared(self, name: str, story: str = CODE) -> tuple[Run, bytes]:
        """A run and the request of its next step."""
        run = self.entry.stage.runs.find(self.runs[story, name])
        return run, self.entry.stage.prepare(run, run.flow.named(name)).raw()

    def named(self, raw: bytes) -> bytes:
        """A request of the tables below, with the names of real runs in it."""
        return raw.replace(b"RUN", self.runs[CODE, "log_in"].encode()).replace(
            b"SHOWN", self.runs[CODE, "shown"].encode()
        )


def _answer(status: int, headers: Sequence[tuple[str, str]], body: bytes) -> Answer:
    kept = [(name.lower(), _without_fresh(value)) for name, value in headers if name.lower() not in OF_THE_SERVER]
    return Answer(status, kept, _without_fresh(body.decode("latin-1")))


def _without_fresh(text: str) -> str:
    return FRESH.sub(lambda found: f"({len(found[0])} characters)", text)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("same_bytes")
    mine, copy = folder / "in_process.sqlite3", folder / "served.sqlite3"
    stage = create_app(f"sqlite:///{mine}", AUTHORITY).stage
    runs = {(story, name): _run_before(stage, story, name) for story, name in STEPS}
    runs[CODE, "shown"] = _run_before(stage, CODE, "approve")
    with closing(sqlite3.connect(mine)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    with pytest.MonkeyPatch.context() as shell:
        shell.setenv("HTTP_FROM_THE_SHELL", "a secret")  # granian puts its environment variables beside the headers
        server = serve(f"sqlite:///{copy}")
    entry = create_app(f"sqlite:///{mine}", f"localhost:{server.port}")
    served = create_app(f"sqlite:///{copy}", f"localhost:{server.port}").stage
    yield Both(entry, served, server.port, runs)
    server.process.terminate()
    server.process.wait(timeout=15)


def _run_before(stage: Stage, story: str, name: str) -> str:
    """A run, from a fixed seed, in which that step can be sent."""
    flow, options = read(story)
    seed = f"{story} {name}".encode().rjust(32)
    return walked_before(stage, stage.start(flow, options, "the browser", seed=seed), name).id


# Requests of the tables: RUN stands for the realm of a run that waits for Alice's password, SHOWN for a run to look at.

AUTH, API, CLIENT = (f"Host: {host}.{AUTHORITY}\r\n".encode() for host in ("auth", "api", "client"))
PLAIN = f"Host: {AUTHORITY}\r\n".encode()
QUESTION = (
    b"response_type=code&client_id=photoprint&redirect_uri=http%3A%2F%2F127.0.0.1%3A8766%2Fcallback&state=abc&scope="
)


def request(line: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    length = b"Content-Length: %d\r\n" % len(body) if body else b""
    return line + b" HTTP/1.1\r\n" + b"".join(headers) + length + b"\r\n" + body


REFUSED = {
    "an unknown client": request(b"GET /RUN/authorize?client_id=nobody", AUTH),
    "a redirect_uri of a stranger": request(b"GET /RUN/authorize?client_id=photoprint&redirect_uri=http://evil/", AUTH),
    "an unknown scope": request(b"GET /RUN/authorize?" + QUESTION + b"everything", AUTH),
    "a question that is asked twice": request(b"GET /RUN/authorize?" + QUESTION + b"&state=other", AUTH),
    "a login form out of nowhere": request(b"POST /RUN/login", AUTH, FORM, body=b"username=alice&password=wonderland"),
    "a consent form out of nowhere": request(b"POST /RUN/consent", AUTH, FORM, body=b"decision=approve"),
    "a callback out of nowhere": request(b"GET /RUN/callback?code=abc&state=def", CLIENT),
    "prints without a session": request(b"GET /RUN/prints", CLIENT),
    "a wrong secret": request(
        b"POST /RUN/token", AUTH, FORM, b"Authorization: Basic cGhvdG9wcmludDpubw==\r\n", body=b"grant_type=x"
    ),
    "an Authorization that cannot be read": request(
        b"POST /RUN/token", AUTH, FORM, b"Authorization: Basic \xe9\r\n", body=b"grant_type=x"
    ),
    "an unknown code": request(
        b"POST /RUN/token", AUTH, FORM,
        body=b"grant_type=authorization_code&code=abc&client_id=photoprint&client_secret=photoprint-secret",
    ),
    "an unknown grant": request(
        b"POST /RUN/token", AUTH, FORM, body=b"grant_type=magic&client_id=photoprint-app",
    ),
    "a token request without a body": request(b"POST /RUN/token", AUTH, FORM),
    "a token request with an empty body": request(b"POST /RUN/token", AUTH, FORM, b"Content-Length: 0\r\n"),
    "a token request without a Content-Type": request(b"POST /RUN/token", AUTH, body=b"grant_type=x"),
    "a token request as JSON": request(
        b"POST /RUN/token", AUTH, b"Content-Type: application/json\r\n", body=b'{"grant_type": "authorization_code"}'
    ),
    "a token request as multipart": request(
        b"POST /RUN/token", AUTH, b"Content-Type: multipart/form-data; boundary=x\r\n",
        body=b'--x\r\nContent-Disposition: form-data; name="grant_type"\r\n\r\nauthorization_code\r\n--x--\r\n',
    ),
    "a form that is not UTF-8": request(b"POST /RUN/token", AUTH, FORM, body=b"grant_type=%ff"),
    "a form of raw bytes": request(b"POST /RUN/token", AUTH, FORM, body=b"grant_type=\xff\x00"),
    "a form of 100 kB": request(b"POST /RUN/token", AUTH, FORM, body=b"grant_type=" + b"x" * 100_000),
    "photos without a token": request(b"GET /RUN/photos", API),
    "photos with a token that is none": request(b"GET /RUN/photos", API, b"Authorization: Bearer abc\r\n"),
    "photos with two tokens": request(
        b"GET /RUN/photos", API, b"Authorization: Bearer abc\r\n", b"Authorization: Bearer def\r\n"
    ),
    "photos with another scheme": request(b"GET /RUN/photos", API, b"Authorization: Negotiate abc\r\n"),
}  # fmt: skip

WELL_KNOWN = b"/.well-known/oauth-authorization-server"
ODD = {
    "metadata by host": request(b"GET " + WELL_KNOWN + b"/RUN", AUTH),
    "metadata by path": request(b"GET " + WELL_KNOWN + b"/auth/RUN", PLAIN),
    "metadata of the sandbox": request(b"GET " + WELL_KNOWN + b"/auth/sandbox", PLAIN),
    "metadata with a slash too many": request(b"GET " + WELL_KNOWN + b"/auth/sandbox/", PLAIN),
    "metadata of nobody": request(b"GET " + WELL_KNOWN, AUTH),
    "metadata of the API": request(b"GET " + WELL_KNOWN + b"/RUN", API),
    "metadata inside the issuer": request(b"GET /RUN" + WELL_KNOWN, AUTH),
    "keys by host": request(b"GET /RUN/jwks", AUTH),
    "keys by path": request(b"GET /auth/RUN/jwks", PLAIN),
    "a run's party at its host and by its path": request(b"GET /auth/RUN/jwks", AUTH),
    "a host in capitals": request(b"GET /RUN/jwks", b"Host: AUTH.LOCALHOST\r\n"),
    "a host of its own port": request(b"GET /RUN/jwks", b"Host: auth.localhost:1\r\n"),
    "a host of a stranger": request(b"GET /RUN/jwks", b"Host: auth.example.com\r\n"),
    "a party that is none": request(b"GET /RUN/jwks", b"Host: www.localhost\r\n"),
    "no realm": request(b"GET /", AUTH),
    "an unknown realm": request(b"GET /nosuchrealm/jwks", AUTH),
    "an unknown realm that is not ASCII": request(b"GET /r%C3%A9alm/jwks", AUTH),
    "a realm and nothing more": request(b"GET /RUN", AUTH),
    "a realm and a slash": request(b"GET /RUN/", AUTH),
    "the client and nothing more": request(b"GET /RUN", CLIENT),
    "the client's home": request(b"GET /RUN/", CLIENT),
    "an unknown path": request(b"GET /RUN/nothing", AUTH),
    "an unknown path, for a browser": request(b"GET /RUN/nothing", AUTH, b"Accept: text/html\r\n"),
    "an escaped slash": request(b"GET /RUN%2Fjwks", AUTH),
    "an escaped slash in a path": request(b"GET /RUN/a%2Fb", AUTH),
    "an escaped letter": request(b"GET /RUN/jwk%73", AUTH),
    "an escaped NUL": request(b"GET /RUN/%00", AUTH),
    "a NUL in a realm": request(b"GET /%00/jwks", AUTH),
    "an escaped line end": request(b"GET /RUN/%0d%0aX-Injected:%20yes", AUTH),
    "a path that is not UTF-8": request(b"GET /RUN/%ff", AUTH),
    "a realm that is not UTF-8": request(b"GET /%ff/jwks", AUTH),
    "a page that is not UTF-8": request(b"GET /%ff", PLAIN),
    "a percent sign alone": request(b"GET /RUN/100%", AUTH),
    "a percent sign with no digits": request(b"GET /RUN/%zz", AUTH),
    "two slashes at the beginning": request(b"GET //RUN/jwks", AUTH),
    "two slashes in the middle": request(b"GET /RUN//jwks", AUTH),
    "a slash at the end": request(b"GET /RUN/jwks/", AUTH),
    "dots": request(b"GET /nothing/../RUN/jwks", AUTH),
    "escaped dots": request(b"GET /RUN/%2e%2e/RUN/jwks", AUTH),
    "a semicolon": request(b"GET /RUN/jwks;v=1", AUTH),
    "a plus sign": request(b"GET /RUN/jw+ks", AUTH),
    "an empty query": request(b"GET /RUN/jwks?", AUTH),
    "a query of 20 kB": request(b"GET /RUN/authorize?state=" + b"x" * 20_000, AUTH),
    "a path of 20 kB": request(b"GET /RUN/" + b"x" * 20_000, AUTH),
    "a query with a NUL": request(b"GET /RUN/authorize?client_id=%00", AUTH),
    "a query that is not UTF-8": request(b"GET /RUN/authorize?client_id=%ff", AUTH),
    "a query with brackets": request(b"GET /RUN/authorize?client_id=[{b}]|^", AUTH),
    "a GET where a POST belongs": request(b"GET /RUN/token", AUTH),
    "a POST where a GET belongs": request(b"POST /RUN/authorize", AUTH, FORM, body=b"a=b"),
    "a PUT": request(b"PUT /RUN/token", AUTH, FORM, body=b"a=b"),
    "a DELETE": request(b"DELETE /RUN/photos", API),
    "a TRACE": request(b"TRACE /RUN/photos", API),
    "a method in small letters": request(b"get /RUN/jwks", AUTH),
    "a method of one's own": request(b"REDEEM /RUN/token", AUTH),
    "HEAD of the keys": request(b"HEAD /RUN/jwks", AUTH),
    "HEAD of the login page": request(b"HEAD /RUN/authorize?" + QUESTION, AUTH),
    "HEAD of a refusal": request(b"HEAD /RUN/photos", API),
    "HEAD of a page of ours": request(b"HEAD /sandbox", PLAIN),
    "HEAD of a file": request(b"HEAD /static/icon.svg", PLAIN),
    "OPTIONS of the token endpoint": request(b"OPTIONS /RUN/token", AUTH, b"Origin: http://a.example\r\n"),
    "OPTIONS of the keys": request(b"OPTIONS /RUN/jwks", AUTH, b"Origin: http://a.example\r\n"),
    "OPTIONS of the question": request(b"OPTIONS /RUN/authorize", AUTH, b"Origin: http://a.example\r\n"),
    "OPTIONS of the photos": request(b"OPTIONS /RUN/photos", API, b"Origin: http://a.example\r\n"),
    "a GET with a body": request(b"GET /RUN/jwks", AUTH, FORM, body=b"a=b"),
    "a header that is repeated": request(b"GET /RUN/photos", API, b"Accept: text/html\r\n", b"Accept: */*\r\n"),
    "cookies in two headers": request(
        b"GET /RUN/prints", CLIENT, b"Cookie: a=b\r\n", b"Cookie: photoprint_session=c\r\n"
    ),
    "a cookie that is not ASCII": request(b"GET /RUN/prints", CLIENT, b"Cookie: photoprint_session=\xe9\r\n"),
    "a Content-Type for each of two": request(
        b"POST /RUN/token", AUTH, FORM, b"Content-Type: text/plain\r\n", body=b"grant_type=x"
    ),
    "a Content_Length": request(b"POST /RUN/token", AUTH, FORM, b"Content_Length: 3\r\n", body=b"grant_type=x"),
    "a Content_Type": request(b"POST /RUN/token", AUTH, FORM, b"Content_Type: text/plain\r\n", body=b"grant_type=x"),
    "a header with an underscore": request(b"GET /RUN/photos", API, b"Authoriz_ation: Bearer abc\r\n"),
    "a Content-Length for each of two": request(
        b"POST /RUN/token", AUTH, FORM, b"Content-Length: 3\r\n", body=b"a=b"
    ),
    "a header that is empty": request(b"GET /RUN/photos", API, b"Authorization:\r\n"),
    "a header with spaces around": request(b"GET /RUN/photos", API, b"Authorization:   Bearer abc  \r\n"),
    "the home page": request(b"GET /", PLAIN),
    "the sandbox's page": request(b"GET /sandbox", PLAIN),
    "a flow's page": request(b"GET /flows/authorization_code", PLAIN),
    "a page that does not exist": request(b"GET /nothing", PLAIN),
    "a flow that does not exist": request(b"GET /flows/%3Cb%3E", PLAIN),
    "a run that does not exist": request(b"GET /runs/nothing", PLAIN),
    "a step that does not exist": request(b"GET /runs/SHOWN?step=99", PLAIN),
    "a step that is no number": request(b"GET /runs/SHOWN?step=%C2%B2", PLAIN),
    "a run to read": request(b"GET /runs/SHOWN?step=1", PLAIN),
    "a run moved by a stranger": request(
        b"POST /runs/SHOWN/next", PLAIN, FORM, b"Sec-Fetch-Site: same-origin\r\n", body=b"step=log_in&position=2"
    ),
    "a run moved from another site": request(
        b"POST /runs/SHOWN/next", PLAIN, FORM, b"Sec-Fetch-Site: cross-site\r\n", body=b"step=log_in&position=2"
    ),
    "a file": request(b"GET /static/icon.svg", PLAIN),
    "a part of a file": request(b"GET /static/icon.svg", PLAIN, b"Range: bytes=0-9\r\n"),
    "a file at a party's host": request(b"GET /static/party.css", AUTH),
    "a file outside": request(b"GET /static/../app.py", PLAIN),
    "a file outside, escaped": request(b"GET /static/..%2fapp.py", PLAIN),
    "a file that does not exist": request(b"GET /static/nothing.css", PLAIN),
}  # fmt: skip


NO_HTTP = {
    "two hosts": request(b"GET /RUN/jwks", AUTH, API),
    "no host": request(b"GET /RUN/jwks"),
    "two lengths": request(b"POST /RUN/token", AUTH, FORM, b"Content-Length: 3\r\n", b"Content-Length: 4\r\n")
    + b"abcd",
    "a space before a colon": request(b"GET /RUN/jwks", AUTH, b"X : a\r\n"),
    "a NUL in a header": request(b"GET /RUN/jwks", AUTH, b"X: a\0b\r\n"),
    "a header on two lines": request(b"GET /RUN/jwks", AUTH, b"X: a\r\n b\r\n"),
    "angle brackets in a query": request(b"GET /RUN/authorize?state=<b>", AUTH),
    "angle brackets in a path": request(b"GET /RUN/<b>", AUTH),
    "a quote in a query": request(b'GET /RUN/authorize?state="', AUTH),
}


# What a server may be sent over a socket, and a page of ours does not send.
NOT_FROM_A_PAGE = {
    "headers of 70 kB": request(b"GET /RUN/photos", API, *[b"X-%d: %s\r\n" % (n, b"x" * 1000) for n in range(70)]),
    "an older HTTP": b"GET /RUN/jwks HTTP/1.0\r\n" + AUTH + b"\r\n",
    "an older HTTP without a host": b"GET /sandbox HTTP/1.0\r\n\r\n",
}


@pytest.mark.parametrize(("story", "name"), STEPS)
def test_each_step_is_answered_the_same(both: Both, story: str, name: str) -> None:
    run, raw = both.prepared(name, story)
    answer = both.over_a_socket(raw)
    assert answer == both.in_process(raw, len(run.exchanges))
    assert answer.status in (200, 201, 204, 303)


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED.keys())
def test_a_refusal_is_the_same(both: Both, raw: bytes) -> None:
    answer = both.over_a_socket(both.named(raw))
    assert answer == both.in_process(both.named(raw))
    assert answer.status < 500


@pytest.mark.parametrize("raw", ODD.values(), ids=ODD.keys())
def test_an_odd_request_is_answered_the_same(both: Both, raw: bytes) -> None:
    answer = both.over_a_socket(both.named(raw))
    assert answer == both.in_process(both.named(raw))
    assert answer.status < 500


@pytest.mark.parametrize("raw", NO_HTTP.values(), ids=NO_HTTP.keys())
def test_what_is_no_http_is_refused_both_ways(both: Both, raw: bytes) -> None:
    assert both.over_a_socket(both.named(raw)).status == 400
    with pytest.raises(wire.NotHTTP):
        both.in_process(both.named(raw))


@pytest.mark.parametrize("raw", NOT_FROM_A_PAGE.values(), ids=NOT_FROM_A_PAGE.keys())
def test_what_only_a_socket_brings_is_answered_clearly(both: Both, raw: bytes) -> None:
    assert both.over_a_socket(both.named(raw)).status in (200, 400, 431)
    with pytest.raises(wire.NotHTTP):
        both.in_process(both.named(raw))


def test_session_in_a_second_cookie_header_is_found_both_ways(both: Both) -> None:
    run, raw = both.prepared("ask_as_alice")
    raw = raw.replace(b"Cookie: ", b"Cookie: a=b\r\nCookie: ")
    answer = both.over_a_socket(raw)
    assert answer == both.in_process(raw, len(run.exchanges) + 1)  # the place after the one that the step above took
    assert "<h1>Allow PhotoPrint?</h1>" in answer.body


@pytest.mark.parametrize(
    ("address", "host"), [(b"/RUN/token", AUTH), (b"/auth/sandbox/token", PLAIN)], ids=["of a run", "of the sandbox"]
)
def test_body_in_chunks_is_read_over_a_socket_and_not_sent_by_a_page(both: Both, address: bytes, host: bytes) -> None:
    body = b"grant_type=magic&client_id=photoprint-app"
    chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    raw = both.named(request(b"POST " + address, host, FORM, b"Transfer-Encoding: chunked\r\n") + chunks)
    answer = both.over_a_socket(raw)
    assert (answer.status, answer.body) == (400, '{"error":"unsupported_grant_type"}\n')
    with pytest.raises(wire.NotHTTP):
        both.in_process(raw)


def test_what_came_from_outside_is_recorded_as_it_came_and_nothing_else(both: Both) -> None:
    run, raw = both.prepared("redeem_code")
    both.over_a_socket(raw)
    sent, recorded = wire.parse_request(raw), both.served.runs.find(run.id).exchanges[-1].request
    assert (recorded.method, recorded.target, recorded.body) == (sent.method, sent.target, sent.body)
    assert sorted(recorded.headers) == sorted(sent.headers)


def test_whatever_came_from_outside_can_be_read_again(both: Both) -> None:
    for raw in [*REFUSED.values(), *ODD.values()]:
        both.over_a_socket(both.named(raw))
    unreadable = []
    for exchange in both.served.runs.find(both.runs[CODE, "log_in"]).exchanges:
        try:
            assert exchange.request.method
            assert exchange.response.status
        except wire.NotHTTP as error:
            unreadable.append((exchange.request_bytes[:200], str(error)))
    assert unreadable == []


@pytest.mark.parametrize(
    "address", [b"/flows//authorization_code", b"/auth/sandbox" + WELL_KNOWN.replace(b"n/o", b"n//o")]
)
def test_no_address_is_made_from_the_host_header(both: Both, address: bytes) -> None:
    answer = both.over_a_socket(request(b"GET " + address, b"Host: elsewhere.example\r\n"))
    assert "elsewhere.example" not in str(answer)
