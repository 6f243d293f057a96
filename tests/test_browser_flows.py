"""Every flow is walked to its end in Chromium under every option, by its one button; the new parts are used by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from browser import htmx_is_ready, violations, violations_in_both, walk_to
from playwright.sync_api import Page, expect

from flows.flow import Flow
from flows.grants import FLOWS

# What the last page says where the walk does not end well: the API's clock is wrong, or the token was given back.
ENDS = {
    ("client_credentials", "api_clock", "slow"): "Refused: a token that is not valid yet",
    ("client_credentials", "api_clock", "fast"): "Refused: a token that has expired",
}


def choices(flow: Flow) -> Iterator[tuple[str, str, Flow]]:
    """Each choice of each option, and the flow under it, the usual choices elsewhere; once each."""
    yield "", "", flow.under({})
    for option in flow.options:
        for choice in option.choices:
            under = {**option.only, option.name: choice}
            if choice != option.usual:
                yield option.name, choice, flow.under(under)
    if flow.name == "authorization_code":
        for name, choice in (("pkce", "plain"), ("pkce", "off"), ("token", "opaque")):
            yield name, choice, flow.under({"client": "single-page", name: choice})


def walk_to_the_end(page: Page, flow: Flow) -> list[str]:
    """Begin on the flow's page and press the one button until it offers to begin again; the headings on the way."""
    page.goto(f"/flows/{flow.name}?" + "&".join(f"{name}={choice}" for name, choice in flow.chosen.items()))
    page.get_by_role("button", name=re.compile("^Walk it")).click()
    page.wait_for_url(re.compile(r"/runs/\w+$"))
    headings = []
    while True:
        button = page.locator(".next .go")
        if button.inner_text().startswith("Walk it again"):
            return headings
        if button.evaluate("each => each.tagName") == "BUTTON":
            htmx_is_ready(page)
        before = page.url
        button.click()
        page.wait_for_url(lambda url, before=before: url != before)
        number = re.search(r"step=(\d+)", page.url)
        assert number
        expect(page.locator("[aria-current=step] >> nth=0")).to_have_attribute("href", f"?step={number[1]}")
        headings.append(page.locator("#step").inner_text().strip())


@pytest.mark.parametrize("name", FLOWS)
def test_flow_is_walked_to_its_end_under_every_option(page: Page, name: str) -> None:
    for option, choice, flow in choices(FLOWS[name]):
        first = flow.number(flow.prologue) if flow.prologue else 0
        headings = walk_to_the_end(page, flow)
        expected = [step.title for step in flow.main_line[first:]]
        if (name, option, choice) in ENDS:
            expected[-1] = ENDS[name, option, choice]
        assert headings == expected, (option, choice)
        end = "The story ends here" if (name, option, choice) in ENDS else "Walked to the end"
        expect(page.locator(".notyet h3")).to_have_text(end)
        assert page.get_by_role("heading", name="What leaked in this run, and to whom").count() == bool(flow.deprecated)


def test_a_person_looks_from_the_log_steals_a_code_and_sees_it_work(page: Page) -> None:
    page.goto("/flows/authorization_code?client=single-page&pkce=off")
    page.get_by_role("button", name=re.compile("^Walk it")).click()
    for number in range(1, 7):
        htmx_is_ready(page)
        page.locator(".next .go").click()
        page.wait_for_url(re.compile(rf"\?step={number}$"))
    page.get_by_text("What could someone see?").click()
    page.get_by_role("link", name="In the log of the client’s server").click()
    expect(page.locator(".got li")).to_have_count(1)
    page.get_by_role("button", name="Use it: code").click()
    expect(page.locator("#step")).to_have_text("From outside: POST /token")
    expect(page.locator("#res + .ok")).to_have_text("200 OK")
    expect(page.locator(".eye")).to_contain_text("made of what could be seen in the log of the client’s server")
    assert violations(page) == []
    page.locator(".next .go").click()
    htmx_is_ready(page)
    page.locator(".next .go").click()
    expect(page.locator("#step")).to_contain_text("Refused: a code that was used before")


def test_a_person_lets_time_pass_and_changes_an_option_where_they_stand(page: Page) -> None:
    page.goto("/flows/authorization_code")
    page.get_by_role("button", name=re.compile("^Walk it")).click()
    for number in range(1, 7):
        htmx_is_ready(page)
        page.locator(".next .go").click()
        page.wait_for_url(re.compile(rf"\?step={number}$"))
    page.get_by_role("button", name="+ 5 min").click()
    expect(page.locator(".world")).to_contain_text("5 min have passed since the last step.")
    htmx_is_ready(page)
    page.locator(".next .go").click()
    expect(page.locator("#step")).to_contain_text("Refused: a code that has expired")
    page.locator(".made-of summary").click()
    page.get_by_label("PKCE is").select_option("off")
    page.get_by_role("button", name="Walk it so, up to here").click()
    expect(page.locator("#changed")).to_have_text("What changed")
    expect(page.locator("#res + .ok")).to_have_text("200 OK")
    assert violations(page) == []


@pytest.mark.parametrize("width", [360, 1440])
def test_new_pages_fit_and_axe_finds_nothing(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    walk_to(page, len(FLOWS["implicit"].under({}).main_line), "implicit")
    addresses = [page.url, f"{page.url}&eye=browser", "/bearer", "/sandbox"]
    for address in addresses:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        assert violations_in_both(page) == []
