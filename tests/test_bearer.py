"""Bearer tokens: three places for one, and 401 beside 403. All that the page shows was sent to the API."""

from __future__ import annotations

import re
from html import unescape

import pytest
from werkzeug.test import Client

from flows.calls import CALLS, called
from flows.entry import Entry
from flows.stage import Stage

ANSWERS = {
    "header": (200, None, ""),
    "form": (400, "token_comes_in_the_header", "invalid_request"),
    "address": (400, "token_comes_in_the_header", "invalid_request"),
    "twice": (400, "token_comes_one_way", "invalid_request"),
    "nobody": (401, "token_came", ""),
    "broken": (401, "signature_verifies", "invalid_token"),
    "scope": (403, "scope_allows", "insufficient_scope"),
    "person": (403, "person_may_do_this", ""),
    "adds": (201, None, ""),
    "expired": (401, "token_has_not_expired", "invalid_token"),
}


@pytest.mark.parametrize("name", CALLS)
def test_call_is_answered_by_the_check_that_it_is_about(stage: Stage, name: str) -> None:
    _, exchange = called(stage)[name]
    status, check, error = ANSWERS[name]
    assert (exchange.response.status, exchange.refused and exchange.refused.check) == (status, check)
    challenge = exchange.response.header("WWW-Authenticate") or ""
    assert re.findall(r'error="(\w+)"', challenge) == ([error] if error else [])


def test_calls_are_made_once_and_kept(stage: Stage) -> None:
    first, again = called(stage), called(stage)
    assert {name: (run.id, exchange.position) for name, (run, exchange) in first.items()} == {
        name: (run.id, exchange.position) for name, (run, exchange) in again.items()
    }
    assert len({run.id for run, _ in first.values()}) == 3


def test_person_who_may_less_is_the_one_the_token_is_about(stage: Stage) -> None:
    calls = called(stage)
    subjects = {}
    for name in ("scope", "person", "adds"):
        run, _ = calls[name]
        redeemed = next(each for each in run.walked if each.step == "redeem_code")
        subjects[name] = (dict(run.walked[2].request.form)["username"], redeemed.json["scope"])
    assert subjects == {
        "scope": ("alice", "photos.read"),
        "person": ("hatter", "photos.read photos.write"),
        "adds": ("alice", "photos.read photos.write"),
    }


def test_page_shows_what_was_sent_and_each_call_leads_to_its_exchange(entry: Entry, stage: Stage) -> None:
    browser = Client(entry)
    page = browser.get("/bearer")
    assert page.status_code == 200
    cards = re.findall(
        r'<li class="call"><h[34]><a href="([^"]+)">([^<]+)</a>.*?<b class="\w+">(\d+) ', page.text, re.DOTALL
    )
    titles = {call.title: name for name, call in CALLS.items()}
    shown = {titles[title]: (href, int(status)) for href, title, status in cards}
    assert {name: status for name, (_, status) in shown.items()} == {
        name: ANSWERS[name][0] for name in ANSWERS if name != "twice"
    }
    for name, (href, _) in shown.items():
        whole = browser.get(unescape(href))
        assert whole.status_code == 200
        check = ANSWERS[name][1]
        assert (f'id="check.{check}"' in whole.text) == (check is not None)


def test_recordings_are_nobodys_where_you_stopped(entry: Entry, stage: Stage) -> None:
    browser = Client(entry)
    browser.get("/bearer")
    assert "Start here" in browser.get("/").text
