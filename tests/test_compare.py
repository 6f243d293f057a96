"""Compare: two recorded walks message by message, what each gives away, and all flows in numbers."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
from browser import htmx_is_ready, violations
from playwright.sync_api import Page, expect
from sqlalchemy import func, select, update
from test_pages import OURS, says
from werkzeug.test import Client

from flows.entry import Entry
from flows.grants import FLOWS
from flows.pages.compare import READY, Ready
from flows.pages.counted import Counted, Question, counted, given_away, question
from flows.pages.differences import Message, Pair, pairs
from flows.recordings import own_story, owner, recordings
from flows.run import Run
from flows.runs import KEPT_FOR
from flows.stage import Stage
from flows.store import runs

CODE = "authorization_code"
APP = {"client": "single-page"}
PKCE = {"code_challenge", "code_challenge_method", "code_verifier"}


@pytest.fixture
def browser(entry: Entry) -> Client:
    return Client(entry)


def recorded(stage: Stage, flow: str, options: Mapping[str, str] | None = None) -> Run:
    """A flow's own story, from its recording."""
    return own_story(recordings(stage, [FLOWS[flow].under(options or {})])[0])


def walked_anew(stage: Stage, flow: str, options: Mapping[str, str]) -> Run:
    """A flow's own story, walked just now."""
    run = stage.runs.find(stage.start(flow, options, "somebody"))
    while run.next_steps:
        run = stage.send(run.id, run.next_steps[0].name, len(run.walked))
    return own_story(run)


def compared(a: Run, b: Run) -> dict[str, Pair]:
    return {pair.name: pair for pair in pairs(a, b)}


def differing(pair: Pair) -> set[str]:
    """The names of all lines that are marked in a pair."""
    return {name for message in (pair.request, pair.answer) for name in marked(message)}


def marked(message: Message) -> list[str]:
    return [
        name for state in ("only", "differs", "elsewhere") for side in (0, 1) for name in message.names(state, side)
    ]


def kept(stage: Stage) -> int:
    """How many runs the store holds."""
    with stage.runs.store.reading() as connection:
        return connection.scalar(select(func.count()).select_from(runs)) or 0


def every_choice(flow: str) -> list[dict[str, str]]:
    """Each choice of each option of a flow, one at a time."""
    return [{option.name: choice} for option in FLOWS[flow].options for choice in option.choices]


# What is a difference, and what is not.


@pytest.mark.parametrize("flow", FLOWS)
def test_two_walks_of_one_flow_have_no_differences(stage: Stage, flow: str) -> None:
    for options in every_choice(flow):
        a, b = walked_anew(stage, flow, options), walked_anew(stage, flow, options)
        assert {pair.name: differing(pair) for pair in pairs(a, b) if not pair.same} == {}, options


@pytest.mark.parametrize("client", ["web", "single-page"])
def test_pkce_on_and_off_differ_in_its_three_parameters_and_in_nothing_else(stage: Stage, client: str) -> None:
    on, off = (recorded(stage, CODE, {"client": client, "pkce": pkce}) for pkce in ("S256", "off"))
    found = compared(on, off)
    assert set().union(*map(differing, found.values())) == PKCE
    assert found["redeem_code"].request.names("only", 0) == ["code_verifier"]
    assert found["ask_to_authorize"].request.names("only", 0) == ["code_challenge", "code_challenge_method"]
    assert [pair.name for pair in found.values() if pair.alone] == []


def test_token_in_the_fragment_stands_against_code_in_the_query(stage: Stage) -> None:
    approve = compared(recorded(stage, CODE, APP), recorded(stage, "implicit"))["approve"]
    assert approve.request.same
    assert approve.answer.names("only", 0) == ["code"]
    assert approve.answer.names("only", 1) == ["access_token", "token_type", "expires_in", "scope"]
    assert approve.answer.names("elsewhere") == ["state", "iss"]
    elsewhere = [cell for _, cell in approve.answer.rows if cell and cell.state == "elsewhere"]
    assert [cell.says for cell in elsewhere] == ["behind the #", "behind the #"]


