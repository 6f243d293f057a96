"""The first page, Which grant do I need?, and the page of each flow: all that they say follows from flows and runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from itertools import product

import pytest
from browser import violations_in_both
from playwright.sync_api import BrowserContext, Page, expect
from spec_sections import heading
from werkzeug.test import Client, TestResponse

from flows.entry import Entry
from flows.flow import Flow
from flows.grants import FLOWS
from flows.pages.home import CHOICES, GROUPS, SWITCHES
from flows.pages.progress import Progress, progress
from flows.pages.which import NOT_HERE, OVER, QUESTIONS, needed
from flows.run import Run
from flows.stage import Stage

OURS = {"Sec-Fetch-Site": "same-origin"}
ALL_OPTIONS = [
    (flow.name, dict(zip((option.name for option in flow.options), choices, strict=True)))
    for flow in FLOWS.values()
    for choices in product(*(option.choices for option in flow.options))
    if sum(choice != option.usual for choice, option in zip(choices, flow.options, strict=True)) < 3
]
ALL_ANSWERS = [
    dict(zip((question.name for question in QUESTIONS), answers, strict=True))
    for answers in product(*(question.answers for question in QUESTIONS))
]


def ids(value: object) -> str:
    return "-".join(value.values()).replace(" ", "_") if isinstance(value, dict) else str(value)


@pytest.fixture
def browser(entry: Entry) -> Client:
    return Client(entry)


def text(html: str) -> str:
    """What of it can be read."""
    return " ".join(unescape(re.sub(r"<[^>]*>", "", html)).split())


def tile(browser: Client, title: str) -> str:
    """The tile of a flow on the first page."""
    tiles: list[str] = re.findall(r'<li class="tile.*?</li>', browser.get("/").text, re.DOTALL)
    return next(each for each in tiles if f">{title}</a></h3>" in each)


def walked(browser: Client, title: str) -> str:
    """What the tile of a flow says about how far one has come."""
    found = re.search(r'<p class="walked">(.*?)</p>', tile(browser, title), re.DOTALL)
    assert found
    return text(found[1])


def begin(browser: Client, flow: str, **options: str) -> str:
    """Begin a walk of this browser's; the id of its run."""
    answer = browser.post("/runs", data={"flow": flow, **options}, headers=OURS)
    assert answer.status_code == 303, answer.text
    return str(answer.location).removeprefix("/runs/")


def walk(stage: Stage, run_id: str, *choices: str, until: str = "") -> Run:
    """Send the steps of a run to its end, or up to and with `until`; `choices` are taken where there is one."""
    run = stage.runs.find(run_id)
    while run.next_steps:
        step = next((step for step in run.next_steps if step.name in choices), run.next_steps[0])
        run = stage.send(run_id, step.name, len(run.walked))
        if step.name == until:
            break
    return run


def break_it(stage: Stage, run_id: str, step: str, way: str) -> Run:
    """Send a step in one of its ways to break it."""
    run = stage.runs.find(run_id)
    made = next(each for each in run.flow.ways[step] if each.name == way)
    return stage.send(run_id, step, len(run.walked), made.edits(run.prepare(run.flow.named(step))))


def come(stage: Stage, run: Run) -> Progress:
    return progress(stage.runs.find(run.id))


# The first page.


def test_groups_stand_in_order_with_the_tiles_of_their_flows(browser: Client) -> None:
    page = browser.get("/").text
    groups = re.findall(r'<section class="group".*?</section>', page, re.DOTALL)
    assert [re.findall(r'<h3><a href="/flows/(\w+)">', group) for group in groups] == [
        ["authorization_code", "implicit"],
        ["client_credentials", "refresh_token", "password"],
    ]
    assert [text(re.findall(r"<h2.*?</p>", group, re.DOTALL)[0]) for group in groups] == [
        f"{title}{says}" for title, says in GROUPS.items()
    ]


def test_every_flow_is_of_a_group_and_every_option_has_few_words() -> None:
    assert {flow.group for flow in FLOWS.values()} == set(GROUPS)
    assert {option.name for flow in FLOWS.values() for option in flow.options} == set(SWITCHES)
    assert set(CHOICES) <= {choice for flow in FLOWS.values() for option in flow.options for choice in option.choices}


