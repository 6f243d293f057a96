"""The pages in Chromium, driven as a person would: by what can be read, pressed and typed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import started
from conftest import Server
from playwright.sync_api import Browser, BrowserContext, Page, expect

AXE = (Path(__file__).parent / "vendor" / "axe-core-4.14.1.min.js").read_text()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with started() as browser:
        yield browser


@pytest.fixture
def context(chromium: Browser, server: Server) -> Iterator[BrowserContext]:
    made = chromium.new_context(base_url=server.url, viewport={"width": 1440, "height": 900})
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    yield opened
    assert [problem for problem in problems if "status of 422" not in problem] == []  # a form that came back


def begin(page: Page, scripts: bool = True) -> str:
    """Start the code flow from the first page; the run's address."""
    page.goto("/flows/authorization_code")
    page.get_by_role("button", name="Walk it: 9 steps").click()
    page.wait_for_url(re.compile(r"/runs/\w+$"))
    if scripts:
        htmx_is_ready(page)
    return page.url


def htmx_is_ready(page: Page) -> None:
    """Wait until Next is htmx's. Before that it is a plain form, and works too, by loading a page."""
    expect(page.locator("form[data-htmx-powered]").first).to_be_attached()


def press_next(page: Page, number: int) -> None:
    """Press the one button, and wait until the page shows that step."""
    page.locator(".next .go").click()
    page.wait_for_url(re.compile(rf"\?step={number}$"))
    expect(page.locator("[aria-current=step] >> nth=0")).to_have_attribute("href", f"?step={number}")


def reading_goes_on_at_the_step(page: Page) -> None:
    """The step's heading has the focus, so that a screen reader says it."""
    focused = (page.evaluate("document.activeElement?.id") for _ in range(1000))
    assert "step" in focused


TITLES = [
    "Alice asks for prints",
    "The browser takes the question to Snapbox",
    "Alice logs in, at Snapbox and nowhere else",
    "The browser comes back with the same question",
    "Alice approves",
    "The browser brings the answer to the client",
    "The client trades the code for a token",
    "The client uses the token",
    "Alice sees her prints",
]


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
    begin(page)
    for number in range(1, 8):
        press_next(page, number)
    verifier = page.locator("#code_verifier")
    expect(verifier.locator(".n")).to_contain_text("RFC 7636 §4.5")
    expect(page.get_by_text("18 of 18 checks passed", exact=True)).to_be_visible()
    expect(page.locator(".checks, .compact").get_by_text("code_verifier_matches", exact=True)).to_be_visible()
    panel = page.get_by_role("article", name="The access token, opened")
    assert panel.locator(".parts th").all_inner_texts() == [
        "alg", "kid", "typ", "iss", "sub", "aud", "client_id", "scope", "iat", "exp", "jti",
    ]  # fmt: skip
    expect(panel.locator(".verdict")).to_have_text(re.compile(r"✓ Verified with key \S{11}$"))
    expect(panel.get_by_role("row", name="exp")).to_contain_text("in 5 min")


def test_what_alice_sees_is_the_page_that_came_back_and_she_may_say_no(page: Page) -> None:
    begin(page)
    for number in range(1, 5):
        press_next(page, number)
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
    page.get_by_role("link", name=re.compile("client.sandbox")).click()
    page.get_by_role("link", name=re.compile("rint")).first.click()
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill("wonderland")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("The lighthouse at low tide")).to_be_visible()
    assert page.url.endswith("/client/sandbox/prints")


def violations(page: Page) -> list[str]:
    """What axe finds on the page as it stands."""
    page.evaluate(AXE)
    result = page.evaluate("axe.run(document, {resultTypes: ['violations'], iframes: false})")
    return [f"{page.url} {each['id']}: {each['nodes'][0]['html'][:160]}" for each in result["violations"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_axe_finds_nothing_on_any_page_of_ours(context: BrowserContext, scheme: str, width: int) -> None:
    page = context.new_page()
    page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
    page.set_viewport_size({"width": width, "height": 900})
    found = []
    for place in ("/", "/flows/authorization_code", "/sandbox", "/nothing-here"):
        page.goto(place)
        found += violations(page)
    begin(page)
    found += violations(page)
    for number in range(1, 10):
        press_next(page, number)
        found += violations(page)
    begin(page)
    for number in range(1, 5):
        press_next(page, number)
    page.get_by_role("button", name="Alice says no").click()
    page.wait_for_url(re.compile(r"\?step=5$"))
    press_next(page, 6)
    page.evaluate("document.querySelectorAll('details').forEach((each) => each.open = true)")
    found += violations(page)
    page.goto(page.url.replace("step=6", "step=8"))
    found += violations(page)
    page.goto(page.url.replace("?step=8", "/change?step=log_in"))
    found += violations(page)
    page.get_by_role("button", name="Send it so: Leave out csrf").click()
    page.wait_for_url(re.compile(r"\?step=3$"))
    found += violations(page)
    page.goto(page.url.replace("?step=3", "/change?step=log_in&how=raw"))
    found += violations(page)
    page.goto("/")
    found += violations(page)
    assert found == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_axe_finds_nothing_on_the_parties_own_pages(context: BrowserContext, scheme: str, width: int) -> None:
    page = context.new_page()
    page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
    page.set_viewport_size({"width": width, "height": 900})
    found = []
    for place in ("/auth/sandbox/authorize", "/client/sandbox/callback", "/client/sandbox/"):
        page.goto(place)
        found += violations(page)
    page.get_by_role("link", name=re.compile("rint")).first.click()
    found += violations(page)
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill("looking-glass")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("do not fit together")).to_be_visible()
    found += violations(page)
    page.get_by_label("Password").fill("wonderland")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("button", name="Deny")).to_be_visible()
    found += violations(page)
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("The lighthouse at low tide")).to_be_visible()
    found += violations(page)
    assert found == []


@pytest.mark.parametrize("width", [360, 1440])
def test_no_page_scrolls_sideways(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    address = begin(page)
    for number in range(1, 10):
        press_next(page, number)
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


def test_a_person_breaks_a_step_understands_why_branches_and_finishes(page: Page) -> None:
    begin(page)
    for number in range(1, 7):
        press_next(page, number)
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
    expect(page.locator(".checks .failed")).to_contain_text("response_type_is_supported failed")
    page.get_by_role("link", name="Change and send").click()
    page.get_by_role("link", name="As raw text").click()
    page.get_by_label("The whole request, byte for byte").fill("GET /nowhere HTTP/1.1\nHost: evil.example\n\n")
    page.get_by_role("button", name="Send it →").click()
    expect(page.get_by_role("alert")).to_contain_text(
        "No party of this run answers at evil.example/nowhere (line 2, character 7)., character 7."
    )
    expect(page.get_by_label("The whole request, byte for byte")).to_have_value(re.compile("evil.example"))
