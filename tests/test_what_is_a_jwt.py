"""What a JWT is, and what it is not: the page shows what was recorded, and what it computes from that is true."""

from __future__ import annotations

import json
import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.test import Client

from flows.entry import Entry
from flows.pages import what_is_a_jwt as page
from flows.pages.token_panel import open_token
from flows.recordings import recordings
from flows.run import Run
from flows.stage import Stage
from flows.tokens.read import Signed


@pytest.fixture
def run(stage: Stage) -> Run:
    return recordings(stage, [page.FLOW.under({})])[0]


@pytest.fixture
def token(run: Run) -> Signed:
    return page.signed(page.moment(run, "refresh").exchange.json["access_token"])


@pytest.fixture
def text(entry: Entry, run: Run) -> str:
    answer = Client(entry).get("/jwt")
    assert answer.status_code == 200
    return answer.text


def test_token_on_the_page_is_the_recorded_one_and_every_member_has_a_few_words(text: str, token: Signed) -> None:
    shown = re.search(r'<p class="enc"[^>]*>(.*?)</p>', text)
    assert shown and re.sub("<[^>]+>", "", shown[1]) == token.text
    rows = re.findall(r"<tr><th scope=\"row\">(\w+)</th><td><code>(.*?)</code></td><td>(.*?)</td></tr>", text)
    members = {name: unescape(value) for name, value, _ in rows}
    assert token.claims
    for name, value in (token.signatures[0].header.object | token.claims).items():
        assert json.loads(members[name]) == value
    assert all(words for _, _, words in rows)


def test_copy_differs_in_one_letter_and_only_the_original_verifies(run: Run, token: Signed) -> None:
    copy = page.signed(page.changed(token))
    apart = [
        i for i, (one, other) in enumerate(zip(token.payload.data, copy.payload.data, strict=True)) if one != other
    ]
    assert len(apart) == 1
    assert token.claims and copy.claims
    assert {name for name in token.claims if token.claims[name] != copy.claims[name]} == {"sub"}
    one, other = page.side_by_side(token, copy, run.realm)
    assert (one.key, other.key) == (run.realm.signing_keys[0].kid, None)
    assert (json.loads(f"{{{one.claim}}}"), json.loads(f"{{{other.claim}}}")) == (
        {"sub": token.claims["sub"]},
        {"sub": copy.claims["sub"]},
    )
    assert "".join(one.characters) in token.text and "".join(other.characters) in copy.text
    assert one.characters[1] != other.characters[1] and one.characters[::2] == other.characters[::2]


def test_page_shows_both_verdicts(text: str, run: Run) -> None:
    cards = re.findall(r'<li><h3>([^<]+)</h3>.*?<p class="(ok|bad)">(.*?)</p></li>', text)
    said = {title: re.sub("<[^>]+>", "", words).strip() for title, _, words in cards}
    assert said == {
        "As it was issued": f"Verified with key {run.realm.signing_keys[0].kid}",
        "With one letter changed": "The signature does not fit",
    }


def test_encrypted_token_hides_the_claims_and_opens_to_the_same_ones(token: Signed) -> None:
    sealed = page.seal(token.payload.data)
    assert sealed.opened == token.payload.data
    assert [name for name, _ in sealed.parts] == [
        "header", "encrypted key", "initialization vector", "ciphertext", "tag"
    ]  # fmt: skip
    assert ".".join(characters for _, characters in sealed.parts) == sealed.token.text
    assert sealed.token.problems == ()
    assert token.payload.encoded[:40] not in sealed.token.text
    assert page.seal(token.payload.data).token.text != sealed.token.text


def test_walks_behind_it_show_the_end_by_time_and_that_a_jwt_outlives_its_revocation(stage: Stage, run: Run) -> None:
    opaque = recordings(stage, [page.FLOW.under({"token": "opaque"})])[0]
    moments = [
        page.moment(run, "use_old_token"),
        page.moment(run, "give_back"),
        page.moment(run, "use_revoked_token"),
        page.moment(opaque, "use_revoked_token"),
    ]
    told = [(each.exchange.response.status, each.exchange.refused and each.exchange.refused.check) for each in moments]
    assert told == [
        (401, "token_has_not_expired"),
        (200, None),
        (200, None),
        (401, "authorization_server_says_active"),
    ]
    given, after = (page.moment(run, step).exchange for step in ("refresh", "use_revoked_token"))
    assert after.request.header("Authorization") == f"Bearer {given.json['access_token']}"


def test_refusal_is_said_to_be_one(text: str) -> None:
    said = re.sub("<[^>]+>", "", text)
    assert "401 Unauthorized, refused by token_has_not_expired." in said
    assert "401 Unauthorized, refused by authorization_server_says_active." in said


def test_time_on_the_page_is_its_realms_time(text: str, run: Run, token: Signed) -> None:
    panel = open_token(token.text, run.realm, run.realm.now())
    assert panel
    ends = next(member.time for member in panel.payload if member.name == "exp")
    assert f"<code>exp</code> is {ends}." in text


def test_every_link_leads_somewhere_and_the_decoder_is_given_the_place_of_the_token(
    entry: Entry, text: str, run: Run, token: Signed
) -> None:
    main = text[text.index("<main") : text.index("</main>")]
    links = [unescape(link) for link in re.findall(r'<a (?:class="\w+" )?href="(/[^"]*)"', main)]
    [decoder] = [link for link in links if link.startswith("/decode")]
    asked = {name: value for name, [value] in parse_qs(urlsplit(decoder).query).items()}
    exchange = next(each for each in run.exchanges if each.position == int(asked["exchange"]))
    assert (asked["run"], exchange.json[asked["value"]]) == (run.id, token.text)
    browser = Client(entry)
    assert {link: browser.get(link).status_code for link in links if link != decoder} == {
        link: 200 for link in links if link != decoder
    }
    assert "/bearer" in links and "/jwt" in browser.get("/").text


def test_page_is_the_same_recording_at_every_visit(entry: Entry, text: str, token: Signed) -> None:
    assert token.payload.encoded in Client(entry).get("/jwt").text
