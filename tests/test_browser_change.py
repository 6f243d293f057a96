"""Changing a message, reading a refusal and following a value, in Chromium, as a person would."""

from __future__ import annotations

import re
import subprocess

from browser import begin, htmx_is_ready, press_next, walk_to
from conftest import Server
from playwright.sync_api import Browser, Page, expect


def test_a_person_breaks_a_step_understands_why_branches_and_finishes(page: Page) -> None:
    walk_to(page, 6)
    page.goto(page.url.replace("step=6", "step=7"))
    page.get_by_role("button", name="Send it so: Leave out code_verifier").click()
    page.wait_for_url(re.compile(r"\?step=7$"))
    expect(page.locator("#step")).to_have_text(re.compile(r"Refused:\s+a code_verifier that is missing or wrong"))
    expect(page.locator("#code_verifier.cut")).to_contain_text("You left this out")
    failed = page.locator(".checks .failed")
    expect(failed).to_contain_text("code_verifier_matches failed")
    expect(failed).to_contain_text("Only the client that started this flow knows the secret")
    expect(failed).to_contain_text("no code_verifier in the form")
    expect(page.get_by_text("def code_verifier_matches")).to_be_visible()
    broken = page.url
    page.get_by_role("button", name="Branch before step 7").click()
    page.wait_for_url(lambda url: url.split("?")[0] != broken.split("?")[0])
    htmx_is_ready(page)
    for number in range(7, 10):
        press_next(page, number)
    expect(page.get_by_text("Walked to the end")).to_be_visible()
    page.goto(broken)
    page.get_by_role("button", name="Put it back and send").click()
    page.wait_for_url(re.compile(r"\?step=7$"))
    expect(page.get_by_role("article", name="The access token, opened")).to_be_visible()
    expect(page.get_by_role("navigation", name="Attempts at step 7")).to_contain_text("1, changed by you · 400")


def test_message_is_changed_field_by_field_and_as_raw_text(page: Page) -> None:
    begin(page)
    press_next(page, 1)
    press_next(page, 2)
    page.get_by_role("link", name="Change and send").click()
    page.get_by_label("In the address, value of response_type").fill("token")
    page.get_by_role("button", name="Send it →").click()
    expect(page.locator("#response_type.changed")).to_contain_text("You changed this")
    expect(page.locator(".checks .failed")).to_contain_text("client_may_ask_for_this failed")
    page.get_by_role("link", name="Change and send").click()
    page.get_by_role("link", name="As raw text").click()
    page.get_by_label("The whole request, byte for byte").fill("GET /nowhere HTTP/1.1\nHost: evil.example\n\n")
    page.get_by_role("button", name="Send it →").click()
    expect(page.get_by_role("alert")).to_contain_text(
        "No party of this run answers at evil.example/nowhere (line 2, character 7)."
    )
    expect(page.get_by_label("The whole request, byte for byte")).to_have_value(re.compile("evil.example"))


def test_refusal_tells_who_noticed_the_line_that_said_no_and_both_views(page: Page) -> None:
    walk_to(page, 5)
    page.goto(page.url.replace("step=5", "step=6"))
    page.get_by_role("button", name="Send it so: Another state").click()
    page.wait_for_url(re.compile(r"\?step=6$"))
    expect(page.locator(".why")).to_contain_text(
        "The client noticed: the check state_is_mine, number 4 of its 7, refused."
    )
    expect(page.locator("#refused-here")).to_contain_text(
        'return expect(ask.session.secret("state"), ask.query.get("state")'
    )
    expect(page.locator("#refused-here .got")).to_contain_text("ask.query.get('state') was '")
    expect(page.get_by_role("heading", name="What Alice’s browser sees")).to_be_visible()
    expect(page.get_by_role("heading", name="What the client knows")).to_be_visible()
    expect(page.locator(".lanes .refusal")).to_contain_text("✗ 400 state_is_mine")
    expect(
        page.get_by_role("link", name=re.compile("^6 brings code, state, iss.*refused, changed by you"))
    ).to_have_count(1)


def test_rows_are_moved_doubled_and_left_out_by_buttons_and_enter_sends(page: Page) -> None:
    walk_to(page, 1)
    page.goto(page.url.replace("?step=1", "/change?step=ask_to_authorize"))
    page.get_by_label("In the address, value of scope").fill("photos.write")
    page.get_by_role("button", name="move up state").click()
    page.get_by_role("button", name="leave out code_challenge_method").click()
    expect(page.get_by_label("In the address, value of scope")).to_have_value("photos.write")
    page.get_by_label("In the address, value of scope").press("Enter")
    page.wait_for_url(re.compile(r"\?step=2$"))
    expect(page.locator("#scope.changed")).to_contain_text("You changed this")
    expect(page.locator("#code_challenge_method.cut")).to_contain_text("You left this out")
    expect(page.locator(".why")).to_contain_text("You put in another order the fields of the query.")
    expect(page.locator("#step")).to_contain_text("a code_challenge that would be the secret itself")


def test_cursor_stands_where_raw_text_goes_wrong(page: Page) -> None:
    walk_to(page, 1)
    page.goto(page.url.replace("?step=1", "/change?step=ask_to_authorize&how=raw"))
    page.get_by_label("The whole request, byte for byte").fill("GET / HTTP/1.1\nHost: a\nX-Ä: b\n\n")
    page.get_by_role("button", name="Send it →").click()
    expect(page.get_by_role("alert")).to_contain_text("line 3, character 3")
    expect(page.locator("#raw")).to_be_focused()
    where = page.evaluate(
        "(() => { const at = document.activeElement; return [at.id, at.value[at.selectionStart]]; })()"
    )
    assert where == ["raw", "Ä"]


