"""The clock of a run's realm can be moved, and its options changed; what that does is the parties' own."""

from __future__ import annotations

import re
from html import unescape

import pytest
from conftest import walk
from test_pages import OURS, says, send
from werkzeug.test import Client, TestResponse

from flows.entry import Entry
from flows.run import Run
from flows.stage import Stage

OWNER = "the browser that started it"


@pytest.fixture
def browser(entry: Entry) -> Client:
    made = Client(entry)
    made.set_cookie("tokenwalk", OWNER)
    return made


def text(page: TestResponse) -> str:
    return " ".join(unescape(re.sub("<[^>]+>", " ", page.text)).split())


def wait(browser: Client, run: Run, seconds: int, now: int | None = None, step: str = "") -> TestResponse:
    form = {"seconds": str(seconds), "now": str(run.realm.now() if now is None else now), "step": step}
    return browser.post(f"/runs/{run.id}/clock", data=form, headers=OURS)


def outcome(run: Run) -> tuple[str | None, int, str | None]:
    last = run.walked[-1]
    return last.step, last.response.status, last.refused and last.refused.check


def test_code_is_too_old_after_five_minutes_and_the_walk_goes_on_from_before(
    browser: Client, stage: Stage, entry: Entry
) -> None:
    run = walk(stage, until="callback")
    assert wait(browser, run, 300, step="6").location == f"/runs/{run.id}?step=6#world"
    waiting = browser.get(f"/runs/{run.id}?step=6")
    assert "5 min have passed since the last step" in text(waiting)
    assert waiting.text.index(">6 brings code") < waiting.text.index("5 min later") < waiting.text.index(">7 code")
    send(browser, f"/runs/{run.id}", "redeem_code", 6)
    late = stage.runs.find(run.id)
    assert outcome(late) == ("redeem_code", 400, "code_has_not_expired")
    assert late.moved_before(6) == 300
    page = browser.get(f"/runs/{run.id}?step=7")
    assert "5 min passed on this realm’s clock before this was sent." in text(page)
    assert "5 min later" in page.text
    assert "Go on from before it, in a branch →" in page.text
    branch = browser.post(f"/runs/{run.id}/branch", data={"before": "6"}, headers=OURS).location
    send(browser, branch, "redeem_code", 6)
    assert outcome(stage.runs.find(branch[6:])) == ("redeem_code", 200, None)


def test_a_minute_has_passed_where_one_stood_and_looked(browser: Client, stage: Stage) -> None:
    run = walk(stage, until="callback")
    form = {"seconds": "60", "now": str(run.realm.now()), "step": "6", "follow": "code", "eye": "log"}
    answer = browser.post(f"/runs/{run.id}/clock", data=form, headers=OURS)
    assert answer.location == f"/runs/{run.id}?step=6&follow=code&eye=log#world"
    assert "1 min has passed since the last step" in text(browser.get(answer.location))


def test_token_is_over_after_an_hour(browser: Client, stage: Stage) -> None:
    run = walk(stage, until="redeem_code")
    wait(browser, run, 3600)
    send(browser, f"/runs/{run.id}", "fetch_photos", 7)
    assert outcome(stage.runs.find(run.id)) == ("fetch_photos", 401, "token_has_not_expired")


def test_refresh_token_is_over_after_thirty_days_and_more(browser: Client, stage: Stage) -> None:
    run = walk(stage, flow="refresh_token", until="use_old_token")
    wait(browser, run, 30 * 86400)
    send(browser, f"/runs/{run.id}", "refresh", 8)
    assert outcome(stage.runs.find(run.id)) == ("refresh", 400, "refresh_token_has_not_expired")


def test_clock_that_was_moved_is_moved_again_in_a_branch_and_only_where_it_was(stage: Stage) -> None:
    run = walk(stage, until="log_in")
    stage.runs.move_clock(run.id, 60)
    run = stage.send(run.id, "ask_as_alice", 3)
    stage.runs.move_clock(run.id, 3600)
    assert [stage.runs.find(run.id).moved_before(at) for at in range(4)] == [0, 0, 0, 60]
    branch = stage.runs.find(stage.branch(stage.runs.find(run.id), 4, "me"))
    begins = branch.walked[0].at
    assert [each.at - begins for each in branch.walked] == [0, 1, 2, 63]
    assert branch.moved_since == 3600


