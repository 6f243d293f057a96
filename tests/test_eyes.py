"""What somebody could see of a run from one place, and what comes of using it: from the recording, and for real."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape

import pytest
from conftest import ROOT, walk
from test_pages import OURS, says
from test_world import OWNER, text
from werkzeug.test import Client, TestResponse

from flows.entry import Entry
from flows.pages.eyes import EYES, eyes_of, got, history_of, log_of, seen_lines
from flows.pages.thief import TRIES
from flows.run import Exchange, Run
from flows.stage import Stage

SESSIONS = {"snapbox_session", "photoprint_session"}


@pytest.fixture
def browser(entry: Entry) -> Client:
    made = Client(entry)
    made.set_cookie("tokenwalk", OWNER)
    return made


def gives_away(run: Run) -> dict[str, list[str]]:
    """Eye → the names that it gets of the whole run, without sessions."""
    last = len(run.flow.main_line)
    return {eye: [name for name in got(eye, run, last) if name not in SESSIONS] for eye in EYES}


@pytest.mark.parametrize(
    ("flow", "options", "given"),
    [
        (
            "authorization_code",
            {},
            {
                "wire": ["password", "code_verifier", "code", "access_token", "refresh_token", "client_secret"],
                "browser": ["code"],
                "log": ["code"],
                "client": ["code_verifier", "code", "access_token", "refresh_token", "client_secret"],
                "authorization_server": [
                    "password", "code_verifier", "code", "access_token", "refresh_token", "client_secret",
                ],
            },
        ),
        (
            "authorization_code",
            {"client": "single-page"},
            {
                "wire": ["password", "code_verifier", "code", "access_token"],
                "browser": ["code_verifier", "code", "access_token"],
                "log": ["code"],
                "client": ["code_verifier", "code", "access_token"],
                "authorization_server": ["password", "code_verifier", "code", "access_token"],
            },
        ),
        (
            "implicit",
            {},
            {
                "wire": ["password", "access_token"],
                "browser": ["access_token"],
                "log": [],
                "client": ["access_token"],
                "authorization_server": ["password", "access_token"],
            },
        ),
        (
            "password",
            {},
            {
                "wire": ["password", "access_token"],
                "browser": [],
                "log": [],
                "client": ["password", "access_token"],
                "authorization_server": ["password", "access_token"],
            },
        ),
        (
            "client_credentials",
            {},
            {
                "wire": ["access_token", "client_secret"],
                "browser": [],
                "log": [],
                "client": ["access_token", "client_secret"],
                "authorization_server": ["access_token", "client_secret"],
            },
        ),
    ],
    ids=["code", "single-page", "implicit", "password", "client credentials"],
)  # fmt: skip
def test_each_place_gives_away_its_own_secrets(
    stage: Stage, flow: str, options: Mapping[str, str], given: dict[str, list[str]]
) -> None:
    assert gives_away(walk(stage, flow=flow, **options)) == given


def test_wire_sees_every_line_and_the_log_only_first_lines_of_what_came_to_the_client(stage: Stage) -> None:
    run = walk(stage)
    callback = next(each for each in run.walked if each.step == "callback")
    login = next(each for each in run.walked if each.step == "log_in")
    assert seen_lines("log", run, callback) == {"method", "code", "state", "iss"}
    assert seen_lines("log", run, login) == frozenset()
    assert {"password", "cookie", "answer.location"} <= seen_lines("wire", run, login)
    cookies = {"cookie", "answer.set-cookie", "answer.HttpOnly", "answer.Path", "answer.SameSite"}
    assert seen_lines("browser", run, login) == {"method", "answer.location", *cookies, *asked(login)}


def asked(login: Exchange) -> set[str]:
    """The lines of the question that the login led back to."""
    return {f"answer.{name}" for name in re.findall(r"[?&](\w+)=", login.location or "")}


def test_nothing_of_later_steps_is_given_away(stage: Stage) -> None:
    run = walk(stage)
    codes = [[name for name in got("browser", run, number) if name not in SESSIONS] for number in range(1, 8)]
    assert codes == [[]] * 4 + [["code"]] * 3
    assert [list(got("browser", run, number)) for number in (1, 2)] == [
        ["photoprint_session"],
        ["snapbox_session", "photoprint_session"],
    ]
    assert "access_token" not in got("wire", run, 6)
    assert "access_token" in got("wire", run, 7)


def test_log_is_written_from_the_recording_and_holds_no_fragment(stage: Stage) -> None:
    run = walk(stage, flow="implicit")
    lines = list(log_of(run, "client"))
    path = f"/{run.realm.name}/2012"
    assert [re.sub(r"\[.*?\]", "[]", line) for line in lines] == [
        f'127.0.0.1 - - [] "GET {path} HTTP/1.1" 200 {len(each.response.body)}'
        for each in run.walked
        if each.receiver == "client"
    ]
    assert len(lines) == 2


def test_history_of_the_implicit_flow_ends_with_the_token_and_that_of_the_code_flow_does_not(stage: Stage) -> None:
    implicit, code = walk(stage, flow="implicit"), walk(stage)
    token = implicit.walked[4].location
    assert token
    assert history_of(implicit)[-1] == token
    assert re.search(r"#access_token=eyJ", token)
    assert [address for address in history_of(code) if "access_token" in address] == []
    assert sum("code=" in address for address in history_of(code)) == 1


def use(browser: Client, run: Run, eye: str, name: str, step: int, crossed: int | None = None) -> TestResponse:
    form = {"eye": eye, "name": name, "step": str(step), "crossed": str(crossed or len(run.exchanges))}
    return browser.post(f"/runs/{run.id}/use", data=form, headers=OURS)


def tried(stage: Stage, run: Run) -> tuple[int, str | None]:
    last = stage.runs.find(run.id).exchanges[-1]
    assert (last.step, last.sender) == (None, "outside")
    return last.response.status, last.refused and last.refused.check


@pytest.mark.parametrize(
    ("flow", "options", "until", "eye", "name", "answered"),
    [
        ("implicit", {}, "", "browser", "access_token", (200, None)),
        ("authorization_code", {}, "callback", "browser", "code", (401, "client_is_authenticated")),
        ("authorization_code", {}, "callback", "log", "code", (401, "client_is_authenticated")),
        ("authorization_code", {"client": "single-page"}, "callback", "log", "code", (400, "code_verifier_matches")),
        ("authorization_code", {"client": "single-page", "pkce": "off"}, "callback", "log", "code", (200, None)),
        ("authorization_code", {}, "redeem_code", "wire", "code", (400, "spend_code")),
        ("authorization_code", {}, "redeem_code", "wire", "access_token", (200, None)),
        ("authorization_code", {}, "redeem_code", "wire", "refresh_token", (200, None)),
        ("authorization_code", {}, "redeem_code", "wire", "client_secret", (400, "client_may_use_this_grant")),
        ("authorization_code", {}, "ask_as_alice", "wire", "snapbox_session", (200, None)),
        ("authorization_code", {}, "", "wire", "photoprint_session", (200, None)),
        ("password", {}, "", "client", "password", (200, None)),
        ("client_credentials", {}, "", "wire", "client_secret", (200, None)),
        ("client_credentials", {"token": "opaque"}, "", "wire", "access_token", (200, None)),
    ],
)
def test_what_was_seen_is_used_for_real_and_the_parties_answer(
    browser: Client,
    stage: Stage,
    flow: str,
    options: dict[str, str],
    until: str,
    eye: str,
    name: str,
    answered: tuple[int, str | None],
) -> None:
    run = walk(stage, flow=flow, until=until or None, **options)
    answer = use(browser, run, eye, name, len(run.flow.main_line))
    assert answer.location == f"/runs/{run.id}?exchange={len(run.exchanges)}&eye={eye}&used={name}"
    assert tried(stage, run) == answered
    page = browser.get(answer.location)
    seen_from = EYES[eye].title[0].lower() + EYES[eye].title[1:]
    assert f"You sent this, made of what could be seen {seen_from} and of what anybody may know" in text(page)
    won = f"It worked: whoever looks from there now has {TRIES[name].gains}." in text(page)
    assert won == (answered[1] is None)


def test_thief_sends_only_what_that_place_could_see(browser: Client, stage: Stage) -> None:
    run = walk(stage, until="callback")
    use(browser, run, "browser", "code", 6)
    sent = dict(stage.runs.find(run.id).exchanges[-1].request.form)
    assert sorted(sent) == ["client_id", "code", "grant_type", "redirect_uri"]
    assert sent["code"] == dict(run.walked[-1].request.query)["code"]


def test_stolen_code_of_a_public_client_without_pkce_costs_the_rightful_client_its_token(
    browser: Client, stage: Stage
) -> None:
    run = walk(stage, until="callback", client="single-page", pkce="off")
    use(browser, run, "log", "code", 6)
    browser.post(f"/runs/{run.id}/next", data={"step": "redeem_code", "position": "6"}, headers=OURS)
    late = stage.runs.find(run.id).walked[-1]
    assert (late.response.status, late.refused and late.refused.check) == (400, "spend_code")


def test_second_click_uses_nothing_twice(browser: Client, stage: Stage) -> None:
    run = walk(stage, flow="implicit")
    for _ in range(2):
        assert use(browser, run, "browser", "access_token", 8, len(run.exchanges)).status_code == 303
    assert len(stage.runs.find(run.id).exchanges) == len(run.exchanges) + 1


@pytest.mark.parametrize(
    ("form", "status", "sentence"),
    [
        ({"eye": "nose"}, 400, "eye must be one of wire, browser, log, client, authorization_server, and not "),
        ({"step": "x"}, 400, "The form must say at which step, and after how many exchanges, it was looked at."),
        ({"name": "password"}, 409, "password could not be seen from there at step 8, so it cannot be used."),
        ({"name": ""}, 409, "Nothing could not be seen from there at step 8, so it cannot be used."),
        ({"name": "state"}, 409, "state could not be seen from there at step 8, so it cannot be used."),
    ],
)
def test_what_cannot_be_used_is_told_why(
    browser: Client, stage: Stage, form: dict[str, str], status: int, sentence: str
) -> None:
    run = walk(stage, flow="implicit")
    usual = {"eye": "browser", "name": "access_token", "step": "8", "crossed": "8"}
    answer = browser.post(f"/runs/{run.id}/use", data=usual | form, headers=OURS)
    assert answer.status_code == status
    assert says(answer).startswith(sentence)
    assert len(stage.runs.find(run.id).exchanges) == 8


def test_stranger_looks_and_uses_nothing(entry: Entry, stage: Stage) -> None:
    run = walk(stage, flow="implicit")
    stranger = Client(entry)
    page = stranger.get(f"/runs/{run.id}?step=8&eye=browser")
    assert "access_token" in text(page)
    assert "Use it" not in text(page)
    assert use(stranger, run, "browser", "access_token", 8).status_code == 403


def test_page_dims_what_the_eye_does_not_see_and_says_so_to_the_ear(browser: Client, stage: Stage) -> None:
    run = walk(stage)
    page = browser.get(f"/runs/{run.id}?step=6&eye=log").text
    assert re.findall(r'<li id="([\w.-]+)"(?: class="sub ")?><code', page)[:4] == ["method", "code", "state", "iss"]
    assert re.search(r'<li id="cookie" class=" unseen"><span class="hidden">not seen from there: </span>', page)
    later = browser.get(f"/runs/{run.id}?step=7&eye=log").text
    assert re.findall(r'<li id="([\w.-]+)"(?: class="sub ")?><code', later) == []
    assert browser.get(f"/runs/{run.id}?step=6&eye=nose").status_code == 404


def test_eye_stays_open_from_step_to_step(browser: Client, stage: Stage) -> None:
    run = walk(stage, until="callback")
    page = browser.get(f"/runs/{run.id}?step=6&eye=wire").text
    assert '<input type="hidden" name="eye" value="wire">' in page
    form = {"step": "redeem_code", "position": "6", "eye": "wire"}
    answer = browser.post(f"/runs/{run.id}/next", data=form, headers=OURS)
    assert answer.location == f"/runs/{run.id}?step=7&eye=wire"


@pytest.mark.parametrize(
    ("flow", "leaked"),
    [
        ("implicit", {"wire": ["password", "access_token"], "browser": ["access_token"], "log": []}),
        ("password", {"wire": ["password", "access_token"], "client": ["password", "access_token"]}),
    ],
)
def test_each_of_the_deprecated_two_ends_with_what_leaked_and_to_whom(
    browser: Client, stage: Stage, flow: str, leaked: dict[str, list[str]]
) -> None:
    run = walk(stage, flow=flow)
    last = len(run.flow.main_line)
    page = browser.get(f"/runs/{run.id}?step={last}").text
    rows = dict(re.findall(r'eye=(\w+)#eyes">[^<]*</a></th><td>(.*?)</td>', page, re.DOTALL))
    assert list(rows) == [eye.name for eye in eyes_of(run)]
    shown = {eye: re.findall(r'chip v-(\w+)"', row) for eye, row in rows.items()}
    assert {eye: shown[eye] for eye in leaked} == leaked
    assert shown == {eye: names for eye, names in gives_away(run).items() if eye in shown}
    before = browser.get(f"/runs/{run.id}?step={last - 1}").text
    assert "What leaked in this run" not in before


def test_end_of_the_implicit_flow_shows_address_bar_history_log_and_the_script_that_read_it(
    browser: Client, stage: Stage
) -> None:
    run = walk(stage, flow="implicit")
    said = text(browser.get(f"/runs/{run.id}?step=8"))
    address = run.walked[4].location or ""
    assert f"to copy. {address} The history: 4 addresses" in said
    assert all(line in said for line in log_of(run, "client"))
    page = browser.get(f"/runs/{run.id}?step=6")
    assert "The script in this page: what reads the address bar · static/photoprint-2012.js" in text(page)
    source = (ROOT / "static" / "photoprint-2012.js").read_text().splitlines()
    shown = [
        unescape(re.sub("<[^>]+>", "", line)) for line in re.findall(r'<li data-n="\d+"><code>(.*?)</code>', page.text)
    ]
    assert [line.rstrip() for line in shown] == source
    assert "const came = new URLSearchParams(location.hash.slice(1));" in source


def test_flow_that_is_not_deprecated_and_walk_that_went_wrong_end_without_it(browser: Client, stage: Stage) -> None:
    code, denied = walk(stage), walk(stage, "deny", flow="implicit")
    for run in (code, denied):
        for number in range(1, len(run.flow.main_line) + 1):
            assert "What leaked in this run" not in browser.get(f"/runs/{run.id}?step={number}").text


def test_whoever_is_in_the_client_has_what_it_keeps_and_the_code_alone_is_enough_there(
    browser: Client, stage: Stage
) -> None:
    run = walk(stage, until="callback")
    kept = got("client", run, 6)
    assert {name: glimpse.at is None for name, glimpse in kept.items()} == {
        "code_verifier": True,
        "code": False,
        "client_secret": True,
        "photoprint_session": False,
    }
    use(browser, run, "client", "code", 6)
    assert tried(stage, run) == (200, None)


def test_script_has_what_its_page_was_opened_with(stage: Stage) -> None:
    implicit = walk(stage, flow="implicit")
    assert [list(got("client", implicit, number)) for number in (5, 6)] == [[], ["access_token"]]
    code = walk(stage, client="single-page", pkce="off")
    assert [list(got("client", code, number)) for number in (5, 6)] == [[], ["code"]]


def test_places_that_a_flow_does_not_have_are_not_offered(stage: Stage) -> None:
    names = {flow: [eye.name for eye in eyes_of(walk(stage, flow=flow))] for flow in ("password", "implicit")}
    assert names["password"] == ["wire", "client", "authorization_server"]
    assert names["implicit"] == list(EYES)
