"""The photos API: opaque tokens, the three places of a token, 401 beside 403, clocks that differ, scripts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from endpoints import by_credentials, by_password, other_world, revoke, tokens_of
from parties import FORM, NOON, World, body, fetch, headers, refused_by, signed, text

from flows import wire
from flows.entry import Entry
from flows.stage import MEANWHILE
from flows.story import ALICES_PHOTOS

REALM = 'Bearer realm="Snapbox photos"'
BOTH = "photos.read photos.write"
JSON = ("Content-Type", "application/json")


@pytest.fixture(params=[False, True], ids=["JWT", "opaque"])
def world(request: pytest.FixtureRequest, entry: Entry) -> World:
    return other_world(entry, "shown", opaque=request.param)


@pytest.fixture
def opaque(entry: Entry) -> World:
    return other_world(entry, "opaque", opaque=True)


def send(
    world: World, method: str, *more: tuple[str, str], sent: str = "", query: str = "", path: str = "/photos"
) -> wire.Answered:
    lines = (("Host", "localhost:8765"), *more, *([("Content-Length", str(len(sent)))] if sent else []))
    return world.send(wire.Request(method, f"/api/{world.name}{path}{query}", lines, sent.encode()))


def add(world: World, *more: tuple[str, str]) -> wire.Answered:
    return send(world, "POST", *more, JSON, sent='{"title": "The tea table"}')


def assert_says(
    answer: wire.Answered, status: int, check: str | None, error: str = "", challenge: str | None = None
) -> None:
    """Status, check, error in JSON, and the challenge of RFC 6750 §3 in full."""
    assert (answer.response.status, refused_by(answer)) == (status, check)
    assert body(answer) == ({"error": error} if error else {})
    expected = challenge or (f'{REALM}, error="{error}"' if error else REALM)
    assert headers(answer, "WWW-Authenticate") == [expected]
    assert headers(answer, "Cache-Control") == ["no-store"]


# Opaque tokens: the API asks.


def test_api_asks_about_an_opaque_token_once_and_with_its_own_credentials(opaque: World) -> None:
    token = tokens_of(opaque)["access_token"]
    answer = fetch(opaque, token)
    assert [photo["title"] for photo in body(answer)["photos"]] == [photo.title for photo in ALICES_PHOTOS]
    ((raw, said),) = answer.environ[MEANWHILE]
    asked = wire.parse_request(raw)
    assert (asked.method, asked.target) == ("POST", f"/auth/{opaque.name}/introspect")
    assert asked.form == [("token", token), ("token_type_hint", "access_token")]
    assert asked.header("Authorization") == wire.basic("photos-api", "photos-api-secret")[1]
    assert (said.response.status, body(said)["active"]) == (200, True)


def test_api_asks_nobody_about_a_jwt(entry: Entry) -> None:
    world = other_world(entry, "offline")
    answer = fetch(world, tokens_of(world)["access_token"])
    assert answer.response.status == 200
    assert MEANWHILE not in answer.environ


def test_api_asks_nothing_where_no_token_came_or_it_came_wrongly(opaque: World) -> None:
    token = tokens_of(opaque)["access_token"]
    for answer in (send(opaque, "GET"), send(opaque, "GET", query=f"?access_token={token}")):
        assert answer.response.status in (400, 401)
        assert MEANWHILE not in answer.environ


@pytest.mark.parametrize("token", ["never-issued", "x", "' OR 1=1", "x" * 10_000], ids=range(4))
def test_unknown_opaque_token_is_invalid(opaque: World, token: str) -> None:
    assert_says(fetch(opaque, token), 401, "authorization_server_says_active", "invalid_token")


def test_opaque_token_is_over_at_its_time_as_the_server_says(opaque: World) -> None:
    token = tokens_of(opaque)["access_token"]
    opaque.set_clock(NOON + 299)
    assert fetch(opaque, token).response.status == 200
    opaque.set_clock(NOON + 300)
    assert_says(fetch(opaque, token), 401, "authorization_server_says_active", "invalid_token")


def test_answer_about_an_opaque_token_is_fresh_at_every_call(opaque: World) -> None:
    given = tokens_of(opaque)
    assert fetch(opaque, given["access_token"]).response.status == 200
    revoke(opaque, given["refresh_token"])
    assert_says(fetch(opaque, given["access_token"]), 401, "authorization_server_says_active", "invalid_token")


def test_refresh_token_opens_nothing_at_the_api(world: World) -> None:
    check = "authorization_server_says_active" if world.realm.opaque else "token_is_a_jwt"
    assert_says(fetch(world, tokens_of(world)["refresh_token"]), 401, check, "invalid_token")


def test_opaque_token_is_worth_nothing_in_a_realm_of_jwts_and_at_no_other_realm(entry: Entry, opaque: World) -> None:
    token = tokens_of(opaque)["access_token"]
    assert_says(fetch(other_world(entry, "jwts"), token), 401, "token_is_a_jwt", "invalid_token")
    elsewhere = other_world(entry, "elsewhere", opaque=True)
    assert_says(fetch(elsewhere, token), 401, "authorization_server_says_active", "invalid_token")


def test_jwt_that_only_looks_like_one_is_refused_where_tokens_are_opaque(opaque: World) -> None:
    assert_says(fetch(opaque, "a.b.c"), 401, "token_is_a_jwt", "invalid_token")


# 401 beside 403.


def test_refusals_stand_side_by_side(world: World) -> None:
    read, write = (body(by_password(world, scope=scope))["access_token"] for scope in ("photos.read", BOTH))
    hatter = body(by_password(world, username="hatter", password="teatime", scope=BOTH))["access_token"]
    bad = "authorization_server_says_active" if world.realm.opaque else "token_is_a_jwt"
    narrow = f'{REALM}, error="insufficient_scope", scope="photos.write"'

    assert_says(add(world), 401, "token_came")
    assert_says(add(world, wire.bearer("no-such-token")), 401, bad, "invalid_token")
    assert_says(add(world, wire.bearer(read)), 403, "scope_allows", "insufficient_scope", narrow)
    assert_says(add(world, wire.bearer(hatter)), 403, "person_may_do_this")
    assert add(world, wire.bearer(write)).response.status == 201


def test_person_who_may_not_add_may_look(world: World) -> None:
    token = body(by_password(world, username="hatter", password="teatime", scope=BOTH))["access_token"]
    assert fetch(world, token).response.status == 200
    answer = add(world, wire.bearer(token))
    (said,) = [each for each in answer.environ["tokenwalk.checks"] if each.state == "failed"]
    assert (said.expected, said.got) == ("an account that may photos.write", "The Hatter, who may photos.read")


def test_photo_of_one_person_is_not_anothers(world: World) -> None:
    alices = body(by_password(world, scope=BOTH))["access_token"]
    hatters = body(by_password(world, username="hatter", password="teatime"))["access_token"]
    added = body(add(world, wire.bearer(alices)))["id"]
    assert added in [photo["id"] for photo in body(fetch(world, alices))["photos"]]
    assert added not in [photo["id"] for photo in body(fetch(world, hatters))["photos"]]


# The three places (RFC 6750 §2).


def in_a_form(world: World, token: str) -> wire.Answered:
    return send(world, "POST", FORM, sent=f"access_token={token}&title=The+tea+table")


def in_the_address(world: World, token: str) -> wire.Answered:
    return send(world, "GET", query=f"?access_token={token}")


PLACES = pytest.mark.parametrize(
    ("show", "status"), [(in_a_form, 201), (in_the_address, 200)], ids=["a form", "the address"]
)
Show = Callable[[World, str], wire.Answered]


@PLACES
def test_token_is_taken_in_the_header_only(world: World, show: Show, status: int) -> None:
    token = body(by_credentials(world, scope=BOTH))["access_token"]
    assert_says(show(world, token), 400, "token_comes_in_the_header", "invalid_request")


@PLACES
def test_token_is_taken_elsewhere_where_that_check_is_off(world: World, show: Show, status: int) -> None:
    world.switch_off("token_comes_in_the_header")
    token = body(by_credentials(world, scope=BOTH))["access_token"]
    answer = show(world, token)
    assert (answer.response.status, refused_by(answer)) == (status, None)
    (said,) = [each for each in answer.environ["tokenwalk.checks"] if each.state == "switched off"]
    assert (said.check, said.found) == ("token_comes_in_the_header", "would have refused")
    assert headers(answer, "Cache-Control") == ["no-store"]
    assert fetch(world, token).response.status == 200


@PLACES
def test_bad_token_is_no_better_elsewhere(world: World, show: Show, status: int) -> None:
    world.switch_off("token_comes_in_the_header")
    bad = "authorization_server_says_active" if world.realm.opaque else "token_is_a_jwt"
    assert_says(show(world, "no-such-token"), 401, bad, "invalid_token")


@pytest.mark.parametrize("off", [(), ("token_comes_in_the_header",)], ids=["as a rule", "with that check off"])
def test_token_that_comes_twice_is_refused_wherever_it_comes(world: World, off: tuple[str, ...]) -> None:
    world.switch_off(*off)
    token = body(by_credentials(world, scope=BOTH))["access_token"]
    header, form, query = wire.bearer(token), f"title=x&access_token={token}", f"?access_token={token}"
    for answer in (
        send(world, "GET", header, query=query),
        send(world, "POST", header, FORM, sent=form),
        send(world, "POST", FORM, sent=form, query=query),
        send(world, "POST", header, FORM, sent=form, query=query),
        send(world, "GET", query=f"{query}&access_token={token}"),
        send(world, "GET", query=f"{query}&access_token=another"),
        send(world, "POST", FORM, sent=f"{form}&access_token={token}"),
        send(world, "POST", query=f"{query}&access_token={token}"),
    ):
        assert_says(answer, 400, "token_comes_one_way", "invalid_request")


def test_form_of_a_get_and_json_are_no_places_for_a_token(world: World) -> None:
    world.switch_off("token_comes_in_the_header")
    token = body(by_credentials(world, scope=BOTH))["access_token"]
    assert_says(send(world, "GET", FORM, sent=f"access_token={token}"), 401, "token_came")
    sent = f'{{"title": "x", "access_token": "{token}"}}'
    assert_says(send(world, "POST", JSON, sent=sent), 401, "token_came")


@pytest.mark.parametrize("query", ["?access_token=", "?access_token", "?Access_Token=x", "?token=x"])
def test_address_without_a_token_is_a_request_without_one(world: World, query: str) -> None:
    assert_says(send(world, "GET", query=query), 401, "token_came")


BYTES = ["%ff", "access_token=%ff", "a=%80", "%c3%28=1", "a=%ed%a0%80"]


@pytest.mark.parametrize("raw", BYTES)
@pytest.mark.parametrize("off", [(), ("token_comes_in_the_header",)], ids=["as a rule", "with that check off"])
def test_address_or_form_that_is_no_text_is_refused_whatever_else_it_carries(
    world: World, off: tuple[str, ...], raw: str
) -> None:
    world.switch_off(*off)
    token = body(by_credentials(world, scope=BOTH))["access_token"]
    header = wire.bearer(token)
    for answer in (
        send(world, "GET", query=f"?{raw}"),
        send(world, "GET", header, query=f"?{raw}"),
        send(world, "GET", query=f"?access_token={token}&{raw}"),
        send(world, "POST", header, FORM, sent=f"title=x&{raw}"),
        send(world, "POST", FORM, sent=f"title=x&access_token={token}&{raw}"),
        send(world, "POST", header, FORM, sent="title=x", query=f"?{raw}"),
    ):
        assert_says(answer, 400, "request_is_text", "invalid_request")


@pytest.mark.parametrize("raw", BYTES)
def test_body_that_is_no_form_need_not_be_percent_encoded(world: World, raw: str) -> None:
    header = wire.bearer(body(by_credentials(world, scope=BOTH))["access_token"])
    assert send(world, "GET", header, FORM, sent=raw).response.status == 200
    assert send(world, "POST", header, JSON, sent=f'{{"title": "{raw}"}}').response.status == 201


# Clocks.


@pytest.mark.parametrize(
    ("skew", "check"),
    [
        (0, None),
        (-30, None),
        (-60, None),
        (-61, "token_is_valid_already"),
        (-300, "token_is_valid_already"),
        (299, None),
        (300, "token_has_not_expired"),
        (600, "token_has_not_expired"),
    ],
)
def test_clock_of_the_api_may_be_a_minute_slow_and_not_five_fast(entry: Entry, skew: int, check: str | None) -> None:
    world = other_world(entry, "skewed", api_skew=skew)
    answer = fetch(world, tokens_of(world)["access_token"])
    assert refused_by(answer) == check
    assert answer.response.status == (401 if check else 200)


@pytest.mark.parametrize(("skew", "check"), [(-300, None), (299, None), (300, "token_has_not_expired")])
def test_of_an_opaque_token_the_api_knows_only_when_it_ends(entry: Entry, skew: int, check: str | None) -> None:
    world = other_world(entry, "skewed", api_skew=skew, opaque=True)
    assert refused_by(fetch(world, tokens_of(world)["access_token"])) == check


@pytest.mark.parametrize(("nbf", "check"), [(NOON + 60, None), (NOON + 61, "token_is_valid_already")])
def test_token_may_be_a_minute_early(entry: Entry, nbf: int, check: str | None) -> None:
    world = other_world(entry, "early")
    assert refused_by(fetch(world, signed(world, nbf=nbf))) == check


# Scripts of other origins.


def test_preflight_lets_a_script_send_a_token_and_needs_none(world: World) -> None:
    asks = (
        ("Origin", "http://client.localhost:8765"),
        ("Access-Control-Request-Method", "GET"),
        ("Access-Control-Request-Headers", "authorization"),
    )
    answer = send(world, "OPTIONS", *asks)
    assert (answer.response.status, answer.response.body) == (204, b"")
    assert headers(answer, "Access-Control-Allow-Origin") == ["*"]
    assert headers(answer, "Access-Control-Allow-Methods") == ["GET, POST"]
    assert headers(answer, "Access-Control-Allow-Headers") == ["Authorization, Content-Type"]
    assert headers(answer, "Access-Control-Allow-Credentials") == []
    assert headers(answer, "Content-Type") == []


def test_options_that_is_no_preflight_names_the_methods(world: World) -> None:
    answer = send(world, "OPTIONS")
    assert answer.response.status == 200
    assert headers(answer, "Allow") == ["GET, HEAD, OPTIONS, POST"]
    assert headers(answer, "Access-Control-Allow-Methods") == []


def test_script_may_read_every_answer_and_why_it_was_refused(world: World) -> None:
    token = tokens_of(world)["access_token"]
    assert headers(fetch(world, token), "Access-Control-Allow-Origin") == ["*"]
    for answer in (send(world, "GET"), fetch(world, "bad"), add(world, wire.bearer(token))):
        assert headers(answer, "Access-Control-Allow-Origin") == ["*"]
        assert headers(answer, "Access-Control-Expose-Headers") == ["WWW-Authenticate"]


def test_bearer_token_is_in_no_answer(world: World) -> None:
    token = tokens_of(world)["access_token"]
    for answer in (fetch(world, token), add(world, wire.bearer(token)), in_the_address(world, token)):
        assert token not in text(answer)
        assert token not in str(answer.response.headers)
