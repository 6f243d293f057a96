"""What a thief would try with a secret: requests that are made of nothing but what could be seen from one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from flows import wire
from flows.run import Run

Got = Mapping[str, str]  # name of a secret → its value


def _photos(run: Run, seen: Got) -> wire.Request:
    url = f"{run.realm.address('resource_server')}/photos"
    return wire.get(url, ("Accept", "application/json"), wire.bearer(seen["access_token"]))


def _token(run: Run, seen: Got, form: dict[str, str], client_id: str = "") -> wire.Request:
    """A token request in the name of the run's client, with its secret if that was seen."""
    client_id = client_id or run.flow.client_id
    url = run.realm.metadata["token_endpoint"]
    if "client_secret" in seen and client_id == run.flow.client_id:
        return wire.post(url, form, wire.basic(client_id, seen["client_secret"]))
    return wire.post(url, form | {"client_id": client_id})


def _code(run: Run, seen: Got) -> wire.Request:
    form = {"grant_type": "authorization_code", "code": seen["code"]}
    for redirect_uri in run.realm.clients[run.flow.client_id].redirect_uris[:1]:
        form["redirect_uri"] = redirect_uri
    return _token(run, seen, form | {name: seen[name] for name in ("code_verifier",) if name in seen})


def _refresh(run: Run, seen: Got) -> wire.Request:
    return _token(run, seen, {"grant_type": "refresh_token", "refresh_token": seen["refresh_token"]})


def _password(run: Run, seen: Got) -> wire.Request:
    form = {"grant_type": "password", "username": "alice", "password": seen["password"]}
    return _token(run, {}, form | {"scope": "photos.read photos.write"}, "photoprint-desktop")


def _client_secret(run: Run, seen: Got) -> wire.Request:
    return _token(run, seen, {"grant_type": "client_credentials"})


def _snapbox_session(run: Run, seen: Got) -> wire.Request:
    """The question of a client that anybody may begin with, in the session of whoever is logged in."""
    client = run.realm.clients["photoprint"]
    asked = {"response_type": "code", "client_id": client.client_id, "redirect_uri": client.redirect_uris[0]}
    cookie = ("Cookie", f"snapbox_session={seen['snapbox_session']}")
    return wire.get(
        f"{run.realm.metadata['authorization_endpoint']}?{urlencode(asked)}", ("Accept", "text/html"), cookie
    )


def _photoprint_session(run: Run, seen: Got) -> wire.Request:
    cookie = ("Cookie", f"photoprint_session={seen['photoprint_session']}")
    return wire.get(f"{run.realm.address('client')}/prints", ("Accept", "text/html"), cookie)


@dataclass(frozen=True)
class Try:
    """What a thief would try with one secret: in words, what is won if it works, and as a request."""

    says: str
    gains: str
    prepare: Callable[[Run, Got], wire.Request]


TRIES = {
    "access_token": Try("Show it to the API, and fetch the photos.", "the photos", _photos),
    "code": Try("Redeem it at the token endpoint, with whatever else was seen.", "a token for Alice’s photos", _code),
    "refresh_token": Try(
        "Trade it for new tokens, with whatever else was seen.", "new tokens for Alice’s photos", _refresh
    ),
    "password": Try(
        "Get a token for all of Alice’s account, by the password grant.",
        "a token for all of Alice’s account",
        _password,
    ),
    "client_secret": Try("Ask for a token as this client itself.", "a token of the client’s own", _client_secret),
    "snapbox_session": Try("Open Snapbox as Alice, in her session.", "Alice’s session at Snapbox", _snapbox_session),
    "photoprint_session": Try("Open PhotoPrint as Alice, in her session.", "Alice’s prints", _photoprint_session),
}
