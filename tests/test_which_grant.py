"""/token: which grants there are, who may use which, for which scope; and the client credentials grant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from endpoints import assert_refused, by_credentials, by_password, other_world, post, revoke
from parties import World, body, fetch, headers, refused_by, timed_world

from flows import story, wire
from flows.authorization_server.token import GRANTS
from flows.entry import Entry
from flows.store import access_tokens, refresh_tokens
from flows.tokens import jws

Ask = Callable[..., wire.Answered]
BOTH = "photos.read photos.write"
UNKNOWN_SCOPES = ["photos.delete", "photos.read photos.delete", "PHOTOS.READ", "photos.read  photos.write", " ", "☂"]
NOT_ITS_OWN = [
    (client.client_id, grant)
    for client in story.clients("").values()
    for grant in GRANTS
    if grant not in client.grant_types
]


@pytest.fixture
def world(entry: Entry) -> World:
    return timed_world(entry)


@pytest.fixture
def sandbox(entry: Entry) -> World:
    return World(entry)


@pytest.mark.parametrize(
    "grant_type",
    [
        "client_credential",
        "Password",
        "refresh-token",
        "implicit",
        "token",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "password ",
        "☂",
    ],
)
@pytest.mark.parametrize("client_id", ["photoprint", "photoprint-app", "photos-api"])
def test_grant_that_is_not_offered_is_unsupported(sandbox: World, client_id: str, grant_type: str) -> None:
    answer = post(sandbox, "token", client_id, grant_type=grant_type, username="alice", password="wonderland")
    assert_refused(answer, 400, "unsupported_grant_type", "grant_type_is_supported")


@pytest.mark.parametrize(("client_id", "grant_type"), NOT_ITS_OWN)
def test_grant_that_a_client_is_not_registered_for_is_refused(world: World, client_id: str, grant_type: str) -> None:
    answer = post(world, "token", client_id, grant_type=grant_type, username="alice", password="wonderland")
    assert_refused(answer, 400, "unauthorized_client", "client_may_use_this_grant")
    assert world.count(access_tokens) == 0


def test_api_is_told_that_it_is_registered_for_no_grant(world: World) -> None:
    answer = by_credentials(world, "photos-api")
    (said,) = [each for each in answer.environ["tokenwalk.checks"] if each.state == "failed"]
    assert (said.expected, said.got) == ("no grant", "client_credentials")


def test_app_of_the_sandbox_may_use_every_grant_but_client_credentials(sandbox: World) -> None:
    answer = by_credentials(sandbox, "photoprint-app")
    assert_refused(answer, 400, "unauthorized_client", "client_may_use_this_grant")
    assert by_password(sandbox, "photoprint-app").response.status == 200


def test_public_client_gets_no_token_of_its_own_even_if_somebody_registered_it_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = story.clients("")
    wrong = replace(known["photoprint-app"], grant_types=("client_credentials",))
    monkeypatch.setattr(story, "clients", lambda *_, **__: {**known, "photoprint-app": wrong})
    answer = by_credentials(world, "photoprint-app")
    assert_refused(answer, 400, "unauthorized_client", "client_is_confidential")


def test_stranger_with_the_name_alone_gets_no_token(world: World) -> None:
    for form in ({"client_id": "thumbnailer"}, {"client_id": "thumbnailer", "client_secret": "guessed"}):
        answer = world.send(wire.post(f"{world.issuer}/token", {"grant_type": "client_credentials", **form}))
        assert_refused(answer, 401, "invalid_client", "client_is_authenticated")


# Scope.


@pytest.mark.parametrize("scope", UNKNOWN_SCOPES)
@pytest.mark.parametrize("ask", [by_password, by_credentials])
def test_scope_that_does_not_exist_is_refused(world: World, ask: Ask, scope: str) -> None:
    assert_refused(ask(world, scope=scope), 400, "invalid_scope", "scope_can_be_granted")


@pytest.mark.parametrize(("asked", "given"), [(None, "photos.read"), ("", "photos.read"), (BOTH, BOTH)])
@pytest.mark.parametrize("ask", [by_password, by_credentials])
def test_scope_is_given_as_asked_or_the_usual_one(world: World, ask: Ask, asked: str | None, given: str) -> None:
    answer = body(ask(world, scope=asked))
    assert answer["scope"] == given
    assert jws.read(answer["access_token"]).payload["scope"] == given


# Client credentials.


def test_token_of_a_program_is_about_the_program(world: World) -> None:
    answer = by_credentials(world, scope=BOTH)
    assert sorted(body(answer)) == ["access_token", "expires_in", "scope", "token_type"]
    claims = jws.read(body(answer)["access_token"]).payload
    assert (claims["sub"], claims["client_id"], claims["scope"]) == ("thumbnailer", "thumbnailer", BOTH)
    assert headers(answer, "Cache-Control") == ["no-store"]
    assert headers(answer, "Pragma") == ["no-cache"]


def test_secret_in_the_form_is_as_good_for_client_credentials(world: World) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": "thumbnailer",
        "client_secret": "thumbnailer-secret",
    }
    assert world.send(wire.post(f"{world.issuer}/token", form)).response.status == 200


def test_client_credentials_give_no_refresh_token_even_to_a_client_that_may_refresh(sandbox: World) -> None:
    assert "refresh_token" not in body(by_credentials(sandbox, "photoprint"))
    assert sandbox.count(refresh_tokens) == 0


def test_second_token_of_a_program_does_not_end_the_first(world: World) -> None:
    first, second = (body(by_credentials(world))["access_token"] for _ in range(2))
    assert first != second
    revoke(world, second, "thumbnailer")
    assert refused_by(fetch(world, second)) == "grant_is_not_revoked"
    assert fetch(world, first).response.status == 200


@pytest.mark.parametrize("opaque", [False, True], ids=["JWT", "opaque"])
def test_program_may_do_what_its_scope_allows_and_no_person_is_asked(entry: Entry, opaque: bool) -> None:
    world = other_world(entry, "ofprograms", opaque=opaque)
    reads, writes = (body(by_credentials(world, scope=scope))["access_token"] for scope in ("photos.read", BOTH))
    json = ("Content-Type", "application/json"), ("Content-Length", "22")

    def add(token: str) -> wire.Answered:
        asked = wire.get(world.photos, wire.bearer(token), *json)
        return world.send(wire.Request("POST", asked.target, asked.headers, b'{"title": "Thumbnail"}'))

    assert fetch(world, reads).response.status == 200
    assert (add(reads).response.status, refused_by(add(reads))) == (403, "scope_allows")
    added = add(writes)
    assert added.response.status == 201
    assert body(fetch(world, reads))["photos"][-1]["id"] == body(added)["id"]
