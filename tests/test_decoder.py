"""The token decoder's page: what is posted to it, what it shows, and that it keeps nothing of it."""

from __future__ import annotations

import io
import json
import logging
import re
import tempfile
import time
from html import unescape
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jwt
import made
import pytest
from conftest import walk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import OctKey
from sqlalchemy import select
from werkzeug.test import Client, TestResponse

from flows.calls import called
from flows.entry import Entry
from flows.pages import bit_view, decoder, lit
from flows.pages.decoded import decoded
from flows.pages.timeline import timeline
from flows.stage import Stage
from flows.store import metadata
from flows.tokens import base64url
from flows.tokens.judging.judge import Expected, judge
from flows.tokens.judging.rules import RULES
from flows.tokens.read import Signed, part, read
from flows.tokens.ring import read_keys

OURS = {"Sec-Fetch-Site": "same-origin"}
SECRET = "a secret of forty characters, as it ought"
HS256 = base64url.encode(b'{"alg":"HS256"}')


@pytest.fixture
def browser(entry: Entry) -> Client:
    return Client(entry)


def post(browser: Client, pasted: str, **fields: str) -> TestResponse:
    return browser.post("/decode", data={"pasted": pasted, **fields}, headers=OURS, content_type="multipart/form-data")


def plain(answer: TestResponse) -> str:
    """What can be read on a page, on one line."""
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<svg.*?</svg>|<[^>]+>", "", main.partition(">")[2], flags=re.DOTALL)).split())


def texts(answer: TestResponse, selector: str) -> list[str]:
    """The texts of elements with that class."""
    found = re.findall(rf'<(\w+)[^>]*class="{selector}"[^>]*>(.*?)</\1>', answer.text, re.DOTALL)
    return [" ".join(unescape(re.sub("<[^>]+>", "", text)).split()) for _, text in found]


def hs256(claims: dict[str, Any], **headers: str) -> str:
    return jwt.encode(claims, SECRET, algorithm="HS256", headers=headers or None)


def token_of(stage: Stage) -> tuple[str, str, str]:
    """A token of a walk, the run's id, and the position of the exchange that brought it."""
    run = walk(stage, until="redeem_code")
    return run.walked[-1].json["access_token"], run.id, str(run.walked[-1].position)


def test_without_a_token_it_says_what_it_takes_and_offers_some_of_this_app(browser: Client) -> None:
    answer = browser.get("/decode")
    assert answer.status_code == 200
    offered = re.findall(r'<a href="(/decode\?[^"]+)">([^<]+)</a>', answer.text)
    assert [title for _, title in offered] == [
        "An access token",
        "An expired one",
        "One with a letter changed",
        "A refresh token",
        "An opaque access token",
    ]
    verdicts = [texts(browser.get(unescape(href)), "says") for href, _ in offered]
    assert [each[:1] for each in verdicts] == [["Genuine"], ["Genuine, but expired"], ["Not genuine"], [], []]


def test_token_of_our_own_is_found_and_verified_by_the_key_of_its_realm(stage: Stage, browser: Client) -> None:
    token, run, _ = token_of(stage)
    answer = post(browser, f"Authorization: Bearer {token}")
    kid = jwt.get_unverified_header(token)["kid"]
    assert texts(answer, "found")[0] == "Found 1 token, in a header line. Left out: Authorization: Bearer"
    assert texts(answer, "says")[0] == "Genuine"
    assert f"Signed with key {kid} of this app’s realm {run}. Not checked: aud." in plain(answer)
    assert "Read on this machine: 1 request, to localhost. Not stored, not logged." in plain(answer)
    assert answer.headers["Cache-Control"] == "no-store"


def test_what_whoever_judges_expects_is_asked_for_in_its_own_row(stage: Stage, browser: Client) -> None:
    token, run, _ = token_of(stage)
    assert 'name="aud" value=""' in post(browser, token).text
    right, wrong = f"http://api.localhost:8765/{run}", "https://somebody.else"
    answer = post(browser, token, aud=right)
    assert "passed: aud names you" in plain(answer)
    assert f'name="aud" value="{right}"' in answer.text
    answer = post(browser, token, aud=wrong)
    assert texts(answer, "says")[0] == "Genuine, but meant for somebody else"


