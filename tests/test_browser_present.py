"""Presenting, keys, paper, a phone, and a walk that is heard and not seen; in Chromium."""

from __future__ import annotations

import re

from browser import TITLES, begin, press_next, violations, violations_in_both, walk_to
from playwright.sync_api import BrowserContext, Page, expect


def present(page: Page) -> None:
    page.keyboard.press("p")
    expect(page.locator("html.present")).to_have_count(1)
    page.wait_for_load_state()  # its keys work from now on


def size_of(page: Page, selector: str) -> float:
    """The least size of the letters of what is seen there, in px."""
    sizes = page.locator(selector).evaluate_all(
        "(all) => all.filter((each) => each.checkVisibility() && each.textContent.trim())"
        ".map((each) => parseFloat(getComputedStyle(each).fontSize))"
    )
    return float(min(sizes))


def test_projector_has_large_letters_and_everything_fits_beside_each_other(page: Page) -> None:
    page.set_viewport_size({"width": 1920, "height": 1080})
    walk_to(page, 7)
    present(page)
    assert size_of(page, "main :is(p, h2, h3, summary, .n, dd, td):not(.enc)") >= 24
    assert size_of(page, "main code") >= 20
    picture = page.locator(".lanes")
    scale = page.evaluate("document.querySelector('.lanes').getBoundingClientRect().width / 560")
    assert size_of(page, ".lanes text") * scale >= 20
    expect(picture).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") == 1920


def test_projector_of_1024_by_600_shows_the_step_its_message_and_the_button(page: Page) -> None:
    page.set_viewport_size({"width": 1024, "height": 600})
    walk_to(page, 7)
    present(page)
    for seen in ("#step", ".next .go", "#method"):
        expect(page.locator(seen)).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") == 1024
    expect(page.get_by_role("navigation", name="Steps").get_by_role("link")).to_have_count(7)


def click(page: Page, key: str) -> None:
    """Press a key of the clicker, a while after the last press: two at once would be one."""
    page.clock.fast_forward(1000)
    page.keyboard.press(key)


def test_clicker_walks_a_message_at_a_time_and_nothing_is_shown_ahead(page: Page) -> None:
    page.clock.install()
    address = begin(page)
    present(page)
    expect(page.get_by_text("not sent yet")).to_be_visible()
    expect(page.locator(".lanes a")).to_have_count(1)
    click(page, "PageDown")
    page.wait_for_url(f"{address}?step=1")
    expect(page.locator("#res")).to_be_visible()
    click(page, "PageDown")
    page.wait_for_url(f"{address}?step=2")
    expect(page.locator("#res")).to_have_count(0)
    expect(page.locator(".lanes a")).to_have_count(2)
    click(page, "PageDown")
    expect(page.locator("#res")).to_be_visible()
    click(page, "PageUp")
    page.wait_for_url(f"{address}?step=1")
    expect(page.locator("#step")).to_contain_text(TITLES[0])


def test_clicker_alone_walks_from_the_first_message_to_the_last_answer(page: Page) -> None:
    page.clock.install()
    address = begin(page)
    present(page)
    click(page, "PageDown")
    page.wait_for_url(f"{address}?step=1")
    for number in range(2, 10):
        click(page, "PageDown")
        page.wait_for_url(f"{address}?step={number}")
        expect(page.locator("#res")).to_have_count(0)
        click(page, "PageDown")
        expect(page.locator("#res")).to_be_visible()
    expect(page.get_by_text("Walked to the end")).to_be_visible()


def test_clicker_begins_the_walk_on_a_flows_page_and_at_the_end_it_neither_walks_nor_scrolls(page: Page) -> None:
    page.clock.install()
    page.goto("/flows/client_credentials")
    present(page)
    click(page, "PageDown")
    page.wait_for_url(re.compile(r"/runs/\w+$"))
    for answers in (0, 1, 0):
        expect(page.locator("#res")).to_have_count(answers)
        click(page, "PageDown")
    expect(page.get_by_text("Walked to the end")).to_be_visible()
    click(page, "PageDown")
    assert (page.url[-7:], page.evaluate("scrollY")) == ("?step=2", 0)
    click(page, "PageUp")
    page.wait_for_url(re.compile(r"\?step=1$"))