def test_token_request_has_no_counterpart_in_the_implicit_grant(stage: Stage) -> None:
    found = compared(recorded(stage, CODE, APP), recorded(stage, "implicit"))
    assert [(pair.name, pair.sides[1]) for pair in found.values() if pair.alone] == [("redeem_code", None)]
    assert found["redeem_code"].secrets == (["code_verifier", "code"], ["access_token"])


def test_steps_of_other_names_are_paired_by_what_they_meet(stage: Stage) -> None:
    found = pairs(recorded(stage, CODE), recorded(stage, "password"))
    together = [tuple(side.step.name for side in pair.sides if side) for pair in found if not pair.alone]
    assert together == [("redeem_code", "use_password"), ("fetch_photos", "fetch_photos")]


def test_basic_and_form_are_the_same_but_for_where_the_secret_stands(stage: Stage) -> None:
    found = compared(recorded(stage, CODE), recorded(stage, CODE, {"client_auth": "post"}))
    assert {name for name, pair in found.items() if not pair.same} == {"redeem_code"}
    request = found["redeem_code"].request
    assert request.sentence == "only in A: `Authorization`; only in B: `client_id`, `client_secret`"


def test_what_differs_inside_a_token_is_said(stage: Stage) -> None:
    def told(options: Mapping[str, str]) -> list[tuple[str, str]]:
        found = compared(recorded(stage, CODE), recorded(stage, CODE, options))
        rows = found["redeem_code"].answer.rows
        return [(a.says, b.says) for a, b in rows if a and b and a.state == "differs"]

    assert told({"token": "opaque"}) == [("a JWT", "opaque")]
    assert told({"alg": "RS256"}) == [("inside: alg", "inside: alg")]
    assert told(APP) == [("inside: client_id", "inside: client_id")]


def test_line_in_another_order_is_not_a_line_that_is_missing(stage: Stage) -> None:
    basic, form = (recorded(stage, "client_credentials", {"client_auth": how}) for how in ("basic", "post"))
    request = compared(basic, form)["ask_for_token"].request
    assert marked(request) == ["Authorization", "client_id", "client_secret"]


def test_check_that_runs_or_passes_on_one_side_only_is_named(stage: Stage) -> None:
    def ended(options: Mapping[str, str], step: str) -> dict[str, tuple[str | None, str | None]]:
        found = compared(recorded(stage, "refresh_token"), recorded(stage, "refresh_token", options))[step]
        return {ran.check.name: ran.ended for ran in found.checks}

    assert ended({"token": "listed"}, "use_new_token") == {"grant_is_not_revoked": ("switched off", "passed")}
    assert ended({"token": "opaque"}, "use_new_token")["authorization_server_says_active"] == (None, "passed")


# What each gives away, and all flows in numbers.


def test_password_reaches_the_client_only_where_the_client_asks_for_it(stage: Stage) -> None:
    def saw(flow: str) -> tuple[str, ...]:
        return given_away(recorded(stage, flow))["password"].parties

    assert saw(CODE) == ("browser", "authorization_server")
    assert saw("password") == ("client", "authorization_server")
    assert saw("client_credentials") == saw("refresh_token") == ()


def test_token_comes_behind_the_hash_in_the_implicit_grant_and_in_a_body_in_the_code_grant(stage: Stage) -> None:
    app, implicit = (given_away(recorded(stage, *each))["access_token"] for each in ((CODE, APP), ("implicit", {})))
    assert app.parties == implicit.parties
    assert (app.places, implicit.places) == (("in the body", "in a header"), ("behind the #", "in a header"))


def in_numbers(each: Counted) -> tuple[int, ...]:
    return each.before, each.of("request"), each.of("final"), each.of("login"), each.of("around"), each.wire


def test_numbers_of_each_flow_are_those_that_a_walk_records(stage: Stage) -> None:
    found = {name: counted(recordings(stage, [flow.under({})])[0]) for name, flow in FLOWS.items()}
    assert {name: in_numbers(each) for name, each in found.items()} == {
        CODE: (0, 2, 1, 3, 3, 9),
        "implicit": (0, 1, 1, 3, 3, 8),
        "client_credentials": (0, 1, 1, 0, 0, 2),
        "refresh_token": (7, 1, 1, 0, 3, 5),
        "password": (0, 1, 1, 0, 0, 2),
    }
    for name, each in found.items():
        walked = walked_anew(stage, name, {}).walked
        assert each.wire == len(walked)
        steps = [FLOWS[name].under({}).named(exchange.step or "") for exchange in walked]
        assert each.of("request") == sum(step.counts == "request" for step in steps)
        for receiver in ("client", "authorization_server", "resource_server"):
            sent = sum(step.sender in ("browser", "script") and step.receiver == receiver for step in steps)
            assert each.to.get(receiver, 0) == sent
    assert question(found[CODE].run) == Question(handed=1, asked=2, answered=5, brought=6)
    assert found[CODE].numbers("login") == [3, 4, 5]


