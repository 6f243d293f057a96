"""What an eye got is used for real: once however often it is pressed, and never what no message could carry."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from conftest import walk
from test_eyes import tried, use
from test_pages import says
from test_world import OWNER
from werkzeug.test import Client

from flows.edit import Edit
from flows.entry import Entry
from flows.stage import Stage


@pytest.fixture
def browser(entry: Entry) -> Client:
    made = Client(entry)
    made.set_cookie("tokenwalk", OWNER)
    return made


def test_eight_presses_at_once_send_one_request(entry: Entry, stage: Stage) -> None:
    run = walk(stage, flow="implicit")
    gate = Barrier(8)

    def press(_: int) -> str | None:
        same = Client(entry)
        same.set_cookie("tokenwalk", OWNER)
        gate.wait()
        return use(same, run, "browser", "access_token", 8, 8).location

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(press, range(8)))
    assert answers == [f"/runs/{run.id}?exchange=8&eye=browser&used=access_token"] * 8
    assert [each.position for each in stage.runs.find(run.id).exchanges] == list(range(9))


@pytest.mark.parametrize(
    "value", ["€", "a\r\nX-Y: z", "\0", "x" * 70_000], ids=["a euro", "a header", "NUL", "too long"]
)
def test_value_that_no_message_can_carry_is_not_used_and_a_sentence_says_so(
    browser: Client, stage: Stage, value: str
) -> None:
    run = walk(stage, flow="client_credentials", bearer="form", until="ask_for_token")
    run = stage.send(run.id, "fetch_photos", 1, [Edit("form", "access_token", value)])
    answer = use(browser, run, "wire", "access_token", 2)
    assert answer.status_code == 409
    assert says(answer) == (
        "What was seen as access_token is no value that a message could carry, so it cannot be used."
    )
    assert len(stage.runs.find(run.id).exchanges) == 2


@pytest.mark.parametrize(("flow", "step"), [("password", "use_password"), ("client_credentials", "ask_for_token")])
def test_code_in_a_flow_whose_client_has_no_redirect_uri_is_shown_without_one(
    browser: Client, stage: Stage, flow: str, step: str
) -> None:
    run = walk(stage, flow=flow, until=step)
    run = stage.send(run.id, step, 1, [Edit("form", "code", "found-elsewhere")])
    assert use(browser, run, "wire", "code", 1).location == f"/runs/{run.id}?exchange=2&eye=wire&used=code"
    assert tried(stage, run) == (400, "client_may_use_this_grant")
    sent = dict(stage.runs.find(run.id).exchanges[-1].request.form)
    assert sent | {"client_id": ""} == {
        "grant_type": "authorization_code",
        "code": "found-elsewhere",
        "client_id": "",
    }