def test_two_clicks_move_the_clock_once(browser: Client, stage: Stage) -> None:
    run = walk(stage, until="log_in")
    now = run.realm.now()
    for _ in range(2):
        assert wait(browser, run, 60, now).status_code == 303
    assert stage.runs.find(run.id).realm.now() == now + 60


@pytest.mark.parametrize(
    ("seconds", "sentence"),
    [
        ("61", "seconds must be one of 60, 300, 3600, 2592000, and not &#39;61&#39;."),
        ("", "seconds must be one of 60, 300, 3600, 2592000, and not &#39;&#39;."),
        ("-300", "seconds must be one of 60, 300, 3600, 2592000, and not &#39;-300&#39;."),
    ],
)
def test_time_that_is_not_offered_does_not_pass(browser: Client, stage: Stage, seconds: str, sentence: str) -> None:
    run = walk(stage, until="log_in")
    form = {"seconds": seconds, "now": str(run.realm.now())}
    answer = browser.post(f"/runs/{run.id}/clock", data=form, headers=OURS)
    assert (answer.status_code, says(answer)) == (400, sentence)
    assert stage.runs.find(run.id).realm.now() == run.realm.now()


def test_strangers_clock_is_not_moved(entry: Entry, stage: Stage) -> None:
    run = walk(stage, until="log_in")
    assert wait(Client(entry), run, 60).status_code == 403
    assert Client(entry).post("/runs/nobody/clock", data={}, headers=OURS).status_code == 404
    assert stage.runs.find(run.id).realm.now() == run.realm.now()


def test_expiry_in_the_story_of_the_refresh_token_is_no_dead_end(browser: Client, stage: Stage) -> None:
    run = walk(stage, flow="refresh_token", until="use_old_token")
    assert outcome(run) == ("use_old_token", 401, "token_has_not_expired")
    assert [step.name for step in run.next_steps] == ["refresh"]
    page = browser.get(f"/runs/{run.id}?step=8")
    assert '<h2 id="step" tabindex="-1">Ten minutes later, the token is over</h2>' in page.text
    assert "The photos API said no, as this story has it: the check token_has_not_expired" in text(page)
    assert "Next: use the refresh token →" in page.text


@pytest.mark.parametrize(
    ("token", "last"),
    [
        ("JWT", ("use_revoked_token", 200, None)),
        ("listed", ("use_revoked_token", 401, "grant_is_not_revoked")),
        ("opaque", ("introspect_revoked", 200, "token_still_stands")),
    ],
)
def test_jwt_that_is_checked_offline_is_seen_not_to_be_revoked(
    browser: Client, stage: Stage, token: str, last: tuple[str, int, str | None]
) -> None:
    run = walk(stage, flow="refresh_token", token=token)
    assert outcome(run) == last
    used = next(each for each in run.walked if each.step == "use_revoked_token")
    found = {each.check: (each.state, each.found) for each in used.verdicts}
    if token == "JWT":
        assert found["grant_is_not_revoked"] == ("switched off", "would have refused")
    number = run.flow.number("use_revoked_token")
    assert "Walked to the end" in browser.get(f"/runs/{run.id}?step={number}").text or token == "opaque"


def otherwise(browser: Client, run: Run, step: str, **options: str) -> TestResponse:
    return browser.post(f"/runs/{run.id}/options", data={"step": step, **options}, headers=OURS)


def test_options_are_changed_where_one_stands_and_the_page_says_what_changed(browser: Client, stage: Stage) -> None:
    run = walk(stage, until="redeem_code")
    answer = otherwise(browser, run, "redeem_code", pkce="off")
    made = re.fullmatch(r"/runs/(\w+)\?step=7&was=(\w+)", answer.location or "")
    assert made
    assert made[2] == run.id
    new = stage.runs.find(made[1])
    assert new.options == {**run.options, "pkce": "off"}
    assert [each.step for each in new.walked] == [each.step for each in run.walked]
    page = text(browser.get(answer.location))
    assert (
        "PKCE is off: nothing ties the code to whoever began (before: on: the challenge is a hash of the secret)"
        in page
    )
    assert "Gone from this exchange: code_verifier ." in page
    assert "New in this exchange" not in page
    asked = text(browser.get(f"/runs/{new.id}?step=2&was={run.id}"))
    assert "Gone from this exchange: code_challenge , code_challenge_method ." in asked


