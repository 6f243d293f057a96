"""Bit by bit in Chromium: by keyboard alone, on a phone, on a projector, and what axe finds."""

from __future__ import annotations

import re

import pytest
from browser import htmx_is_ready, violations_in_both
from conftest import Server
from playwright.sync_api import Browser, Page, expect


def opened(page: Page, title: str) -> None:
    page.goto("/bits")
    htmx_is_ready(page)
    page.get_by_text(title, exact=True).click()
    expect(page.locator("#characters")).to_be_visible()
    htmx_is_ready(page)


def tab_to(page: Page, selector: str) -> None:
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} never had the focus")


def test_token_is_looked_at_and_a_letter_changed_by_keyboard_alone(page: Page) -> None:
    opened(page, "Signed with HS256")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    first = page.locator("#characters .scroller li p").first
    expect(first).to_have_text(re.compile("^Bytes 1 to 3: opening brace 7b is 01111011, "))
    tab_to(page, "#go-further")
    page.keyboard.press("Enter")
    expect(first).to_have_text(re.compile("^Bytes 13 to 15: "))
    expect(page.locator("#said")).to_have_text("Bytes 13 to 24 of the header. The signature fits.")
    assert page.evaluate("document.activeElement.id") == "go-further"
    page.locator("#part-payload").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#part-payload")).to_have_attribute("aria-pressed", "true")
    expect(first).to_have_text(re.compile("^Bytes 1 to 3: opening brace 7b is 01111011, quote 22 .* i 69 is 01101001"))
    tab_to(page, "#in-letter")
    page.keyboard.press("Control+A")
    page.keyboard.type("!")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#letter ins").first).to_have_text("!")
    expect(page.locator("#letter")).to_contain_text("It does not fit any more.")
    expect(page.locator("#in-position")).to_have_value("44")
    tab_to(page, "#in-signing")
    page.keyboard.type(page.locator("#in-key").input_value())
    tab_to(page, "#remake")
    page.keyboard.press("Enter")
    expect(page.locator("#letter")).to_contain_text("Over the same characters the same signature came out.")
    assert {re.sub(r"^.*(?=/bits)", "", each) for each in asked} == {"/bits"}
    expect(page.locator("#in-key")).not_to_have_value("")


@pytest.mark.parametrize("title", ["Signed with ES256", "Signed with RS256"])
def test_on_a_phone_and_by_axe(page: Page, title: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    opened(page, title)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    strip = page.locator("#characters .scroller")
    assert strip.evaluate("each => each.scrollWidth > each.clientWidth")
    small = page.locator(".decoder :is(button, select, summary, .field)").evaluate_all(
        "all => all.filter(each => each.checkVisibility() && each.getBoundingClientRect().height < 43.5)"
        ".map(each => each.outerHTML.slice(0, 80))"
    )
    assert small == []
    assert violations_in_both(page) == []
    page.set_viewport_size({"width": 1440, "height": 900})
    assert strip.evaluate("each => each.scrollWidth <= each.clientWidth")
    page.locator("#signature .all").first.click()
    assert violations_in_both(page) == []


def test_without_a_script_every_button_leads_back_to_its_place(chromium: Browser, server: Server) -> None:
    plain = chromium.new_context(base_url=server.url, java_script_enabled=False)
    page = plain.new_page()
    page.goto("/bits")
    page.get_by_role("button", name="Signed with HS256").click()
    page.get_by_role("button", name="Further").click()
    expect(page).to_have_url(re.compile("/bits#characters$"))
    expect(page.get_by_text("Bytes 13 to 24 of 27.")).to_be_visible()
    page.get_by_label("of the payload becomes").fill("z")
    page.get_by_role("button", name="Change it").click()
    expect(page).to_have_url(re.compile("/bits#letter$"))
    expect(page.locator("#letter ins").first).to_have_text("z")
    plain.close()


def test_presenting_keeps_the_token_and_puts_it_away(page: Page) -> None:
    page.set_viewport_size({"width": 1920, "height": 1080})
    opened(page, "Signed with HS256")
    page.locator("h1").click()
    with page.expect_response("**/present"):
        page.keyboard.press("p")
    expect(page.locator("html.present.light")).to_have_count(1)
    expect(page.locator("#in-pasted")).to_be_hidden()
    expect(page.locator("#characters")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") == 1920
    page.set_viewport_size({"width": 1440, "height": 900})
    strip = page.locator("#characters .scroller")
    assert strip.evaluate("each => each.scrollWidth <= each.clientWidth")
    page.evaluate("scrollTo(0, 0)")
    for chosen in ("#characters", "#signature", "#step-1"):
        page.keyboard.press("PageDown")
        page.wait_for_function(
            "chosen => Math.abs(document.querySelector(chosen).getBoundingClientRect().top) < 60", arg=chosen
        )
