"""Chromium as the browser tests use it, and what a person does in it again and again."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

AXE = (Path(__file__).parent / "vendor" / "axe-core-4.14.1.min.js").read_text()
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


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


def walk_to(page: Page, number: int) -> str:
    """A run that has come to that step; its address."""
    address = begin(page)
    for each in range(1, number + 1):
        press_next(page, each)
    return address


def reading_goes_on_at_the_step(page: Page) -> None:
    """The step's heading has the focus, so that a screen reader says it."""
    focused = (page.evaluate("document.activeElement?.id") for _ in range(1000))
    assert "step" in focused


def violations(page: Page) -> list[str]:
    """What axe finds on the page as it stands."""
    page.evaluate(AXE)
    result = page.evaluate("axe.run(document, {resultTypes: ['violations'], iframes: false})")
    return [f"{page.url} {each['id']}: {each['nodes'][0]['html'][:160]}" for each in result["violations"]]