def test_table_shows_the_numbers_and_who_saw_what(browser: Client) -> None:
    page = browser.get("/compare").text
    table = page[page.index('<table class="counts">') :]
    rows = [
        [" ".join(re.sub("<[^>]+>", "", cell).split()) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)]
        for row in re.findall(r"<tr>(.*?)</tr>", table[table.index("<tbody>") :], re.DOTALL)
    ]
    none = "does not cross"
    assert rows == [
        ["2 requests + the final one", "9", "3", "3", "3", "4", "0", "browser, server", "browser, client, server",
         "client, server, API"],
        ["1 request + the final one", "8", "3", "3", "2", "4", "2", "browser, server", none,
         "browser, script, server, API"],
        ["1 request + the final one", "2", "0", "0", "0", "0", "0", none, none, "client, server, API"],
        ["1 request + the final one", "5", "0", "3", "0", "0", "0", none, none, "client, server, API"],
        ["1 request + the final one", "2", "0", "0", "0", "0", "0", "client, server", none, "client, server, API"],
    ]  # fmt: skip
    assert re.findall(r"Deprecated · ([\w ]+)", table) == ["SHOULD NOT be used", "MUST NOT be used"]


# Recordings.


def test_recording_is_made_once_and_used_again(browser: Client, stage: Stage) -> None:
    browser.get("/compare")
    assert kept(stage) == len(FLOWS) + 1
    assert browser.get("/compare").status_code == 200
    assert kept(stage) == len(FLOWS) + 1
    browser.get("/compare?left=authorization_code&right=authorization_code&right.pkce=off")
    assert kept(stage) == len(FLOWS) + 2


def test_forgotten_recording_is_made_anew(browser: Client, stage: Stage) -> None:
    before = recorded(stage, "implicit").id
    with stage.runs.store.transaction() as connection:
        connection.execute(update(runs).values(touched_at=int(time.time()) - KEPT_FOR - 1))
    stage.start(CODE, {}, "somebody")
    assert browser.get("/compare").status_code == 200
    after = recorded(stage, "implicit")
    assert after.id != before
    assert after.walked[-1].step == "fetch_photos"


def test_recording_under_another_address_is_not_used(stage: Stage) -> None:
    before = recorded(stage, "implicit").id
    stage.runs.authority = "localhost:9000"
    after = recorded(stage, "implicit")
    assert after.id != before
    assert after.realm.authority == "localhost:9000"


def test_eight_who_ask_at_once_get_one_recording_of_each(entry: Entry) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: Client(entry).get("/compare"), range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert len({answer.text for answer in answers}) == 1
    assert kept(entry.stage) == len(FLOWS) + 1


def test_recordings_belong_to_nobody_who_visits(browser: Client, stage: Stage) -> None:
    browser.get("/compare")
    run = recorded(stage, CODE)
    assert stage.runs.last_of("recordings") is None
    assert "Where you stopped" not in browser.get("/").text
    form = {"step": "ask_for_prints", "position": "9"}
    assert browser.post(f"/runs/{run.id}/next", data=form, headers=OURS).status_code == 403
    assert browser.get(f"/runs/{run.id}").status_code == 200
    assert owner(stage) not in browser.get("/compare").text


# The page and its address.


def test_page_begins_with_code_against_implicit(browser: Client) -> None:
    page, same = browser.get("/compare").text, browser.get(READY[0].address).text
    assert page[page.index("<main") :] == same[same.index("<main") :]
    assert '<li><a href="/compare?left=authorization_code&amp;left.client=single-page&amp;right=implicit" aria-' in page


