"""Every way to break a step, of every flow: the check that it is about answers, and the walk goes on or ends well."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from stories import STORIES, flow_of, own_steps, read, run_before, unexplained, walked_before
from test_pages import OURS, begin
from werkzeug.test import Client

from app import create_app
from flows import wire
from flows.entry import Entry
from flows.flow import Step, Way
from flows.grants import FLOWS

# Status and check, by story: each way once, and again where other options lead to another answer.
WAYS: dict[str, dict[tuple[str, str], tuple[int, str | None]]] = {
    "authorization_code": {
        ("ask_for_prints", "POST in place of GET"): (405, None),
        ("ask_for_prints", "Ask twice"): (303, None),
        ("ask_to_authorize", "Leave out code_challenge"): (200, None),
        ("ask_to_authorize", "code_challenge_method=plain"): (303, "code_challenge_method_is_s256"),
        ("ask_to_authorize", "Another redirect_uri"): (400, "redirect_uri_is_registered"),
        ("ask_to_authorize", "Another client_id"): (400, "client_is_known"),
        ("ask_to_authorize", "A scope that does not exist"): (303, "scope_is_known"),
        ("ask_to_authorize", "response_type=token"): (303, "client_may_ask_for_this"),
        ("log_in", "A wrong password"): (403, "password_fits"),
        ("log_in", "Leave out csrf"): (403, "form_came_from_our_page"),
        ("log_in", "Without the cookie"): (403, "form_came_from_our_page"),
        ("ask_as_alice", "Ask for more"): (200, None),
        ("ask_as_alice", "Without the cookie"): (200, None),
        ("ask_as_alice", "Another state"): (200, None),
        ("ask_as_alice", "Another redirect_uri"): (400, "redirect_uri_is_registered"),
        ("approve", "Leave out csrf"): (403, "form_came_from_our_page"),
        ("approve", "Without the cookie"): (403, "person_is_logged_in"),
        ("approve", "Neither yes nor no"): (400, "decision_is_yes_or_no"),
        ("approve", "Approve twice"): (400, "answer_is_given_once"),
        ("deny", "Leave out csrf"): (403, "form_came_from_our_page"),
        ("deny", "Without the cookie"): (403, "person_is_logged_in"),
        ("callback", "Another state"): (400, "state_is_mine"),
        ("callback", "Leave out state"): (400, "state_is_mine"),
        ("callback", "Another iss"): (400, "iss_is_whom_i_asked"),
        ("callback", "Without the cookie"): (400, "session_is_known"),
        ("callback", "Send it twice"): (400, "question_is_open"),
        ("hear_no", "Another state"): (400, "state_is_mine"),
        ("hear_no", "Leave out iss"): (400, "iss_is_whom_i_asked"),
        ("redeem_code", "Leave out code_verifier"): (400, "code_verifier_matches"),
        ("redeem_code", "Another code_verifier"): (400, "code_verifier_matches"),
        ("redeem_code", "Without the secret"): (401, "client_is_authenticated"),
        ("redeem_code", "Another code"): (400, "code_is_known"),
        ("redeem_code", "Another redirect_uri"): (400, "redirect_uri_is_the_same"),
        ("redeem_code", "Send it twice"): (400, "spend_code"),
        ("fetch_photos", "Without a token"): (401, "token_came"),
        ("fetch_photos", "One letter of the token"): (401, "signature_verifies"),
        ("fetch_photos", "The token in the address"): (400, "token_comes_in_the_header"),
        ("fetch_photos", "The token in a form"): (400, "token_comes_in_the_header"),
        ("fetch_photos", "POST in place of GET"): (403, "scope_allows"),
        ("fetch_photos", "Send it twice"): (200, None),
        ("see_prints", "Without the cookie"): (400, "session_is_known"),
        ("see_prints", "Reload"): (200, None),
    },
    "authorization_code client=single-page": {
        ("open_app", "POST in place of GET"): (405, None),
        ("open_app", "Open it twice"): (200, None),
        ("ask_to_authorize", "Leave out code_challenge"): (303, "public_client_sends_a_code_challenge"),
        ("ask_to_authorize", "code_challenge_method=plain"): (303, "code_challenge_method_is_s256"),
        ("ask_to_authorize", "Another redirect_uri"): (400, "redirect_uri_is_registered"),
        ("ask_to_authorize", "Another client_id"): (400, "client_is_known"),
        ("ask_to_authorize", "A scope that does not exist"): (303, "scope_is_known"),
        ("ask_to_authorize", "response_type=token"): (303, "client_may_ask_for_this"),
        ("callback", "Another state"): (200, None),
        ("callback", "Leave out state"): (200, None),
        ("callback", "Another iss"): (200, None),
        ("callback", "Send it twice"): (200, None),
        ("hear_no", "Another state"): (200, None),
        ("hear_no", "Leave out iss"): (200, None),
        ("redeem_code", "Leave out code_verifier"): (400, "code_verifier_matches"),
        ("redeem_code", "Another code_verifier"): (400, "code_verifier_matches"),
        ("redeem_code", "Another code"): (400, "code_is_known"),
        ("redeem_code", "Another redirect_uri"): (400, "redirect_uri_is_the_same"),
        ("redeem_code", "Send it twice"): (400, "spend_code"),
        ("preflight", "Leave out the method"): (200, None),
        ("preflight", "Send it twice"): (204, None),
        ("fetch_photos", "Without a token"): (401, "token_came"),
        ("fetch_photos", "One letter of the token"): (401, "signature_verifies"),
        ("fetch_photos", "The token in the address"): (400, "token_comes_in_the_header"),
        ("fetch_photos", "The token in a form"): (400, "token_comes_in_the_header"),
        ("fetch_photos", "POST in place of GET"): (403, "scope_allows"),
        ("fetch_photos", "Send it twice"): (200, None),
    },
    "authorization_code token=opaque": {
        ("fetch_photos", "One letter of the token"): (401, "authorization_server_says_active"),
        ("introspect", "Without the API’s secret"): (401, "client_is_authenticated"),
        ("introspect", "Another token"): (200, "token_was_given_here"),
        ("introspect", "Leave out token"): (400, "token_is_named"),
    },
    "authorization_code client_auth=post": {
        ("redeem_code", "Without the secret"): (401, "client_is_authenticated"),
    },
    "authorization_code client=single-page pkce=off token=opaque": {
        ("fetch_photos", "One letter of the token"): (401, "authorization_server_says_active"),
    },
    "implicit": {
        ("open_app", "POST in place of GET"): (405, None),
        ("open_app", "Open it twice"): (200, None),
        ("ask_to_authorize", "response_type=code"): (303, "client_may_ask_for_this"),
        ("ask_to_authorize", "Another redirect_uri"): (400, "redirect_uri_is_registered"),
        ("ask_to_authorize", "Another client_id"): (400, "client_is_known"),
        ("ask_to_authorize", "A scope that does not exist"): (303, "scope_is_known"),
        ("ask_to_authorize", "Leave out state"): (200, None),
        ("log_in", "A wrong password"): (403, "password_fits"),
        ("log_in", "Leave out csrf"): (403, "form_came_from_our_page"),
        ("log_in", "Without the cookie"): (403, "form_came_from_our_page"),
        ("ask_as_alice", "Ask for more"): (200, None),
        ("ask_as_alice", "Without the cookie"): (200, None),
        ("ask_as_alice", "Another state"): (200, None),
        ("ask_as_alice", "Another redirect_uri"): (400, "redirect_uri_is_registered"),
        ("approve", "Leave out csrf"): (403, "form_came_from_our_page"),
        ("approve", "Without the cookie"): (403, "person_is_logged_in"),
        ("approve", "Neither yes nor no"): (400, "decision_is_yes_or_no"),
        ("approve", "Approve twice"): (400, "answer_is_given_once"),
        ("deny", "Leave out csrf"): (403, "form_came_from_our_page"),
        ("deny", "Without the cookie"): (403, "person_is_logged_in"),
        ("callback", "POST in place of GET"): (405, None),
        ("callback", "Send it twice"): (200, None),
        ("hear_no", "POST in place of GET"): (405, None),
        ("hear_no", "Send it twice"): (200, None),
        ("preflight", "Leave out the method"): (200, None),
        ("preflight", "Send it twice"): (204, None),
        ("fetch_photos", "Without a token"): (401, "token_came"),
        ("fetch_photos", "One letter of the token"): (401, "signature_verifies"),
        ("fetch_photos", "The token in the address"): (400, "token_comes_in_the_header"),
        ("fetch_photos", "The token in a form"): (400, "token_comes_in_the_header"),
        ("fetch_photos", "POST in place of GET"): (403, "scope_allows"),
        ("fetch_photos", "Send it twice"): (200, None),
    },
    "implicit token=opaque": {
        ("fetch_photos", "One letter of the token"): (401, "authorization_server_says_active"),
        ("introspect", "Without the API’s secret"): (401, "client_is_authenticated"),
        ("introspect", "Another token"): (200, "token_was_given_here"),
        ("introspect", "Leave out token"): (400, "token_is_named"),
    },
    "client_credentials": {
        ("ask_for_token", "Without the secret"): (401, "client_is_authenticated"),
        ("ask_for_token", "A public client"): (400, "client_may_use_this_grant"),
        ("ask_for_token", "A grant that does not exist"): (400, "grant_type_is_supported"),
        ("ask_for_token", "Alice’s password instead"): (400, "client_may_use_this_grant"),
        ("ask_for_token", "A scope that does not exist"): (400, "scope_can_be_granted"),
        ("ask_for_token", "Send it twice"): (200, None),
        ("fetch_photos", "Without a token"): (401, "token_came"),
        ("fetch_photos", "One letter of the token"): (401, "signature_verifies"),
        ("fetch_photos", "The token in the address"): (400, "token_comes_in_the_header"),
        ("fetch_photos", "The token in a form"): (400, "token_comes_in_the_header"),
        ("fetch_photos", "Send it twice"): (200, None),
    },
    "client_credentials token=opaque": {
        ("fetch_photos", "One letter of the token"): (401, "authorization_server_says_active"),
        ("introspect", "Without the API’s secret"): (401, "client_is_authenticated"),
        ("introspect", "Another token"): (200, "token_was_given_here"),
        ("introspect", "Leave out token"): (400, "token_is_named"),
    },
    "client_credentials client_auth=post": {
        ("ask_for_token", "Without the secret"): (401, "client_is_authenticated"),
    },
    "client_credentials bearer=form": {
        ("fetch_photos", "Leave out the token"): (401, "token_came"),
        ("fetch_photos", "Send it twice"): (201, None),
    },
    "client_credentials bearer=query": {
        ("fetch_photos", "Leave out the token"): (401, "token_came"),
        ("fetch_photos", "Send it twice"): (200, None),
    },
    "refresh_token": {
        ("use_old_token", "Without a token"): (401, "token_came"),
        ("use_old_token", "One letter of the token"): (401, "signature_verifies"),
        ("use_old_token", "The token in the address"): (400, "token_comes_in_the_header"),
        ("use_old_token", "The token in a form"): (400, "token_comes_in_the_header"),
        ("use_old_token", "POST in place of GET"): (401, "token_has_not_expired"),
        ("use_old_token", "Send it twice"): (401, "token_has_not_expired"),
        ("refresh", "Send it twice"): (400, "spend_refresh_token"),
        ("refresh", "Another refresh_token"): (400, "refresh_token_is_known"),
        ("refresh", "Ask for more"): (400, "scope_is_no_more_than_before"),
        ("refresh", "As another client"): (400, "refresh_token_was_issued_to_this_client"),
        ("refresh", "Without the secret"): (401, "client_is_authenticated"),
        ("use_new_token", "Without a token"): (401, "token_came"),
        ("use_new_token", "One letter of the token"): (401, "signature_verifies"),
        ("use_new_token", "The token in the address"): (400, "token_comes_in_the_header"),
        ("use_new_token", "The token in a form"): (400, "token_comes_in_the_header"),
        ("use_new_token", "POST in place of GET"): (403, "scope_allows"),
        ("use_new_token", "Send it twice"): (200, None),
        ("give_back", "A token that does not exist"): (200, None),
        ("give_back", "As another client"): (400, "token_belongs_to_client"),
        ("give_back", "Leave out token"): (400, "token_to_give_back_is_named"),
        ("give_back", "Send it twice"): (200, None),
        ("use_revoked_token", "Without a token"): (401, "token_came"),
        ("use_revoked_token", "One letter of the token"): (401, "signature_verifies"),
        ("use_revoked_token", "The token in the address"): (400, "token_comes_in_the_header"),
        ("use_revoked_token", "The token in a form"): (400, "token_comes_in_the_header"),
        ("use_revoked_token", "POST in place of GET"): (403, "scope_allows"),
        ("use_revoked_token", "Send it twice"): (200, None),
    },
    "refresh_token token=listed": {
        ("use_revoked_token", "POST in place of GET"): (401, "grant_is_not_revoked"),
        ("use_revoked_token", "Send it twice"): (401, "grant_is_not_revoked"),
    },
    "refresh_token token=opaque": {
        ("use_old_token", "One letter of the token"): (401, "authorization_server_says_active"),
        ("use_old_token", "POST in place of GET"): (401, "authorization_server_says_active"),
        ("use_old_token", "Send it twice"): (401, "authorization_server_says_active"),
        ("introspect_old", "Without the API’s secret"): (401, "client_is_authenticated"),
        ("introspect_old", "Another token"): (200, "token_was_given_here"),
        ("introspect_old", "Leave out token"): (400, "token_is_named"),
        ("use_new_token", "One letter of the token"): (401, "authorization_server_says_active"),
        ("introspect_new", "Without the API’s secret"): (401, "client_is_authenticated"),
        ("introspect_new", "Another token"): (200, "token_was_given_here"),
        ("introspect_new", "Leave out token"): (400, "token_is_named"),
        ("use_revoked_token", "One letter of the token"): (401, "authorization_server_says_active"),
        ("use_revoked_token", "POST in place of GET"): (401, "authorization_server_says_active"),
        ("use_revoked_token", "Send it twice"): (401, "authorization_server_says_active"),
        ("introspect_revoked", "Without the API’s secret"): (401, "client_is_authenticated"),
        ("introspect_revoked", "Another token"): (200, "token_was_given_here"),
        ("introspect_revoked", "Leave out token"): (400, "token_is_named"),
    },
    "refresh_token client_auth=post": {
        ("refresh", "Without the secret"): (401, "client_is_authenticated"),
    },
    "password": {
        ("use_password", "A wrong password"): (400, "password_is_right"),
        ("use_password", "Another username"): (400, "password_is_right"),
        ("use_password", "Take more than was promised"): (200, None),
        ("use_password", "A scope that does not exist"): (400, "scope_can_be_granted"),
        ("use_password", "As another client"): (400, "client_may_use_this_grant"),
        ("use_password", "Send it twice"): (200, None),
        ("fetch_photos", "Without a token"): (401, "token_came"),
        ("fetch_photos", "One letter of the token"): (401, "signature_verifies"),
        ("fetch_photos", "The token in the address"): (400, "token_comes_in_the_header"),
        ("fetch_photos", "The token in a form"): (400, "token_comes_in_the_header"),
        ("fetch_photos", "POST in place of GET"): (403, "scope_allows"),
        ("fetch_photos", "Send it twice"): (200, None),
    },
    "password token=opaque": {
        ("fetch_photos", "One letter of the token"): (401, "authorization_server_says_active"),
        ("introspect", "Without the API’s secret"): (401, "client_is_authenticated"),
        ("introspect", "Another token"): (200, "token_was_given_here"),
        ("introspect", "Leave out token"): (400, "token_is_named"),
    },
}

TRIED = [(story, step, way) for story, ways in WAYS.items() for step, way in ways]
NAMES = [f"{story}: {step}: {way}" for story, step, way in TRIED]


@pytest.fixture(scope="module")
def entry(tmp_path_factory: pytest.TempPathFactory) -> Entry:
    """One application for all of them: each walks a run of its own."""
    return create_app(f"sqlite:///{tmp_path_factory.mktemp('ways') / 'tokenwalk.sqlite3'}", "localhost:8765")


def ways_of(story: str) -> Iterator[tuple[Step, Way]]:
    flow = flow_of(story)
    return ((step, way) for step in own_steps(flow) for way in flow.ways[step.name])


def the_way(story: str, step: str, name: str) -> Way:
    return next(way for way in flow_of(story).ways[step] if way.name == name)


def test_every_way_to_break_a_step_is_tried_above_under_the_options_that_it_is_for() -> None:
    """A step that looks otherwise under some options is another one, and so is a way."""
    there = {(read(story)[0], step.prepare, way.edits) for story in STORIES for step, way in ways_of(story)}
    tried = {
        (read(story)[0], flow_of(story).named(step).prepare, the_way(story, step, way).edits)
        for story, step, way in TRIED
    }
    assert tried == there
    assert set(WAYS) <= set(STORIES)


@pytest.mark.parametrize("story", STORIES)
def test_every_step_has_some_ways_to_break_it_and_not_too_many(story: str) -> None:
    flow = flow_of(story)
    assert set(flow.ways) == {step.name for step in flow.steps}
    assert {name: len(ways) for name, ways in flow.ways.items() if not 2 <= len(ways) <= 7} == {}
    assert {name for name, ways in flow.ways.items() if len({way.name for way in ways}) < len(ways)} == set()


@pytest.mark.parametrize("flow", FLOWS)
def test_ways_steps_and_what_is_told_of_them_are_for_choices_that_the_flow_has(flow: str) -> None:
    known = {option.name: option.choices for option in FLOWS[flow].options}
    asked = [way.when for ways in FLOWS[flow].ways.values() for way in ways]
    asked += [step.when for step in FLOWS[flow].steps]
    asked += [when for told in FLOWS[flow].tellings.values() for when, _ in told]
    for when in asked:
        assert all(set(wanted.split("|")) <= set(known[name]) for name, wanted in when.items()), when


@pytest.mark.parametrize(("story", "step", "way"), TRIED, ids=NAMES)
def test_way_to_break_a_step_is_answered_by_the_check_that_it_is_about(
    entry: Entry, story: str, step: str, way: str
) -> None:
    stage, chosen, run = entry.stage, the_way(story, step, way), run_before(entry.stage, story, step)
    if chosen.repeats and step not in {each.step for each in run.walked}:
        run = stage.send(run.id, step, len(run.walked))
    prepared = stage.prepare(run, run.flow.named(step))
    place = len(run.walked)
    run = stage.send(run.id, step, place, chosen.edits(prepared))
    sent = run.walked[place]
    assert (sent.response.status, sent.refused and sent.refused.check) == WAYS[story][step, way]
    assert sent.prepared_bytes == (None if chosen.repeats else prepared.raw())
    assert unexplained(run) == []
    saw = [value for verdict in sent.verdicts for _, value in verdict.saw]
    secrets = ["wonderland", *(client.secret for client in run.realm.clients.values() if client.secret)]
    assert [value for value in saw if any(secret in value for secret in secrets)] == []


@pytest.mark.parametrize(("story", "step", "way"), [each for each in TRIED if not the_way(*each).repeats])
def test_way_to_break_a_step_is_answered_the_same_in_a_branch(entry: Entry, story: str, step: str, way: str) -> None:
    """What was changed in one realm is changed anew in the other, whose tokens are others."""
    stage, run = entry.stage, run_before(entry.stage, story, step)
    place, edits = len(run.walked), the_way(story, step, way).edits(stage.prepare(run, run.flow.named(step)))
    tried = stage.runs.find(stage.branch(run, place, "me", (run.flow.named(step), edits)))
    again = stage.runs.find(stage.branch(tried, len(tried.walked), "me"))
    for branch in (tried, again):
        sent = branch.walked[place]
        assert (sent.response.status, sent.refused and sent.refused.check) == WAYS[story][step, way]
        assert list(sent.edits) == the_way(story, step, way).edits(wire.recorded_request(sent.prepared_bytes or b""))


NEXT = re.compile(r'class="next".*?name="position" value="(\d+)">\s*<button class="go" name="step" value="(\w+)"', re.S)


@pytest.mark.parametrize(("story", "step", "way"), TRIED, ids=NAMES)
def test_after_every_break_the_walk_goes_on_or_says_that_it_ends(entry: Entry, story: str, step: str, way: str) -> None:
    """Whatever the page offers next can be sent; nothing leads into a dead end of ours."""
    stage, browser = entry.stage, Client(entry)
    flow, options = read(story)
    path = begin(browser, flow, **options)
    run = walked_before(stage, path.rpartition("/")[2], step)
    if the_way(story, step, way).repeats and step not in {each.step for each in run.walked}:
        run = stage.send(run.id, step, len(run.walked))
    form = {"step": step, "position": str(len(run.walked)), "way": way}
    assert browser.post(f"{path}/send", data=form, headers=OURS).status_code == 303
    for _ in range(12):
        page = browser.get(path).text
        rejoins = re.search(r'class="next".*?name="before" value="(\d+)">Go on without it', page, re.S)
        if rejoins:
            path = str(browser.post(f"{path}/branch", data={"before": rejoins[1]}, headers=OURS).location)
            continue
        offered = NEXT.search(page)
        if offered is None:
            break
        place = "next" if f'action="{path}/next"' in page[: offered.end()].rpartition("<form")[2] else "send"
        data = {"step": offered[2], "position": offered[1]}
        assert browser.post(f"{path}/{place}", data=data, headers=OURS).status_code == 303, offered[2]
    page = browser.get(path).text
    assert "Walked to the end" in page or "The story ends here" in page
