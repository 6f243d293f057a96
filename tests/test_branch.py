"""A branch sends again what was sent, in a fresh realm: with its changes, by its own clock, and in a bounded time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from conftest import walk
from sqlalchemy import event
from stories import STORIES, flow_of, own_steps, run_before
from test_pages import OURS
from test_walk_flows import walk_story
from test_world import OWNER
from werkzeug.test import Client

from flows import runs
from flows.authorization_server import guesses
from flows.edit import Edit
from flows.entry import Entry
from flows.run import Exchange, Run
from flows.stage import Stage


def answers(run: Run) -> list[tuple[str | None, int, str | None]]:
    """Step, status and the check that refused, of each exchange."""
    return [(each.step, each.response.status, each.refused and each.refused.check) for each in run.walked]


def branch_of(stage: Stage, run: Run, position: int | None = None) -> Run:
    return stage.runs.find(stage.branch(run, len(run.walked) if position is None else position, "me"))


# What a party asked while it answered.


WITHIN = [(story, step.name) for story in STORIES for step in own_steps(flow_of(story)) if step.within]


@pytest.mark.parametrize(("story", "name"), WITHIN)
def test_branch_before_a_question_of_the_api_begins_before_the_call_in_which_it_asked(
    stage: Stage, story: str, name: str
) -> None:
    run = walk_story(stage, story)
    steps = [each.step for each in run.walked]
    asked = steps.index(name)
    outer = run.flow.named(name).within
    assert steps[asked - 1] == outer
    branch = branch_of(stage, run, asked)
    assert [each.step for each in branch.walked] == steps[: asked - 1]
    assert [step.name for step in branch.next_steps] == [outer]
    branch = stage.send(branch.id, outer, asked - 1)
    assert [each.step for each in branch.walked] == steps[: asked + 1]


@pytest.mark.parametrize(("story", "name"), WITHIN)
def test_question_of_the_api_is_broken_in_a_branch_as_the_first_time(entry: Entry, story: str, name: str) -> None:
    """The API has to have asked before anybody can ask in its place."""
    stage, browser = entry.stage, Client(entry)
    browser.set_cookie("tokenwalk", OWNER)
    run = walk_story(stage, story)
    asked = [each.step for each in run.walked].index(name)
    page = browser.get(f"/runs/{run.id}?step={run.flow.number(name)}").text
    assert 'aria-label="In a branch: Leave out token"' in page
    assert f'<input type="hidden" name="before" value="{asked + 1}">' in page
    form = {"before": str(asked + 1), "step": name, "way": "Leave out token"}
    made = browser.post(f"/runs/{run.id}/branch", data=form, headers=OURS).location
    branch = stage.runs.find(made[6:])
    assert answers(branch)[: asked + 1] == answers(run)[: asked + 1]
    assert answers(branch)[asked + 1 :] == [(name, 400, "token_is_named")]


# Guesses, which are counted by a clock that does not wait for a branch.


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The wall clock as the counting of guesses sees it, in seconds; it stands still."""
    made = SimpleNamespace(now=1_790_000_000)
    monkeypatch.setattr(guesses, "time", SimpleNamespace(time_ns=lambda: made.now * 1_000_000_000))
    return made


@pytest.mark.parametrize(
    ("story", "step", "field", "wrong"),
    [
        ("authorization_code", "log_in", "password", (403, "password_fits")),
        ("implicit", "log_in", "password", (403, "password_fits")),
        ("password", "use_password", "password", (400, "password_is_right")),
        ("client_credentials client_auth=post", "ask_for_token", "client_secret", (401, "client_is_authenticated")),
    ],
)
def test_branch_repeats_ten_wrong_guesses_the_wait_and_the_right_one_after_it(
    stage: Stage, clock: SimpleNamespace, story: str, step: str, field: str, wrong: tuple[int, str]
) -> None:
    run = run_before(stage, story, step)
    before = len(run.walked)
    guess = [Edit("form", field, "a guess")]
    for _ in range(10):
        run = stage.send(run.id, step, len(run.walked), guess)
    run = stage.send(run.id, step, len(run.walked))
    clock.now += 60
    while run.next_steps or run.walked[-1].refused:
        name = step if run.walked[-1].refused else run.next_steps[0].name
        run = stage.send(run.id, name, len(run.walked))
    waits = "client_may_be_tried" if field == "client_secret" else "account_may_be_tried"
    assert answers(run)[before:][:11] == [(step, *wrong)] * 10 + [(step, 429, waits)]
    assert answers(run)[before + 11][2] is None
    assert answers(branch_of(stage, run)) == answers(run)