@pytest.mark.parametrize(
    ("title", "count"),
    [
        ("Authorization code, with PKCE", "2 requests + the final one · RFC 6749 §4.1, RFC 7636 §4"),
        ("Implicit", "1 request + the final one · RFC 6749 §4.2, but RFC 9700 §2.1.2"),
        ("Client credentials", "1 request + the final one · RFC 6749 §4.4"),
        ("Refresh token", "1 request + the final one · RFC 6749 §6, RFC 7009 §2"),
        ("Resource owner password", "1 request + the final one · RFC 6749 §4.3, but RFC 9700 §2.4"),
    ],
)
def test_count_of_a_tile_comes_from_the_steps_of_its_flow(browser: Client, title: str, count: str) -> None:
    assert text(re.findall(r'<p class="count">(.*?)</p>', tile(browser, title), re.DOTALL)[0]) == count


def test_tile_names_what_can_be_switched(browser: Client) -> None:
    assert (
        "To switch: web or single-page client · PKCE S256, plain or off · JWT or opaque token · "
        "client authentication by Basic or by form · ES256, RS256 or EdDSA"
    ) in text(tile(browser, "Authorization code, with PKCE"))


def test_deprecated_flows_are_marked_by_a_word_and_a_shape(browser: Client) -> None:
    stamps = {}
    for flow in FLOWS.values():
        found = re.search(r'<span class="stamp">(.*?)</span>', tile(browser, flow.title), re.DOTALL)
        if found:
            assert 'href="#mark-deprecated"' in found[1]
            assert '<li class="tile gone">' in tile(browser, flow.title)
            stamps[flow.name] = text(found[1])
    assert stamps == {
        "implicit": "Deprecated · SHOULD NOT be used",
        "password": "Deprecated · MUST NOT be used",
    }


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS.keys())
def test_small_picture_has_an_arrow_for_each_step_and_no_browser_where_none_takes_part(
    browser: Client, flow: Flow
) -> None:
    picture = tile(browser, flow.title)
    usual = flow.under({})
    lanes = [*(["browser"] if any(step.sender in ("browser", "script") for step in usual.own_line) else []),
             "client", "server", "API"]  # fmt: skip
    assert re.findall(r"<text[^>]*>(\w+)</text>", picture) == lanes
    assert len(re.findall(r'<path class="[ocar]"', picture)) == len(usual.own_line)


def test_nothing_is_walked_before_anybody_begins(browser: Client) -> None:
    assert {walked(browser, flow.title) for flow in FLOWS.values()} == {"Not walked yet"}
    begin(browser, "authorization_code")
    assert walked(browser, "Authorization code, with PKCE") == "Not walked yet"


def test_walk_under_way_is_counted_from_what_was_sent(browser: Client, stage: Stage) -> None:
    walk(stage, begin(browser, "authorization_code"), until="approve")
    assert walked(browser, "Authorization code, with PKCE") == "Step 6 of 9 is next · 5 on the wire so far"
    dots = re.findall(r"<i(?: class=\"(\w)\")?></i>", tile(browser, "Authorization code, with PKCE"))
    assert dots == ["d"] * 5 + ["n"] + [""] * 3


def test_walk_to_the_end_tells_what_was_broken_on_the_way(browser: Client, stage: Stage) -> None:
    run = begin(browser, "client_credentials")
    break_it(stage, run, "ask_for_token", "Without the secret")
    break_it(stage, run, "ask_for_token", "A scope that does not exist")
    assert walked(browser, "Client credentials") == "Refused at step 1 · 2 on the wire · broke 2 things"
    stage.send(run, "ask_for_token", 2)
    assert walked(browser, "Client credentials") == "Step 2 of 2 is next · 3 on the wire so far · broke 2 things"
    walk(stage, run)
    assert walked(browser, "Client credentials") == "Walked to the end · 4 on the wire · broke 2 things"
    assert "Client credentials, walked to its end: 4 exchanges." in text(browser.get("/").text)


