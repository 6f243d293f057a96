"""PKCE with plain (RFC 7636 §4.2): refused as a rule, and what it is worth where a realm takes it."""

from __future__ import annotations

import pytest
from endpoints import other_world
from parties import VERIFIER, World, body, code_of, question, redeem, refused_by, returned, timed_world

from flows import wire
from flows.entry import Entry
from flows.pkce import s256
from flows.store import codes

PLAIN: dict[str, str | None] = {"code_challenge": VERIFIER, "code_challenge_method": "plain"}


@pytest.fixture
def strict(entry: Entry) -> World:
    return timed_world(entry)


@pytest.fixture
def lax(entry: Entry) -> World:
    return other_world(entry, "lax", switched_off=["code_challenge_method_is_s256"])


def assert_told(world: World, url: str, error: str, check: str) -> None:
    answer = world.send(wire.get(url))
    assert refused_by(answer) == check
    assert returned(answer) == [("error", error), ("state", "a state"), ("iss", world.issuer)]


def assert_no_match(answer: wire.Answered) -> None:
    assert (answer.response.status, body(answer)) == (400, {"error": "invalid_grant"})
    assert refused_by(answer) == "code_verifier_matches"


@pytest.mark.parametrize("method", ["plain", None, "", "PLAIN", "s256", "S512", "none"])
@pytest.mark.parametrize("client_id", ["photoprint", "photoprint-app"])
def test_any_method_but_s256_is_refused(strict: World, client_id: str, method: str | None) -> None:
    url = question(strict, client_id, code_challenge_method=method)
    assert_told(strict, url, "invalid_request", "code_challenge_method_is_s256")
    assert strict.count(codes) == 0


def test_metadata_names_plain_only_where_it_is_taken(strict: World, lax: World) -> None:
    named = [world.realm.metadata["code_challenge_methods_supported"] for world in (strict, lax)]
    assert named == [["S256"], ["S256", "plain"]]


@pytest.mark.parametrize("method", ["plain", None, ""])
@pytest.mark.parametrize("client_id", ["photoprint", "photoprint-app"])
def test_plain_challenge_is_matched_by_itself(lax: World, client_id: str, method: str | None) -> None:
    code = code_of(lax, client_id, **{**PLAIN, "code_challenge_method": method})
    assert redeem(lax, code, client_id).response.status == 200


@pytest.mark.parametrize(
    "verifier",
    [None, "", s256(VERIFIER), VERIFIER + "A", VERIFIER[:-1] + "x", VERIFIER.lower(), VERIFIER.swapcase()],
    ids=["missing", "empty", "its hash", "longer", "another letter", "lower case", "the other case"],
)
def test_plain_challenge_is_matched_by_nothing_else(lax: World, verifier: str | None) -> None:
    code = code_of(lax, **PLAIN)
    assert_no_match(redeem(lax, code, code_verifier=verifier))
    assert redeem(lax, code).response.status == 200


@pytest.mark.parametrize("world", ["strict", "lax"])
def test_hash_that_was_sent_as_challenge_is_no_answer_to_itself(request: pytest.FixtureRequest, world: str) -> None:
    here: World = request.getfixturevalue(world)
    code = code_of(here)
    assert_no_match(redeem(here, code, code_verifier=s256(VERIFIER)))
    assert redeem(here, code).response.status == 200


def test_method_taken_out_of_the_link_turns_the_hash_into_the_secret(lax: World) -> None:
    """Why a server that offers S256 should not take plain (RFC 7636 §7.2): the hash has been in the address bar."""
    thiefs, honest = (code_of(lax, code_challenge_method=None) for _ in range(2))
    assert redeem(lax, thiefs, code_verifier=s256(VERIFIER)).response.status == 200
    assert_no_match(redeem(lax, honest))


@pytest.mark.parametrize("challenge", ["a" * 43, "a" * 128, "-._~" + "A9" * 20])
def test_plain_challenge_may_be_43_to_128_characters(lax: World, challenge: str) -> None:
    code = code_of(lax, **{**PLAIN, "code_challenge": challenge})
    assert redeem(lax, code, code_verifier=challenge).response.status == 200


@pytest.mark.parametrize("challenge", ["a" * 42, "a" * 129, "a" * 42 + "+", "a" * 42 + "=", "a" * 42 + " ", "☂" * 43])
def test_plain_challenge_that_no_code_verifier_could_equal_is_refused(lax: World, challenge: str) -> None:
    url = question(lax, **{**PLAIN, "code_challenge": challenge})
    assert_told(lax, url, "invalid_request", "code_challenge_is_well_formed")


@pytest.mark.parametrize("challenge", ["a" * 42, "a" * 44, "a" * 42 + "~", "a" * 42 + "="])
def test_s256_challenge_that_is_no_hash_is_refused(strict: World, lax: World, challenge: str) -> None:
    for world in (strict, lax):
        url = question(world, code_challenge=challenge)
        assert_told(world, url, "invalid_request", "code_challenge_is_well_formed")


@pytest.mark.parametrize("method", ["PLAIN", "s256", "S512", "plain ", "none"])
def test_method_that_does_not_exist_is_refused_even_there(lax: World, method: str) -> None:
    url = question(lax, code_challenge_method=method)
    assert_told(lax, url, "invalid_request", "code_challenge_is_well_formed")