def test_token_of_a_run_is_judged_by_its_realms_time_and_by_now(
    stage: Stage, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, run, position = token_of(stage)
    issued = stage.runs.find(run).realm.now()
    monkeypatch.setattr(decoder, "time", SimpleNamespace(time=lambda: issued))
    stage.runs.move_clock(run, 3600)
    answer = browser.get(f"/decode?run={run}&exchange={position}&value=access_token")
    assert texts(answer, "says")[0] == "Genuine, but expired"
    assert "Now: Genuine." in plain(answer)
    drawn = re.findall(r'class="time wide".*?</svg>', answer.text, re.DOTALL)[0]
    assert re.findall(r'<text x="\d+" y="16">(.*?)</text>', drawn) == ["iat, nbf", "now", "exp", "realm"]
    assert texts(post(browser, token, at="now"), "says")[0] == "Genuine"
    assert "Its realm’s: Genuine, but expired." in plain(post(browser, token, at="now"))


def test_way_leads_from_the_step_to_the_decoder_and_back(stage: Stage, browser: Client) -> None:
    run = walk(stage, until="fetch_photos")
    page = browser.get(f"/runs/{run.id}?step=8").text
    there = unescape(re.findall(r'href="([^"]+)">Open in the decoder', page)[0])
    assert there == f"/decode?run={run.id}&exchange={run.walked[-1].position}&value=access_token"
    answer = browser.get(there)
    token = run.walked[-1].request.header("Authorization").removeprefix("Bearer ")
    assert f">\n{token}</textarea>" in answer.text
    assert (
        f'<a href="/runs/{run.id}?step=8#authorization">From step 8 of a run of another browser: back to it</a>'
        in answer.text
    )


def test_way_back_stays_while_the_token_is_still_that_of_the_run(stage: Stage, browser: Client) -> None:
    token, run, position = token_of(stage)
    source = {"run": run, "exchange": position, "value": "access_token"}
    assert "From step 7 of a run of another browser: back to it" in plain(post(browser, f"Bearer {token}", **source))
    assert "back to it" not in plain(post(browser, hs256({"sub": "else"}), **source))


def test_run_that_this_browser_walks_is_called_its_own(stage: Stage, browser: Client) -> None:
    begun = browser.post("/runs", data={"flow": "authorization_code"}, headers=OURS)
    run = stage.runs.find(begun.headers["Location"].rpartition("/")[2])
    while all(each.step != "redeem_code" for each in run.walked):
        run = stage.send(run.id, run.next_steps[0].name, len(run.walked))
    where = f"run={run.id}&exchange={run.walked[-1].position}&value=access_token"
    assert "From step 7 of your run: back to it" in plain(browser.get(f"/decode?{where}"))
    source = {"run": run.id, "exchange": str(run.walked[-1].position), "value": "access_token"}
    token = run.walked[-1].json["access_token"]
    assert "From step 7 of your run: back to it" in plain(post(browser, token, **source))
    browser.delete_cookie("tokenwalk")
    assert "From step 7 of a run of another browser: back to it" in plain(browser.get(f"/decode?{where}"))
    example = unescape(re.findall(r'<a href="(/decode\?[^"]+)">An access token<', browser.get("/decode").text)[0])
    assert "From step 7 of a recorded walk: back to it" in plain(browser.get(example))


def test_refresh_token_is_opened_from_the_answer_that_brought_it(stage: Stage, browser: Client) -> None:
    run = walk(stage, until="redeem_code")
    page = browser.get(f"/runs/{run.id}?step=7").text
    there = unescape(re.findall(r'href="([^"]+)">in the decoder', page)[0])
    answer = browser.get(there)
    named = f"refresh_token={run.walked[-1].json['refresh_token']}"
    assert f">\n{named}</textarea>" in answer.text
    assert texts(answer, "found") == ["Found 1 token, as the value of refresh_token. Left out: refresh_token="]
    assert "It goes nowhere but to the token endpoint." in plain(answer)
    source = {"run": run.id, "exchange": str(run.walked[-1].position), "value": "refresh_token"}
    assert "From step 7 of a run of another browser: back to it" in plain(post(browser, named, **source))


def test_opaque_access_token_of_a_run_comes_with_its_name(stage: Stage, browser: Client) -> None:
    run = walk(stage, until="redeem_code", token="opaque")
    answer = browser.get(f"/decode?run={run.id}&exchange={run.walked[-1].position}&value=access_token")
    assert f">\naccess_token={run.walked[-1].json['access_token']}</textarea>" in answer.text
    assert texts(answer, "found") == ["Found 1 token, as the value of access_token. Left out: access_token="]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("run=nobody99&exchange=1&value=access_token", "There is no such run here."),
        ("run={run}&exchange=99&value=access_token", "This run has 7 exchanges, counted from 0, and no '99'."),
        ("run={run}&exchange=x&value=access_token", "This run has 7 exchanges, counted from 0, and no 'x'."),
        (
            "run={run}&exchange=0&value=password",
            "value must be one of access_token, refresh_token, and not 'password'.",
        ),
        ("run={run}&exchange=0&value=access_token", "No access_token crossed in exchange 0 of this run."),
        ("exchange=0", "There is no such run here."),
    ],
)
def test_address_that_names_no_token_says_what_it_names(stage: Stage, browser: Client, asked: str, says: str) -> None:
    answer = browser.get(f"/decode?{asked.format(run=walk(stage, until='redeem_code').id)}")
    assert (answer.status_code, says in plain(answer)) == (404, True)