def test_clock_and_lens_are_at_hand_while_presenting_large_and_clear_of_the_picture(page: Page) -> None:
    walk_to(page, 6)
    present(page)
    page.keyboard.press("t")
    page.get_by_role("button", name="+ 5 min").click()
    page.wait_for_url(re.compile("#world$"))
    expect(page.locator("#world")).to_be_focused()
    expect(page.locator("#world")).to_be_in_viewport(ratio=1)
    expect(page.locator(".lanes")).to_contain_text("5 min later")
    page.keyboard.press("l")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("eye=wire#eyes$"))
    assert size_of(page, ".world :is(p, summary, button), .eyes :is(p, summary, nav a, button)") >= 20
    picture, lens = page.locator(".lanes").bounding_box(), page.locator("#eyes").bounding_box()
    assert picture is not None
    assert lens is not None
    assert picture["y"] + picture["height"] <= lens["y"]


def test_two_clicks_at_once_are_one_and_none_reaches_what_is_behind_the_list_of_keys(page: Page) -> None:
    address = begin(page)
    present(page)
    press = "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'PageDown', bubbles: true}))"
    page.evaluate(f"() => {{ {press}; {press}; }}")
    page.wait_for_url(f"{address}?step=1")
    page.keyboard.press("Shift+?")
    expect(page.get_by_role("heading", name="Keys", exact=True)).to_be_visible()
    page.keyboard.press("PageDown")
    expect(page.locator("#step")).to_contain_text(TITLES[0])
    assert page.url == f"{address}?step=1"


def test_clicker_puts_back_what_was_broken(page: Page) -> None:
    page.clock.install()
    walk_to(page, 1)
    page.goto(page.url.replace("step=1", "step=2"))
    page.get_by_role("button", name="Send it so: Another client_id").click()
    expect(page.locator("#step")).to_contain_text("Refused: a client that nobody registered")
    present(page)
    click(page, "PageDown")
    expect(page.locator("#step")).to_have_text(TITLES[1])
    expect(page.locator(".attempts a")).to_have_count(2)


def test_page_down_scrolls_where_nobody_presents(page: Page) -> None:
    walk_to(page, 2)
    page.locator("#step").focus()
    page.keyboard.press("PageDown")
    page.evaluate("new Promise((done) => addEventListener('scrollend', done, {once: true}))")
    assert page.evaluate("scrollY") > 0
    assert page.url.endswith("?step=2")


def test_screen_is_blanked_and_the_key_that_brings_it_back_does_nothing_else(page: Page) -> None:
    walk_to(page, 2)
    present(page)
    for key in ("b", "."):
        page.keyboard.press(key)
        expect(page.locator("main")).to_be_hidden()
        page.keyboard.press("PageDown")
        expect(page.locator("main")).to_be_visible()
        assert page.url.endswith("?step=2")


def test_look_is_light_by_default_dark_on_request_and_remembered(page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    walk_to(page, 1)
    present(page)
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(251, 250, 247)"
    page.keyboard.press("d")
    expect(page.locator("html.dark")).to_have_count(1)
    page.goto("/")
    assert page.evaluate(ground) == "rgb(21, 23, 28)"
    page.keyboard.press("p")
    expect(page.locator("html.present")).to_have_count(0)


def test_long_value_shows_its_ends_and_opens_where_it_stands(page: Page) -> None:
    walk_to(page, 7)
    present(page)
    value = page.locator("#code_verifier .ends")
    whole = value.text_content() or ""
    assert len(whole) == 43
    narrow = value.bounding_box()
    value.get_by_role("link").click()
    expect(page).to_have_url(re.compile("#code_verifier$"))
    wide = value.bounding_box()
    assert narrow is not None
    assert wide is not None
    assert wide["width"] > 1.5 * narrow["width"]


def test_question_mark_lists_the_keys_and_letters_can_be_switched_off(page: Page) -> None:
    walk_to(page, 1)
    page.keyboard.press("Shift+?")
    keys = page.get_by_role("heading", name="Keys", exact=True)
    expect(keys).to_be_visible()
    page.get_by_label("Letters are keys too").uncheck()
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    page.keyboard.press("p")
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile(r"\?step=2$"))
    expect(page.locator("html.present")).to_have_count(0)
    page.reload()
    page.get_by_role("button", name="Keys").click()
    expect(page.get_by_label("Letters are keys too")).not_to_be_checked()


