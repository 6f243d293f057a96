"""Present: a cookie turns every page into one for a projector, on which nothing is shown ahead."""

from __future__ import annotations

import pytest
from test_pages import OURS, begin, send
from werkzeug.test import Client

from flows.entry import Entry


@pytest.fixture
def browser(entry: Entry) -> Client:
    return Client(entry)


def present(browser: Client, **form: str) -> str:
    answer = browser.post("/present", data=form, headers=OURS)
    assert answer.status_code == 303
    return str(answer.location)


def test_presenting_is_remembered_light_at_first_and_left_again(browser: Client) -> None:
    assert present(browser, to="/sandbox?x=1") == "/sandbox?x=1"
    assert '<html lang="en" class="present light">' in browser.get("/").text
    present(browser, look="dark")
    assert '<html lang="en" class="present dark">' in browser.get("/").text
    present(browser)
    assert '<html lang="en">' in browser.get("/").text


@pytest.mark.parametrize(
    "to", ["https://evil.example/", "//evil.example/", "/\\evil.example", "/\t/evil.example", "/\r\n", "/ü", "runs", ""]
)
def test_way_back_leads_nowhere_else(browser: Client, to: str) -> None:
    assert present(browser, to=to) == "/"


def test_another_site_cannot_switch_it(browser: Client) -> None:
    assert browser.post("/present", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_nothing_ahead_of_the_present_step_is_on_the_page(browser: Client) -> None:
    run = begin(browser)
    for position, step in enumerate(["ask_for_prints", "ask_to_authorize", "log_in"]):
        send(browser, run, step, position)
    ahead = ["Alice approves", "code → token", "Bearer token", "Your prints", "asks again"]
    assert [word for word in ahead if word in browser.get(f"{run}?step=3").text] == ahead
    present(browser)
    assert [word for word in ahead if word in browser.get(f"{run}?step=3").text] == []


def test_message_is_shown_before_it_is_sent_and_then_its_answer(browser: Client) -> None:
    run = begin(browser)
    present(browser)
    send(browser, run, "ask_for_prints", 0)
    answered = browser.get(f"{run}?step=1").text
    assert '<a class="go" href="?step=2">Next →</a>' in answered
    prepared = browser.get(f"{run}?step=2").text
    assert "not sent yet" in prepared
    assert 'id="res"' not in prepared
    assert "Send: take the question to Snapbox →" in prepared