def test_expired_live_and_endless_tokens_of_others_are_told_apart(browser: Client) -> None:
    now = int(time.time())
    for claims, says in (
        ({"iss": "https://a.example", "exp": now + 3600}, "It still counts, for another "),
        ({"iss": "https://a.example"}, "Nothing in it says when it ends, so it may still work."),
        ({"iss": "https://a.example", "exp": now - 5}, ""),
    ):
        warned = texts(post(browser, hs256(claims)), "live")
        assert bool(warned) == bool(says)
        assert says in "".join(warned)


@pytest.mark.parametrize(
    "spoiled", ["{0}", "{0}.{1}", "{0}.{1}.", ".{1}.{2}", "{0}..{2}", "{0}.{1[0]}{1[1]}.{2}", "{3}.{1}."]
)
def test_what_nobody_can_use_is_not_said_to_be_live(browser: Client, spoiled: str) -> None:
    parts = hs256({"iss": "https://a.example", "exp": int(time.time()) + 3600}).split(".")
    none = base64url.encode(b'{"alg":"none"}')
    assert texts(post(browser, spoiled.format(*parts, none)), "live") == []


def test_piece_of_a_token_is_not_said_to_be_live(browser: Client) -> None:
    piece = base64url.encode(b'{"iss":"https://a.example","sub":"alice","aud":"b"}')[5:]
    answer = post(browser, piece)
    assert "It looks like a piece out of a token" in plain(answer)
    assert texts(answer, "live") == []


def test_no_warning_for_a_token_that_is_ours(stage: Stage, browser: Client) -> None:
    assert texts(post(browser, token_of(stage)[0]), "live") == []


def test_secret_verifies_and_another_does_not(browser: Client) -> None:
    token = hs256({"iss": "https://a.example", "exp": int(time.time()) + 60})
    assert texts(post(browser, token), "says")[0] == "Readable, but not verified"
    assert texts(post(browser, token, key=SECRET), "says")[0] == "Genuine"
    assert texts(post(browser, token, key="another " + SECRET), "says")[0] == "Not genuine"


def test_key_comes_in_a_file_too(browser: Client) -> None:
    token = hs256({"iss": "https://a.example", "exp": int(time.time()) + 60})
    data = {"pasted": token, "key_file": (io.BytesIO(SECRET.encode()), "secret.txt")}
    answer = browser.post("/decode", data=data, headers=OURS, content_type="multipart/form-data")
    assert texts(answer, "says")[0] == "Genuine"


