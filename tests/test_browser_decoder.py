"""The token decoder in Chromium: pasted, seen, verified, lit, by keyboard alone, on a phone, and without a script."""

from __future__ import annotations

import re
from collections.abc import Iterator

import jwt
import pytest
from browser import htmx_is_ready, violations_in_both, walk_to
from conftest import Server
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, expect

SECRET = "a secret of forty characters, as it ought"
OLD = jwt.encode({"iss": "https://a.example", "sub": "alice", "exp": 1300819380}, SECRET, algorithm="HS256")
NEW = jwt.encode({"iss": "https://b.example", "sub": "bob"}, SECRET, algorithm="HS256")


@pytest.fixture
def asked(page: Page) -> Iterator[list[Request]]:
    """Every request that the page makes. None carries a token in its address, and none leaves this machine."""
    made: list[Request] = []
    page.on("request", lambda request: made.append(request))
    yield made
    for request in made:
        assert "eyJ" not in request.url
        assert re.match(r"http://localhost:\d+/", request.url)


def opened(page: Page) -> None:
    page.goto("/decode")
    htmx_is_ready(page)


def paste(page: Page, text: str) -> None:
    """Into the field, as Ctrl+V does it, in place of what stands there."""
    page.locator("#in-pasted").fill(text)


def verdict(page: Page, says: str) -> None:
    expect(page.locator(".judged .says").first).to_have_text(says)


def press_until(page: Page, key: str, focused: str, most: int = 60) -> None:
    """Press a key until what matches has the focus."""
    for _ in range(most):
        page.keyboard.press(key)
        if page.evaluate("selector => document.activeElement.matches(selector)", focused):
            return
    raise AssertionError(f"{focused} never had the focus")


