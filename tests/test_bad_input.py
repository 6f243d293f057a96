"""Nonsense for every endpoint of every party and for our pages: a clear answer, never a traceback, the run unharmed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parties import World, signed, timed_world

from app import create_app
from flows import wire
from flows.entry import Entry
from flows.pages.owner import COOKIE

HOST = "localhost:8765"
OWNER = "the-browser-that-started-it"
FORM = "application/x-www-form-urlencoded"
WALKED = ["ask_for_prints", "ask_to_authorize", "log_in", "ask_as_alice"]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes


@dataclass(frozen=True)
class House:
    """One application, with a run half walked in it and a token that is good."""

    entry: Entry
    run: str
    token: str

    def send(
        self,
        method: str,
        path: str,
        query: str = "",
        body: bytes = b"",
        kind: str = FORM,
        **headers: str,
    ) -> Answer:
        """Straight to the WSGI application, so that no parser of ours stands before it."""
        environ: dict[str, Any] = wire.environ_of(wire.Request("GET", "/", (("Host", HOST),)))
        environ |= {
            "REQUEST_METHOD": method,
            "PATH_INFO": unquote_to_bytes(path.replace("RUN", self.run)).decode("latin-1"),
            "QUERY_STRING": query,
            "CONTENT_TYPE": kind,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
        environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        started: list[Any] = []

        def start_response(status: str, lines: list[tuple[str, str]], exc_info: Any = None) -> None:
            started[:] = [int(status.split(" ")[0]), lines]

        content = b"".join(self.entry(environ, start_response))
        return Answer(started[0], started[1], content)


def half_walked(entry: Entry) -> str:
    """A run of OWNER in which Alice has been asked, and has not answered."""
    run = entry.stage.runs.find(entry.stage.runs.start("authorization_code", {}, OWNER))
    for position, step in enumerate(WALKED):
        entry.stage.send(run.id, step, position)
    return run.id


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[House]]:
    """One after the other, and all of one application: the last one is lived in."""
    database: Path = tmp_path_factory.mktemp("house") / "tokenwalk.sqlite3"
    entry = create_app(f"sqlite:///{database}", HOST)
    yield [House(entry, half_walked(entry), signed(World(entry), scope="photos.read photos.write"))]
    entry.stage.runs.store.engine.dispose()


@pytest.fixture
def house(houses: list[House]) -> House:
    """Shared by the whole file: nonsense changes nothing, and that is what the tests say. Only what came from outside
    adds up in a run, until it takes no more and its page is long; another one stands in for it before that."""
    latest = houses[-1]
    if len(latest.entry.stage.runs.find(latest.run).exchanges) > 20:
        houses.append(replace(latest, run=half_walked(latest.entry)))
    return houses[-1]


ENDPOINTS = {
    "home": ("GET", "/"),
    "flow": ("GET", "/flows/authorization_code"),
    "sandbox": ("GET", "/sandbox"),
    "start": ("POST", "/runs"),
    "run": ("GET", "/runs/RUN"),
    "next": ("POST", "/runs/RUN/next"),
    "alices page": ("GET", "/runs/RUN/exchanges/1/page"),
    "static": ("GET", "/static/party.css"),
    "metadata": ("GET", "/.well-known/oauth-authorization-server/auth/sandbox"),
    "jwks": ("GET", "/auth/sandbox/jwks"),
    "authorize": ("GET", "/auth/sandbox/authorize"),
    "login": ("POST", "/auth/sandbox/login"),
    "consent": ("POST", "/auth/sandbox/consent"),
    "token": ("POST", "/auth/sandbox/token"),
    "photos": ("GET", "/api/sandbox/photos"),
    "add photo": ("POST", "/api/sandbox/photos"),
    "client": ("GET", "/client/sandbox/"),
    "print": ("GET", "/client/sandbox/print"),
    "callback": ("GET", "/client/sandbox/callback"),
    "prints": ("GET", "/client/sandbox/prints"),
    "authorize of a run": ("GET", "/auth/RUN/authorize"),
    "token of a run": ("POST", "/auth/RUN/token"),
    "photos of a run": ("GET", "/api/RUN/photos"),
    "callback of a run": ("GET", "/client/RUN/callback"),
}
EVERYWHERE = pytest.mark.parametrize(("method", "path"), ENDPOINTS.values(), ids=ENDPOINTS.keys())
OURS = {"cookie": f"{COOKIE}={OWNER}", "sec_fetch_site": "same-origin"}


def assert_clear(answer: Answer) -> None:
    """Nothing of ours broke, and nothing of ours shows."""
    assert 200 <= answer.status < 500, answer.body[:400]
    for word in (b"Traceback", b"werkzeug", b"sqlalchemy", b'File "'):
        assert word not in answer.body
    if any(value.startswith("text/html") for name, value in answer.headers if name.lower() == "content-type"):
        assert b"<script>alert" not in answer.body
    for name, value in answer.headers:
        assert not {"\r", "\n", "\0"} & set(name + value)


def assert_unharmed(house: House) -> None:
    """The run stands where it stood, can be shown, and what it would do next is what it was."""
    run = house.entry.stage.runs.find(house.run)
    assert [exchange.step for exchange in run.walked] == WALKED
    assert [step.name for step in run.next_steps] == ["approve", "deny"]
    assert house.send("GET", "/runs/RUN").status == 200


PARAMETERS = {
    "a megabyte": "x" * 1_000_000,
    "NUL": "\0",
    "controls": "\x01\x1b\x7f\r\n",
    "html": "<script>alert(1)</script>",
    "quotes": "\"'><!--",
    "sql": "' OR 1=1; --",
    "astral": "𝕏☂é\u202e",
    "template": "{{7*7}}{% x %}",
    "digits": "9" * 5_000,
    "other digits": "١٢",
    "minus": "-1",
    "empty": "",
}
NAMES = ["client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge", "code_challenge_method"]
NAMES += [
    "code",
    "code_verifier",
    "grant_type",
    "iss",
    "error",
    "csrf",
    "authorization_request",
    "username",
    "password",
]
NAMES += ["decision", "flow", "alg", "step", "position", "access_token"]


@EVERYWHERE
@pytest.mark.parametrize("value", PARAMETERS.values(), ids=PARAMETERS.keys())
def test_every_endpoint_answers_a_strange_value_clearly(house: House, method: str, path: str, value: str) -> None:
    for place in ("query", "body"):
        text = urlencode({"x": value}) if len(value) > 9_000 else urlencode(dict.fromkeys(NAMES, value))
        sent = {"query": text} if place == "query" else {"body": text.encode()}
        assert_clear(house.send(method, path, **sent, **OURS))  # type: ignore[arg-type]
    assert_unharmed(house)


RAW = {
    "not UTF-8": "x=%ff&%ff=x",
    "half a character": "x=%ed%a0%80",
    "broken escapes": "x=%&%=%zz&%u0041",
    "ten thousand": "&".join(f"p{n}" for n in range(10_000)),
    "ten thousand the same": "&".join(["a="] * 10_000),
    "only separators": "&" * 5_000 + ";" * 5_000,
    "raw bytes": "x=\x80\xff\xe9",
    "spaces": "x= y z",
}


@EVERYWHERE
@pytest.mark.parametrize("raw", RAW.values(), ids=RAW.keys())
def test_every_endpoint_answers_strange_encoding_clearly(house: House, method: str, path: str, raw: str) -> None:
    assert_clear(house.send(method, path, raw, **OURS))
    assert_clear(house.send(method, path, body=raw.encode("latin-1"), **OURS))
    assert_unharmed(house)


@EVERYWHERE
@pytest.mark.parametrize(
    "kind", ["", "application/json", "multipart/form-data", "multipart/form-data; boundary=x", "é"]
)
def test_every_endpoint_answers_a_strange_body_clearly(house: House, method: str, path: str, kind: str) -> None:
    for sent in (b"", b"{", b"[" * 30_000, b"--x\r\nContent-Disposition: form-data; name=flow\r\n\r\n1", b"\xff" * 100):
        assert_clear(house.send(method, path, body=sent, kind=kind, authorization=f"Bearer {house.token}", **OURS))
    assert_unharmed(house)


HEADERS = {
    "authorization": [
        "Bearer",
        "Basic ====",
        "Basic " + "A" * 60_000,
        "\xff\xfe",
        "Bearer a.b.c",
        "," * 1000,
        "Bearer \x00",
    ],
    "cookie": [
        "=",
        ";;;;",
        "\xff=\xff",
        "snapbox_session=\xff; photoprint_session=\xff.\xff; tokenwalk=\xff",
        "snapbox_session=\x00; photoprint_session=\x00; tokenwalk=\x00",
        'snapbox_session="\\000\\377"; photoprint_session="\\000.\\377"; tokenwalk="\\000\\377"',
        "snapbox_session=" + "x" * 60_000,
        "photoprint_session=" + "." * 60_000,
        "photoprint_session=sandbox.x; photoprint_session=y",
        "a=b; " * 10_000,
    ],
    "host": [
        "",
        ":",
        "[",
        "[::1",
        "auth.localhost",
        "auth.localhost.evil.example",
        "api.",
        ".localhost",
        "client.localhost:99999999",
        "evil.example\\@localhost",
        "<script>alert(1)</script>",
        "\xff",
        "a" * 60_000,
    ],
    "accept": ["text/html", "application/json;q=x", "\xff", ",,,;;q=9" * 1000],
    "origin": ["null", "http://[", "\xff"],
    "sec_fetch_site": ["cross-site", "none", "\xff", ""],
    "hx_request": ["true", "\xff"],
    "if_none_match": ['"x"', "W/", "\xff"],
    "range": ["bytes=0-0", "bytes=-1", "x", "bytes=9-1,2-"],
    "if_modified_since": ["never", "Thu, 99 Xxx 0000 99:99:99 GMT"],
    "x_forwarded_host": ["evil.example"],
    "x": ["y" * 70_000],
}
CASES = [(name, value) for name, values in HEADERS.items() for value in values]


@EVERYWHERE
def test_every_endpoint_answers_strange_headers_clearly(house: House, method: str, path: str) -> None:
    for name, value in CASES:
        answer = house.send(method, path, **{**OURS, name: value})
        assert_clear(answer)
        assert not any("evil" in line for _, line in answer.headers), (name, value)
    assert_unharmed(house)


@EVERYWHERE
@pytest.mark.parametrize(
    "other", ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW", "get", ""]
)
def test_every_endpoint_answers_every_method_clearly(house: House, method: str, path: str, other: str) -> None:
    assert_clear(house.send(other, path, **OURS))
    assert_unharmed(house)


@EVERYWHERE
@pytest.mark.parametrize("length", ["", "-1", "-0", "abc", "1e3", "99999999999999999999", "٣", " 1 ", "0x10"])
def test_every_endpoint_answers_a_strange_length_clearly(house: House, method: str, path: str, length: str) -> None:
    environ = wire.environ_of(wire.Request(method, path.replace("RUN", house.run), (("Host", HOST),), b"x=1"))
    environ |= {"CONTENT_LENGTH": length, "CONTENT_TYPE": FORM}
    started: list[int] = []
    b"".join(house.entry(environ, lambda status, *_: started.append(int(status[:3]))))
    assert 200 <= started[-1] < 500
    assert_unharmed(house)


PATHS = [
    "//",
    "///",
    "//evil.example",
    "//evil.example/%2e%2e",
    "//sandbox",
    "/../",
    "/../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/static/../app.py",
    "/static/%2e%2e/app.py",
    "/static/..%2fapp.py",
    "/static//etc/passwd",
    "/static/",
    "/%00",
    "/%ff",
    "/runs/%00",
    "/runs/%ff",
    "/runs/RUN%00",
    "/runs/RUN/exchanges/-1/page",
    "/runs/RUN/exchanges/99999999999999999999/page",
    "/runs/RUN/exchanges/" + "9" * 5_000 + "/page",
    "/runs/RUN/exchanges/%d9%a3/page",
    "/runs/<script>alert(1)</script>",
    "/flows/%3cscript%3ealert(1)%3c/script%3e",
    "/flows/{{7*7}}",
    "/auth",
    "/auth/",
    "/auth//",
    "/auth//token",
    "/auth/sandbox",
    "/auth/sandbox/",
    "/auth/sandbox//token",
    "/auth/sandbox//authorize",
    "/auth/sandbox/token/",
    "/auth/sandbox/%00",
    "/auth/sandbox/../sandbox/token",
    "/auth/nosuchrealm/token",
    "/auth/<script>alert(1)</script>/token",
    "/auth/%00/token",
    "/auth/%ff/token",
    "/auth/" + "a" * 10_000 + "/token",
    "/auth/sandbox/static/party.css",
    "/api",
    "/api/sandbox",
    "/api/sandbox//photos",
    "/api/sandbox/photos/1",
    "/client",
    "/client/sandbox//callback",
    "/client/nosuchrealm/",
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-authorization-server/",
    "/.well-known/oauth-authorization-server/auth",
    "/.well-known/oauth-authorization-server/auth/",
    "/.well-known/oauth-authorization-server/auth/sandbox/",
    "/.well-known/oauth-authorization-server/auth/nosuchrealm",
    "/.well-known/oauth-authorization-server/api/sandbox",
    "/" + "a" * 20_000,
    "",
    "*",
    "no-slash",
    "http://evil.example/",
]


@pytest.mark.parametrize("path", PATHS, ids=[path[:50] or "empty" for path in PATHS])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("host", [HOST, "auth.localhost:8765", "client.localhost:8765"])
def test_strange_paths_are_answered_clearly(house: House, host: str, method: str, path: str) -> None:
    answer = house.send(method, path, host=host, **OURS)
    assert_clear(answer)
    assert b"create_app" not in answer.body
    assert b"root:" not in answer.body
    assert not any(name == "Location" and "evil" in value for name, value in answer.headers)
    assert_unharmed(house)


@pytest.mark.parametrize(
    "path", ["//sandbox", "/auth/sandbox//authorize", "/auth/sandbox//token", "/client/sandbox//print"]
)
def test_two_slashes_and_a_strange_host_lead_nowhere(house: House, path: str) -> None:
    """Werkzeug would redirect, with 308 and to whatever host the request names."""
    for method in ("GET", "POST"):
        answer = house.send(method, path, host="evil.example", sec_fetch_site="same-origin")
        assert answer.status != 308
        assert not any("evil" in value for name, value in answer.headers if name == "Location")


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({}, 400),
        ({"step": "approve"}, 400),
        ({"position": "4"}, 400),
        ({"step": "approve", "position": "x"}, 400),
        ({"step": "approve", "position": "-1"}, 400),
        ({"step": "approve", "position": "4.0"}, 400),
        ({"step": "approve", "position": "9" * 5_000}, 400),
        ({"step": "<script>alert(1)</script>", "position": "4"}, 400),
        ({"step": "see_prints", "position": "4"}, 409),
        ({"step": "redeem_code", "position": "4"}, 409),
        ({"step": "approve", "position": "5"}, 409),
    ],
    ids=range(11),
)
def test_step_out_of_order_is_refused_and_moves_nothing(house: House, form: dict[str, str], status: int) -> None:
    fresh = replace(house, run=half_walked(house.entry))
    answer = fresh.send("POST", "/runs/RUN/next", body=urlencode(form).encode(), **OURS)
    assert_clear(answer)
    assert answer.status == status
    assert_unharmed(fresh)


@pytest.mark.parametrize("step", ["approve", "see_prints", "log_in"])
def test_next_after_a_request_from_outside_is_sent_or_refused_but_not_passed_over(house: House, step: str) -> None:
    """A learner pastes a curl, and then presses Next on the page that was open before."""
    fresh = replace(house, run=half_walked(house.entry))
    fresh.send("GET", "/auth/RUN/jwks")
    form = urlencode({"step": step, "position": "4"}).encode()
    status = fresh.send("POST", "/runs/RUN/next", body=form, **OURS).status
    sent = [exchange.step for exchange in fresh.entry.stage.runs.find(fresh.run).walked] == [*WALKED, step]
    assert status == (303 if sent else 409)


@pytest.mark.parametrize("cookie", ["", "tokenwalk=", "tokenwalk=somebody-else", "tokenwalk=\xff"])
def test_run_of_somebody_else_is_readable_and_stays_where_it_is(house: House, cookie: str) -> None:
    form = urlencode({"step": "approve", "position": "4"}).encode()
    assert house.send("POST", "/runs/RUN/next", body=form, cookie=cookie, sec_fetch_site="same-origin").status == 403
    assert house.send("GET", "/runs/RUN", cookie=cookie).status == 200
    assert_unharmed(house)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "none"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://auth.localhost:8765"},
        {"sec_fetch_site": "cross-site", "origin": "http://localhost:8765"},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["/runs", "/runs/RUN/next"])
def test_only_our_own_pages_move_a_run(house: House, path: str, headers: dict[str, str]) -> None:
    form = urlencode({"flow": "authorization_code", "step": "approve", "position": "4"}).encode()
    assert house.send("POST", path, body=form, cookie=OURS["cookie"], **headers).status == 403
    assert_unharmed(house)


@pytest.mark.parametrize("path", ["/runs/nosuchrun", "/runs/sandbox", "/runs/", "/runs/RUN/exchanges/99999/page"])
def test_what_is_not_there_is_404(house: House, path: str) -> None:
    answer = house.send("GET", path)
    assert_clear(answer)
    assert answer.status == 404 or path == "/runs/"


@pytest.mark.parametrize("step", ["0", "10", "-1", "x", "", "9" * 5_000, "١", "1.0"], ids=lambda text: text[:5])
def test_step_that_a_flow_does_not_have_is_404(house: House, step: str) -> None:
    answer = house.send("GET", "/runs/RUN", urlencode({"step": step}))
    assert_clear(answer)
    assert answer.status == 404


def test_requests_from_outside_do_not_harm_the_page_of_the_run_they_reach(entry: Entry) -> None:
    house = House(entry, half_walked(entry), signed(timed_world(entry)))
    for query in ("x=%ff", "x=\xe9", "x=%00", "a=" + "b" * 15_000):
        for path in ("/auth/RUN/authorize", "/auth/RUN/token", "/api/RUN/photos", "/client/RUN/callback"):
            for method in ("GET", "POST"):
                body = b"\xff" * 100_000
                assert_clear(house.send(method, path, query, body, cookie="\xff", transfer_encoding="chunked", x="é"))
    assert_unharmed(house)
    assert len(entry.stage.runs.find(house.run).exchanges) > 20
    for number in range(1, 10):
        assert house.send("GET", "/runs/RUN", f"step={number}").status == 200


# Hypothesis.

LATIN = st.text(st.characters(max_codepoint=255), max_size=60)
PAIRS = st.lists(st.tuples(st.sampled_from(NAMES) | LATIN, LATIN), max_size=8).map(urlencode)
SENT = st.dictionaries(
    st.sampled_from(["authorization", "cookie", "host", "accept", "origin", "sec_fetch_site", "hx_request", "range"]),
    LATIN
    | LATIN.map("Basic {}".format)
    | LATIN.map("Bearer {}".format)
    | LATIN.map("snapbox_session={0}; photoprint_session={0}; tokenwalk={0}".format),
    max_size=4,
)
KINDS = st.sampled_from([FORM, "application/json", "multipart/form-data; boundary=x", ""]) | LATIN


@EVERYWHERE
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=PAIRS | LATIN, body=PAIRS.map(str.encode) | st.binary(max_size=300), headers=SENT, kind=KINDS)
def test_nothing_that_is_thrown_at_an_endpoint_breaks_it(
    house: House, method: str, path: str, query: str, body: bytes, headers: dict[str, str], kind: str
) -> None:
    assert house.send(method, path, query, body, kind, **headers).status < 500


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["GET", "POST", "HEAD", "PUT"]),
    path=LATIN.map("/{}".format)
    | LATIN.map("/auth/sandbox/{}".format)
    | LATIN.map("/runs/{}".format)
    | LATIN.map("/auth/{}/token".format),
)
def test_nothing_that_is_thrown_at_a_path_breaks_it(house: House, method: str, path: str) -> None:
    assert house.send(method, path).status < 500


@pytest.mark.parametrize("place", ["owner", "login", "shop"])
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=LATIN)
def test_no_cookie_breaks_whoever_reads_it(house: House, place: str, value: str) -> None:
    name, path = {
        "owner": (COOKIE, "/"),
        "login": ("snapbox_session", "/auth/sandbox/authorize"),
        "shop": ("photoprint_session", "/client/sandbox/prints"),
    }[place]
    for written in (f"{name}={value}", f'{name}="{value}"'):
        assert house.send("GET", path, cookie=written).status < 500
