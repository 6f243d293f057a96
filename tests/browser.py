"""Chromium as the browser tests use it, and what a person does in it again and again."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from flows.grants import FLOWS

AXE = (Path(__file__).parent / "vendor" / "axe-core-4.14.1.min.js").read_text()
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-features=IsolateSandboxedIframes",  # no process of its own for each frame; a frame stays sandboxed
]


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


def chromium() -> str:
    """The path of the system's Chromium. Without one the test is skipped, and in CI it fails."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        says = "No Chromium was found, so nobody walked the pages. Install it: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(says)
        pytest.skip(says)
    return found


@contextmanager
def started() -> Iterator[Browser]:
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


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


def walk_to(page: Page, number: int, flow: str = "authorization_code") -> str:
    """A run that has come to that step; its address. The last step is sent by its button, and those before it as the
    button would send them, without a look at their pages."""
    chosen = FLOWS[flow].under({})

    def post(target: str, **form: str) -> str:
        """Where that leads."""
        answer = page.request.post(target, form=form, headers={"Sec-Fetch-Site": "same-origin"}, max_redirects=0)
        assert answer.status == 303, answer.text()
        return urljoin(answer.url, answer.headers["location"])

    address = at = post("/runs", flow=flow)
    for position, step in enumerate(chosen.main_line[: number - 1]):
        at = post(f"{address}/next", step=step.name, position=str(position))
        assert at == f"{address}?step={position + 1}"
    page.goto(at)
    htmx_is_ready(page)
    press_next(page, number)
    return address


def reading_goes_on_at_the_step(page: Page) -> None:
    """The step's heading has the focus, so that a screen reader says it."""
    focused = (page.evaluate("document.activeElement?.id") for _ in range(1000))
    assert "step" in focused


# The rules whose answer depends on a colour. All others see the same in the dark as in the light.
OF_COLOURS = ["color-contrast", "link-in-text-block"]


def violations(page: Page, rules: list[str] | None = None) -> list[str]:
    """What axe finds on the page as it stands, by these rules or by all of its own."""
    if not page.evaluate("'axe' in window"):  # it stays where htmx swaps the page
        page.evaluate(AXE)
    options = {"reporter": "no-passes", "resultTypes": ["violations"], "iframes": False}
    if rules:
        options["runOnly"] = {"type": "rule", "values": rules}
    result = page.evaluate("options => axe.run(document, options).then((found) => found.violations)", options)
    return [f"{page.url} {each['id']}: {each['nodes'][0]['html'][:160]}" for each in result]


def violations_in_the_dark(page: Page) -> list[str]:
    """What axe finds on the page where dark colours are preferred, at once and without a transition. Nothing but
    colours differs then: no script of ours asks for them."""
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    found = violations(page, OF_COLOURS)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    return [f"in the dark {each}" for each in found]


def violations_in_both(page: Page) -> list[str]:
    """What axe finds on the page in the light, by all its rules, and in the dark."""
    return violations(page) + violations_in_the_dark(page)
