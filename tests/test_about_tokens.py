"""/introspect, where an API asks about a token (RFC 7662), and /revoke, where a client gives one back (RFC 7009)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from endpoints import (
    assert_refused,
    by_credentials,
    introspect,
    other_world,
    post,
    refresh,
    revoke,
    tokens_of,
)
from parties import FORM, NOON, World, body, code_of, fetch, headers, refused_by, signed, timed_world

from flows import wire
from flows.entry import Entry
from flows.tokens import jws, keys

BOTH = "photos.read photos.write"
API = wire.basic("photos-api", "photos-api-secret")


@pytest.fixture(params=[False, True], ids=["JWT", "opaque"])
def world(request: pytest.FixtureRequest, entry: Entry) -> World:
    return other_world(entry, "asked", opaque=request.param)


@pytest.fixture
def jwts(entry: Entry) -> World:
    return timed_world(entry)


def assert_not_active(answer: wire.Answered, check: str) -> None:
    """No is no error, and says nothing but that."""
    assert (answer.response.status, body(answer), refused_by(answer)) == (200, {"active": False}, check)
    assert headers(answer, "Cache-Control") == ["no-store"]


def is_active(world: World, access_token: str) -> bool:
    active: bool = body(introspect(world, access_token))["active"]
    return active


# Introspection: what is told.


@pytest.mark.parametrize("scope", ["photos.read", BOTH])
@pytest.mark.parametrize("client_id", ["photoprint", "photoprint-app"])
def test_good_token_is_active_and_every_member_is_right(world: World, client_id: str, scope: str) -> None:
    answer = introspect(world, tokens_of(world, client_id, scope)["access_token"])
    assert (answer.response.status, refused_by(answer)) == (200, None)
    assert body(answer) == {
        "active": True,
        "scope": scope,
        "client_id": client_id,
        "token_type": "Bearer",
        "exp": NOON + 300,
        "iat": NOON,
        "sub": "alice",
        "aud": f"http://localhost:8765/api/{world.name}",
        "iss": f"http://localhost:8765/auth/{world.name}",
    }
    assert answer.response.content_type == "application/json"
    assert headers(answer, "Cache-Control") == ["no-store"]
    assert headers(answer, "Pragma") == ["no-cache"]


def test_token_of_a_program_is_about_the_program(world: World) -> None:
    said = body(introspect(world, body(by_credentials(world))["access_token"]))
    assert (said["active"], said["sub"], said["client_id"]) == (True, "thumbnailer", "thumbnailer")


def test_what_is_told_of_a_jwt_is_what_stands_in_it(jwts: World) -> None:
    token = tokens_of(jwts)["access_token"]
    claims = jws.read(token).payload
    said = body(introspect(jwts, token))
    assert {name: value for name, value in said.items() if name in claims} == {
        name: value for name, value in claims.items() if name not in ("nbf", "jti")
    }


def test_token_is_active_until_its_exp(world: World) -> None:
    token = tokens_of(world)["access_token"]
    world.set_clock(NOON + 299)
    assert is_active(world, token)
    world.set_clock(NOON + 300)
    assert_not_active(introspect(world, token), "token_is_in_its_time")


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_revoked_token_is_not_active(world: World, which: str) -> None:
    given = tokens_of(world)
    assert is_active(world, given["access_token"])
    revoke(world, given[which])
    assert_not_active(introspect(world, given["access_token"]), "token_still_stands")


@pytest.mark.parametrize("token", ["never-issued", "a.b.c", "..", " ", "' OR '1'='1", "☂", "x" * 60_000], ids=range(7))
def test_unknown_token_is_not_active(world: World, token: str) -> None:
    assert_not_active(introspect(world, token), "token_was_given_here")


@pytest.mark.parametrize("hint", [None, "refresh_token", "access_token"])
def test_refresh_token_is_never_active(world: World, hint: str | None) -> None:
    answer = introspect(world, tokens_of(world)["refresh_token"], token_type_hint=hint)
    assert_not_active(answer, "token_was_given_here")


def test_code_is_not_active(world: World) -> None:
    assert_not_active(introspect(world, code_of(world)), "token_was_given_here")


def test_token_of_another_realm_is_not_active(entry: Entry, world: World) -> None:
    token = tokens_of(world)["access_token"]
    for opaque in (False, True):
        elsewhere = other_world(entry, f"elsewhere{opaque}", opaque=opaque)
        assert_not_active(introspect(elsewhere, token), "token_was_given_here")


def swap(text: str, at: int) -> str:
    return text[:at] + ("B" if text[at] == "A" else "A") + text[at + 1 :]


FORGERIES: dict[str, Callable[[str], str]] = {
    "one letter of the signature": lambda token: swap(token, len(token) - 20),
    "one letter of the payload": lambda token: swap(token, token.index(".") + 20),
    "no signature": lambda token: token.rpartition(".")[0] + ".",
    "alg none": lambda token: ".".join(["eyJhbGciOiJub25lIn0", token.split(".")[1], ""]),
    "only its number": lambda token: str(jws.read(token).payload["jti"]),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_forged_token_is_not_active_although_the_real_one_is(jwts: World, forge: Callable[[str], str]) -> None:
    token = tokens_of(jwts)["access_token"]
    assert_not_active(introspect(jwts, forge(token)), "token_was_given_here")
    assert is_active(jwts, token)


def test_number_of_a_good_token_signed_by_another_key_is_not_active(jwts: World) -> None:
    real = jws.read(tokens_of(jwts)["access_token"])
    forged = jws.sign(real.payload, keys.make("ES256"), alg="ES256", kid=real.header["kid"], typ="at+jwt")
    assert_not_active(introspect(jwts, forged), "token_was_given_here")


def test_token_that_is_signed_but_was_never_given_is_not_active(world: World) -> None:
    assert_not_active(introspect(world, signed(world)), "token_was_given_here")


# Introspection: who may ask.


@pytest.mark.parametrize("client_id", ["photoprint", "photoprint-app", "photoprint-short", "thumbnailer"])
def test_client_that_is_no_api_is_refused(world: World, client_id: str) -> None:
    token = tokens_of(world)["access_token"]
    answer = introspect(world, token, client_id)
    assert_refused(answer, 403, "unauthorized_client", "caller_is_an_api")


@pytest.mark.parametrize(
    "who", [{}, {"client_id": "photos-api"}, {"client_id": "photos-api", "client_secret": "guessed"}]
)
@pytest.mark.parametrize("endpoint", ["introspect", "revoke"])
def test_without_credentials_nobody_may_ask_or_give_back(world: World, endpoint: str, who: dict[str, str]) -> None:
    token = tokens_of(world)["access_token"]
    answer = world.send(wire.post(f"{world.issuer}/{endpoint}", {"token": token, **who}))
    assert_refused(answer, 401, "invalid_client", "client_is_authenticated")
    assert headers(answer, "WWW-Authenticate") == ['Basic realm="Snapbox accounts", charset="UTF-8"']
    assert is_active(world, token)


def test_bearer_token_is_no_proof_of_being_an_api(world: World) -> None:
    token = tokens_of(world)["access_token"]
    answer = world.send(wire.post(f"{world.issuer}/introspect", {"token": token}, wire.bearer(token)))
    assert_refused(answer, 401, "invalid_client", "client_is_authenticated")


def test_api_may_say_who_it_is_in_the_form(world: World) -> None:
    form = {"token": tokens_of(world)["access_token"], "client_id": "photos-api", "client_secret": "photos-api-secret"}
    assert body(world.send(wire.post(f"{world.issuer}/introspect", form)))["active"] is True


# Both: how it is asked.


@pytest.mark.parametrize("token", [None, ""])
@pytest.mark.parametrize(
    ("endpoint", "client_id", "check"),
    [("introspect", "photos-api", "token_is_named"), ("revoke", "photoprint", "token_to_give_back_is_named")],
)
def test_request_that_names_no_token_is_invalid(
    world: World, endpoint: str, client_id: str, check: str, token: str | None
) -> None:
    assert_refused(post(world, endpoint, client_id, token=token), 400, "invalid_request", check)


@pytest.mark.parametrize(
    ("sent", "kind", "query", "check"),
    [
        (b'{"token": "x"}', "application/json", "", "body_is_a_form"),
        (b"token=%ff", FORM[1], "", "parameters_are_text"),
        (b"token=x&token=y", FORM[1], "", "no_parameter_is_repeated"),
        (b"token=x", FORM[1], "?token=y", "nothing_comes_in_the_address"),
        (b"token=x&client_secret=y", FORM[1], "", "client_authenticates_in_one_way"),
        (b"token=x&client_id=photoprint", FORM[1], "", "client_id_is_the_same_everywhere"),
    ],
)
@pytest.mark.parametrize("endpoint", ["introspect", "revoke"])
def test_request_that_could_be_read_in_two_ways_is_refused(
    world: World, endpoint: str, sent: bytes, kind: str, query: str, check: str
) -> None:
    lines = (("Host", "localhost:8765"), API, ("Content-Type", kind), ("Content-Length", str(len(sent))))
    answer = world.send(wire.Request("POST", f"/auth/{world.name}/{endpoint}{query}", lines, sent))
    assert_refused(answer, 400, "invalid_request", check)


@pytest.mark.parametrize("endpoint", ["introspect", "revoke"])
def test_only_post_asks_about_a_token(world: World, endpoint: str) -> None:
    answer = world.send(wire.get(f"{world.issuer}/{endpoint}?token=x", API))
    assert (answer.response.status, headers(answer, "Allow")) == (405, ["OPTIONS, POST"])


def test_script_of_another_origin_may_revoke_and_may_not_introspect(world: World) -> None:
    asks = ("Origin", "http://spa.example"), ("Access-Control-Request-Method", "POST")
    preflight = {
        endpoint: world.send(
            wire.Request("OPTIONS", f"/auth/{world.name}/{endpoint}", (("Host", "localhost:8765"), *asks))
        )
        for endpoint in ("introspect", "revoke")
    }
    assert headers(preflight["introspect"], "Access-Control-Allow-Origin") == []
    assert preflight["revoke"].response.status == 204
    assert headers(preflight["revoke"], "Access-Control-Allow-Origin") == ["*"]
    assert headers(preflight["revoke"], "Access-Control-Allow-Methods") == ["POST"]
    assert headers(introspect(world, "x"), "Access-Control-Allow-Origin") == []
    assert headers(revoke(world, "x"), "Access-Control-Allow-Origin") == ["*"]


# Revocation.


def assert_given_back(answer: wire.Answered) -> None:
    """200 and nothing else (RFC 7009 §2.2)."""
    assert (answer.response.status, answer.response.body, refused_by(answer)) == (200, b"", None)
    assert headers(answer, "Cache-Control") == ["no-store"]
    assert headers(answer, "Content-Type") == []


def test_refresh_token_takes_its_whole_family_with_it(world: World) -> None:
    first, other = tokens_of(world), tokens_of(world)
    second = body(refresh(world, first["refresh_token"]))
    assert_given_back(revoke(world, second["refresh_token"]))
    assert world.revoked() == 1
    for each in (first, second):
        assert_not_active(introspect(world, each["access_token"]), "token_still_stands")
        answer = fetch(world, each["access_token"])
        expected = "authorization_server_says_active" if world.realm.opaque else "grant_is_not_revoked"
        assert (answer.response.status, refused_by(answer)) == (401, expected)
    assert refused_by(refresh(world, second["refresh_token"])) == "refresh_token_is_not_revoked"
    assert is_active(world, other["access_token"])
    assert refresh(world, other["refresh_token"]).response.status == 200


def test_refresh_token_that_was_spent_takes_its_family_with_it_too(world: World) -> None:
    first = tokens_of(world)
    second = body(refresh(world, first["refresh_token"]))
    assert_given_back(revoke(world, first["refresh_token"]))
    assert not is_active(world, second["access_token"])


def test_access_token_takes_only_itself_back(world: World) -> None:
    first = tokens_of(world)
    second = body(refresh(world, first["refresh_token"]))
    assert_given_back(revoke(world, first["access_token"]))
    assert world.revoked() == 0
    assert_not_active(introspect(world, first["access_token"]), "token_still_stands")
    assert fetch(world, first["access_token"]).response.status == 401
    assert is_active(world, second["access_token"])
    assert refresh(world, second["refresh_token"]).response.status == 200


@pytest.mark.parametrize("token", ["never-issued", "a.b.c", " ", "☂"], ids=range(4))
def test_unknown_token_is_no_error(world: World, token: str) -> None:
    assert_given_back(revoke(world, token))


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_token_may_be_given_back_twice_and_after_its_time(world: World, which: str) -> None:
    token = tokens_of(world)[which]
    assert_given_back(revoke(world, token))
    assert_given_back(revoke(world, token))
    world.set_clock(NOON + 10**8)
    assert_given_back(revoke(world, token))


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
@pytest.mark.parametrize("thief", ["photoprint-short", "photoprint-app", "thumbnailer", "photos-api"])
def test_token_of_another_client_is_refused_and_stays_good(world: World, thief: str, which: str) -> None:
    given = tokens_of(world)
    assert_refused(revoke(world, given[which], thief), 400, "invalid_grant", "token_belongs_to_client")
    assert is_active(world, given["access_token"])
    assert refresh(world, given["refresh_token"]).response.status == 200


def test_public_client_gives_back_by_its_name_alone(world: World) -> None:
    given = tokens_of(world, "photoprint-app")
    assert_given_back(revoke(world, given["refresh_token"], "photoprint-app"))
    assert not is_active(world, given["access_token"])


@pytest.mark.parametrize(
    ("which", "hint"),
    [("access_token", "refresh_token"), ("refresh_token", "access_token"), ("refresh_token", "a-hint-nobody-knows")],
)
def test_wrong_hint_is_no_error_and_no_hindrance(world: World, which: str, hint: str) -> None:
    given = tokens_of(world)
    assert_given_back(revoke(world, given[which], token_type_hint=hint))
    assert not is_active(world, given["access_token"])


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_forged_token_takes_nothing_back(jwts: World, forge: Callable[[str], str]) -> None:
    token = tokens_of(jwts)["access_token"]
    assert_given_back(revoke(jwts, forge(token)))
    assert is_active(jwts, token)


def test_token_of_another_realm_is_not_taken_back(entry: Entry, world: World) -> None:
    given = tokens_of(world)
    for which in ("access_token", "refresh_token"):
        assert_given_back(revoke(World(entry), given[which]))
    assert is_active(world, given["access_token"])