def test_what_went_before_a_refresh_is_not_the_learners_own_walk(browser: Client, stage: Stage) -> None:
    run = begin(browser, "refresh_token")
    assert walked(browser, "Refresh token") == "Not walked yet"
    page = browser.get("/").text
    assert "Refresh token, before step 8 of 12: ten minutes later, the token is over." in text(page)
    assert f'href="/runs/{run}?step=7">Go on with step 8 →' in page
    walk(stage, run, until="use_old_token")
    assert walked(browser, "Refresh token") == "Step 9 of 12 is next · 1 on the wire so far"
    assert re.findall(r"<i(?: class=\"(\w)\")?></i>", tile(browser, "Refresh token")) == [
        *"bbbbbbb", "d", "n", "", "", ""
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("flow", "options", "sent"),
    [
        ("refresh_token", {"token": "JWT"}, 5),
        ("refresh_token", {"token": "listed"}, 5),
        ("refresh_token", {"token": "opaque"}, 8),
        ("client_credentials", {"api_clock": "slow"}, 2),
        ("client_credentials", {"api_clock": "fast"}, 2),
        ("implicit", {"token": "opaque"}, 9),
    ],
    ids=ids,
)
def test_refusal_that_belongs_to_the_story_is_its_end(
    browser: Client, stage: Stage, flow: str, options: dict[str, str], sent: int
) -> None:
    walk(stage, begin(browser, flow, **options))
    assert walked(browser, FLOWS[flow].title) == f"Walked to the end · {sent} on the wire"


def test_refusal_at_the_last_step_that_somebody_caused_is_no_end(browser: Client, stage: Stage) -> None:
    run = begin(browser, "client_credentials")
    walk(stage, run, until="ask_for_token")
    stage.runs.move_clock(run, 600)
    walk(stage, run)
    assert walked(browser, "Client credentials") == "Refused at step 2 · 2 on the wire"
    run = begin(browser, "refresh_token", token="listed")
    walk(stage, run, until="give_back")
    break_it(stage, run, "use_revoked_token", "Without a token")
    assert walked(browser, "Refresh token") == "Refused at step 12 · 5 on the wire · broke 1 thing"


def test_alice_who_said_no_ends_a_walk(browser: Client, stage: Stage) -> None:
    walk(stage, begin(browser, "implicit"), "deny")
    assert walked(browser, "Implicit") == "Alice said no, at step 5 · 6 on the wire"
    assert "Implicit, Alice said no, at step 5." in text(browser.get("/").text)


def test_script_that_stops_by_itself_is_told_with_its_reason(browser: Client, stage: Stage) -> None:
    run = begin(browser, "authorization_code", client="single-page")
    walk(stage, run, until="log_in")
    break_it(stage, run, "ask_as_alice", "Another state")
    made = walk(stage, run)
    assert come(stage, made).early == "Stopped before step 7"
    assert walked(browser, "Authorization code, with PKCE") == "Stopped before step 7 · 6 on the wire · broke 1 thing"
    assert "stopped before step 7. The script compared state in the address bar" in text(browser.get("/").text)


def test_error_that_comes_back_ends_a_walk_where_it_arrives(browser: Client, stage: Stage) -> None:
    run = begin(browser, "authorization_code")
    walk(stage, run, until="ask_for_prints")
    break_it(stage, run, "ask_to_authorize", "A scope that does not exist")
    assert come(stage, walk(stage, run)).early == "Ended at step 6"


# Which grant do I need?


def answer_of(answer: TestResponse) -> str:
    found = re.search(r'<div class="answer".*?</section>', answer.text, re.DOTALL)
    assert found
    return found[0]


@pytest.mark.parametrize("asked", ALL_ANSWERS, ids=ids)
def test_every_way_to_answer_ends_at_a_flow_and_says_why(browser: Client, asked: dict[str, str]) -> None:
    what = needed(asked)
    says = " ".join(point.says for point in what.points)
    if asked["who"] == "self":
        assert what.address == "/flows/client_credentials"
        assert "No refresh token." in says
        assert "A confidential client" in says
    else:
        client = {"server": "web", "device": "single-page"}[asked["run"]]
        assert what.address == f"/flows/authorization_code?client={client}"
        assert {"server": "A confidential client.", "device": "A public client."}[asked["run"]] in says
        assert {"yes": "With a refresh token.", "no": "No refresh token needed."}[asked["away"]] in says
    over = {point.says: point.rfcs for point in what.points if point.over}
    assert (
        over
        == {
            "url": {"Not implicit any more.": ("9700#section-2.1.2", "draft-ietf-oauth-v2-1#section-10.1")},
            "password": {"Not the password grant any more.": ("9700#section-2.4", "draft-ietf-oauth-v2-1#section-10")},
            "neither": {},
        }[asked["was"]]
    )

    answer = browser.get("/which", query_string=asked)
    assert answer.status_code == 200
    shown = answer_of(answer)
    assert FLOWS[what.flow].title in text(shown)
    assert [point.says for point in (*what.points, *NOT_HERE) if point.says not in text(shown)] == []
    assert f'class="go" href="{what.address}"' in shown
    for name, given in asked.items():
        assert f'name="{name}" value="{given}" id="{name}-{given}" checked' in answer.text
    assert len(re.findall(r'type="radio"[^>]* checked>', answer.text)) == len(QUESTIONS)
    links = re.findall(r'href="(/flows/[^"]+)"', shown)
    assert [browser.get(link).status_code for link in links] == [200] * len(links)