@pytest.mark.parametrize("ready", READY, ids=[each.title for each in READY])
def test_ready_comparison_opens_and_says_that_it_is_the_present_one(browser: Client, ready: Ready) -> None:
    page = browser.get(ready.address)
    assert page.status_code == 200
    assert page.text.count('aria-current="page"') == 2


def test_pairs_that_differ_are_open_and_the_others_folded(browser: Client) -> None:
    page = browser.get("/compare?left=authorization_code&right=authorization_code&right.token=opaque").text
    folded = dict(re.findall(r'<details id="(\w+)" class="pair[^"]*"( open)?', page))
    assert [name for name, opened in folded.items() if opened] == ["redeem_code", "fetch_photos"]
    assert list(folded)[-2:] == ["introspect", "see_prints"]
    assert "No such message here." in page


def test_flow_against_itself_is_said_to_be_the_same_walk(browser: Client) -> None:
    page = browser.get("/compare?left=implicit&right=implicit").text
    assert "Both sides are the same walk, so nothing differs." in page
    assert page.count('class="sign" aria-hidden="true">=</span> The same.') == 8
    assert '<li class="a differs' not in page


def test_form_that_has_just_changed_its_flow_drops_the_options_of_the_last(browser: Client) -> None:
    changed = "left=implicit&left.of=authorization_code&left.pkce=off&left.token=opaque&right=password"
    answer = browser.get(f"/compare?{changed}", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Push-Url"]) == (200, "/compare?left=implicit&right=password")
    assert "<html" not in answer.text


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (
            "left=nonsense",
            "left must be one of authorization_code, implicit, client_credentials, refresh_token, password, and not "
            "&#39;nonsense&#39;.",
        ),
        ("right.colour=red", "right.colour is no option of implicit, which has token, alg."),
        ("left=password&left.pkce=off", "left.pkce is no option of password, which has token, alg."),
        ("left.pkce=<b>", "left.pkce must be one of S256, plain, off, and not &#39;&lt;b&gt;&#39;."),
        ("right=implicit&right.token=", "right.token must be one of JWT, opaque, and not &#39;&#39;."),
    ],
)
def test_what_there_is_not_is_named(browser: Client, stage: Stage, query: str, sentence: str) -> None:
    answer = browser.get(f"/compare?{query}")
    assert (answer.status_code, says(answer)) == (400, sentence)
    assert kept(stage) == 0


def test_person_chooses_two_flows_and_reads_what_differs(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Compare").click()
    htmx_is_ready(page)
    page.get_by_label("The flow").nth(1).select_option(label="Resource owner password (deprecated)")
    page.wait_for_url("**/compare?left=authorization_code&left.client=single-page&right=password")
    page.get_by_label("The client is").focus()
    page.get_by_label("The client is").select_option("web")
    page.wait_for_url("**/compare?left=authorization_code&right=password")
    expect(page.get_by_label("The client is")).to_be_focused()
    expect(page.locator("#said")).to_have_text(re.compile(r"^Compared: .* 2 of 9 messages differ, 7 stand alone\.$"))
    token = page.locator("#redeem_code")
    expect(token.get_by_role("heading", level=3)).to_contain_text("The client shows Snapbox Alice’s password")
    a, b = token.locator("ol").nth(0), token.locator("ol").nth(1)
    expect(a.locator(".only").filter(has_text="code_verifier=")).to_contain_text("only here")
    expect(b.locator(".only").filter(has_text="password=wonderland")).to_contain_text("only here")
    lines = [side.locator("li", has_text="grant_type=").bounding_box() for side in (a, b)]
    assert lines[0] and lines[1] and lines[0]["y"] == lines[1]["y"] and lines[0]["x"] < lines[1]["x"]
    page.locator("#approve > summary").click()
    assert violations(page) == []
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    lines = [side.locator("li", has_text="grant_type=").bounding_box() for side in (a, b)]
    assert lines[0] and lines[1] and lines[0]["y"] < lines[1]["y"] and lines[0]["x"] == lines[1]["x"]
    assert violations(page) == []
    token.get_by_role("link", name="look at this run").nth(1).click()
    expect(page.get_by_role("heading", level=2, name="The client shows Snapbox Alice’s password")).to_be_visible()
