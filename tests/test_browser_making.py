"""Making a token in Chromium: made, seen, copied, carried to the decoder and verified; by keyboard; on a phone."""

from __future__ import annotations

import json
import re

import pytest
from browser import htmx_is_ready, violations_in_both
from conftest import Server
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, Route, expect


def opened(page: Page) -> None:
    page.goto("/make")
    htmx_is_ready(page)


def press_until(page: Page, focused: str, key: str = "Tab", most: int = 60) -> None:
    for _ in range(most):
        page.keyboard.press(key)
        if page.evaluate("selector => document.activeElement.matches(selector)", focused):
            return
    raise AssertionError(f"{focused} never had the focus")


def test_token_is_made_copied_and_verified_on_the_other_page_by_keyboard_alone(
    page: Page, context: BrowserContext
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened(page)
    press_until(page, "#in-value-1")
    page.keyboard.press("Control+A")
    page.keyboard.type("the hatter")
    press_until(page, "#do-fill-jti")
    page.keyboard.press("Enter")
    expect(page.locator("#in-name-5")).to_have_value("jti")
    expect(page.locator("#in-value-1")).to_have_value('"the hatter"')
    assert page.evaluate("document.activeElement.id") == "do-fill-jti"
    press_until(page, "#in-alg")
    page.keyboard.type("EdDSA")
    expect(page.locator("#in-size")).to_be_visible()
    assert page.evaluate("document.activeElement.id") == "in-alg"
    press_until(page, "#do-make")
    page.keyboard.press("Enter")
    expect(page.locator("#the-token")).to_be_visible()
    expect(page.locator("#said")).to_have_text(re.compile(r"^A token was made: signed, \d+ characters. A fresh key"))
    expect(page.locator("#the-result")).to_be_focused()
    token = page.locator("#the-token").inner_text()
    press_until(page, "#do-copy")
    page.keyboard.press("Enter")
    expect(page.locator("#do-copy")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == token
    page.locator(".key-form summary").first.click()
    public = json.loads(page.locator("#half-key-public-jwk").inner_text())
    assert (public["crv"], "d" in public) == ("Ed25519", False)
    press_until(page, "#do-read", "Shift+Tab")
    with context.expect_page() as beside:
        page.keyboard.press("Enter")
    other = beside.value
    expect(other.locator(".judged .says").first).to_have_text("Genuine")
    expect(other.get_by_role("row", name="sub")).to_contain_text('"the hatter"')
    expect(other.locator(".modes [aria-current]")).to_have_text("Read and verify")
    expect(page.locator("#the-token")).to_have_text(token)
    other.get_by_role("button", name="From these claims").press("Enter")
    expect(other.locator("#in-value-1")).to_have_value('"the hatter"')
    expect(other.locator("#in-alg")).to_have_value("EdDSA")
    expect(other.locator("#in-key")).to_have_value("")


def test_enter_in_a_field_makes_the_token_and_claims_stay_as_they_are(page: Page) -> None:
    opened(page)
    page.locator("#in-kind-sd-jwt").check()
    page.get_by_label("sub is hidden").check()
    page.get_by_label("sub is shown").check()
    page.locator("#in-typ").press("Enter")
    expect(page.locator("#the-disclosures")).to_be_visible()
    assert page.locator("#in-name-4").input_value() == "exp"
    page.locator("#in-kind-nested").check()
    expect(page.locator("#in-recipient")).to_be_visible()
    page.locator("#do-make").click()
    expect(page.get_by_role("button", name="Read and open it")).to_be_visible()
    with page.context.expect_page() as beside:
        page.get_by_role("button", name="Read and open it").click()
    expect(beside.value.locator(".judged .says").first).to_have_text("Opened")
    expect(beside.value.locator(".judged .says").last).to_have_text("Genuine")


def test_what_is_typed_while_an_answer_is_on_its_way_is_not_taken_away(page: Page) -> None:
    opened(page)
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        held.append(route)
        if len(held) > 1:
            route.continue_()

    page.route("**/make", hold_the_first)
    with page.expect_request("**/make"):
        page.locator("#in-kind-encrypted").check()
    page.locator("#in-value-1").fill('"typed since"')
    held[0].continue_()
    expect(page.locator("#in-recipient")).to_be_visible()
    expect(page.locator("#in-value-1")).to_have_value('"typed since"')
    assert len(held) == 2


def test_what_was_made_stays_and_says_when_the_fields_say_something_else(page: Page) -> None:
    opened(page)
    page.locator("#do-make").click()
    expect(page.locator("#the-result")).to_be_focused()
    token = page.locator("#the-token").inner_text()
    expect(page.locator("#the-stale")).to_be_hidden()
    assert page.locator("#the-program").evaluate("each => each.scrollHeight <= each.clientHeight")
    page.locator("#in-value-1").fill('"bob"')
    expect(page.locator("#the-stale")).to_contain_text("Made before your change.")
    page.locator("#in-value-1").fill('"alice"')
    expect(page.locator("#the-stale")).to_be_hidden()
    page.locator("#do-row").click()
    expect(page.locator("#in-name-5")).to_be_focused()
    expect(page.locator("#the-stale")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("p")
    expect(page.locator("html.present")).to_have_count(1)
    assert page.locator("#the-token").inner_text() == token
    page.locator("#do-make").click()
    expect(page.locator("#the-stale")).to_be_hidden()
    assert page.locator("#the-token").inner_text() != token


def test_leaving_is_asked_about_while_the_only_copy_of_a_key_stands_there(page: Page, context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", answer)
    opened(page)
    page.locator("#in-value-1").fill('"bob"')
    page.goto("/make")
    assert asked == []
    for copies in (False, True):
        page.locator("#do-make").click()
        expect(page.locator("#the-result")).to_be_focused()
        if copies:
            page.locator(".key-form:has(#half-key-private-pem) summary").click()
            page.locator("[data-copy=half-key-private-pem]").click()
            expect(page.locator("[data-copy=half-key-private-pem]")).to_have_text("Copied")
        page.goto("/make")
        assert asked == ["beforeunload"]


def test_wrong_claims_are_told_beside_them_and_said_aloud(page: Page) -> None:
    opened(page)
    page.locator("#do-json").click()
    page.locator("#in-claims").fill('{"sub": "alice"\n"aud": 1}')
    page.locator("#do-make").click()
    expect(page.locator(".wrong")).to_have_text("Claims, line 2, character 1: a comma or a closing bracket is missing.")
    expect(page.locator("#said")).to_contain_text("Claims, line 2, character 1")
    expect(page.locator("#in-claims")).to_have_value('{"sub": "alice"\n"aud": 1}')


@pytest.mark.parametrize("width", [360, 1440])
def test_axe_finds_nothing_and_a_phone_has_room(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    opened(page)
    page.locator("#in-kind-nested").check()
    expect(page.locator("#in-recipient")).to_be_visible()
    page.locator("#do-make").click()
    expect(page.locator("#the-token")).to_be_visible()
    for each in page.locator(".key-form summary").all():
        each.click()
    page.locator("#in-kind-sd-jwt").check()
    expect(page.locator(".hiding")).to_be_visible()
    page.locator("#in-value-0").fill("[1,]")
    page.locator("#do-make").click()
    expect(page.locator(".wrong")).to_be_visible()
    assert violations_in_both(page) == []
    page.locator("#in-value-0").fill("1")
    page.locator("#do-make").click()
    expect(page.locator("#the-result")).to_be_focused()
    expect(page.locator("#the-result")).to_be_in_viewport()
    expect(page.locator("#the-stale")).to_be_hidden()
    for each in page.locator(".key-form summary").all():
        each.click()
    assert violations_in_both(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    small = page.locator(".making :is(button, select, summary, .field)").evaluate_all(
        "all => all.filter(each => each.checkVisibility() && !each.matches('.hidden') &&"
        "each.getBoundingClientRect().height < 43.5).map(each => each.outerHTML.slice(0, 80))"
    )
    assert width > 360 or small == []


def test_token_is_made_without_a_script(chromium: Browser, server: Server) -> None:
    plain = chromium.new_context(base_url=server.url, java_script_enabled=False)
    page = plain.new_page()
    page.goto("/make")
    page.locator("#in-kind-encrypted").check()
    page.get_by_role("button", name="Show its fields").click()
    page.locator("#in-encrypt").select_option("dir")
    page.get_by_role("button", name="exp in 5 minutes").click()
    page.locator("#do-make").click()
    expect(page.locator("#in-recipient")).to_have_value(re.compile('"alg": "dir"'))
    with plain.expect_page() as beside:
        page.get_by_role("button", name="Read and open it").click()
    expect(beside.value.locator(".judged .says").first).to_have_text("Opened")
    plain.close()