def test_secret_of_a_program_that_anybody_can_open_is_said_to_be_none() -> None:
    what = needed({"who": "self", "run": "device"})
    assert "A confidential client, so not where it runs now." in [point.says for point in what.points]


def test_device_without_a_keyboard_and_who_somebody_is_are_said_not_to_be_here(browser: Client) -> None:
    shown = text(answer_of(browser.get("/which")))
    assert "RFC 8628 §1" in shown
    assert "OpenID Connect Core §1" in shown
    assert shown.count("cannot be walked here yet") == 2


def test_older_guides_answers_are_those_of_the_deprecated_flows() -> None:
    assert set(OVER) == {flow.name for flow in FLOWS.values() if flow.deprecated}
    for name, point in OVER.items():
        assert FLOWS[name].deprecated_by in point.rfcs


def test_sections_that_are_cited_exist_and_name_what_they_are_cited_for() -> None:
    for asked in ALL_ANSWERS:
        for point in (*needed(asked).points, *NOT_HERE):
            for citation in point.rfcs:
                assert heading(citation)
    assert heading("draft-ietf-oauth-v2-1#section-10.1") == "Removal of the OAuth 2.0 Implicit grant"
    assert heading("draft-ietf-oauth-v2-1#section-10") == "Differences from OAuth 2.0"
    assert heading("9700#section-2.4") == "Resource Owner Password Credentials Grant"
    assert heading("9700#section-2.1.2") == "Implicit Grant"


def test_first_page_shows_the_usual_answer_and_asks_at_its_own_address(browser: Client) -> None:
    page = browser.get("/")
    assert 'id="which"' in page.text
    assert '<form action="/which" hx-get="/which"' in page.text
    assert "<noscript>" in page.text
    assert "A confidential client." in text(answer_of(page))
    assert page.text.count('class="go"') == 1


def test_answer_that_there_is_not_is_named(browser: Client) -> None:
    answer = browser.get("/which?run=toaster")
    assert answer.status_code == 400
    assert "run must be one of server, device, and not &#39;toaster&#39;." in answer.text


# The page of a flow.


def page_of(browser: Client, name: str, options: Mapping[str, str] | None = None) -> str:
    answer = browser.get(f"/flows/{name}", query_string=options)
    assert answer.status_code == 200
    return answer.text


def rows(page: str) -> list[tuple[str, str, str]]:
    """Each step in the list: its number, its title, and the word that marks it."""
    listed = re.findall(r'<li(?: class="\w+")?><span class="number">.*?</li>', page, re.DOTALL)
    return [
        (
            re.findall(r'"number">(.*?)<', each)[0],
            unescape(re.findall(r'"title">(.*?)\.</span>', each)[0]),
            "".join(re.findall(r'<span class="tag">(\w+)</span>', each)),
        )
        for each in listed
    ]


@pytest.mark.parametrize(("name", "options"), ALL_OPTIONS, ids=ids)
def test_page_of_a_flow_under_its_options_lists_their_steps_and_starts_with_them(
    browser: Client, stage: Stage, name: str, options: dict[str, str]
) -> None:
    flow = FLOWS[name].under(options)
    page = page_of(browser, name, options)
    assert [title for number, title, _ in rows(page) if number != "–"] == [step.title for step in flow.main_line]
    assert f"Walk it: {len(flow.own_line)} steps →" in page
    for option, choice in flow.chosen.items():
        assert re.search(rf'name="{option}" value="{choice}" id="{option}-\d" checked', page)
    off = re.findall(r"<b>off:</b> <code>(\w+)</code>", page)
    assert off == list(flow.defences_off(flow.chosen))
    chosen = re.findall(r'name="(\w+)" value="([^"]+)" id="[\w-]+" checked', page)
    run = stage.runs.find(begin(browser, name, **dict(chosen)))
    assert run.options == flow.chosen
    assert sorted(run.realm.switched_off) == sorted(off)


