"""Two tabs, a forged form, another browser; and the branch that goes on where a run cannot."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from conftest import walk
from test_change import FORM, change, tab, walked, walked_by
from test_pages import OURS, begin, says, send
from werkzeug.test import Client

from flows.edit import Edit, fields_of
from flows.entry import Entry
from flows.grants import FLOWS
from flows.stage import Stage

flow = FLOWS["authorization_code"].under({})


@pytest.fixture
def browser(entry: Entry) -> Client:
    return Client(entry)


def test_raw_text_that_names_its_realm_names_the_fresh_one_in_a_branch(browser: Client, entry: Entry) -> None:
    run = walked(browser, 7)
    raw = f"GET {run[5:]}/photos HTTP/1.1\nHost: api.localhost:8765\nX:1\n\n"
    assert change(browser, run, "fetch_photos", 7, raw=raw).status_code == 303
    branch = browser.post(f"{run}/branch", data={"before": "8"}, headers=OURS)
    made = entry.stage.runs.find(branch.location[6:])
    assert made.walked[-1].request_bytes == raw.replace(run[6:], made.id).encode()


def test_branch_that_cannot_be_walked_leaves_no_run_behind(browser: Client, entry: Entry) -> None:
    """Raw text that names the old realm in a way of its own cannot be sent in a fresh one."""
    run = walked(browser, 7)
    name = "".join(f"%{ord(letter):02x}" for letter in run[6:])
    raw = f"GET /{name}/photos HTTP/1.1\r\nHost: api.localhost:8765\r\nX:1\r\n\r\n"
    assert change(browser, run, "fetch_photos", 7, raw=raw).status_code == 303
    answer = browser.post(f"{run}/branch", data={"before": "8"}, headers=OURS)
    assert answer.status_code == 409
    assert says(answer).startswith("This run cannot be walked again up to there: no party of this run answers at")
    cookie = browser.get_cookie("tokenwalk")
    assert cookie is not None
    last = entry.stage.runs.last_of(cookie.value)
    assert last is not None
    assert last.id == run[6:]


def test_edit_that_lost_against_another_tab_is_kept_and_offered_as_a_branch(browser: Client, entry: Entry) -> None:
    run = begin(browser)
    walked_by(browser, run, "ask_for_prints", "ask_to_authorize")
    lost = tab(browser, run, "ask_to_authorize", 1, way="A scope that does not exist")
    assert lost.status_code == 409
    assert "This went on elsewhere" in lost.text
    assert '<textarea hidden name="way">\nA scope that does not exist</textarea>' in lost.text
    assert len(entry.stage.runs.find(run[6:]).exchanges) == 2
    kept = {"before": "1", "step": "ask_to_authorize", "way": "A scope that does not exist"}
    branch = browser.post(f"{run}/branch", data=kept, headers=OURS)
    made = entry.stage.runs.find(branch.location[6:])
    assert [each.step for each in made.walked] == ["ask_for_prints", "ask_to_authorize"]
    assert made.walked[-1].refused is not None
    assert made.walked[-1].refused.check == "scope_is_known"


def test_fields_that_lost_are_applied_to_the_branch_as_changes_and_not_as_values_of_the_old_realm(
    browser: Client, entry: Entry
) -> None:
    run = begin(browser)
    walked_by(browser, run, "ask_for_prints")
    prepared = entry.stage.prepare(entry.stage.runs.find(run[6:]), flow.named("ask_to_authorize"))
    rows = [(f"{where}.{part}", text) for where in ("query", "header") for field in fields_of(prepared, where)
            for part, text in zip(("name", "value"), field, strict=True)]  # fmt: skip
    rows = [(key, "photos.delete" if text == "photos.read" else text) for key, text in rows]
    assert send(browser, run, "ask_to_authorize", 1).status_code == 303
    form = [("step", "ask_to_authorize"), ("position", "1"), ("fields", "1"), *rows]
    lost = browser.post(f"{run}/send", data=urlencode(form), headers={**OURS, "Content-Type": FORM})
    assert lost.status_code == 409
    kept = urlencode([("before", "1"), ("step", "ask_to_authorize"), ("fields", "1"), *rows])
    branch = browser.post(f"{run}/branch", data=kept, headers={**OURS, "Content-Type": FORM})
    made = entry.stage.runs.find(branch.location[6:])
    assert made.walked[-1].edits == (Edit("query", "scope", "photos.delete"),)


def test_second_click_on_the_same_change_is_no_conflict(browser: Client, entry: Entry) -> None:
    run = begin(browser)
    walked_by(browser, run, "ask_for_prints")
    for _ in range(2):
        assert tab(browser, run, "ask_to_authorize", 1, way="A scope that does not exist").location == f"{run}?step=2"
    assert len(entry.stage.runs.find(run[6:]).exchanges) == 2


def test_next_of_a_tab_that_was_left_behind_is_told_where_the_run_went(browser: Client) -> None:
    run = begin(browser)
    walked_by(browser, run, "ask_for_prints")
    tab(browser, run, "ask_to_authorize", 1, way="A scope that does not exist")
    lost = send(browser, run, "ask_to_authorize", 1, **{"HX-Request": "true"})
    assert lost.status_code == 409
    assert "This went on elsewhere" in lost.text
    assert "<html" not in lost.text


@pytest.mark.parametrize("path", ["next", "send", "change", "branch"])
@pytest.mark.parametrize("origin", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {}])
def test_forged_form_changes_nothing(browser: Client, entry: Entry, path: str, origin: dict[str, str]) -> None:
    run = begin(browser)
    form = {"step": "ask_for_prints", "position": "0", "before": "0", "row": "header.0.out", "fields": "1"}
    answer = browser.post(f"{run}/{path}", data=form, headers=origin)
    assert answer.status_code == 403
    assert says(answer) == "This form did not come from a page of this Tokenwalk, so nothing was done."
    assert entry.stage.runs.find(run[6:]).exchanges == ()


@pytest.mark.parametrize("path", ["next", "send", "change"])
def test_run_of_another_browser_is_not_moved(browser: Client, entry: Entry, path: str) -> None:
    run = begin(browser)
    form = {"step": "ask_for_prints", "position": "0", "row": "header.0.out", "fields": "1"}
    assert Client(entry).post(f"{run}/{path}", data=form, headers=OURS).status_code == 403
    assert entry.stage.runs.find(run[6:]).exchanges == ()


def test_raw_text_that_lost_and_cannot_be_sent_in_a_branch_either_is_kept(browser: Client, entry: Entry) -> None:
    run = begin(browser)
    walked_by(browser, run, "ask_for_prints", "ask_to_authorize")
    kept = {"before": "1", "step": "ask_to_authorize", "raw": "GET /x HTTP/1.1\nHost: a\n\n"}
    answer = browser.post(f"{run}/branch", data=kept, headers=OURS)
    assert answer.status_code == 409
    assert "No party of this run answers at a/x (line 2, character 7)." in answer.text
    assert '<textarea hidden name="raw">\nGET /x HTTP/1.1\nHost: a\n\n</textarea>' in answer.text
    assert len(entry.stage.runs.find(run[6:]).exchanges) == 2


@pytest.mark.parametrize(
    ("step", "edits"),
    [
        ("redeem_code", [Edit("path", "", "/RUN/tokem")]),
        ("redeem_code", [Edit("method", "", "DELETE")]),
        ("ask_to_authorize", [Edit("path", "", "/RUN/authoriz")]),
        ("ask_to_authorize", [Edit("method", "", "HEAD")]),
        ("ask_for_prints", [Edit("header", "Host", "auth.localhost:8765")]),
        ("callback", [Edit("query", "code", None), Edit("query", "error", "access_denied")]),
    ],
    ids=["no such address", "not taken there", "a letter less", "only the head", "another host", "an error for a code"],
)
def test_answer_that_brings_nothing_leads_to_no_step_that_needs_it(
    stage: Stage, entry: Entry, step: str, edits: list[Edit]
) -> None:
    before = flow.main_line[flow.number(step) - 2].name
    run = walk(stage, until=before) if step != "ask_for_prints" else None
    run = run or stage.runs.find(stage.runs.start("authorization_code", {}, "me"))
    mine = [Edit(each.where, each.name, (each.value or "").replace("RUN", run.id) or None) for each in edits]
    run = stage.send(run.id, step, len(run.walked), mine)
    assert all(each.sender == "browser" for each in run.next_steps)
    for number in range(1, 10):
        assert Client(entry).get(f"/runs/{run.id}?step={number}").status_code == 200


def test_what_was_answered_before_is_gone_on_with_in_a_branch(browser: Client, entry: Entry) -> None:
    run = walked(browser, 7)
    assert change(browser, run, "redeem_code", 7, way="Leave out code_verifier").status_code == 303
    page = browser.get(run).text
    assert "Put it back and send" not in page
    assert '<button class="go" name="before" value="7">Go on without it, in a branch →</button>' in page
    branch = browser.post(f"{run}/branch", data={"before": "7"}, headers=OURS).location
    assert send(browser, branch, "fetch_photos", 7).status_code == 303
    assert entry.stage.runs.find(branch[6:]).walked[-1].response.status == 200


def test_way_to_break_a_step_that_was_sent_can_be_tried_as_the_first_time(browser: Client, entry: Entry) -> None:
    run = walked(browser, 7)
    form = {"before": "2", "step": "log_in", "way": "A wrong password"}
    assert 'aria-label="In a branch: A wrong password"' in browser.get(f"{run}?step=3").text
    assert "In a branch: Send it twice" not in browser.get(f"{run}?step=7").text
    branch = browser.post(f"{run}/branch", data=form, headers=OURS).location
    refused = entry.stage.runs.find(branch[6:]).walked[-1].refused
    assert refused is not None
    assert refused.check == "password_fits"


def test_form_remembers_for_which_place_it_was_made(browser: Client) -> None:
    run = begin(browser)
    walked_by(browser, run, "ask_for_prints")
    form = {"step": "ask_to_authorize", "position": "1", "fields": "1", "query.name": "a", "query.value": "b"}
    walked_by_other = send(browser, run, "ask_to_authorize", 1)
    assert walked_by_other.status_code == 303
    again = browser.post(f"{run}/change", data={**form, "row": "query.0.twice"}, headers=OURS)
    assert '<input type="hidden" name="position" value="1">' in again.text


def test_raw_text_that_lost_and_is_far_too_long_is_kept_too(browser: Client, entry: Entry) -> None:
    run = begin(browser)
    walked_by(browser, run, "ask_for_prints", "ask_to_authorize")
    kept = {"before": "1", "step": "ask_to_authorize", "raw": "x" * 200_000}
    answer = browser.post(f"{run}/branch", data=kept, headers=OURS)
    assert answer.status_code == 409
    assert "The text is 200,000 bytes long, and at most 131,072 are sent from here" in answer.text
    assert "x" * 200_000 in answer.text
    assert len(entry.stage.runs.find(run[6:]).exchanges) == 2
