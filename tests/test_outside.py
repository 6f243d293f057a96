"""What reaches a run's realm from outside is shown in the run, marked so; and every curl command works when pasted."""

from __future__ import annotations

import re
import shlex
import subprocess
from urllib.parse import urlsplit

import pytest
from conftest import Server, walk
from stories import STEPS, run_before, undone
from werkzeug.test import Client

from app import create_app
from flows import wire
from flows.entry import Entry
from flows.grants import FLOWS
from flows.pages.curl import as_curl
from flows.run import Run
from flows.stage import Stage

flow = FLOWS["authorization_code"].under({})


def stray(entry: Entry, run: Run) -> Run:
    """Somebody else redeems the code of a run that was walked up to the callback."""
    raw = entry.stage.prepare(run, flow.named("redeem_code")).raw()
    assert wire.call(entry, raw).response.status == 200
    return entry.stage.runs.find(run.id)


def test_request_from_outside_stands_in_the_diagram_and_has_a_page(entry: Entry) -> None:
    run = stray(entry, walk(entry.stage, until="callback"))
    page = Client(entry).get(f"/runs/{run.id}").text
    assert 'aria-label="From outside: POST /token, to Authorization server, after step 6, done"' in page
    assert '<a href="?exchange=6"' in page
    own = Client(entry).get(f"/runs/{run.id}?exchange=6").text
    assert '<span class="tag">from outside</span>' in own
    assert "19 of 19 checks passed" in own
    assert "Nobody in the story sent this" in own


OURS = "tokenwalk=whose-browser-this-is; tokenwalk_present=1"


@pytest.mark.parametrize(
    ("path", "receiver"),
    [
        ("/client/RUN/", "client"),
        ("/client/RUN/print", "client"),
        ("/auth/RUN/authorize?client_id=photoprint", "authorization_server"),
        ("/auth/RUN/jwks", "authorization_server"),
        ("/api/RUN/photos", "resource_server"),
    ],
)
@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (OURS, None),
        ("tokenwalk=whose-browser-this-is", None),
        (f"{OURS}; photoprint_session=x", "photoprint_session=x"),
        ("a=b; tokenwalk=whose-browser-this-is; c=d", "a=b; c=d"),
        ("a=tokenwalk; my_tokenwalk=1", "a=tokenwalk; my_tokenwalk=1"),
    ],
)
def test_cookies_of_our_own_pages_reach_no_party_and_stand_in_no_recording(
    entry: Entry, path: str, receiver: str, sent: str, kept: str | None
) -> None:
    """By path a party shares the host of our pages, and a browser sends it their cookies: who has them moves the
    run."""
    run = walk(entry.stage, until="ask_for_prints")
    answered = wire.call(entry, wire.get(f"http://localhost:8765{path.replace('RUN', run.id)}", ("Cookie", sent)).raw())
    assert answered.environ.get("HTTP_COOKIE") == kept
    recorded = entry.stage.runs.find(run.id).exchanges[-1]
    assert (recorded.sender, recorded.receiver) == ("outside", receiver)
    assert recorded.request.header("Cookie") == kept
    assert b"whose-browser-this-is" not in recorded.request_bytes + recorded.response_bytes


def test_outsider_has_a_row_of_its_own_in_who_has_seen_what(entry: Entry) -> None:
    run = walk(entry.stage, until="callback")
    reader = Client(entry)
    assert 'scope="row" class="outside"' not in reader.get(f"/runs/{run.id}").text
    stray(entry, run)
    page = reader.get(f"/runs/{run.id}").text
    row = re.search(r'scope="row" class="outside".*?</tr>', page, re.DOTALL)
    assert row
    assert re.findall(r"<code[^>]*>(\w+)</code>", row[0]) == [
        "code_verifier", "code", "access_token", "refresh_token", "client_secret",
    ]  # fmt: skip


def test_code_that_an_outsider_spent_is_refused_to_the_client_and_both_are_shown(entry: Entry) -> None:
    run = stray(entry, walk(entry.stage, until="callback"))
    run = entry.stage.send(run.id, "redeem_code", 6)
    assert run.walked[-1].refused is not None
    assert run.walked[-1].refused.check == "spend_code"
    page = Client(entry).get(f"/runs/{run.id}?step=7").text
    assert page.index("From outside: POST /token") < page.index("7 code → token")


@pytest.mark.parametrize("asked", ["99", "-1", "x", ""])
def test_exchange_that_is_not_there_is_told_so(entry: Entry, asked: str) -> None:
    answer = Client(entry).get(f"/runs/{walk(entry.stage).id}?exchange={asked}")
    assert answer.status_code == 404
    assert "This run has 9 exchanges, and this address asks for number" in answer.text


@pytest.fixture(scope="module")
def served(server: Server) -> Stage:
    """The stage of an application on the served database."""
    return create_app(server.database_url, f"localhost:{server.port}").stage


@pytest.mark.parametrize(("story", "step"), STEPS)
def test_curl_command_of_each_step_gets_the_answer_of_the_step_when_pasted(
    served: Stage, story: str, step: str
) -> None:
    run = run_before(served, story, step)
    place = len(run.walked)
    with undone(served):
        sent = served.send(run.id, step, place).walked[place]
    served.runs.move_clock(run.id, run.flow.named(step).later)
    command = as_curl(served.prepare(run, run.flow.named(step)))
    pasted = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, timeout=20).stdout
    assert shlex.split(command)[0] == "curl"
    last = served.runs.find(run.id).exchanges[-1]
    assert (last.step, last.sender, last.receiver) == (None, "outside", sent.receiver)
    assert last.response.status == sent.response.status == int(pasted.split(" ")[1])
    assert [(each.check, each.state) for each in last.verdicts] == [(each.check, each.state) for each in sent.verdicts]


@pytest.mark.parametrize(
    "body", [b"[" * 30_000 + b"]" * 30_000, b'{"a":' * 900 + b"1" + b"}" * 900, b"{", b'{"title": NaN}'],
    ids=["deep", "less deep", "cut off", "NaN"],
)  # fmt: skip
def test_strange_json_from_outside_is_shown_and_harms_no_page(entry: Entry, body: bytes) -> None:
    run = walk(entry.stage, until="redeem_code")
    token = run.exchanges[-1].json["access_token"]
    host = urlsplit(run.realm.address("resource_server")).netloc
    headers = (("Host", host), ("Content-Type", "application/json"), wire.bearer(token))
    request = wire.Request("POST", f"/{run.id}/photos", (*headers, ("Content-Length", str(len(body)))), body)
    assert wire.call(entry, request.raw()).response.status in (400, 403)
    for query in ("exchange=7", "exchange=7&follow=jti", "step=7", "step=8"):
        assert Client(entry).get(f"/runs/{run.id}?{query}").status_code == 200


def test_of_many_requests_from_outside_the_picture_shows_some_and_says_how_many_more(entry: Entry) -> None:
    run = walk(entry.stage, until="callback")
    raw = entry.stage.prepare(run, flow.named("redeem_code")).raw()
    for _ in range(30):
        wire.call(entry, raw)
    page = Client(entry).get(f"/runs/{run.id}?follow=code").text
    assert page.count('aria-label="From outside') == 3
    assert "From outside: POST /token, 27 more before, to Authorization server" in page
    assert "and 27 more from outside" in page
    assert '<a href="?exchange=7">the one after</a>' in Client(entry).get(f"/runs/{run.id}?exchange=6").text