@pytest.mark.parametrize("name", FLOWS)
def test_usual_choices_mark_no_step(browser: Client, name: str) -> None:
    page = page_of(browser, name)
    assert [word for _, _, word in rows(page) if word] == []
    assert "What these choices change" not in page
    assert f"/compare?left={name}&amp;right={name}" not in page


def test_single_page_app_marks_which_steps_come_and_go(browser: Client) -> None:
    page = page_of(browser, "authorization_code", {"client": "single-page"})
    assert rows(page) == [
        ("–", "Alice asks for prints", "gone"),
        ("1", "Alice opens the app", "new"),
        ("2", "The script sends the browser to Snapbox", "changed"),
        ("3", "Alice logs in, at Snapbox and nowhere else", ""),
        ("4", "The browser comes back with the same question", ""),
        ("5", "Alice approves", ""),
        ("6", "The browser brings the answer to the app", "changed"),
        ("7", "The script trades the code for a token", "changed"),
        ("8", "The browser asks the API whether the script may", "new"),
        ("9", "The script uses the token", "changed"),
        ("–", "Alice sees her prints", "gone"),
    ]
    assert "2 steps are new, 4 are changed, 2 are gone." in text(page)
    assert "usually Client’s server → Authorization server: The client trades the code for a token." in text(page)
    picture = re.findall(r'<path class="([ocar]) ?(\w*)"', page)
    assert [state for _, state in picture] == [
        "gone", "new", "changed", "", "", "", "changed", "changed", "new", "changed", "gone"
    ]  # fmt: skip


def test_opaque_token_adds_the_question_of_the_api(browser: Client) -> None:
    page = page_of(browser, "client_credentials", {"token": "opaque"})
    assert rows(page)[-1] == ("3", "The API asks what the token is worth", "new")
    assert "1 step is new." in text(page)


def test_check_that_is_switched_off_is_named_with_what_it_keeps_out(browser: Client) -> None:
    page = text(page_of(browser, "authorization_code", {"pkce": "plain"}))
    assert (
        "off: code_challenge_method_is_s256, which keeps out a code_challenge that would be the secret itself. "
        "With plain, or with no method, which means plain, the challenge is the secret itself"
    ) in page
    assert "The steps are the same; what they carry, or how they are answered, is not." in page


def test_check_that_is_off_usually_is_said_to_be_on_only_where_it_runs(browser: Client) -> None:
    switched = {
        token: re.findall(r"<b>(on|off):</b> <code>(\w+)", page_of(browser, "refresh_token", {"token": token}))
        for token in ("JWT", "listed", "opaque")
    }
    assert switched == {
        "JWT": [("off", "grant_is_not_revoked")],
        "listed": [("on", "grant_is_not_revoked")],
        "opaque": [],
    }


def test_other_choices_lead_to_a_comparison_with_the_usual_one(browser: Client) -> None:
    page = page_of(browser, "authorization_code", {"client": "single-page", "pkce": "off"})
    assert (
        'href="/compare?left=authorization_code&amp;right=authorization_code&amp;right.client=single-page'
        '&amp;right.pkce=off"'
    ) in page


@pytest.mark.parametrize("name", ["implicit", "password"])
def test_deprecated_flow_says_what_replaces_it(browser: Client, name: str) -> None:
    page = page_of(browser, name)
    assert f"Deprecated · {FLOWS[name].deprecated}" in text(page)
    assert "Instead: Authorization code, with PKCE." in text(page)
    assert '<a href="/flows/authorization_code?client=single-page">Authorization code, with PKCE</a>' in page
    assert f"/compare?left={name}&amp;right=authorization_code&amp;right.client=single-page" in page
    assert "Deprecated" not in page_of(browser, "authorization_code")


