"""The refresh token: each works once, for its own client, in its time; shown twice, it takes all with it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from endpoints import assert_refused, by_password, introspect, other_world, post, refresh, revoke, tokens_of
from parties import NOON, World, body, code_of, fetch, redeem, refused_by, timed_world, token_form

from flows import wire
from flows.entry import Entry
from flows.store import refresh_tokens
from flows.tokens import jws

BOTH = "photos.read photos.write"
MONTH = 30 * 24 * 3600


@pytest.fixture
def world(entry: Entry) -> World:
    return timed_world(entry)


def still_good(world: World, token: str, client_id: str = "photoprint") -> bool:
    """Whether the rightful client can still use it: a refusal must neither have spent nor revoked it."""
    return world.revoked() == 0 and refresh(world, token, client_id).response.status == 200


def assert_invalid_grant(answer: wire.Answered, check: str) -> None:
    assert_refused(answer, 400, "invalid_grant", check)


# What it gives.


@pytest.mark.parametrize("client_id", ["photoprint", "photoprint-app", "photoprint-short"])
def test_refresh_token_gives_a_new_access_token_and_a_new_refresh_token(world: World, client_id: str) -> None:
    first = tokens_of(world, client_id)
    answer = refresh(world, first["refresh_token"], client_id)
    assert (answer.response.status, refused_by(answer)) == (200, None)
    second = body(answer)
    assert sorted(second) == ["access_token", "expires_in", "refresh_token", "scope", "token_type"]
    assert second["refresh_token"] != first["refresh_token"]
    was, now = (jws.read(each["access_token"]).payload for each in (first, second))
    assert {**now, "jti": was["jti"]} == was  # the realm’s clock stands still
    assert now["jti"] != was["jti"]
    assert fetch(world, second["access_token"]).response.status == 200
    assert fetch(world, first["access_token"]).response.status == 200


def test_refresh_tokens_go_on_one_after_the_other(world: World) -> None:
    token = tokens_of(world)["refresh_token"]
    for _ in range(5):
        token = body(refresh(world, token))["refresh_token"]
    assert world.count(refresh_tokens) == 6


def test_secret_in_the_form_is_as_good_as_basic(world: World) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": tokens_of(world)["refresh_token"]}
    form |= {"client_id": "photoprint", "client_secret": "photoprint-secret"}
    assert world.send(wire.post(f"{world.issuer}/token", form)).response.status == 200


def test_client_that_is_not_registered_for_it_gets_no_refresh_token(world: World) -> None:
    redirect_uri = f"{world.shop}/app"
    code = code_of(world, "photoprint-spa", redirect_uri=redirect_uri)
    given = body(post(world, "token", "photoprint-spa", **token_form(code=code, redirect_uri=redirect_uri)))
    assert sorted(given) == ["access_token", "expires_in", "scope", "token_type"]
    assert world.count(refresh_tokens) == 0


def test_refresh_token_of_a_password_is_as_good_as_one_of_a_code(entry: Entry) -> None:
    sandbox = World(entry)
    given = body(by_password(sandbox, "photoprint", scope=BOTH))
    again = body(refresh(sandbox, given["refresh_token"]))
    assert again["scope"] == BOTH
    assert jws.read(again["access_token"]).payload["sub"] == "alice"


# What is asked of it.


@pytest.mark.parametrize("token", [None, ""])
def test_missing_refresh_token_is_an_invalid_request(world: World, token: str | None) -> None:
    answer = refresh(world, "", refresh_token=token)
    assert_refused(answer, 400, "invalid_request", "refresh_token_is_there")


@pytest.mark.parametrize("token", ["never-issued", " ", "' OR '1'='1", "☂", "x" * 60_000], ids=range(5))
def test_unknown_refresh_token_is_refused(world: World, token: str) -> None:
    assert_invalid_grant(refresh(world, token), "refresh_token_is_known")


def test_refresh_token_in_another_letter_case_is_unknown(world: World) -> None:
    token = tokens_of(world)["refresh_token"]
    assert_invalid_grant(refresh(world, token.swapcase()), "refresh_token_is_known")
    assert still_good(world, token)


def test_access_token_and_code_are_no_refresh_tokens(world: World) -> None:
    for token in (tokens_of(world)["access_token"], code_of(world)):
        assert_invalid_grant(refresh(world, token), "refresh_token_is_known")


def test_refresh_token_of_another_realm_is_unknown(entry: Entry, world: World) -> None:
    token = tokens_of(world)["refresh_token"]
    for elsewhere in (other_world(entry, "elsewhere"), World(entry)):
        assert_invalid_grant(refresh(elsewhere, token), "refresh_token_is_known")
    assert still_good(world, token)


@pytest.mark.parametrize("thief", ["photoprint-short", "photoprint-app"])
def test_refresh_token_of_another_client_is_refused_and_stays_good(world: World, thief: str) -> None:
    token = tokens_of(world)["refresh_token"]
    assert_invalid_grant(refresh(world, token, thief), "refresh_token_was_issued_to_this_client")
    assert still_good(world, token)


def test_spent_refresh_token_shown_by_another_client_revokes_nothing(world: World) -> None:
    first = tokens_of(world)
    second = body(refresh(world, first["refresh_token"]))
    answer = refresh(world, first["refresh_token"], "photoprint-app")
    assert_invalid_grant(answer, "refresh_token_was_issued_to_this_client")
    assert fetch(world, second["access_token"]).response.status == 200
    assert still_good(world, second["refresh_token"])


@pytest.mark.parametrize("spent", [False, True], ids=["unused", "spent"])
@pytest.mark.parametrize("secret", [None, "guessed"])
def test_stranger_without_the_secret_neither_spends_nor_revokes(world: World, secret: str | None, spent: bool) -> None:
    token = last = tokens_of(world)["refresh_token"]
    if spent:
        last = body(refresh(world, token))["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "photoprint"}
    answer = world.send(wire.post(f"{world.issuer}/token", form | ({"client_secret": secret} if secret else {})))
    assert_refused(answer, 401, "invalid_client", "client_is_authenticated")
    assert still_good(world, last)


def test_refresh_token_lives_for_a_month_and_not_a_second_longer(world: World) -> None:
    early, late = (tokens_of(world)["refresh_token"] for _ in range(2))
    world.set_clock(NOON + MONTH - 1)
    next_one = body(refresh(world, early))["refresh_token"]
    world.set_clock(NOON + MONTH)
    assert_invalid_grant(refresh(world, late), "refresh_token_has_not_expired")
    assert still_good(world, next_one)  # its own month has begun with it


def test_client_in_a_hurry_has_eight_seconds(world: World) -> None:
    early, late = (tokens_of(world, "photoprint-short")["refresh_token"] for _ in range(2))
    world.set_clock(NOON + 7)
    assert refresh(world, early, "photoprint-short").response.status == 200
    world.set_clock(NOON + 8)
    assert_invalid_grant(refresh(world, late, "photoprint-short"), "refresh_token_has_not_expired")


def test_revoked_refresh_token_is_refused(world: World) -> None:
    token = tokens_of(world)["refresh_token"]
    assert revoke(world, token).response.status == 200
    assert_invalid_grant(refresh(world, token), "refresh_token_is_not_revoked")


def test_code_that_is_used_twice_takes_the_refresh_token_with_it(world: World) -> None:
    code = code_of(world)
    token = body(redeem(world, code))["refresh_token"]
    assert refused_by(redeem(world, code)) == "spend_code"
    assert_invalid_grant(refresh(world, token), "refresh_token_is_not_revoked")


# Used twice (RFC 9700 §4.14.2).


def test_refresh_token_used_twice_takes_back_all_that_came_of_the_same_yes(world: World) -> None:
    first = tokens_of(world)
    second = body(refresh(world, first["refresh_token"]))
    assert_invalid_grant(refresh(world, first["refresh_token"]), "spend_refresh_token")
    assert world.revoked() == 1
    for each in (first, second):
        answer = fetch(world, each["access_token"])
        assert (answer.response.status, refused_by(answer)) == (401, "grant_is_not_revoked")
        assert body(introspect(world, each["access_token"])) == {"active": False}
    assert_invalid_grant(refresh(world, second["refresh_token"]), "refresh_token_is_not_revoked")


def test_refresh_token_used_twice_leaves_other_grants_alone(world: World) -> None:
    first, other = tokens_of(world), tokens_of(world)
    for _ in range(2):
        refresh(world, first["refresh_token"])
    assert world.revoked() == 1
    assert fetch(world, other["access_token"]).response.status == 200
    assert refresh(world, other["refresh_token"]).response.status == 200


def test_spent_refresh_token_is_a_replay_even_after_its_time(world: World) -> None:
    first = tokens_of(world)
    world.set_clock(NOON + MONTH - 1)
    second = body(refresh(world, first["refresh_token"]))
    world.set_clock(NOON + MONTH)
    assert_invalid_grant(refresh(world, first["refresh_token"]), "refresh_token_has_not_expired")
    assert refused_by(fetch(world, second["access_token"])) == "grant_is_not_revoked"


def test_spent_refresh_token_is_a_replay_even_where_it_asks_for_more(world: World) -> None:
    first = tokens_of(world)
    second = body(refresh(world, first["refresh_token"]))
    answer = refresh(world, first["refresh_token"], scope=BOTH)
    assert_refused(answer, 400, "invalid_scope", "scope_is_no_more_than_before")
    assert world.revoked() == 1
    assert refused_by(fetch(world, second["access_token"])) == "grant_is_not_revoked"
    assert_invalid_grant(refresh(world, second["refresh_token"]), "refresh_token_is_not_revoked")


def test_refresh_token_that_asks_for_more_and_is_not_spent_stays_good(world: World) -> None:
    token = tokens_of(world)["refresh_token"]
    answer = refresh(world, token, scope=BOTH)
    assert_refused(answer, 400, "invalid_scope", "scope_is_no_more_than_before")
    assert still_good(world, token)


def test_of_twenty_refreshes_at_once_one_wins_and_the_others_end_the_grant(world: World) -> None:
    token = tokens_of(world)["refresh_token"]
    gate = Barrier(20)

    def try_it(_: int) -> wire.Answered:
        gate.wait()
        return refresh(world, token)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(try_it, range(20)))
    (won,) = [answer for answer in answers if answer.response.status == 200]
    refusals = [(answer.response.status, refused_by(answer)) for answer in answers if answer is not won]
    assert refusals.count((400, "spend_refresh_token")) >= 1
    assert set(refusals) <= {(400, "spend_refresh_token"), (400, "refresh_token_is_not_revoked")}
    assert refused_by(fetch(world, body(won)["access_token"])) == "grant_is_not_revoked"
    assert refused_by(refresh(world, body(won)["refresh_token"])) == "refresh_token_is_not_revoked"


# Scope (RFC 6749 §6).


@pytest.mark.parametrize("less", ["photos.read", "photos.write"])
def test_refresh_may_ask_for_less_and_the_next_one_for_all_again(world: World, less: str) -> None:
    first = tokens_of(world, scope=BOTH)
    second = body(refresh(world, first["refresh_token"], scope=less))
    assert second["scope"] == less
    assert jws.read(second["access_token"]).payload["scope"] == less
    assert body(introspect(world, second["access_token"]))["scope"] == less
    third = body(refresh(world, second["refresh_token"]))
    assert third["scope"] == BOTH
    fourth = body(refresh(world, third["refresh_token"], scope=BOTH))
    assert jws.read(fourth["access_token"]).payload["scope"] == BOTH


@pytest.mark.parametrize(
    "more",
    [BOTH, "photos.write", "photos.delete", "PHOTOS.READ", "photos.read  photos.read", " photos.read", " ", "\u00a0"],
)
def test_refresh_that_asks_for_more_is_refused_and_costs_nothing(world: World, more: str) -> None:
    token = tokens_of(world)["refresh_token"]
    answer = refresh(world, token, scope=more)
    assert_refused(answer, 400, "invalid_scope", "scope_is_no_more_than_before")
    assert still_good(world, token)


@pytest.mark.parametrize("scope", ["photos.read", ""])
def test_scope_that_is_the_same_or_empty_changes_nothing(world: World, scope: str) -> None:
    assert body(refresh(world, tokens_of(world)["refresh_token"], scope=scope))["scope"] == "photos.read"
