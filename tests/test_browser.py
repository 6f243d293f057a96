"""The pages in Chromium, driven as a person would: by what can be read, pressed and typed."""

from __future__ import annotations

import re

import pytest
from browser import (
    TITLES,
    begin,
    htmx_is_ready,
    press_next,
    reading_goes_on_at_the_step,
    violations,
    violations_in_both,
    violations_in_the_dark,
    walk_to,
)
from conftest import Server
from playwright.sync_api import Browser, BrowserContext, Page, expect


def test_a_person_walks_from_the_first_page_to_the_photos(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Walk the first flow").click()
    htmx_is_ready(page)
    expect(page.get_by_text("not sent yet")).to_be_visible()
    for number, title in enumerate(TITLES, 1):
        press_next(page, number)
        expect(page.get_by_role("heading", level=2, name=title)).to_be_visible()
        reading_goes_on_at_the_step(page)
    expect(page.get_by_text("Walked to the end")).to_be_visible()
    prints = page.frame_locator(".alice iframe")
    expect(prints.get_by_text("The lighthouse at low tide")).to_be_visible()
    expect(page.locator(".meta")).to_contain_text("9 requests so far, 3 of them OAuth’s own (steps 2, 7, 8)")
    page.goto("/")
    expect(page.get_by_text("walked to its end: 9 exchanges")).to_be_visible()


def test_each_line_has_its_note_and_the_token_is_opened_and_verified(page: Page) -> None:
    walk_to(page, 7)
    verifier = page.locator("#code_verifier")
    expect(verifier.locator(".n")).to_contain_text("RFC 7636 §4.5")
    expect(page.get_by_text("19 of 19 checks passed", exact=True)).to_be_visible()
    expect(page.locator(".checks, .compact").get_by_text("code_verifier_matches", exact=True)).to_be_visible()
    panel = page.get_by_role("article", name="The access token, opened")
    assert panel.locator(".parts th").all_inner_texts() == [
        "alg", "kid", "typ", "iss", "sub", "aud", "client_id", "scope", "iat", "nbf", "exp", "jti",
    ]  # fmt: skip
    expect(panel.locator(".verdict")).to_have_text(re.compile(r"✓ Verified with key \S{11}$"))
    expect(panel.get_by_role("row", name="exp")).to_contain_text("in 5 min")


def test_what_alice_sees_is_the_page_that_came_back_and_she_may_say_no(page: Page) -> None:
    walk_to(page, 4)
    consent = page.frame_locator(".alice iframe")
    expect(consent.get_by_role("heading", name="Allow PhotoPrint?")).to_be_visible()
    expect(consent.get_by_text("photos.read")).to_be_visible()
    page.get_by_role("button", name="Alice says no").click()
    page.wait_for_url(re.compile(r"\?step=5$"))
    press_next(page, 6)
    expect(page.locator("#step")).to_have_text(re.compile("The browser brings an error to the client"))
    expect(page.locator("#error")).to_contain_text("access_denied")
    expect(page.get_by_text("The story ends here")).to_be_visible()
    page.get_by_role("button", name="Start again").click()
    expect(page.get_by_text("not sent yet")).to_be_visible()


def test_back_forward_reload_and_deep_links_keep_the_place(page: Page) -> None:
    address = begin(page)
    for number in range(1, 4):
        press_next(page, number)
    page.go_back()
    expect(page.get_by_role("heading", level=2, name=TITLES[1])).to_be_visible()
    page.wait_for_load_state()  # htmx hears of the next move from now on
    page.go_forward()
    expect(page.get_by_role("heading", level=2, name=TITLES[2])).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", level=2, name=TITLES[2])).to_be_visible()
    page.goto(f"{address}?step=2#state")
    expect(page.locator("#state")).to_be_in_viewport()
    page.get_by_role("link", name=re.compile("^1 “Print my photos”")).first.click()
    expect(page.get_by_role("heading", level=2, name=TITLES[0])).to_be_visible()
    page.goto("/")
    page.get_by_role("link", name="Go on with step 4").click()
    expect(page.get_by_role("heading", level=2, name=TITLES[2])).to_be_visible()


def test_step_that_was_not_walked_says_so(page: Page) -> None:
    address = begin(page)
    press_next(page, 1)
    page.goto(f"{address}?step=7")
    expect(page.get_by_role("heading", name="Not sent yet")).to_be_visible()
    page.goto(f"{address}?step=2")
    expect(page.get_by_text("not sent yet", exact=True)).to_be_visible()
    expect(page.locator("#code_challenge")).to_be_visible()


def test_keys_walk_forward_and_back(page: Page) -> None:
    begin(page)
    for number in (1, 2, 3):
        page.keyboard.press("ArrowRight")
        page.wait_for_url(re.compile(rf"\?step={number}$"))
        expect(page.get_by_role("heading", level=2, name=TITLES[number - 1])).to_be_visible()
        reading_goes_on_at_the_step(page)
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("heading", level=2, name=TITLES[1])).to_be_visible()