def test_other_client_brings_other_steps_and_the_page_names_them(browser: Client, stage: Stage) -> None:
    run = walk(stage, until="redeem_code")
    answer = otherwise(browser, run, "redeem_code", client="single-page", pkce="off", token="opaque")
    page = text(browser.get(answer.location))
    assert "New: step 8, The browser asks the API whether the script may." in page
    assert "Gone: Alice sees her prints." in page
    assert "Switched off: public_client_sends_a_code_challenge ." in page


def test_step_that_is_not_there_under_the_other_options_is_met_by_its_number(browser: Client, stage: Stage) -> None:
    run = walk(stage)
    answer = otherwise(browser, run, "see_prints", client="single-page")
    made = re.fullmatch(r"/runs/(\w+)\?step=9&was=\w+", answer.location or "")
    assert made
    assert stage.runs.find(made[1]).walked[-1].step == "fetch_photos"


def test_no_stays_no_under_other_options(browser: Client, stage: Stage) -> None:
    run = walk(stage, "deny")
    answer = otherwise(browser, run, "hear_no", client="single-page")
    assert answer.location
    assert stage.runs.find(answer.location.split("?")[0][6:]).walked[-1].step == "hear_no"


def test_anybody_may_walk_a_run_otherwise_and_it_becomes_their_own(entry: Entry, stage: Stage) -> None:
    run = walk(stage, until="log_in")
    stranger = Client(entry)
    answer = otherwise(stranger, run, "log_in", token="opaque")
    page = stranger.get(answer.location)
    assert "Next: ask again, now as Alice →" in page.text
    assert len(stage.runs.find(run.id).exchanges) == 3


def test_choice_that_there_is_not_is_named(browser: Client, stage: Stage) -> None:
    run = walk(stage, until="log_in")
    answer = otherwise(browser, run, "log_in", pkce="sometimes")
    sentence = "pkce must be one of S256, plain, off, and not &#39;sometimes&#39;."
    assert (answer.status_code, says(answer)) == (400, sentence)
    begun = browser.post("/runs", data={"flow": "implicit", "token": "paper"}, headers=OURS)
    assert (begun.status_code, says(begun)) == (400, "token must be one of JWT, opaque, and not &#39;paper&#39;.")


@pytest.mark.parametrize(
    ("api_clock", "last"),
    [
        ("right", (200, None, "")),
        ("a little slow", (200, None, "In 29 s, within the 60 s that clocks may differ.")),
        ("slow", (401, "token_is_valid_already", "")),
        ("fast", (401, "token_has_not_expired", "")),
    ],
)
def test_apis_own_clock_makes_tokens_too_early_or_too_late(
    stage: Stage, api_clock: str, last: tuple[int, str | None, str]
) -> None:
    run = walk(stage, flow="client_credentials", api_clock=api_clock)
    step, status, refused = outcome(run)
    found = next((each.found for each in run.walked[-1].verdicts if each.check == "token_is_valid_already"), "")
    assert (step, status, refused, found) == ("fetch_photos", *last)


@pytest.mark.parametrize(
    ("options", "says_it", "says_not"),
    [
        ({}, "secret behind the `code_challenge` that began this flow", "PKCE is off"),
        ({"pkce": "plain"}, "They are the same, to the letter", "PKCE is off"),
        ({"pkce": "off"}, "PKCE is off, so the code comes alone.", "code_verifier"),
        ({"pkce": "off", "client": "single-page"}, "PKCE is off, and a public client has no secret", "code_verifier"),
    ],
)
def test_what_is_told_of_a_step_is_true_under_its_options(
    stage: Stage, options: dict[str, str], says_it: str, says_not: str
) -> None:
    run = stage.runs.find(stage.start("authorization_code", options, "me"))
    reason = " ".join(run.flow.named("redeem_code").reason.split())
    assert says_it in reason
    assert says_not not in reason