def test_algorithms_and_leeway_are_as_whoever_judges_says(browser: Client) -> None:
    token = hs256({"iss": "https://a.example", "exp": int(time.time()) - 60})
    answer = post(browser, token, key=SECRET, algs="ES256, RS256", leeway="120")
    assert "Allowed: ES256, RS256." in plain(answer)
    assert texts(post(browser, token, key=SECRET, leeway="120"), "says")[0] == "Genuine"
    answer = post(browser, token, key=SECRET, leeway="ten")
    assert "The leeway is a number of seconds, at most 86,400; it was taken as 0." in plain(answer)


def test_several_tokens_are_a_choice(browser: Client) -> None:
    one, two = hs256({"sub": "one"}), hs256({"sub": "two"})
    answer = post(browser, f"{one}\n{two}")
    assert len(re.findall('name="token"', answer.text)) == 2
    assert 'dir="ltr" class="solid">"one"<' in unescape(answer.text)
    assert 'dir="ltr" class="solid">"two"<' in unescape(post(browser, f"{one}\n{two}", token="1").text)
    assert post(browser, one, token="77").status_code == 200
    assert ">Show this one</button>" in answer.text
    assert ">Read it again</button>" in post(browser, one).text


def test_what_was_chosen_for_one_text_is_not_carried_over_to_another(browser: Client) -> None:
    one, two = hs256({"sub": "one"}), hs256({"sub": "two"})
    first = post(browser, f"{one}\n{two}")
    of = re.findall(r'name="of" value="(\w+)"', first.text)[0]
    chosen = {"of": of, "token": "1", "as": "dpop-proof"}
    same = post(browser, f"{one}\r\n{two}\n", **chosen)
    assert ('"two"<' in unescape(same.text), '<option value="dpop-proof" selected>' in same.text) == (True, True)
    other = post(browser, f"{two}\n{one}\n{hs256({'sub': 'three'})}", **chosen)
    assert ('"two"<' in unescape(other.text), '"dpop-proof" selected' in other.text) == (True, False)


def test_several_warnings_are_counted_as_warnings(browser: Client) -> None:
    summed = re.findall(r"</svg> (\d+) (warnings?)<", post(browser, hs256({"iss": "http://a.example"})).text)
    assert [(int(count) == 1, state) for count, state in summed] in ([(True, "warning")], [(False, "warnings")])
    one = post(browser, hs256({"iss": "https://a.example"}), key=SECRET).text
    assert re.findall(r"</svg> (\d+ warnings?)<", one) == ["1 warning"]


def test_claim_named_by_an_address_is_a_public_name(browser: Client) -> None:
    answer = post(browser, hs256({"https://acme.example/roles": 1, "urn:acme:team": 2, "roles_of_acme": 3}))
    assert re.findall(r"(a \w+ name) (?:RFC 7519 )?(§4\.\d)", plain(answer)) == [
        ("a public name", "§4.2"),
        ("a public name", "§4.2"),
        ("a private name", "§4.3"),
    ]