def test_double_click_on_next_makes_one_step(page: Page) -> None:
    begin(page)
    page.locator(".next .go").dblclick()
    page.wait_for_url(re.compile(r"\?step=1$"))
    expect(page.locator(".meta")).to_contain_text("1 request so far")
    page.reload()
    expect(page.locator(".meta")).to_contain_text("1 request so far")


def test_flow_is_walked_to_its_end_without_javascript(chromium: Browser, server: Server) -> None:
    context = chromium.new_context(base_url=server.url, java_script_enabled=False)
    page = context.new_page()
    begin(page, scripts=False)
    for number, title in enumerate(TITLES, 1):
        page.locator(".next .go").click()
        page.wait_for_url(re.compile(rf"\?step={number}$"))
        expect(page.get_by_role("heading", level=2, name=title)).to_be_visible()
    context.close()


def test_another_browser_reads_a_run_but_does_not_move_it(page: Page, chromium: Browser, server: Server) -> None:
    address = begin(page)
    press_next(page, 1)
    other = chromium.new_context(base_url=server.url)
    stranger = other.new_page()
    stranger.goto(address)
    expect(stranger.get_by_role("heading", level=2, name=TITLES[0])).to_be_visible()
    expect(stranger.get_by_role("button", name=re.compile("Next"))).to_have_count(0)
    stranger.get_by_role("button", name="Walk it yourself").click()
    stranger.wait_for_url(re.compile(r"/runs/\w+$"))
    assert stranger.url != address
    other.close()


def test_sandboxes_own_client_prints_the_photos_in_a_real_browser(page: Page) -> None:
    page.goto("/sandbox")
    page.get_by_role("link", name=re.compile("client.sandbox.$")).click()
    page.get_by_role("link", name=re.compile("rint")).first.click()
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill("wonderland")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("The lighthouse at low tide")).to_be_visible()
    assert page.url.endswith("/client/sandbox/prints")


@pytest.mark.parametrize("width", [360, 1440])
def test_axe_finds_nothing_on_any_page_of_ours(context: BrowserContext, width: int) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 900})
    found = []
    for place in ("/", "/flows/authorization_code", "/sandbox", "/nothing-here"):
        page.goto(place)
        found += violations_in_both(page)
    begin(page)
    found += violations_in_both(page)
    for number in range(1, 10):
        press_next(page, number)
        found += violations(page)
        if number in (2, 4, 7, 9):  # a login, a choice, a token, the end
            found += violations_in_the_dark(page)
    walk_to(page, 4)
    page.get_by_role("button", name="Alice says no").click()
    page.wait_for_url(re.compile(r"\?step=5$"))
    press_next(page, 6)
    page.evaluate("document.querySelectorAll('details').forEach((each) => each.open = true)")
    found += violations_in_both(page)
    page.goto(page.url.replace("step=6", "step=8"))
    found += violations_in_both(page)
    page.goto(page.url.replace("?step=8", "/change?step=log_in"))
    found += violations_in_both(page)
    page.get_by_role("button", name="Send it so: Leave out csrf").click()
    page.wait_for_url(re.compile(r"\?step=3$"))
    found += violations_in_both(page)
    page.goto(page.url.replace("?step=3", "/change?step=log_in&how=raw"))
    found += violations_in_both(page)
    page.goto("/")
    found += violations_in_both(page)
    assert found == []


@pytest.mark.parametrize("width", [360, 1440])
def test_axe_finds_nothing_on_the_parties_own_pages(context: BrowserContext, width: int) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 900})
    found = []
    for place in ("/auth/sandbox/authorize", "/client/sandbox/callback", "/client/sandbox/"):
        page.goto(place)
        found += violations_in_both(page)
    page.get_by_role("link", name=re.compile("rint")).first.click()
    found += violations_in_both(page)
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill("looking-glass")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("do not fit together")).to_be_visible()
    found += violations_in_both(page)
    page.get_by_label("Password").fill("wonderland")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("button", name="Deny")).to_be_visible()
    found += violations_in_both(page)
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("The lighthouse at low tide")).to_be_visible()
    found += violations_in_both(page)
    assert found == []


@pytest.mark.parametrize("width", [360, 1440])
def test_no_page_scrolls_sideways(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    address = walk_to(page, 9)
    wide = []
    for place in ["/", "/flows/authorization_code", "/sandbox", *(f"{address}?step={n}" for n in range(1, 10))]:
        page.goto(place)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wide.append(place)
    assert wide == []


def test_no_page_asks_another_machine_for_anything(page: Page, server: Server) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    begin(page)
    for number in range(1, 10):
        press_next(page, number)
    page.goto("/")
    page.goto("/sandbox")
    assert [url for url in asked if not url.startswith(server.url + "/")] == []
    assert len(asked) > 10