def test_two_tabs_the_one_that_lost_branches_with_its_edit(page: Page) -> None:
    address = walk_to(page, 6)
    other = page.context.new_page()
    other.goto(f"{address}/change?step=redeem_code")
    press_next(page, 7)
    other.get_by_label("In the form, value of code_verifier").fill("a guess")
    other.get_by_role("button", name="Send it →").click()
    expect(other.get_by_role("heading", name="This went on elsewhere")).to_be_visible()
    expect(other.get_by_text("it sent 1 request, the first one The client trades the code for a token")).to_be_visible()
    other.get_by_text("What you had written").click()
    expect(other.get_by_text("form.value a guess")).to_be_visible()
    other.get_by_role("button", name="Branch, and send it there").click()
    other.wait_for_url(lambda url: "/runs/" in url and not url.startswith(address))
    expect(other.locator("#step")).to_contain_text("Refused: a code_verifier that is missing or wrong")
    expect(other.locator("#code_verifier.changed")).to_contain_text("a guess")
    page.reload()
    expect(page.locator(".meta")).to_contain_text("7 requests so far")


def test_value_is_chosen_followed_to_where_it_was_checked_and_back(page: Page) -> None:
    address = walk_to(page, 7)
    page.get_by_role("link", name="code_challenge", exact=True).first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"follow=code_challenge#journey$"))
    journey = page.get_by_role("region", name="The journey of code_challenge")
    expect(journey).to_contain_text("base64url(SHA-256(code_verifier)), without padding")
    expect(journey.locator("li > a")).to_have_text(
        ["1 Alice asks for prints", "2 The browser takes the question to Snapbox",
         "3 Alice logs in, at Snapbox and nowhere else", "4 The browser comes back with the same question"]
    )  # fmt: skip
    journey.get_by_role("link", name="4 The browser comes back").click()
    expect(page.locator("#code_challenge")).to_be_in_viewport()
    assert (
        page.locator("#code_challenge .v-code_challenge").evaluate("each => getComputedStyle(each).boxShadow") != "none"
    )
    expect(page.get_by_role("link", name=re.compile("code_challenge crossed here$"))).to_have_count(4)
    page.go_back()
    expect(page.locator("#step")).to_contain_text("The client trades the code for a token")
    page.get_by_role("link", name="Stop following").click()
    expect(page.get_by_role("region", name="The journey of code_challenge")).to_have_count(0)
    page.goto(f"{address}?step=6&follow=code")
    page.get_by_role("link", name="On to step 7").click()
    expect(page.get_by_role("region", name="The journey of code", exact=True)).to_be_visible()


def test_code_verifier_is_kept_by_the_client_until_the_step_that_shows_it(page: Page) -> None:
    walk_to(page, 6)
    client = page.get_by_role("row", name=re.compile("^Client")).first
    expect(client).to_contain_text("code_verifier kept, not shown yet")
    press_next(page, 7)
    expect(client).not_to_contain_text("kept, not shown yet")
    expect(client.get_by_role("link", name=re.compile("^code_verifier ?, new$"))).to_be_visible()


def test_command_that_is_pasted_shows_up_in_the_run_marked_as_from_outside(page: Page) -> None:
    walk_to(page, 6)
    page.get_by_text("As a curl command").click()
    command = page.locator("details[open] > pre").inner_text()
    subprocess.run(["bash", "-c", command], capture_output=True, check=True, timeout=20)
    page.reload()
    page.get_by_role("link", name=re.compile("^From outside: GET .callback, to Client, after step 6, refused")).click()
    expect(page.get_by_text("from outside", exact=True)).to_be_visible()
    expect(page.locator("#step")).to_contain_text("Refused: a second answer to the same order")
    page.get_by_role("link", name="To the walk, step 6").click()
    htmx_is_ready(page)
    press_next(page, 7)


def test_everything_of_a_change_works_without_javascript(chromium: Browser, server: Server) -> None:
    context = chromium.new_context(base_url=server.url, java_script_enabled=False)
    page = context.new_page()
    address = begin(page, scripts=False)
    for number in range(1, 7):
        page.locator(".next .go").click()
        page.wait_for_url(re.compile(rf"\?step={number}$"))
    page.goto(f"{address}/change?step=redeem_code")
    page.get_by_role("button", name="✕ : leave out code_verifier").click()
    page.get_by_role("button", name="Send it →").click()
    expect(page.locator("#step")).to_contain_text("Refused: a code_verifier that is missing or wrong")
    page.get_by_role("link", name="code_challenge", exact=True).first.click()
    expect(page.get_by_role("region", name="The journey of code_challenge")).to_be_visible()
    page.get_by_role("button", name="Put it back and send").click()
    expect(page.get_by_role("article", name="The access token, opened")).to_be_visible()
    page.get_by_role("button", name="Branch before this exchange").click()
    expect(page.locator(".meta")).to_contain_text("7 requests so far")  # the refused one is among them
    assert not page.url.startswith(address)
    page.get_by_role("button", name="Present").click()
    expect(page.locator("html.present")).to_have_count(1)
    context.close()
