"""The implicit grant at /authorize and /consent: whatever comes back comes behind the #, and nothing else is given."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from endpoints import introspect, other_world
from parties import CALLBACK, LOOPBACK, Browser, World, body, fetch, headers, location, question, refused_by

from flows import wire
from flows.entry import Entry
from flows.store import access_tokens, codes, refresh_tokens
from flows.tokens import jws

PORT = LOOPBACK.replace("127.0.0.1", "127.0.0.1:5555")


@pytest.fixture(params=[False, True], ids=["JWT", "opaque"])
def world(request: pytest.FixtureRequest, entry: Entry) -> World:
    return other_world(entry, "of2012", opaque=request.param)


@pytest.fixture
def sandbox(entry: Entry) -> World:
    return World(entry)


def ask_for_token(world: World, client_id: str = "photoprint-2012", /, **changes: str | None) -> str:
    """The address of the question, right for that client but for the changes; without PKCE, as in 2012."""
    redirect_uri = {"photoprint-2012": f"{world.shop}/2012", "photoprint-spa": f"{world.shop}/app"}.get(client_id)
    right: dict[str, str | None] = {
        "response_type": "token",
        "redirect_uri": redirect_uri or (PORT if client_id == "photoprint-app" else CALLBACK),
        "code_challenge": None,
        "code_challenge_method": None,
    }
    return question(world, client_id, **{**right, **changes})


def behind_the_hash(answer: wire.Answered) -> list[tuple[str, str]]:
    """The parameters in the fragment of a redirect that has no query."""
    where = urlsplit(location(answer))
    assert where.query == ""
    return parse_qsl(where.fragment, strict_parsing=True)


def token_of(world: World, **changes: str | None) -> str:
    return dict(behind_the_hash(Browser(world).approve(ask_for_token(world, **changes))))["access_token"]


# The token.


def test_token_comes_behind_the_hash_and_nothing_in_the_query(world: World) -> None:
    answer = Browser(world).approve(ask_for_token(world))
    assert location(answer).startswith(f"{world.shop}/2012#access_token=")
    came = behind_the_hash(answer)
    assert came[1:] == [
        ("token_type", "Bearer"),
        ("expires_in", "300"),
        ("scope", "photos.read"),
        ("state", "a state"),
        ("iss", world.issuer),
    ]
    assert headers(answer, "Cache-Control") == ["no-store"]
    assert answer.response.body == b""


@pytest.mark.parametrize("client_id", ["photoprint", "photoprint-app", "photoprint-short"])
def test_every_client_of_the_sandbox_gets_its_token(sandbox: World, client_id: str) -> None:
    came = dict(behind_the_hash(Browser(sandbox).approve(ask_for_token(sandbox, client_id))))
    claims = jws.read(came["access_token"]).payload
    assert (claims["sub"], claims["client_id"], claims["scope"]) == ("alice", client_id, "photos.read")
    assert fetch(sandbox, came["access_token"]).response.status == 200


def test_api_takes_the_token_and_the_server_says_that_it_is_active(world: World) -> None:
    token = token_of(world, scope="photos.read photos.write")
    assert fetch(world, token).response.status == 200
    said = body(introspect(world, token))
    assert (said["active"], said["sub"], said["client_id"]) == (True, "alice", "photoprint-2012")
    assert said["scope"] == "photos.read photos.write"


def test_opaque_token_behind_the_hash_says_nothing(entry: Entry) -> None:
    token = token_of(other_world(entry, "silent", opaque=True))
    assert (len(token), "." in token) == (43, False)


def test_neither_a_refresh_token_nor_a_code_is_given(sandbox: World) -> None:
    came = dict(behind_the_hash(Browser(sandbox).approve(ask_for_token(sandbox, "photoprint"))))
    assert sorted(came) == ["access_token", "expires_in", "iss", "scope", "state", "token_type"]
    assert (sandbox.count(access_tokens), sandbox.count(refresh_tokens), sandbox.count(codes)) == (1, 0, 0)


def test_second_click_on_approve_gives_no_second_token(world: World) -> None:
    alice = Browser(world)
    page = alice.log_in(ask_for_token(world))
    assert alice.submit(page, decision="approve").response.status == 303
    assert refused_by(alice.submit(page, decision="approve")) == "answer_is_given_once"
    assert world.count(access_tokens) == 1


@pytest.mark.parametrize(
    "pkce",
    [
        {"code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256"},
        {"code_challenge": "too short", "code_challenge_method": "S256"},
        {"code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "plain"},
        {"code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"},
        {"code_challenge_method": "S256"},
    ],
    ids=["S256", "malformed", "plain", "no method", "method alone"],
)
def test_pkce_means_nothing_where_there_is_no_code(world: World, pkce: dict[str, str]) -> None:
    token = token_of(world, **pkce)
    assert fetch(world, token).response.status == 200


def test_question_without_a_state_is_answered_without_one(world: World) -> None:
    came = behind_the_hash(Browser(world).approve(ask_for_token(world, state=None)))
    assert [name for name, _ in came] == ["access_token", "token_type", "expires_in", "scope", "iss"]


# Errors.


def test_no_from_alice_comes_behind_the_hash(world: World) -> None:
    alice = Browser(world)
    answer = alice.submit(alice.log_in(ask_for_token(world)), decision="deny")
    assert behind_the_hash(answer) == [("error", "access_denied"), ("state", "a state"), ("iss", world.issuer)]
    assert world.count(access_tokens) == 0


def assert_told_behind_the_hash(world: World, url: str, error: str, check: str) -> None:
    answer = world.send(wire.get(url))
    assert refused_by(answer) == check
    assert behind_the_hash(answer) == [("error", error), ("state", "a state"), ("iss", world.issuer)]


@pytest.mark.parametrize("scope", ["photos.delete", "photos.read  photos.write", " "])
def test_scope_that_does_not_exist_is_told_behind_the_hash(world: World, scope: str) -> None:
    assert_told_behind_the_hash(world, ask_for_token(world, scope=scope), "invalid_scope", "scope_is_known")


def test_repeated_parameter_is_told_behind_the_hash(world: World) -> None:
    url = ask_for_token(world) + "&scope=photos.write"
    assert_told_behind_the_hash(world, url, "invalid_request", "no_parameter_is_repeated")


@pytest.mark.parametrize("client_id", ["photoprint", "photoprint-app", "photoprint-short", "photoprint-spa"])
def test_client_that_is_not_registered_for_it_is_told_behind_the_hash(world: World, client_id: str) -> None:
    url = ask_for_token(world, client_id)
    assert_told_behind_the_hash(world, url, "unauthorized_client", "client_may_ask_for_this")


def test_app_of_2012_may_not_ask_for_a_code_and_is_told_in_the_query(world: World) -> None:
    answer = world.send(wire.get(ask_for_token(world, response_type="code")))
    assert refused_by(answer) == "client_may_ask_for_this"
    where = urlsplit(location(answer))
    assert dict(parse_qsl(where.query))["error"] == "unauthorized_client"
    assert where.fragment == ""


@pytest.mark.parametrize(
    "response_type", ["Token", "token code", "code token", "id_token", "id_token token", "tok\u00e9n"]
)
def test_other_kinds_of_answer_are_told_in_the_query(world: World, response_type: str) -> None:
    answer = world.send(wire.get(ask_for_token(world, response_type=response_type)))
    assert refused_by(answer) == "response_type_is_supported"
    where = urlsplit(location(answer))
    assert dict(parse_qsl(where.query))["error"] == "unsupported_response_type"
    assert where.fragment == ""


@pytest.mark.parametrize(
    "uri", ["http://evil.example/2012", "{shop}/2012/", "{shop}/2012#x", "{shop}/app", "{shop}/2012?x"]
)
def test_address_that_is_not_the_clients_gets_a_page_and_no_redirect(world: World, uri: str) -> None:
    answer = world.send(wire.get(ask_for_token(world, redirect_uri=uri.format(shop=world.shop))))
    assert (answer.response.status, refused_by(answer)) == (400, "redirect_uri_is_registered")
    assert headers(answer, "Location") == []


def test_token_endpoint_knows_nothing_of_the_implicit_grant(world: World) -> None:
    form = {"grant_type": "implicit", "client_id": "photoprint-2012"}
    answer = world.send(wire.post(f"{world.issuer}/token", form))
    assert (answer.response.status, body(answer)) == (400, {"error": "unsupported_grant_type"})


def test_refusal_names_what_the_client_may_ask_for(world: World) -> None:
    for client_id, response_type, expected in (("photoprint", "token", "code"), ("photoprint-2012", "code", "token")):
        answer = world.send(wire.get(ask_for_token(world, client_id, response_type=response_type)))
        (said,) = [each for each in answer.environ["tokenwalk.checks"] if each.state == "failed"]
        assert (said.expected, said.got) == (expected, response_type)