def test_c_changes_the_message_and_typing_is_no_key(page: Page) -> None:
    walk_to(page, 1)
    page.keyboard.press("c")
    page.wait_for_url(re.compile(r"/change\?step=ask_for_prints$"))
    box = page.get_by_label("Headers, value of Accept")
    box.fill("")
    box.press_sequentially("p?bc.")
    expect(box).to_have_value("p?bc.")
    expect(page.locator("html.present")).to_have_count(0)


SAID = [
    "Step 1 of 9: answered 303 See Other, no checks. "
    "Alice’s browser has now seen code_challenge, photoprint_session, state. "
    "Client has now seen code_challenge, photoprint_session, state.",
    "Step 2 of 9: answered 200 OK, 12 of 12 checks passed. "
    "Alice’s browser has now seen authorization_request, csrf, snapbox_session. "
    "Authorization server has now seen authorization_request, code_challenge, csrf, snapbox_session, state.",
]


SPOKEN = [
    'heading "The browser takes the question to Snapbox" [level=2]',
    'list "Lines of the request, each with its note"',
    'heading "Who has seen what, so far" [level=2]',
    'button "Next: Alice logs in →"',
    'heading "Response" [level=3]',
]


def test_walk_is_heard_without_the_picture(page: Page) -> None:
    begin(page)
    page.locator(".lanes, .hop").evaluate_all("(all) => all.forEach((each) => each.remove())")
    for number, said in enumerate(SAID, 1):
        press_next(page, number)
        expect(page.get_by_role("status")).to_have_text(said)
        expect(page.locator("#step")).to_be_focused()
    snapshot = page.locator("main").aria_snapshot()
    for part in SPOKEN:
        assert part in snapshot


def test_paper_has_the_whole_step_and_no_controls(page: Page) -> None:
    walk_to(page, 7)
    page.emulate_media(media="print")
    for hidden in (".next", ".tools", ".breaks", ".notes", "header nav", ".again"):
        expect(page.locator(hidden).first).to_be_hidden()
    for shown in ("#code_verifier .n", ".lanes", "#token\\.jti", ".holds table"):
        expect(page.locator(shown).first).to_be_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    assert page.pdf(format="A4").count(b"/Type /Page\n") >= 3


def test_phone_says_where_it_is_folds_what_is_long_and_keeps_the_button_in_reach(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 780})
    walk_to(page, 7)
    expect(page.locator("header .where")).to_have_text("step 7 of 9")
    expect(page.locator(".next .go")).to_be_in_viewport(ratio=1)
    expect(page.locator("#token\\.jti")).to_be_hidden()
    expect(page.locator(".holds table").first).to_be_hidden()
    page.get_by_text("Payload", exact=False).first.click()
    expect(page.locator("#token\\.jti")).to_be_visible()
    page.get_by_text("Who has seen what").click()
    expect(page.locator(".holds table").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_axe_finds_nothing_in_what_is_chosen_refused_lost_or_presented(context: BrowserContext) -> None:
    page = context.new_page()
    address = walk_to(page, 6)
    found = []
    for follow in ("state", "csrf", "iss", "code_verifier"):
        page.goto(f"{address}?step=6&follow={follow}")
        found += violations_in_both(page)
    other = context.new_page()
    other.goto(f"{address}/change?step=redeem_code")
    page.goto(f"{address}?step=7")
    page.get_by_role("button", name="Send it so: Another code_verifier").click()
    page.wait_for_url(re.compile(r"\?step=7$"))
    found += violations_in_both(page)
    other.get_by_role("button", name="Send it →").click()
    expect(other.get_by_role("heading", name="This went on elsewhere")).to_be_visible()
    found += violations_in_both(other)
    page.get_by_role("button", name="Keys").click()
    found += violations_in_both(page)
    page.keyboard.press("Escape")
    present(page)
    for look in ("light", "dark"):
        if look == "dark":
            page.emulate_media(color_scheme="dark", reduced_motion="reduce")
            page.keyboard.press("d")
            expect(page.locator("html.dark")).to_have_count(1)
        for width, height in ((1920, 1080), (1024, 600)):
            page.set_viewport_size({"width": width, "height": height})
            for step in (6, 7):
                page.goto(f"{address}?step={step}")
                found += violations(page)
    assert found == []
