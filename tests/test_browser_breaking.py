"""Breaking a token in Chromium: broken, seen, sent, by keyboard alone, on a phone, and without a script."""

from __future__ import annotations

import re

from browser import htmx_is_ready, violations_in_both, walk_to
from conftest import Server
from playwright.sync_api import Browser, Page, expect
from test_browser_decoder import press_until


def verdicts(page: Page, *says: str) -> None:
    expect(page.locator(".says")).to_have_text([re.compile(rf"^\s*{re.escape(each)}\s*$") for each in says])


def opened(page: Page) -> None:
    """The token of a run of one's own, from the decoder's card."""
    address = walk_to(page, 1, "client_credentials")
    page.goto(address.replace("/runs/", "/decode?run=") + "&exchange=0&value=access_token")
    page.get_by_role("button", name="Change a claim").click()
    page.wait_for_url(re.compile(r"/break\?run=\w+&exchange=0&value=access_token$"))
    htmx_is_ready(page)


def test_token_is_broken_seen_and_sent_by_keyboard_alone(page: Page) -> None:
    opened(page)
    expect(page.locator(".found.pad")).to_have_count(0)
    expect(page.locator("#in-payload")).to_be_focused()
    page.keyboard.press("Control+Home")
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    for _ in range(len('thumbnailer",')):
        page.keyboard.press("Backspace")
    page.keyboard.type('mallory",')
    press_until(page, "Tab", "#way-edit")
    page.keyboard.press("Enter")
    verdicts(page, "Not genuine", "Accepted")
    expect(page.locator(".done p").first).to_contain_text('sub in the payload is "mallory"; it was "thumbnailer".')
    expect(page.locator("#said")).to_have_text("Not genuine, says the correct verifier. The careless one: accepted.")
    assert page.evaluate("document.activeElement.id") == "way-edit"
    assert page.locator("#the-copy-text mark").count() == 1
    press_until(page, "Shift+Tab", "#way-alg_none")
    page.keyboard.press("Enter")
    verdicts(page, "Unsecured", "Accepted")
    assert page.evaluate("document.activeElement.id") == "way-alg_none"
    expect(page.locator("#in-payload")).to_have_value(re.compile('"sub": "mallory"'))
    expect(page.locator("#in-header")).to_have_value(re.compile('"alg": "none"'))
    press_until(page, "Tab", "#send-it")
    page.keyboard.press("Enter")
    verdicts(page, "Unsecured", "Accepted", "401 Unauthorized")
    expect(page.locator("#the-answer")).to_contain_text("Refused by key_and_algorithm_are_the_issuers.")
    expect(page.locator("#said")).to_have_text("The API answered 401.")
    assert violations_in_both(page) == []
    page.get_by_role("link", name="See the whole exchange in the run").click()
    page.wait_for_url(re.compile(r"/runs/\w+\?exchange=1$"))
    expect(page.locator("#step")).to_have_text(re.compile("Refused: a key or an algorithm that is not the server’s"))


def test_character_that_is_clicked_is_flipped_and_double_click_sends_once(page: Page) -> None:
    opened(page)
    expect(page.locator("#the-token + .cap")).to_be_visible()
    place = page.evaluate(
        """() => {
            const text = document.querySelector("#the-token .s").firstChild;
            const range = document.createRange();
            range.setStart(text, 20);
            range.setEnd(text, 21);
            const box = range.getBoundingClientRect();
            return [box.left + box.width * 0.8, box.top + box.height / 2];
        }"""
    )
    page.mouse.click(*place)
    verdicts(page, "Not genuine", "Accepted")
    expect(page.locator(".done p").first).to_contain_text("Bit 120 of the signature is the other way")
    expect(page.locator("#the-copy-text .s mark")).to_have_count(1)
    assert page.evaluate("document.querySelector('#the-copy-text .s').firstChild.textContent.length") == 20
    page.locator("#send-it").dblclick()
    expect(page.locator("#the-answer")).to_contain_text("Refused by signature_verifies.")
    run = page.locator("#break-form [name=run]").get_attribute("value")
    page.goto(f"/runs/{run}?exchange=1")
    expect(page.locator("main")).to_contain_text("From outside")
    assert page.request.get(f"/runs/{run}?exchange=2").status == 404


def test_copy_is_kept_when_presenting_when_reloaded_and_on_the_way_back(page: Page) -> None:
    opened(page)
    page.locator("#in-alg_none").select_option("nOnE")
    page.locator("#way-alg_none").click()
    verdicts(page, "Unsecured", "Accepted")
    copy = page.locator("#the-copy-text").text_content()
    page.locator("h1").click()
    with page.expect_response("**/present"):
        page.keyboard.press("p")
    expect(page.locator("html.present")).to_have_count(1)
    expect(page.locator("#the-copy-text")).to_have_text(copy or "")
    page.keyboard.press("p")
    page.reload()
    expect(page.locator("#the-copy-text")).to_have_text(copy or "")
    page.get_by_role("button", name="Open the copy in the decoder").click()
    page.wait_for_url("**/decode")
    page.go_back()
    expect(page.locator("#the-copy-text")).to_have_text(copy or "")


def test_on_a_phone_without_a_script_it_is_broken_seen_and_sent(chromium: Browser, server: Server) -> None:
    context = chromium.new_context(
        base_url=server.url, viewport={"width": 360, "height": 740}, java_script_enabled=False
    )
    page = context.new_page()
    page.goto("/flows/client_credentials")
    page.locator("main .go").first.click()
    run = page.url.rpartition("/")[2]
    page.locator(".next .go").click()
    page.goto(f"/break?run={run}&exchange=0&value=access_token")
    page.locator("#in-re_encode").select_option("last")
    page.locator("#way-re_encode").click()
    verdicts(page, "Genuine, but written in another way than it was signed", "Accepted")
    expect(page.locator(".verdict-line")).to_be_visible()
    page.locator("#send-it").click()
    expect(page.locator("#the-answer")).to_contain_text("Refused by signature_verifies.")
    context.close()


def test_on_a_phone_nothing_is_cut_off_and_axe_finds_nothing(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/break")
    assert violations_in_both(page) == []
    page.get_by_role("button", name="One with a weak secret").click()
    htmx_is_ready(page)
    page.locator("#way-weak_secret").click()
    verdicts(page, "Anybody could have made it", "Accepted")
    expect(page.locator("#the-copy")).to_be_focused()
    expect(page.locator("#the-copy")).to_be_in_viewport()
    order = "[...document.querySelectorAll('#the-copy, #the-correct, #the-careless, #the-json')].map(each => each.id)"
    tops = "document.querySelector('#the-careless').getBoundingClientRect().top < document.querySelector('#the-json')"
    assert page.evaluate(order) == ["the-copy", "the-correct", "the-careless", "the-json"]
    assert page.evaluate(f"{tops}.getBoundingClientRect().top")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert violations_in_both(page) == []
    small = page.evaluate(
        """() => [...document.querySelectorAll("main button")]
            .filter((each) => each.getBoundingClientRect().height < 44)
            .map((each) => each.textContent)"""
    )
    assert small == []
