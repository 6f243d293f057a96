"""A run takes so many exchanges and no more, and one that everybody is shown takes none from outside."""

from __future__ import annotations

import pytest
from conftest import walk
from test_change import change
from test_eyes import use
from test_pages import OURS, says, send
from test_world import OWNER
from werkzeug.test import Client

from app import create_app
from flows import wire
from flows.calls import called
from flows.entry import Entry
from flows.grants import FLOWS
from flows.recordings import recordings
from flows.run import Run
from flows.stage import MOST_EXCHANGES, Full, Stage


@pytest.fixture(scope="module")
def entry(tmp_path_factory: pytest.TempPathFactory) -> Entry:
    """One application for all of them: a full run stays as it is."""
    return create_app(f"sqlite:///{tmp_path_factory.mktemp('full') / 'tokenwalk.sqlite3'}", "localhost:8765")


@pytest.fixture
def browser(entry: Entry) -> Client:
    made = Client(entry)
    made.set_cookie("tokenwalk", OWNER)
    return made


def from_outside(entry: Entry, run: Run, path: str = "jwks") -> wire.Answered:
    return wire.call(entry, wire.get(f"{run.realm.address('authorization_server')}/{path}").raw())


@pytest.fixture(scope="module")
def full(entry: Entry) -> Run:
    """Walked up to the callback; all the rest came from outside."""
    run = walk(entry.stage, until="callback")
    for _ in range(len(run.exchanges), MOST_EXCHANGES):
        assert from_outside(entry, run).response.status == 200
    return entry.stage.runs.find(run.id)


def test_full_run_answers_nobody_from_outside(entry: Entry, full: Run) -> None:
    answer = from_outside(entry, full)
    assert (answer.response.status, answer.response.body) == (
        429,
        b"This run holds 300 exchanges and takes no more.\n",
    )
    assert entry.stage.runs.find(full.id).exchanges == full.exchanges
    assert (len(full.exchanges), len(full.walked)) == (300, 6)


def test_full_run_sends_no_step_and_says_why(entry: Entry, browser: Client, full: Run) -> None:
    with pytest.raises(Full, match=r"^a run holds at most 300 exchanges$"):
        entry.stage.send(full.id, "redeem_code", 6)
    path = f"/runs/{full.id}"
    answers = [
        send(browser, path, "redeem_code", 6),
        change(browser, path, "redeem_code", 6, way="Another code"),
        use(browser, full, "browser", "code", 6),
        browser.post(
            f"{path}/branch", data={"before": "6", "step": "redeem_code", "way": "Another code"}, headers=OURS
        ),
    ]
    assert [answer.status_code for answer in answers] == [409, 409, 409, 303]
    assert [says(answer) for answer in answers[:3]] == [
        "redeem_code cannot be sent now: a run holds at most 300 exchanges. A branch goes on.",
        "redeem_code cannot be sent now: a run holds at most 300 exchanges.",
        "This run holds 300 exchanges and takes no more. Branch off another one.",
    ]
    assert entry.stage.runs.find(full.id).exchanges == full.exchanges


def test_full_run_can_still_be_read_and_a_second_click_still_finds_its_answer(browser: Client, full: Run) -> None:
    for query in ("", "?step=1", "?step=6", "?step=7", "?step=9", "?exchange=6", "?exchange=299", "?follow=code"):
        assert browser.get(f"/runs/{full.id}{query}").status_code == 200
    assert send(browser, f"/runs/{full.id}", "callback", 5).location == f"/runs/{full.id}?step=6"


def test_branch_of_a_full_run_goes_on_to_the_end(stage: Stage, browser: Client, full: Run) -> None:
    branch = browser.post(f"/runs/{full.id}/branch", data={"before": "6"}, headers=OURS).location
    for position, step in enumerate(("redeem_code", "fetch_photos", "see_prints"), 6):
        assert send(browser, branch, step, position).status_code == 303
    run = stage.runs.find(branch[6:])
    assert (len(run.exchanges), run.next_steps) == (9, [])


@pytest.mark.parametrize("flow", FLOWS)
def test_recording_that_is_compared_answers_whoever_asks_and_stays_as_it_is(entry: Entry, flow: str) -> None:
    (run,) = recordings(entry.stage, [FLOWS[flow].under({})])
    assert from_outside(entry, run).response.status == 200
    assert from_outside(entry, run, "no-such-place").response.status == 404
    assert entry.stage.runs.find(run.id).exchanges == run.exchanges


def test_calls_that_are_laid_side_by_side_stay_as_they_are_too(entry: Entry) -> None:
    for run, exchange in called(entry.stage).values():
        token = exchange.request.header("Authorization")
        asked = wire.get(
            f"{run.realm.address('resource_server')}/photos", *([("Authorization", token)] if token else [])
        )
        assert wire.call(entry, asked.raw()).response.status in (200, 401)
        assert entry.stage.runs.find(run.id).exchanges == run.exchanges


def test_shared_recording_is_branched_into_a_run_of_ones_own_that_takes_what_comes(
    entry: Entry, browser: Client
) -> None:
    (shared,) = recordings(entry.stage, [FLOWS["authorization_code"].under({})])
    branch = browser.post(f"/runs/{shared.id}/branch", data={"before": "6"}, headers=OURS).location
    run = entry.stage.runs.find(branch[6:])
    assert (shared.shared, run.shared) == (True, False)
    from_outside(entry, run)
    assert [each.sender for each in entry.stage.runs.find(run.id).exchanges[6:]] == ["outside"]