def test_members_are_lit_by_the_characters_that_carry_them() -> None:
    token = read(hs256({"iss": "a", "exp": 1795447500, "name": "Zoë 🎈", "aud": ["x", "y"]}))
    assert isinstance(token, Signed) and token.payload.json
    members = token.payload.json.members
    places = lit.carried(token.payload, members)
    for member, place in zip(members, places, strict=True):
        written = token.payload.data[member.start : member.end]
        before = place.start * 6 // 8
        assert token.payload.encoded[place.start : place.end] == place.text
        assert written in base64url.decode(token.payload.encoded[place.start // 4 * 4 : -(-place.end // 4) * 4]).data
        assert before <= member.start
    assert all(first.end <= then.start for first, then in pairwise(places))
    cut = lit.pieces(token.payload, list(enumerate(places, 1)))
    assert "".join(text for text, _ in cut) == token.payload.encoded
    assert [number for _, number in cut if number] == [1, 2, 3, 4]


def test_characters_that_do_not_belong_are_counted_past() -> None:
    encoded = base64url.encode(b'{"iss":"a","exp":1}')
    spoiled = part("payload", f"{encoded[:5]}*{encoded[5:12]}!!{encoded[12:]}", is_json=True)
    assert spoiled.json
    exp = lit.carried(spoiled, spoiled.json.members)[1]
    assert exp.text == spoiled.encoded[-12:-2]
    assert "!" not in exp.text


def test_bits_are_those_of_the_characters_and_of_the_bytes() -> None:
    shown = bit_view.bits("header", part("header", base64url.encode(b'{"a')))
    assert shown.groups[0].characters == (("e", "011110"), ("y", "110010"), ("J", "001001"), ("h", "100001"))
    assert shown.groups[0].bytes == (("7b", "{"), ("22", '"'), ("61", "a"))
    assert shown.groups[0].says == 'e y J h is 7b { 22 " 61 a'
    assert bit_view.bits("payload", part("payload", "A" * 400)).more == 36


def test_validity_is_drawn_to_scale_where_there_is_room_and_says_where_not() -> None:
    drawn = timeline({"iat": 1000, "exp": 2000}, 1500, None)
    assert drawn
    wide, narrow = drawn.pictures
    assert [(point.x, point.names) for point in wide.points] == [(40, "iat"), (270, "now"), (500, "exp")]
    assert [(point.x, point.names) for point in narrow.points] == [(40, "iat"), (160, "now"), (280, "exp")]
    assert (wide.span, wide.over, wide.breaks, drawn.inside) == ((40, 500), None, (), "16 min 40 s")
    old = timeline({"iat": 1000, "exp": 1300}, 1_795_447_200, 1100)
    assert old
    assert [point.names for point in old.pictures[0].points] == ["iat", "realm", "exp", "now"]
    assert old.pictures[0].over == (old.pictures[0].span[1], 500)
    assert len(old.pictures[0].breaks) == 1


def test_milliseconds_are_said_to_be_milliseconds() -> None:
    drawn = timeline({"exp": 1_795_447_500_000}, 1_795_447_000, None)
    assert drawn
    assert drawn.sentences == (
        "`exp` is in milliseconds: 23 November 2026, 15:25:00 UTC is meant. "
        "Counted in seconds it would be in the year 58,865.",
    )
    right = timeline({"exp": 1_795_447_500}, 1_795_447_000, None)
    assert right
    assert right.sentences == ("Taken for milliseconds, this `exp` would be 21 January 1970.",)


def test_names_of_claims_are_addresses_and_never_those_of_the_page(browser: Client) -> None:
    token = hs256({"exp": 1, "keys": 2, "main": 3, "two words": 4, "alg": 5, "the-token": 6})
    answer = post(browser, token)
    assert re.findall(r'<tr id="([^"]+)"', answer.text) == [
        "header-1", "typ", "exp", "payload-2", "payload-3", "payload-4", "alg", "payload-6",
    ]  # fmt: skip
    ids = re.findall(r' id="([^"]+)"', answer.text)
    assert len(ids) == len(set(ids))


def test_letters_that_turn_others_around_are_written_out(browser: Client) -> None:
    payload = base64url.encode('{"sub":"abc\u202edef","\u2066x":"مرحبا 👩‍🚀"}'.encode())
    answer = post(browser, f"{HS256}.{payload}.AAAA")
    shown = re.findall(r"<table.*</table>", answer.text, re.DOTALL)[0]
    assert "\u202e" not in shown
    assert "\u2066" not in shown
    assert "abc\\u202edef" in shown
    assert "مرحبا 👩‍🚀" in shown


@pytest.mark.parametrize("size", [1_000_001, 5_000_000])
def test_too_long_a_text_is_refused_with_its_size(browser: Client, size: int) -> None:
    answer = post(browser, "x" * size)
    assert answer.status_code == 413
    said = re.findall(r"What was sent is ([\d,]+) bytes, and at most 1,000,000 are read", plain(answer))
    assert said
    assert int(said[0].replace(",", "")) >= size


def test_a_million_characters_are_answered_within_a_second(browser: Client) -> None:
    payload = base64url.encode(b'{"a":"' + b"x" * 700_000 + b'"}')
    long = f"{HS256}.{payload}.AAAA"
    browser.get("/decode")
    began = time.perf_counter()
    answer = post(browser, long)
    assert time.perf_counter() - began < 20  # it does not hang; tests/bench.py says how fast it is
    assert answer.status_code == 200


def test_form_of_another_site_is_not_read(browser: Client) -> None:
    answer = browser.post("/decode", data={"pasted": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


@pytest.mark.parametrize("name", sorted(RULES))
def test_every_rule_unfolds_its_reason_and_its_code(browser: Client, name: str) -> None:
    answer = browser.get(f"/decode/rules/{name}")
    assert answer.status_code == 200
    assert RULES[name].reason.replace("`", "").split(". ")[0] in plain(answer)
    assert f"def {name}(" in "".join(
        re.findall(r"<code>(.*?)</code>", unescape(re.sub("</?span[^>]*>", "", answer.text)))
    )


def test_rule_that_there_is_not_is_named(browser: Client) -> None:
    answer = browser.get("/decode/rules/nothing")
    assert answer.status_code == 404
    assert "There is no rule called 'nothing'." in plain(answer)


# What nobody may find again: in a token, in a key, in a text that is too long, in bytes that are no text.
CANARY = "canary5719"


@pytest.mark.parametrize(
    ("pasted", "fields"),
    [
        (hs256({"sub": CANARY, "jti": CANARY}), {}),
        (f"{CANARY}.{CANARY}.{CANARY}", {"key": CANARY, "aud": CANARY, "iss": CANARY, "as": CANARY, "token": CANARY}),
        (CANARY * 200_000, {}),
        (f"eyJ{CANARY}\x00\ud800\x1b{CANARY}", {"leeway": CANARY, "which": CANARY, "run": CANARY, "at": CANARY}),
    ],
)
def test_nothing_of_what_was_pasted_is_stored_or_logged(
    entry: Entry,
    browser: Client,
    pasted: str,
    fields: dict[str, str],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    pasted = pasted.encode("utf-8", "replace").decode()
    answer = post(browser, pasted, **fields)
    assert answer.status_code == (413 if len(pasted) > 1_000_000 else 200)
    assert "Set-Cookie" not in answer.headers
    token = pasted.split(".")[1] if "." in pasted else CANARY
    store = entry.stage.runs.store
    with store.reading() as connection:
        kept = repr([list(connection.execute(select(table))) for table in metadata.sorted_tables])
    files = b"".join(file.read_bytes() for file in entry_files(entry))
    written = caplog.text + "".join(capfd.readouterr())
    for needle in (CANARY, token):
        assert needle not in kept
        assert needle.encode() not in files
        assert needle not in written


def entry_files(entry: Entry) -> list[Path]:
    database = Path(entry.stage.runs.store.engine.url.database or "")
    return list(database.parent.glob(f"{database.name}*"))


_PIECES = st.one_of(
    st.text(max_size=60),
    st.binary(max_size=40).map(lambda data: base64url.encode(data)),
    st.dictionaries(
        st.sampled_from(["alg", "exp", "iat", "nbf", "typ", "crit", "b64", "enc", "zip", "kid", "_sd", "cnf", "x"]),
        st.one_of(
            st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9), st.lists(st.text(max_size=3))
        ),
        max_size=6,
    ).map(lambda held: base64url.encode(json.dumps(held).encode())),
)


@given(st.lists(_PIECES, min_size=1, max_size=6), st.sampled_from(".~ \n"), st.text(max_size=20))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_pasted_is_answered_with_a_fault(browser: Client, pieces: list[str], joint: str, key: str) -> None:
    pasted = joint.join(pieces).encode("utf-8", "replace").decode()
    key = key.encode("utf-8", "replace").decode()
    assert post(browser, pasted, key=key, view="bytes").status_code == 200


def test_called_tokens_are_those_that_the_examples_open(stage: Stage, browser: Client) -> None:
    run, exchange = called(stage)["broken"]
    answer = browser.get(f"/decode?run={run.id}&exchange={exchange.position}&value=access_token")
    token = exchange.request.header("Authorization").removeprefix("Bearer ")
    assert f">\n{token}</textarea>" in answer.text


def test_what_is_inside_is_shown_as_a_token_of_its_own() -> None:
    inner = hs256({"sub": "alice"})
    key = "0123456789abcdef"
    outer = jwe.encrypt_compact(
        {"alg": "A128KW", "enc": "A128GCM", "cty": "JWT"}, inner.encode(), OctKey.import_key(key)
    )
    token = read(outer)
    shown = decoded(token, judge(token, Expected(0, keys=read_keys(key)[0])), 0, 0)
    assert shown.title == "An encrypted token"
    assert [each.called for each in shown.encoded] == [
        "header", "encrypted key", "initialization vector", "ciphertext", "authentication tag",
    ]  # fmt: skip
    assert shown.inside
    assert (shown.inside.token.text, shown.inside_title) == (inner, "Inside it, a token of its own")
    assert [row.id for row in shown.inside.tables[1].rows] == ["inside-sub"]


def test_what_is_too_much_to_show_is_counted(browser: Client) -> None:
    answer = post(browser, hs256({f"claim{number}": number for number in range(260)}))
    assert len(re.findall('<tr id="claim', answer.text)) == 200
    assert "And 60 more, in the raw JSON." in plain(answer)
    assert len(re.findall(r'<tr id="[^"]+" class="r\d+"', answer.text)) == lit.MOST
    assert "&#34;claim259&#34;: 259" in answer.text


def test_deep_json_is_not_swollen_by_indenting(browser: Client) -> None:
    deep = b'{"a":' + b"[" * 900 + b"]" * 900 + b"}"
    answer = post(browser, f"{HS256}.{base64url.encode(deep)}.AAAA")
    assert answer.status_code == 200
    assert len(answer.text) < 100_000


def test_page_that_is_read_elsewhere_does_not_say_on_this_machine(browser: Client) -> None:
    page = plain(browser.get("/decode", base_url="http://192.0.2.7:8765"))
    assert "Read by Tokenwalk on 192.0.2.7: what you paste takes 1 request, to 192.0.2.7." in page


def test_address_that_carries_a_token_is_not_read(browser: Client) -> None:
    answer = browser.get(f"/decode?token={HS256}..")
    assert answer.status_code == 200
    assert "No address takes a token here: paste it. A link can carry one behind #token= only." in plain(answer)


def test_key_that_came_with_the_token_is_not_trusted(browser: Client) -> None:
    token = made.signed(made.ACCESS, typ="at+jwt")
    pasted = json.dumps({"access_token": token, "jwk": made.EC.as_dict(private=False)})
    assert "Not verified, and expired" in plain(post(browser, pasted))


def test_file_of_a_key_is_never_written_to_a_disk(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", lambda *_: pytest.fail("written to a disk"))
    file = (io.BytesIO(b"x" * 900_000), "key.pem")
    answer = browser.post("/decode", data={"pasted": made.signed(made.ACCESS), "key_file": file}, headers=OURS)
    assert "The key is 900 kB of text; at most 64 kB are read." in plain(answer)


@pytest.mark.parametrize("payload", ["line 1\nline 2", "line 1\r\nline 2", "line 1"])
def test_payload_beside_the_token_verifies_however_its_lines_are_broken(browser: Client, payload: str) -> None:
    header, _, signature = made.signed(payload, "HS256").split(".")
    posted = payload.replace("\r\n", "\n").replace("\n", "\r\n") + "\r\n" * (payload == "line 1")
    page = plain(post(browser, f"{header}..{signature}", key=made.SECRET.decode(), detached=posted))
    assert "Genuine" in page


@pytest.mark.parametrize(
    "claims", [r'{"a":{"b":"\ud800"}}', '{"exp":1' + "0" * 310 + "}", '{"a":"' + "\x7f" * 99_000 + '"}']
)
def test_payload_that_nobody_would_write_has_a_page(browser: Client, claims: str) -> None:
    answer = post(browser, made.signed(claims))
    assert answer.status_code == 200


def test_token_of_a_realm_within_an_encrypted_one_is_verified_with_the_keys_of_its_realm(
    browser: Client, stage: Stage
) -> None:
    token, _, _ = token_of(stage)
    key = OctKey.generate_key(128)
    wrapped = jwe.encrypt_compact({"alg": "A128KW", "enc": "A128GCM", "cty": "JWT"}, token, key)
    page = plain(post(browser, wrapped, key=json.dumps(key.as_dict(private=True)), at="now"))
    assert "Signed with key" in page
    assert "of this app’s realm" in page