def test_walk_that_goes_on_in_a_branch_counts_its_own_guesses(stage: Stage, clock: SimpleNamespace) -> None:
    """Ten wrong ones were sent again in the branch a moment ago, so the eleventh guess has to wait there too."""
    run = run_before(stage, "password", "use_password")
    for _ in range(10):
        run = stage.send(run.id, "use_password", len(run.walked), [Edit("form", "password", "a guess")])
    clock.now += 60
    branch = branch_of(stage, run)
    late = stage.send(branch.id, "use_password", 10)
    assert answers(late)[-1] == ("use_password", 429, "account_may_be_tried")
    clock.now += 60
    assert answers(stage.send(branch.id, "use_password", 11))[-1] == ("use_password", 200, None)


# Changes that hold the realm's name.


def test_changed_client_and_its_address_are_those_of_the_fresh_realm(stage: Stage) -> None:
    run = walk(stage, until="ask_for_prints")
    app = f"{run.realm.address('client')}/app"
    edits = [Edit("query", "client_id", "photoprint-spa"), Edit("query", "redirect_uri", app)]
    run = stage.send(run.id, "ask_to_authorize", 1, edits)
    for step in ("log_in", "ask_as_alice", "approve"):
        run = stage.send(run.id, step, len(run.walked))
    assert answers(run)[1] == ("ask_to_authorize", 200, None)
    branch = branch_of(stage, run)
    assert answers(branch) == answers(run)
    assert branch.walked[1].edits == (edits[0], Edit("query", "redirect_uri", app.replace(run.id, branch.id)))
    assert (branch.walked[-1].location or "").startswith(f"{branch.realm.address('client')}/app?code=")
    assert run.id not in "".join(str(each.request_bytes + each.response_bytes) for each in branch.walked)


@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "scope", "state"])
def test_change_that_holds_the_realms_name_holds_that_of_the_fresh_one(stage: Stage, name: str) -> None:
    run = walk(stage, until="ask_for_prints")
    run = stage.send(run.id, "ask_to_authorize", 1, [Edit("query", name, f"a {run.id} and {run.id}")])
    branch = branch_of(stage, run)
    assert answers(branch) == answers(run)
    assert dict(branch.walked[1].request.query)[name] == f"a {branch.id} and {branch.id}"


# What a branch costs.


def cost_of_a_branch(stage: Stage, run: Run, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """How many times a branch of the whole run reads the table of exchanges, and how many of them it gets in all."""
    engine, reads, got = stage.runs.store.engine, [], []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("SELECT") and "FROM exchange" in statement:
            reads.append(statement)

    def read(row: Any) -> Exchange:
        got.append(row)
        return read_one(row)

    read_one = runs._exchange
    event.listen(engine, "before_cursor_execute", note)
    with monkeypatch.context() as patched:
        patched.setattr(runs, "_exchange", read)
        stage.branch(run, len(run.walked), "me")
    event.remove(engine, "before_cursor_execute", note)
    return len(reads), len(got)


@pytest.mark.parametrize(("step", "reads"), [("fetch_photos", 1), ("callback", 2)])  # the client finds its session
def test_branch_of_a_long_walk_reads_no_more_for_each_step_than_that_of_a_short_one(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, step: str, reads: int
) -> None:
    run, cost = walk(stage), {}
    for length in (20, 100):
        while len(run.walked) < length:
            run = stage.send(run.id, step, len(run.walked))
        cost[length] = cost_of_a_branch(stage, run, monkeypatch)
    first, _ = cost[20]
    assert cost == {length: (first + (length - 20) * reads, 0) for length in cost}
    assert first <= 20 * 2
