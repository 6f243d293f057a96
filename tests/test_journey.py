"""A value's journey: born where, derived how, seen by whom, checked where; all of it from the recording."""

from __future__ import annotations

import re

from conftest import walk
from werkzeug.test import Client

from flows.edit import Edit
from flows.entry import Entry
from flows.followed import FOLLOWED
from flows.pages.journey import Life, journey
from flows.pages.sightings import sightings
from flows.pkce import s256
from flows.run import Run
from flows.stage import Stage


def lives(run: Run, name: str) -> list[Life]:
    return journey(run, sightings(run), name)


def told(life: Life) -> list[tuple[str, str, str, str]]:
    """Where a value was seen: the step's number, from whom to whom, and where in the message."""
    return [(stop.title.split(" ")[0], at.speaker, at.hearer, at.place) for stop in life.stops for at in stop.sightings]


def checked(life: Life) -> list[tuple[str, str]]:
    return [(verdict.check, verdict.state) for stop in life.stops for verdict in stop.verdicts]


def test_state_is_made_by_the_client_goes_round_and_is_checked_when_it_comes_back(stage: Stage) -> None:
    run = walk(stage)
    [life] = lives(run, "state")
    assert (life.value, life.maker, life.by_you) == (run.secret("state"), "client", False)
    assert told(life) == [
        ("1", "client", "browser", "in a redirect"),
        ("2", "browser", "authorization_server", "in the address"),
        ("3", "authorization_server", "browser", "in a redirect"),
        ("4", "browser", "authorization_server", "in the address"),
        ("5", "authorization_server", "browser", "in a redirect"),
        ("6", "browser", "client", "in the address"),
    ]
    assert checked(life) == [("state_is_mine", "passed")]


def test_code_challenge_is_worked_out_from_the_code_verifier_that_the_client_keeps(stage: Stage) -> None:
    run = walk(stage, until="ask_to_authorize")
    [life] = lives(run, "code_challenge")
    assert life.worked is not None
    assert (life.worked.given, life.worked.made) == (run.secret("code_verifier"), s256(run.secret("code_verifier")))
    assert life.value == life.worked.made
    assert lives(run, "code_verifier") == []


def test_csrf_of_each_page_is_worked_out_from_the_session_it_was_made_for(stage: Stage) -> None:
    of_both = lives(walk(stage), "csrf")
    assert [life.worked is not None and life.worked.made == life.value for life in of_both] == [True, True]
    assert [told(life)[-1][0] for life in of_both] == ["3", "5"]


def test_kid_and_jti_are_seen_inside_the_token_and_checked_by_the_api(stage: Stage) -> None:
    run = walk(stage)
    [kid], [jti] = lives(run, "kid"), lives(run, "jti")
    assert kid.value == run.realm.signing_keys[0].kid
    assert told(kid) == [
        ("7", "authorization_server", "client", "in the token’s header"),
        ("8", "client", "resource_server", "in the token’s header"),
    ]
    assert kid.within == jti.within == lives(run, "access_token")[0].value
    assert [name for name, _ in checked(jti)] == ["claims_are_there", "grant_is_not_revoked"]


def test_value_that_was_changed_has_a_life_of_its_own_made_by_you(stage: Stage) -> None:
    run = walk(stage, until="approve")
    run = stage.send(run.id, "callback", 5, [Edit("query", "state", "mine")])
    own, mine = lives(run, "state")
    assert (own.by_you, mine.by_you, mine.value) == (False, True, "mine")
    assert checked(mine) == [("state_is_mine", "failed")]


def test_every_value_of_a_walk_can_be_followed_to_a_line_that_is_there(stage: Stage, entry: Entry) -> None:
    run, opaque = walk(stage), walk(stage, token="opaque")
    crossed = {each.name: run for each in sightings(run)}
    assert set(FOLLOWED) - set(crossed) == {"api_secret"}
    crossed |= {each.name: opaque for each in sightings(opaque) if each.name == "api_secret"}
    reader = Client(entry)
    for name, run in sorted(crossed.items()):
        page = reader.get(f"/runs/{run.id}?step=1&follow={name}").text
        links = re.findall(r'<li><a href="([^"#]+)#([^"]+)">', page)
        assert links, name
        for href, line in links:
            assert f'id="{line}"' in reader.get(f"/runs/{run.id}{href.replace('&amp;', '&')}").text, (name, href, line)


def lit(entry: Entry, run: Run, query: str) -> list[str]:
    """The numbers of the arrows on which the page marks the value that is followed."""
    page = Client(entry).get(f"/runs/{run.id}?{query}").text
    return re.findall(r'aria-label="(\d+) [^"]* crossed here"', page)


def test_value_that_is_followed_is_marked_on_every_arrow_it_crossed_by(stage: Stage, entry: Entry) -> None:
    run = walk(stage)
    assert lit(entry, run, "step=3&follow=code") == ["5", "6", "7"]
    assert lit(entry, run, "step=3&follow=access_token") == ["7", "8"]
    assert lit(entry, run, "step=3") == []


def test_name_that_cannot_be_followed_is_told_so(stage: Stage, entry: Entry) -> None:
    answer = Client(entry).get(f"/runs/{walk(stage).id}?follow=nonsense")
    assert answer.status_code == 404
    assert "follow is one of password, state, code_challenge" in answer.text


def test_every_value_on_a_page_leads_to_its_journey(stage: Stage, entry: Entry) -> None:
    run, reader = walk(stage), Client(entry)
    for headers in ({}, {"HX-Request": "true"}):
        page = reader.get(f"/runs/{run.id}?step=7", headers=headers).text
        links = set(re.findall(r'href="([^"#]*follow=[^"#]*)#journey"', page))
        assert {link.partition("follow=")[0] for link in links} == {"?step=7&amp;"}
        assert {"code", "code_verifier", "client_secret", "access_token", "kid", "jti", "iss"} <= {
            link.partition("follow=")[2] for link in links
        }


def test_secret_that_the_client_sent_beside_a_change_is_its_own(stage: Stage) -> None:
    run = walk(stage, until="callback")
    run = stage.send(run.id, "redeem_code", 6, [Edit("form", "code_verifier", None)])
    [secret] = lives(run, "client_secret")
    assert (secret.maker, secret.by_you) == ("client", False)
    run = stage.send(run.id, "redeem_code", 7)
    [code] = lives(run, "code")
    assert [stop.title for stop in code.stops][2:] == [
        "7 The client trades the code for a token, attempt 1, changed by you, refused",
        "7 The client trades the code for a token, attempt 2",
    ]
