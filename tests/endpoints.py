"""Requests to /token, /introspect and /revoke as a registered client sends them, and realms to send them in."""

from __future__ import annotations

from typing import Any

from parties import AUTHORITY, NOON, World, body, code_of, headers, redeem, refused_by

from flows import wire
from flows.entry import Entry
from flows.realm import make_realm


def other_world(entry: Entry, name: str, **more: Any) -> World:
    """A realm whose clock stands at NOON; `more` as make_realm takes it: opaque, api_skew, switched_off."""
    make_realm(entry.stage.runs.store, name, AUTHORITY, by_host=False, clock=NOON, **more)
    return World(entry, name)


def post(world: World, endpoint: str, client_id: str, /, **form: str | None) -> wire.Answered:
    """As that client: with Basic where it has a secret, with its client_id where it has none. None leaves a field
    out."""
    sent = {name: value for name, value in form.items() if value is not None}
    secret = world.realm.clients[client_id].secret
    if secret is None:
        return world.send(wire.post(f"{world.issuer}/{endpoint}", {"client_id": client_id, **sent}))
    return world.send(wire.post(f"{world.issuer}/{endpoint}", sent, wire.basic(client_id, secret)))


def by_password(world: World, client_id: str = "photoprint-desktop", /, **changes: str | None) -> wire.Answered:
    right: dict[str, str | None] = {"grant_type": "password", "username": "alice", "password": "wonderland"}
    return post(world, "token", client_id, **{**right, **changes})


def by_credentials(world: World, client_id: str = "thumbnailer", /, **changes: str | None) -> wire.Answered:
    return post(world, "token", client_id, **{"grant_type": "client_credentials", **changes})


def refresh(world: World, token: str, client_id: str = "photoprint", /, **changes: str | None) -> wire.Answered:
    return post(world, "token", client_id, **{"grant_type": "refresh_token", "refresh_token": token, **changes})


def introspect(world: World, token: str, client_id: str = "photos-api", /, **changes: str | None) -> wire.Answered:
    return post(world, "introspect", client_id, **{"token": token, **changes})


def revoke(world: World, token: str, client_id: str = "photoprint", /, **changes: str | None) -> wire.Answered:
    return post(world, "revoke", client_id, **{"token": token, **changes})


def tokens_of(world: World, client_id: str = "photoprint", scope: str = "photos.read") -> dict[str, Any]:
    """The token response to a code that Alice approved."""
    given: dict[str, Any] = body(redeem(world, code_of(world, client_id, scope=scope), client_id))
    return given


def assert_refused(answer: wire.Answered, status: int, error: str, check: str) -> None:
    assert (answer.response.status, body(answer), refused_by(answer)) == (status, {"error": error}, check)
    assert headers(answer, "Cache-Control") == ["no-store"]