def test_token_is_pasted_read_and_verified_by_keyboard_alone(
    page: Page, context: BrowserContext, asked: list[Request]
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened(page)
    page.evaluate("text => navigator.clipboard.writeText(text)", f"Authorization: Bearer {OLD}")
    press_until(page, "Tab", "#in-pasted")
    page.keyboard.press("Control+V")
    verdict(page, "Not verified, and expired")
    expect(page.locator(".found").first).to_have_text(
        "Found 1 token, in a header line. Left out: Authorization: Bearer"
    )
    expect(page.locator("#said")).to_have_text(re.compile("^Found 1 token, in a header line. "))
    assert page.evaluate("document.activeElement.id") == "in-pasted"
    press_until(page, "Tab", ".verdict-line a")
    page.keyboard.press("Enter")
    press_until(page, "Tab", "#check-key_fits summary")
    page.keyboard.press("Enter")
    press_until(page, "Tab", "#check-key_fits .code-link")
    page.keyboard.press("Enter")
    expect(page.locator("#check-key_fits .code")).to_contain_text("def key_fits(judged: Judged)")
    press_until(page, "Tab", "#in-key")
    page.keyboard.type(f"{SECRET} ?p")  # keys of the page are letters here
    expect(page.locator("#check-signature_verifies")).to_have_class("failed")
    for _ in range(3):
        page.keyboard.press("Backspace")
    press_until(page, "Tab", ".verify .go")
    page.keyboard.press("Enter")
    expect(page.locator("#check-signature_verifies")).to_have_class("passed")
    verdict(page, "Genuine, but expired")
    expect(page.locator("#check-key_fits .code")).to_be_visible()  # what was unfolded stays so
    expect(page.locator("html.present")).to_have_count(0)


def test_requests_are_counted_and_not_claimed(page: Page, asked: list[Request]) -> None:
    opened(page)
    paste(page, OLD)
    expect(page.locator(".rules")).to_be_visible()
    made = [each for each in asked if each.resource_type in ("document", "fetch", "xhr")]
    assert [each.method for each in made] == ["GET", "POST"]
    says = "Read on this machine: {}, to localhost only. Not stored, not logged."
    expect(page.locator("#the-requests")).to_have_text(says.format("1 request"))
    page.locator("#check-key_fits summary").click()
    page.locator("#check-key_fits .code-link").click()
    expect(page.locator("#check-key_fits .code")).to_be_visible()  # which took a request, but carried nothing
    page.locator("h1").click()
    for _ in range(2):
        with page.expect_response("**/present"):
            page.keyboard.press("p")
    expect(page.locator("#the-requests")).to_have_text(says.format("1 request"))
    paste(page, NEW)
    expect(page.locator("#the-requests")).to_have_text(says.format("2 requests"))


def test_new_text_starts_from_what_the_token_says(page: Page) -> None:
    opened(page)
    paste(page, f"{OLD} {NEW}")
    page.get_by_role("radio").nth(1).check()
    expect(page.get_by_role("row", name="sub")).to_contain_text('"bob"')
    page.get_by_label("judged as").select_option("dpop-proof")
    expect(page.get_by_label("judged as").locator("option").first).to_have_text("as it says: any JWT")
    expect(page.get_by_role("radio").nth(1)).to_be_checked()
    paste(page, f"{NEW} {OLD}")
    expect(page.get_by_role("radio").nth(0)).to_be_checked()
    expect(page.get_by_label("judged as")).to_have_value("")
    expect(page.get_by_role("row", name="sub")).to_contain_text('"bob"')
    page.locator("#in-key").fill(SECRET)
    verdict(page, "Genuine")
    expect(page.get_by_role("row", name="sub")).to_contain_text('"bob"')


def test_bytes_of_a_long_token_come_into_sight(page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    opened(page)
    paste(page, jwt.encode({"sub": "alice", "photos": "x" * 3000}, SECRET, algorithm="HS256"))
    page.get_by_role("button", name="Bytes").click()
    expect(page.locator("#the-bits")).to_be_in_viewport(ratio=0.99)
    expect(page.get_by_role("button", name="Bytes")).to_be_in_viewport()


def test_typing_goes_on_where_it_was_and_a_late_answer_changes_nothing(page: Page) -> None:
    opened(page)
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        held.append(route)

    page.route("**/decode", hold_the_first)
    field = page.locator("#in-pasted")
    with page.expect_request("**/decode"):
        paste(page, OLD)
    field.press("Home")
    field.press("Control+A")
    page.keyboard.insert_text(NEW)
    expect(page.get_by_role("row", name="sub")).to_contain_text('"bob"')
    assert len(held) == 2
    page.unroute("**/decode")
    field.press("ArrowLeft")
    field.press("ArrowLeft")
    page.keyboard.type("A")
    expect(page.locator("#the-token .s")).to_have_text(NEW.rpartition(".")[2][:-2] + "A" + NEW[-2:])
    assert page.evaluate("document.activeElement.selectionStart") == len(NEW) - 1


def test_claim_and_characters_light_each_other(page: Page) -> None:
    opened(page)
    paste(page, OLD)
    row, characters = page.get_by_role("row", name="exp"), page.locator("#the-token .p span").last
    caption = page.locator(".cap p:visible")
    shade = "each => getComputedStyle(each).backgroundColor"
    dark_row, dark = row.evaluate(shade), characters.evaluate(shade)
    row.hover()
    assert characters.evaluate(shade) != dark
    expect(caption).to_have_text(f"exp is carried by characters 55 to 76 of the payload: {characters.inner_text()}")
    characters.hover()
    assert row.evaluate(shade) != dark_row
    page.locator("h1").hover()
    assert characters.evaluate(shade) == dark
    row.get_by_role("link", name="exp", exact=True).click()
    page.locator("h1").click()
    assert characters.evaluate(shade) != dark
    expect(page.get_by_text("So a stolen one works only for a while.")).to_be_visible()


def test_token_behind_a_hash_is_read_and_taken_out_of_the_address(page: Page, asked: list[Request]) -> None:
    page.goto(f"/decode#token={OLD}")
    expect(page.get_by_role("row", name="sub")).to_contain_text('"alice"')
    assert page.evaluate("location.href").endswith("/decode")
    expect(page.get_by_text("This token came in the address")).to_be_visible()
    assert page.evaluate("history.length") <= 2
    asked[:] = [each for each in asked if "#" not in each.url]  # the browser’s own first one, which is cut at the hash


def test_link_with_a_token_is_made_only_after_saying_what_it_is(page: Page, context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened(page)
    paste(page, OLD)
    copy = page.get_by_role("button", name="Copy the link all the same")
    expect(copy).to_be_hidden()
    page.get_by_text("Copy a link", exact=True).click()
    expect(page.get_by_text("histories, chats and bookmarks keep it")).to_be_visible()
    copy.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == f"{page.url}#token={OLD}"


def test_decoder_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    opened(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    paste(page, OLD)
    expect(page.locator(".verdict-line")).to_be_visible()
    page.get_by_role("button", name="Bytes").click()
    expect(page.locator(".bits")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    expect(page.locator(".time.narrow")).to_be_visible()
    small = page.locator(".decoder :is(button, select, summary, .field, label.quiet)").evaluate_all(
        "all => all.filter(each => each.checkVisibility() && each.getBoundingClientRect().height < 43.5)"
        ".map(each => each.outerHTML.slice(0, 80))"
    )
    assert small == []


def test_decoder_without_a_script(chromium: Browser, server: Server) -> None:
    plain = chromium.new_context(base_url=server.url, java_script_enabled=False)
    page = plain.new_page()
    page.goto("/decode")
    paste(page, OLD)
    page.get_by_role("button", name="Read it").click()
    page.get_by_label("Verify with this key").fill(SECRET)
    page.get_by_role("button", name="Verify the signature").click()
    expect(page.locator("#check-signature_verifies")).to_have_class("passed")
    expect(page.locator("#in-pasted")).to_have_value(OLD)
    expect(page.locator("#in-key")).to_have_value(SECRET)
    page.locator("#check-key_fits summary").click()
    page.get_by_role("link", name="The code of key_fits").click()
    expect(page.get_by_role("heading", name="key_fits")).to_be_visible()
    plain.close()


def test_ordinary_token_is_on_one_screen_and_axe_finds_nothing(page: Page) -> None:
    opened(page)
    assert violations_in_both(page) == []
    page.set_viewport_size({"width": 1440, "height": 900})
    for example in ("An expired one", "One with a letter changed", "An access token"):
        page.goto("/decode")
        page.get_by_role("link", name=example, exact=True).click()
        expect(page.locator(".judged .says")).to_contain_text("enuine")
        assert page.locator("main").evaluate("main => main.getBoundingClientRect().bottom") <= 900
        issuer = page.locator("#iss > td:nth-of-type(1) code")
        assert issuer.evaluate("code => code.getClientRects().length") == 1  # as wide as it is, on one line
    assert violations_in_both(page) == []
    page.get_by_role("button", name="Bytes").click()
    expect(page.locator(".bits")).to_be_visible()
    page.locator(".rules summary").first.click()
    page.get_by_text("A file, and what else you expect").click()
    page.get_by_text("Raw JSON").first.click()
    assert violations_in_both(page) == []


def test_from_a_step_of_a_walk_to_the_decoder_and_back(page: Page) -> None:
    walk_to(page, 8)
    page.get_by_role("link", name="Open in the decoder").click()
    expect(page.locator(".judged .says").first).to_contain_text("Genuine")
    page.get_by_role("link", name="From step 8 of your run: back to it").click()
    expect(page.locator("#step")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/runs/\w+\?step=8#authorization$"))


def test_presenting_keeps_what_was_pasted(page: Page) -> None:
    page.set_viewport_size({"width": 1920, "height": 1080})
    opened(page)
    paste(page, OLD)
    expect(page.locator(".rules")).to_be_visible()
    page.locator("h1").click()
    with page.expect_response("**/present"):
        page.keyboard.press("p")
    expect(page.locator("html.present.light")).to_have_count(1)
    expect(page.get_by_role("row", name="sub")).to_contain_text('"alice"')
    assert page.evaluate("document.documentElement.scrollWidth") == 1920
    for width, height in ((1280, 720), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        shown = page.locator(".verdict-line")
        expect(shown).to_have_text("Not verified, and expired: to the checks")
        expect(shown).to_be_in_viewport(ratio=1)
    with page.expect_response("**/present"):
        page.keyboard.press("p")
    expect(page.locator("html.present")).to_have_count(0)
