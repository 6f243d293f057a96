"""The other flows, walked in process: what crosses, who sees it, where a script stops, what a branch keeps."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from conftest import walk
from stories import STORIES, flow_of, read, run_before
from werkzeug.test import Client

from flows.edit import Edit, with_other
from flows.entry import Entry
from flows.followed import SECRETS
from flows.grants import FLOWS
from flows.pages.sightings import kept_back, who_has_seen
from flows.run import Run
from flows.seen import parameters_of
from flows.stage import Stage, WentOn
from flows.tokens import jws

ALICE_AT_SNAPBOX = [("ask_to_authorize", 200), ("log_in", 303), ("ask_as_alice", 200), ("approve", 303)]
CODE = [("ask_for_prints", 303), *ALICE_AT_SNAPBOX, ("callback", 303), ("redeem_code", 200)]
SCRIPT = [("open_app", 200), *ALICE_AT_SNAPBOX, ("callback", 200)]
SCRIPT_USES = [("preflight", 204), ("fetch_photos", 200)]
CLIENT_USES = [("fetch_photos", 200), ("see_prints", 200)]
INTROSPECT = ("introspect", 200)

# Step and status, to the end of each story.
WALKS = {
    "authorization_code": [*CODE, *CLIENT_USES],
    "authorization_code client=single-page": [*SCRIPT, ("redeem_code", 200), *SCRIPT_USES],
    "authorization_code pkce=plain": [*CODE, *CLIENT_USES],
    "authorization_code pkce=off": [*CODE, *CLIENT_USES],
    "authorization_code token=opaque": [*CODE, ("fetch_photos", 200), INTROSPECT, ("see_prints", 200)],
    "authorization_code client_auth=post": [*CODE, *CLIENT_USES],
    "authorization_code client=single-page pkce=off token=opaque": [
        *SCRIPT,
        ("redeem_code", 200),
        *SCRIPT_USES,
        INTROSPECT,
    ],
    "implicit": [*SCRIPT, *SCRIPT_USES],
    "implicit token=opaque": [*SCRIPT, *SCRIPT_USES, INTROSPECT],
    "client_credentials": [("ask_for_token", 200), ("fetch_photos", 200)],
    "client_credentials token=opaque": [("ask_for_token", 200), ("fetch_photos", 200), INTROSPECT],
    "client_credentials client_auth=post": [("ask_for_token", 200), ("fetch_photos", 200)],
    "client_credentials bearer=form": [("ask_for_token", 200), ("fetch_photos", 201)],
    "client_credentials bearer=query": [("ask_for_token", 200), ("fetch_photos", 200)],
    "client_credentials bearer=form token=opaque": [("ask_for_token", 200), ("fetch_photos", 201), INTROSPECT],
    "client_credentials api_clock=slow": [("ask_for_token", 200), ("fetch_photos", 401)],
    "client_credentials api_clock=fast": [("ask_for_token", 200), ("fetch_photos", 401)],
    "refresh_token": [
        *CODE,
        ("use_old_token", 401),
        ("refresh", 200),
        ("use_new_token", 200),
        ("give_back", 200),
        ("use_revoked_token", 200),
    ],
    "refresh_token token=listed": [
        *CODE,
        ("use_old_token", 401),
        ("refresh", 200),
        ("use_new_token", 200),
        ("give_back", 200),
        ("use_revoked_token", 401),
    ],
    "refresh_token token=opaque": [
        *CODE,
        ("use_old_token", 401),
        ("introspect_old", 200),
        ("refresh", 200),
        ("use_new_token", 200),
        ("introspect_new", 200),
        ("give_back", 200),
        ("use_revoked_token", 401),
        ("introspect_revoked", 200),
    ],
    "refresh_token client_auth=post": [
        *CODE,
        ("use_old_token", 401),
        ("refresh", 200),
        ("use_new_token", 200),
        ("give_back", 200),
        ("use_revoked_token", 200),
    ],
    "password": [("use_password", 200), ("fetch_photos", 200)],
    "password token=opaque": [("use_password", 200), ("fetch_photos", 200), INTROSPECT],
}


def walk_story(stage: Stage, story: str, *choices: str, until: str | None = None) -> Run:
    flow, options = read(story)
    return walk(stage, *choices, flow=flow, until=until, **options)


def refusals(run: Run) -> dict[str, str]:
    return {each.step or "": each.refused.check for each in run.walked if each.refused}


@pytest.mark.parametrize("story", WALKS)
def test_every_flow_is_walked_to_its_end(stage: Stage, story: str) -> None:
    run = walk_story(stage, story)
    assert [(each.step, each.response.status) for each in run.walked] == WALKS[story]
    assert [each.step for each in run.walked] == [step.name for step in run.flow.main_line]
    assert (run.next_steps, run.stops) == ([], "")


def test_every_story_of_the_tests_is_walked_above() -> None:
    assert set(STORIES) <= set(WALKS)


@pytest.mark.parametrize(
    ("flow", "counts"),
    [
        ("authorization_code", (2, 1)),
        ("implicit", (1, 1)),
        ("client_credentials", (1, 1)),
        ("refresh_token", (1, 1)),
        ("password", (1, 1)),
    ],
)
def test_requests_of_each_flow_are_counted_as_the_rfc_counts_them(flow: str, counts: tuple[int, int]) -> None:
    assert FLOWS[flow].under({}).counts == counts


@pytest.mark.parametrize(
    ("story", "off", "refused"),
    [
        ("authorization_code", set(), {}),
        ("authorization_code pkce=plain", {"code_challenge_method_is_s256"}, {}),
        ("authorization_code pkce=off", set(), {}),
        (
            "authorization_code client=single-page pkce=off token=opaque",
            {"public_client_sends_a_code_challenge"},
            {},
        ),
        ("client_credentials bearer=form", {"token_comes_in_the_header"}, {}),
        ("client_credentials bearer=query", {"token_comes_in_the_header"}, {}),
        ("client_credentials api_clock=slow", set(), {"fetch_photos": "token_is_valid_already"}),
        ("client_credentials api_clock=fast", set(), {"fetch_photos": "token_has_not_expired"}),
        ("refresh_token", {"grant_is_not_revoked"}, {"use_old_token": "token_has_not_expired"}),
        (
            "refresh_token token=listed",
            set(),
            {"use_old_token": "token_has_not_expired", "use_revoked_token": "grant_is_not_revoked"},
        ),
        (
            "refresh_token token=opaque",
            set(),
            {
                "use_old_token": "authorization_server_says_active",
                "introspect_old": "token_is_in_its_time",
                "use_revoked_token": "authorization_server_says_active",
                "introspect_revoked": "token_still_stands",
            },
        ),
    ],
)
def test_options_switch_off_the_checks_that_would_refuse_them_and_no_others(
    stage: Stage, story: str, off: set[str], refused: dict[str, str]
) -> None:
    run = walk_story(stage, story)
    verdicts = [verdict for each in run.walked for verdict in each.verdicts]
    assert {verdict.check for verdict in verdicts if verdict.state == "switched off"} == off
    assert run.realm.switched_off == off
    assert refusals(run) == refused


# Who sees what.


def seen(run: Run) -> dict[str, tuple[list[str], list[str]]]:
    """Party → the secrets that it has seen on the front channel and on the back channel."""
    by_party = who_has_seen(run, len(run.flow.main_line))
    return {
        party: ([each for each in by["front"] if each in SECRETS], [each for each in by["back"] if each in SECRETS])
        for party, by in by_party.items()
    }


def test_implicit_gives_the_token_to_browser_and_script_and_not_to_the_clients_server(stage: Stage) -> None:
    run = walk_story(stage, "implicit")
    assert seen(run) == {
        "browser": (["password", "state", "access_token"], []),
        "script": (["state", "access_token"], []),
        "client": ([], []),
        "authorization_server": (["password", "state", "access_token"], []),
        "resource_server": (["access_token"], []),
    }
    token = dict(parameters_of(run.seen_by("browser").address_bar()))["access_token"].encode()
    at_the_client = [each for each in run.exchanges if each.receiver == "client"]
    assert [each.step for each in at_the_client] == ["open_app", "callback"]
    assert not any(token in each.request_bytes + each.response_bytes for each in at_the_client)


def test_single_page_app_gets_its_token_as_an_answer_and_never_in_an_address(stage: Stage) -> None:
    run = walk_story(stage, "authorization_code client=single-page")
    assert seen(run) == {
        "browser": (["password", "state", "code_challenge", "code_verifier", "code", "access_token"], []),
        "script": (["state", "code_challenge", "code_verifier", "code", "access_token"], []),
        "client": (["state", "code"], []),
        "authorization_server": (
            ["password", "state", "code_challenge", "code_verifier", "code", "access_token"],
            [],
        ),
        "resource_server": (["access_token"], []),
    }
    token = run.seen_by("script").answer_to(run.flow.named("redeem_code")).json["access_token"]
    assert not any(token in each.request.target or token in (each.location or "") for each in run.exchanges)
    assert [kept_back(run, number) for number in range(10)] == [[], [], *[["code_verifier"]] * 5, [], [], []]


def test_password_goes_through_the_client_in_the_password_grant(stage: Stage) -> None:
    assert seen(walk_story(stage, "password")) == {
        "client": ([], ["password", "access_token"]),
        "authorization_server": ([], ["password", "access_token"]),
        "resource_server": ([], ["access_token"]),
    }


def test_no_person_takes_part_in_client_credentials(stage: Stage) -> None:
    assert seen(walk_story(stage, "client_credentials")) == {
        "client": ([], ["access_token", "client_secret"]),
        "authorization_server": ([], ["access_token", "client_secret"]),
        "resource_server": ([], ["access_token"]),
    }


def test_refresh_token_is_shown_to_the_authorization_server_and_never_to_the_api(stage: Stage) -> None:
    run = walk_story(stage, "refresh_token")
    assert seen(run)["resource_server"] == ([], ["access_token"])
    given = [each.json["refresh_token"].encode() for each in run.walked if each.step in ("redeem_code", "refresh")]
    assert len(set(given)) == 2
    for token, steps in zip(given, (["redeem_code", "refresh"], ["refresh", "give_back"]), strict=True):
        assert [each.step for each in run.walked if token in each.request_bytes + each.response_bytes] == steps


# What is given.


@pytest.mark.parametrize(
    ("story", "step", "sub", "client_id", "refresh"),
    [
        ("authorization_code", "redeem_code", "alice", "photoprint", True),
        ("authorization_code client=single-page", "redeem_code", "alice", "photoprint-spa", False),
        ("client_credentials", "ask_for_token", "thumbnailer", "thumbnailer", False),
        ("refresh_token", "refresh", "alice", "photoprint", True),
        ("password", "use_password", "alice", "photoprint-desktop", False),
    ],
)
def test_token_says_whose_access_it_is_and_which_client_has_it(
    stage: Stage, story: str, step: str, sub: str, client_id: str, refresh: bool
) -> None:
    answer = walk_story(stage, story, until=step).walked[-1].json
    payload = jws.read(answer["access_token"]).payload
    assert (payload["sub"], payload["client_id"]) == (sub, client_id)
    assert ("refresh_token" in answer) == refresh


def test_implicit_gives_a_token_behind_the_hash_and_no_refresh_token(stage: Stage) -> None:
    run = walk_story(stage, "implicit", until="approve")
    address, _, fragment = (run.walked[-1].location or "").partition("#")
    assert address == f"{run.realm.address('client')}/2012"
    given = dict(parameters_of(f"#{fragment}"))
    assert list(given) == ["access_token", "token_type", "expires_in", "scope", "state", "iss"]
    assert (given["token_type"], given["expires_in"], given["scope"]) == ("Bearer", "300", "photos.read")
    payload = jws.read(given["access_token"]).payload
    assert (payload["sub"], payload["client_id"]) == ("alice", "photoprint-2012")


def test_alice_who_says_no_is_heard_by_the_script_and_not_by_its_server(stage: Stage) -> None:
    run = walk_story(stage, "implicit", "deny")
    assert [each.step for each in run.walked][-2:] == ["deny", "hear_no"]
    said = dict(parameters_of(run.seen_by("script").address_bar()))
    assert said == {"error": "access_denied", "state": run.secret("state"), "iss": run.realm.issuer}
    assert b"access_denied" not in run.walked[-1].request_bytes
    assert run.next_steps == []


# Where a script stops.


@pytest.mark.parametrize(
    ("story", "step", "edits", "says"),
    [
        (
            "implicit",
            "ask_as_alice",
            [Edit("query", "state", "of somebody else")],
            "The script compared `state` behind the # with the one it made. It is not the same: this answer belongs to "
            "no question of its own, so the script stops, and sends nothing.",
        ),
        (
            "authorization_code client=single-page",
            "ask_as_alice",
            [Edit("query", "state", "of somebody else")],
            "The script compared `state` in the address bar with the one it made. It is not the same: this answer "
            "belongs to no question of its own, so the script stops, and sends nothing.",
        ),
        (
            "authorization_code client=single-page",
            "callback",
            [Edit("query", "iss", "http://evil.example")],
            "The script compared `iss` in the address bar with the server it had asked. It is another one, so the "
            "script stops, and sends nothing.",
        ),
        (
            "authorization_code client=single-page",
            "callback",
            [Edit("query", "code", None)],
            "The script found no `code` in the address bar, so it has nothing to redeem, and sends nothing.",
        ),
        (
            "implicit",
            "preflight",
            [Edit("header", "Access-Control-Request-Method", None)],
            "The browser asked whether the script may send `Authorization` to another origin, and no answer said that "
            "it may. So it does not let the script send this, and nothing is sent.",
        ),
    ],
    ids=["implicit: state", "code: state", "code: iss", "code: no code", "implicit: preflight"],
)
def test_script_that_is_answered_wrongly_stops_and_says_why(
    stage: Stage, story: str, step: str, edits: list[Edit], says: str
) -> None:
    run = run_before(stage, story, step)
    run = stage.send(run.id, step, len(run.walked), edits)
    while run.next_steps:
        run = stage.send(run.id, run.next_steps[0].name, len(run.walked))
    assert (run.stops, run.next_steps) == (says, [])
    assert run.walked[-1].step == ("preflight" if step == "preflight" else "callback")


@pytest.mark.parametrize(
    ("story", "step", "says"),
    [
        (
            "implicit",
            "ask_as_alice",
            "The script compared `state` behind the # with the one it made. It is not the same: this answer belongs to "
            "no question of its own, so the script stops, and sends nothing.",
        ),
        (
            "authorization_code client=single-page",
            "hear_no",
            "The script compared `state` in the address bar with the one it made. It is not the same: this answer "
            "belongs to no question of its own, so the script stops, and sends nothing.",
        ),
    ],
)
def test_script_does_not_believe_a_no_that_belongs_to_another_question(
    stage: Stage, story: str, step: str, says: str
) -> None:
    run = run_before(stage, story, step)
    run = stage.send(run.id, step, len(run.walked), [Edit("query", "state", "of somebody else")])
    while run.next_steps:
        choices = {each.name for each in run.next_steps}
        run = stage.send(run.id, "deny" if "deny" in choices else choices.pop(), len(run.walked))
    assert (run.walked[-1].step, run.stops) == ("hear_no", says)


@pytest.mark.parametrize("story", ["implicit", "authorization_code client=single-page", "authorization_code"])
def test_no_that_is_heard_is_the_end_and_no_reason_to_stop(stage: Stage, story: str) -> None:
    run = walk_story(stage, story, "deny")
    assert (run.walked[-1].step, run.next_steps, run.stops) == ("hear_no", [], "")


# A question that is asked again, and one that is refused.


ASKS = ["authorization_code", "authorization_code client=single-page", "implicit"]


@pytest.mark.parametrize("story", ASKS)
def test_question_asked_again_after_the_login_goes_on_with_the_consent_page_that_came(
    stage: Stage, entry: Entry, story: str
) -> None:
    """Her session is open, so the answer is the consent page at once, and the password is typed nowhere."""
    run = walk_story(stage, story, until="log_in")
    run = stage.send(run.id, "ask_to_authorize", len(run.walked))
    assert [step.name for step in run.next_steps] == ["approve", "deny"]
    asked = [run]
    while run.next_steps:
        run = stage.send(run.id, run.next_steps[0].name, len(run.walked))
        asked.append(run)
    ends = [step for step, _ in WALKS[story]]
    begins = ends[: ends.index("ask_as_alice")]
    assert [each.step for each in run.walked] == [*begins, "ask_to_authorize", *ends[ends.index("approve") :]]
    assert [each.response.status for each in run.walked if each.response.status >= 400] == []
    to_consent = [each for each in run.walked if each.request.path.endswith("/consent")]
    assert [sorted(dict(each.request.form)) for each in to_consent] == [["authorization_request", "csrf", "decision"]]
    assert sum(b"wonderland" in each.request_bytes for each in run.walked) == 1
    numbers = range(1, len(run.flow.main_line) + 1)
    assert {Client(entry).get(f"/runs/{run.id}?step={number}").status_code for number in numbers} == {200}


@pytest.mark.parametrize("story", ASKS)
def test_login_after_the_consent_page_came_is_still_posted_to_the_login_and_nowhere_else(
    stage: Stage, story: str
) -> None:
    run = walk_story(stage, story, until="log_in")
    run = stage.send(run.id, "ask_to_authorize", len(run.walked))
    run = stage.send(run.id, "log_in", len(run.walked))
    paths = [each.request.path.rpartition("/")[2] for each in run.walked if b"wonderland" in each.request_bytes]
    assert paths == ["login", "login"]


@pytest.mark.parametrize("story", ASKS)
def test_question_that_is_refused_is_heard_by_the_client_as_a_no(stage: Stage, entry: Entry, story: str) -> None:
    run = run_before(stage, story, "ask_to_authorize")
    run = stage.send(run.id, "ask_to_authorize", len(run.walked), [Edit("query", "scope", "photos.delete")])
    assert [step.name for step in run.next_steps] == ["hear_no"]
    page = Client(entry).get(f"/runs/{run.id}?step={run.flow.number('hear_no')}")
    assert (page.status_code, f"<title>Step {run.flow.number('hear_no')} of " in page.text) == (200, True)
    run = stage.send(run.id, "hear_no", len(run.walked))
    assert (run.walked[-1].response.status, run.next_steps, run.stops) == (200, [], "")
    bar = dict(parameters_of(run.seen_by("browser").address_bar()))
    assert (bar["error"], bar["state"]) == ("invalid_scope", run.secret("state"))
    assert Client(entry).get(f"/runs/{run.id}").status_code == 200


def test_prints_that_are_loaded_again_show_the_same_pictures(stage: Stage) -> None:
    run = walk_story(stage, "authorization_code")
    run = stage.send(run.id, "see_prints", len(run.walked))
    first, again = (re.findall(r'<img src="([^"]*)"', each.response.body.decode()) for each in run.walked[-2:])
    assert first == [f"/static/photos/{name}.svg" for name in ("lighthouse", "cat", "mountains")]
    assert again == first


# What an API asks while it answers.


@pytest.mark.parametrize("story", [story for story in WALKS if "token=opaque" in story])
def test_question_about_an_opaque_token_is_recorded_within_the_step_that_showed_it(stage: Stage, story: str) -> None:
    run = walk_story(stage, story)
    asked = [each for each in run.exchanges if each.within is not None]
    assert [each.step for each in asked] == [step.name for step in flow_of(story).steps if step.within]
    for each in asked:
        step = run.flow.named(each.step or "")
        outer = run.exchanges[each.within or 0]
        assert (outer.step, outer.position) == (step.within, each.position - 1)
        assert (each.sender, each.receiver) == ("resource_server", "authorization_server")
        assert each.at == outer.at


@pytest.mark.parametrize("story", [story for story in WALKS if "token=opaque" in story])
def test_api_asks_the_same_when_its_question_is_sent_on_its_own(stage: Stage, story: str) -> None:
    last = [step for step in flow_of(story).steps if step.within][-1]
    run = run_before(stage, story, last.name)
    asked = run.walked[-1]
    assert asked.step == last.name
    assert stage.prepare(run, last).raw() == asked.request_bytes
    again = stage.send(run.id, last.name, len(run.walked))
    assert (again.walked[-1].within, again.walked[-1].response_bytes) == (None, asked.response_bytes)
    assert again.next_steps == run.next_steps


def test_branch_lets_the_api_ask_anew_and_only_once(stage: Stage) -> None:
    run = walk_story(stage, "authorization_code token=opaque")
    steps = [each.step for each in run.walked]
    for before in range(len(steps) + 1):
        branch = stage.runs.find(stage.branch(run, before, "me"))
        begins = before - 1 if before == steps.index("introspect") else before  # before the step that it is within
        assert [each.step for each in branch.walked] == steps[:begins]
    assert branch.exchanges[8].within == 7
    assert branch.exchanges[8].request_bytes != run.exchanges[8].request_bytes


def test_branch_sends_again_what_a_learner_asked_on_the_apis_behalf(stage: Stage) -> None:
    run = walk_story(stage, "client_credentials token=opaque")
    asked = with_other("form", "token")(stage.prepare(run, run.flow.named("introspect")))
    run = stage.send(run.id, "introspect", 3, asked)
    branch = stage.runs.find(stage.branch(run, 4, "me"))
    assert [(each.step, each.within) for each in branch.walked] == [
        ("ask_for_token", None),
        ("fetch_photos", None),
        ("introspect", 1),
        ("introspect", None),
    ]
    assert refusals(branch) == {"introspect": "token_was_given_here"}


# The clock.


def gaps(run: Run) -> list[int]:
    """The seconds from each step to the next, and from the last one to now."""
    outer = [each.at for each in run.walked if each.within is None]
    return [later - before for before, later in pairwise([*outer, run.realm.now()])]


def test_clock_that_was_moved_is_moved_in_a_branch_too(stage: Stage) -> None:
    run = walk_story(stage, "client_credentials", until="ask_for_token")
    stage.runs.move_clock(run.id, 45)
    run = stage.send(run.id, "fetch_photos", 1)
    stage.runs.move_clock(run.id, 1000)
    run = stage.runs.find(run.id)
    assert gaps(run) == [46, 1001]
    assert gaps(stage.runs.find(stage.branch(run, 2, "me"))) == [46, 1001]
    assert gaps(stage.runs.find(stage.branch(run, 1, "me"))) == [1]
    late = stage.send(run.id, "fetch_photos", 2)
    assert refusals(late) == {"fetch_photos": "token_has_not_expired"}
    assert refusals(stage.runs.find(stage.branch(late, 3, "me"))) == {"fetch_photos": "token_has_not_expired"}


@pytest.mark.parametrize("story", ["refresh_token", "refresh_token token=opaque"])
def test_ten_minutes_pass_before_the_old_token_is_used_and_pass_once(stage: Stage, story: str) -> None:
    run = run_before(stage, story, "use_old_token")
    for _ in range(2):
        run = stage.send(run.id, "use_old_token", len(run.walked))
    assert gaps(run) == [*[1] * 6, 601, 1, 1]
    assert gaps(stage.runs.find(stage.branch(run, len(run.walked), "me"))) == gaps(run)


# Refresh.


def test_refresh_flow_begins_where_the_code_flow_has_its_token(stage: Stage) -> None:
    run = stage.runs.find(stage.start("refresh_token", {}, "me"))
    assert [each.step for each in run.walked] == [step for step, _ in CODE]
    assert [step.name for step in run.next_steps] == ["use_old_token"]
    assert refusals(run) == {}


@pytest.mark.parametrize(
    ("story", "again", "then", "refused"),
    [
        ("refresh_token", "refresh", "use_new_token", None),
        ("refresh_token token=listed", "refresh", "use_new_token", "grant_is_not_revoked"),
        ("refresh_token token=opaque", "refresh", "use_new_token", "authorization_server_says_active"),
        ("authorization_code", "redeem_code", "fetch_photos", "grant_is_not_revoked"),
        ("authorization_code token=opaque", "redeem_code", "fetch_photos", "authorization_server_says_active"),
        ("authorization_code client=single-page", "redeem_code", "fetch_photos", "grant_is_not_revoked"),
    ],
)
def test_what_is_traded_a_second_time_takes_what_the_first_gave_with_it(
    stage: Stage, story: str, again: str, then: str, refused: str | None
) -> None:
    """The client still holds the tokens of the first time, and shows them."""
    run = walk_story(stage, story, until=then)
    run = stage.send(run.id, again, len(run.walked))
    assert run.walked[-1].refused is not None
    assert run.walked[-1].refused.check in ("spend_refresh_token", "spend_code")
    place = len(run.walked)
    run = stage.send(run.id, then, place)
    verdict = run.walked[place].refused
    assert (verdict.check if verdict else None) == refused


# Options.


def test_choice_that_there_is_not_is_named_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match=r"^alg must be one of ES256, RS256, EdDSA, and not 'none'$"):
        FLOWS["implicit"].choose({"alg": "none"})
    with pytest.raises(ValueError, match=r"^pkce must be one of S256, plain, off, and not 's256'$"):
        FLOWS["authorization_code"].choose({"pkce": "s256"})
    with pytest.raises(ValueError, match=r"^token must be one of JWT, listed, opaque, and not ''$"):
        FLOWS["refresh_token"].choose({"token": ""})


def test_option_that_means_nothing_beside_another_is_not_chosen() -> None:
    code = FLOWS["authorization_code"]
    assert code.choose({"client": "single-page", "client_auth": "post", "nonsense": "x"}) == {
        "client": "single-page",
        "pkce": "S256",
        "token": "JWT",
        "alg": "ES256",
    }
    assert code.choose({"token": "opaque", "alg": "none"}) == {
        "client": "web",
        "pkce": "S256",
        "token": "opaque",
        "client_auth": "basic",
    }


def test_run_under_a_choice_that_there_is_not_is_not_started(stage: Stage) -> None:
    with pytest.raises(ValueError, match="bearer must be one of header, form, query"):
        stage.start("client_credentials", {"bearer": "cookie"}, "me")
    assert stage.runs.last_of("me") is None


def test_step_of_another_choice_is_no_step_of_this_walk(stage: Stage) -> None:
    run = walk_story(stage, "authorization_code client=single-page")
    with pytest.raises(WentOn):
        stage.send(run.id, "see_prints", len(run.walked))
    assert not run.flow.has("see_prints")


def test_plain_challenge_is_the_verifier_and_the_browser_has_seen_it(stage: Stage) -> None:
    run = walk(stage, pkce="plain")
    seen = who_has_seen(run, 2)
    assert "code_verifier" in seen["browser"]["front"]
    assert "code_challenge" not in seen["browser"]["front"]
    assert kept_back(run, 2) == []


def test_apis_own_secret_is_not_taken_for_the_clients(stage: Stage) -> None:
    run = walk(stage, token="opaque")
    seen = who_has_seen(run, len(run.flow.main_line))
    assert [name for name in seen["resource_server"]["back"] if name.endswith("secret")] == ["api_secret"]
    assert [name for name in seen["client"]["back"] if name.endswith("secret")] == ["client_secret"]
    assert "api_secret" in seen["authorization_server"]["back"]