def test_prologue_is_told_as_what_went_before(browser: Client) -> None:
    page = page_of(browser, "refresh_token")
    before = re.search(r'<details class="before".*?</details>', page, re.DOTALL)
    assert before
    assert "What went before: 7 steps, walked already when you begin" in text(before[0])
    assert [number for number, _, _ in rows(before[0])] == list("1234567")
    assert [number for number, _, _ in rows(page.replace(before[0], ""))] == ["8", "9", "10", "11", "12"]
    assert "Walk it: 5 steps →" in page


def test_walk_that_is_under_way_can_be_gone_on_with(browser: Client, stage: Stage) -> None:
    run = begin(browser, "implicit")
    assert "Go on with step" not in page_of(browser, "implicit")
    walk(stage, run, until="log_in")
    assert f'<a class="quiet" href="/runs/{run}">Go on with step 4</a>' in page_of(browser, "implicit")


@pytest.mark.parametrize(
    ("name", "query", "says"),
    [
        ("authorization_code", "pkce=on", "pkce must be one of S256, plain, off, and not &#39;on&#39;."),
        ("client_credentials", "api_clock=stopped", "api_clock must be one of right, a little slow, slow, fast, and "
         "not &#39;stopped&#39;."),
        ("refresh_token", "token=", "token must be one of JWT, listed, opaque, and not &#39;&#39;."),
    ],
)  # fmt: skip
def test_choice_that_there_is_not_is_named(browser: Client, name: str, query: str, says: str) -> None:
    answer = browser.get(f"/flows/{name}?{query}")
    assert answer.status_code == 400
    assert says in answer.text


def test_page_for_htmx_is_the_main_part_and_says_what_changed(browser: Client) -> None:
    answer = browser.get("/flows/authorization_code?pkce=plain", headers={"HX-Request": "true"})
    assert "<html" not in answer.text
    assert ('data-says="9 steps: the steps are the same. Switched off: code_challenge_method_is_s256."') in answer.text


# In a browser.


def test_options_and_answers_change_the_page_live_and_by_keyboard(page: Page) -> None:
    page.goto("/flows/authorization_code")
    expect(page.locator("#options[data-htmx-powered]")).to_be_attached()
    page.locator("#client-1").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#said")).to_have_text("9 steps: 2 steps are new, 4 are changed, 2 are gone.")
    expect(page.locator("#client-2")).to_be_focused()
    expect(page.locator("#client_auth")).to_have_count(0)
    page.locator("#token-2").check()
    page.get_by_role("button", name="Walk it: 10 steps").click()
    expect(page.get_by_role("heading", name="Alice opens the app")).to_be_visible()

    page.goto("/")
    expect(page.locator(".which form[data-htmx-powered]")).to_be_attached()
    page.locator("#was-neither").focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator("#needed .not")).to_contain_text("Not implicit any more.")
    page.locator("#who-person").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#needed .grant")).to_have_text("Client credentials")
    expect(page.locator("#away-yes")).not_to_be_visible()
    expect(page.locator("#who-self")).to_be_focused()
    expect(page).to_have_title("Tokenwalk: OAuth 2.0, one request at a time")


def test_axe_finds_nothing_and_nothing_scrolls_sideways(context: BrowserContext) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": 360, "height": 800})
    found, wide = [], []
    for place in (
        "/which?who=person&run=device&was=url",
        "/flows/authorization_code?client=single-page&pkce=plain&token=opaque",
        "/flows/implicit",
        "/flows/refresh_token?token=listed",
    ):
        page.goto(place)
        found += violations_in_both(page)
        if page.evaluate("document.documentElement.scrollWidth") > 360:
            wide.append(place)
    assert (found, wide) == ([], [])


def test_without_scripts_the_questions_and_the_options_are_plain_forms(context: BrowserContext) -> None:
    browser = context.browser
    assert browser
    plain = browser.new_context(java_script_enabled=False, base_url=context.request.head("/").url)
    page = plain.new_page()
    page.goto("/which")
    page.locator("#who-self").check()
    page.get_by_role("button", name="Show what it needs").click()
    expect(page.locator("#needed .grant")).to_have_text("Client credentials")
    page.goto("/flows/authorization_code")
    page.locator("#pkce-2").check()
    page.get_by_role("button", name="Show what changes").click()
    expect(page.locator(".tells")).to_contain_text("code_challenge_method_is_s256")
    plain.close()
