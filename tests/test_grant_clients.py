"""The other grants with clients that others wrote, unmodified, over a real socket: implicit, password, client
credentials, refresh, introspection, revocation.

The person is played as in test_real_clients.py, and so are the clients; what is new is what they ask for.
"""

from __future__ import annotations

import time
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
import test_real_clients as code_flow
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from authlib.oauth2 import OAuth2Error as AuthlibError
from oauthlib.oauth2 import BackendApplicationClient, LegacyApplicationClient, MobileApplicationClient, OAuth2Error
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session
from test_real_clients import ALICES_PHOTOS, CLIENTS, INVALID_TOKEN, SHORT, Registered, follow_as_alice, verified

snapbox, photos_url = code_flow.snapbox, code_flow.photos_url  # fixtures

KINDS = {**CLIENTS, "in a hurry": SHORT}
CONFIDENTIAL = {name: client for name, client in KINDS.items() if client.client_secret}
API = ("photos-api", "photos-api-secret")
Token = dict[str, Any]


class Library(Protocol):
    """What the tests ask of a library, for one client; a token is its answer as a mapping.

    `denied` is its error where Alice said no to the implicit grant: Authlib tells only that no token came.
    """

    refusal: type[Exception]
    denied: str

    def __init__(self, snapbox: dict[str, Any], client: Registered) -> None: ...

    def implicit_question(self) -> str:
        """The address that the person’s browser is sent to."""

    def token_from(self, callback: str) -> Token:
        """The token in the address that the browser came back with."""

    def by_password(self, username: str, password: str) -> Token: ...

    def by_credentials(self) -> Token: ...

    def by_code(self) -> Token: ...

    def refreshed(self, token: Token) -> Token: ...

    def photos_with_a_token_that_is_over(self, token: Token, photos_url: str) -> tuple[requests.Response, list[Token]]:
        """GET the photos with a token that the library takes to be over: the answer, and what was handed on to be
        kept."""


class Authlib:
    refusal = OAuthError
    denied = "missing_token"

    def __init__(self, snapbox: dict[str, Any], client: Registered) -> None:
        self.snapbox, self.client = snapbox, client
        self.session = self._session()

    def _session(self, **more: Any) -> AuthlibSession:
        return AuthlibSession(
            self.client.client_id,
            self.client.client_secret,
            token_endpoint_auth_method=self.client.auth_method,
            revocation_endpoint_auth_method=self.client.auth_method,
            scope="photos.read",
            redirect_uri=self.client.redirect_uri,
            **more,
        )

    def implicit_question(self) -> str:
        url, self.state = self.session.create_authorization_url(
            self.snapbox["authorization_endpoint"], response_type="token"
        )
        return str(url)

    def token_from(self, callback: str) -> Token:
        return self.session.fetch_token(authorization_response=callback, state=self.state)

    def by_password(self, username: str, password: str) -> Token:
        return self.session.fetch_token(self.snapbox["token_endpoint"], username=username, password=password)

    def by_credentials(self) -> Token:
        return self.session.fetch_token(self.snapbox["token_endpoint"], grant_type="client_credentials")

    def by_code(self) -> Token:
        speaker = code_flow.Authlib(self.snapbox, self.client, "photos.read")
        return speaker.redeem(follow_as_alice(speaker.question()))

    def refreshed(self, token: Token) -> Token:
        return self.session.refresh_token(self.snapbox["token_endpoint"], refresh_token=token["refresh_token"])

    def photos_with_a_token_that_is_over(self, token: Token, photos_url: str) -> tuple[requests.Response, list[Token]]:
        kept: list[Token] = []
        session = self._session(
            token={**token, "expires_at": int(time.time()) - 1},
            token_endpoint=self.snapbox["token_endpoint"],
            update_token=lambda fresh, **_: kept.append(fresh),
        )
        return session.get(photos_url), kept


class RequestsOAuthlib:
    refusal = OAuth2Error
    denied = "access_denied"

    def __init__(self, snapbox: dict[str, Any], client: Registered) -> None:
        self.snapbox, self.client = snapbox, client

    @property
    def who(self) -> dict[str, Any]:
        """How `fetch_token` is told who asks."""
        client_id, secret = self.client.client_id, self.client.client_secret
        known: dict[str, Any] = {
            "client_secret_basic": {"auth": HTTPBasicAuth(client_id, secret or "")},
            "client_secret_post": {"include_client_id": True, "client_secret": secret},
            "none": {"include_client_id": True},
        }[self.client.auth_method]
        return known

    @property
    def fields(self) -> dict[str, Any]:
        """The same as fields of a form, for what knows no `include_client_id`."""
        form = {"client_id": self.client.client_id, "client_secret": self.client.client_secret}
        return {name: value for name, value in form.items() if value}

    def implicit_question(self) -> str:
        client = MobileApplicationClient(client_id=self.client.client_id)
        self.session = OAuth2Session(client=client, redirect_uri=self.client.redirect_uri, scope=["photos.read"])
        return str(self.session.authorization_url(self.snapbox["authorization_endpoint"])[0])

    def token_from(self, callback: str) -> Token:
        return self.session.token_from_fragment(callback)

    def by_password(self, username: str, password: str) -> Token:
        session = OAuth2Session(client=LegacyApplicationClient(client_id=self.client.client_id))
        return session.fetch_token(
            self.snapbox["token_endpoint"], username=username, password=password, scope=["photos.read"], **self.who
        )

    def by_credentials(self) -> Token:
        session = OAuth2Session(client=BackendApplicationClient(client_id=self.client.client_id))
        return session.fetch_token(self.snapbox["token_endpoint"], **self.who)

    def by_code(self) -> Token:
        speaker = code_flow.RequestsOAuthlib(self.snapbox, self.client, "photos.read")
        return speaker.redeem(follow_as_alice(speaker.question()))

    def refreshed(self, token: Token) -> Token:
        who = self.who if self.client.auth_method == "client_secret_basic" else self.fields
        return OAuth2Session(self.client.client_id, token=token).refresh_token(self.snapbox["token_endpoint"], **who)

    def photos_with_a_token_that_is_over(self, token: Token, photos_url: str) -> tuple[requests.Response, list[Token]]:
        kept: list[Token] = []
        session = OAuth2Session(
            self.client.client_id,
            token={**token, "expires_in": -1, "expires_at": int(time.time()) - 1},
            auto_refresh_url=self.snapbox["token_endpoint"],
            auto_refresh_kwargs=self.fields,
            token_updater=kept.append,
        )
        return session.get(photos_url), kept


@pytest.fixture(params=[Authlib, RequestsOAuthlib], ids=["Authlib", "requests-oauthlib"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type[Library]:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # requests-oauthlib insists on TLS, and this is localhost
    chosen: type[Library] = request.param
    return chosen


@pytest.fixture(params=KINDS.values(), ids=KINDS.keys())
def client(request: pytest.FixtureRequest) -> Registered:
    registered: Registered = request.param
    return registered


@pytest.fixture(params=CONFIDENTIAL.values(), ids=CONFIDENTIAL.keys())
def confidential(request: pytest.FixtureRequest) -> Registered:
    registered: Registered = request.param
    return registered


def photos_with(token: Token, photos_url: str) -> requests.Response:
    return requests.get(photos_url, headers={"Authorization": f"Bearer {token['access_token']}"}, timeout=10)


def assert_good_for(sub: str, client: Registered, token: Token, snapbox: dict[str, Any], photos_url: str) -> None:
    """The token verifies with the published keys, is about whom it should be, and the API takes it."""
    claims = verified(token["access_token"], snapbox).claims
    assert (claims["sub"], claims["client_id"], claims["scope"]) == (sub, client.client_id, "photos.read")
    assert (claims["iss"], claims["exp"] - claims["iat"]) == (snapbox["issuer"], 4 if client is SHORT else 300)
    assert (token["token_type"], int(token["expires_in"])) == ("Bearer", 4 if client is SHORT else 300)
    answer = photos_with(token, photos_url)
    assert answer.status_code == 200
    if sub == "alice":
        assert answer.json()["photos"][:3] == ALICES_PHOTOS


# The implicit grant.


def test_real_client_finds_the_token_of_the_implicit_grant_in_the_fragment(
    library: type[Library], client: Registered, snapbox: dict[str, Any], photos_url: str
) -> None:
    speaker = library(snapbox, client)
    callback = urlsplit(follow_as_alice(speaker.implicit_question()))
    assert (f"{callback.scheme}://{callback.netloc}{callback.path}", callback.query) == (client.redirect_uri, "")
    token = speaker.token_from(callback.geturl())
    assert set(token) >= {"access_token", "token_type", "expires_in", "scope", "state", "iss"}
    assert token["iss"] == snapbox["issuer"]
    assert "refresh_token" not in token
    assert_good_for("alice", client, token, snapbox, photos_url)


def test_no_from_alice_reaches_the_client_of_the_implicit_grant_in_the_fragment(
    library: type[Library], snapbox: dict[str, Any]
) -> None:
    speaker = library(snapbox, CLIENTS["no secret"])
    callback = follow_as_alice(speaker.implicit_question(), "deny")
    assert urlsplit(callback).query == ""
    came = parse_qsl(urlsplit(callback).fragment)
    assert [name for name, _ in came] == ["error", "state", "iss"]
    assert came[0] == ("error", "access_denied")
    with pytest.raises((OAuth2Error, AuthlibError)) as refused:
        speaker.token_from(callback)
    assert refused.value.error == speaker.denied


# The password grant.


def test_real_client_gets_a_token_for_a_password(
    library: type[Library], client: Registered, snapbox: dict[str, Any], photos_url: str
) -> None:
    token = library(snapbox, client).by_password("alice", "wonderland")
    assert_good_for("alice", client, token, snapbox, photos_url)
    assert len(token["refresh_token"]) == 43


def test_wrong_password_reaches_the_client_as_invalid_grant(library: type[Library], snapbox: dict[str, Any]) -> None:
    speaker = library(snapbox, CLIENTS["secret in the header"])
    with pytest.raises(speaker.refusal) as refused:
        speaker.by_password("hatter", "coffeetime")
    assert refused.value.error == "invalid_grant"  # type: ignore[attr-defined]


# Client credentials.


def test_real_client_gets_a_token_of_its_own(
    library: type[Library], confidential: Registered, snapbox: dict[str, Any], photos_url: str
) -> None:
    token = library(snapbox, confidential).by_credentials()
    assert_good_for(confidential.client_id, confidential, token, snapbox, photos_url)
    assert "refresh_token" not in token


def test_client_without_a_secret_gets_no_token_of_its_own(library: type[Library], snapbox: dict[str, Any]) -> None:
    speaker = library(snapbox, CLIENTS["no secret"])
    with pytest.raises(speaker.refusal) as refused:
        speaker.by_credentials()
    assert refused.value.error == "unauthorized_client"  # type: ignore[attr-defined]


# The refresh token.


@pytest.mark.parametrize("grant", ["code", "password"])
def test_real_client_refreshes_and_its_old_refresh_token_is_spent(
    library: type[Library], client: Registered, grant: str, snapbox: dict[str, Any], photos_url: str
) -> None:
    speaker = library(snapbox, client)
    first = dict(speaker.by_code() if grant == "code" else speaker.by_password("alice", "wonderland"))
    second = dict(speaker.refreshed(first))
    assert second["refresh_token"] != first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    assert_good_for("alice", client, second, snapbox, photos_url)
    with pytest.raises(speaker.refusal) as refused:
        speaker.refreshed(first)
    assert refused.value.error == "invalid_grant"  # type: ignore[attr-defined]
    answer = photos_with(second, photos_url)  # somebody had a copy: nobody may go on
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, INVALID_TOKEN)


def test_real_client_refreshes_by_itself_when_its_token_is_over(
    library: type[Library], client: Registered, snapbox: dict[str, Any], photos_url: str
) -> None:
    speaker = library(snapbox, client)
    token = speaker.by_password("alice", "wonderland")
    answer, (kept,) = speaker.photos_with_a_token_that_is_over(token, photos_url)
    assert answer.status_code == 200
    assert answer.request.headers["Authorization"] == f"Bearer {kept['access_token']}"
    assert kept["access_token"] != token["access_token"]
    assert_good_for("alice", client, kept, snapbox, photos_url)


# Introspection and revocation, which only Authlib speaks.


def introspected(snapbox: dict[str, Any], token: str, hint: str | None = None) -> dict[str, Any]:
    """What the API, as a client of Authlib’s, is told of a token."""
    answer = AuthlibSession(*API).introspect_token(snapbox["introspection_endpoint"], token, hint)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    said: dict[str, Any] = answer.json()
    return said


def test_api_introspects_a_token_with_authlib(client: Registered, snapbox: dict[str, Any]) -> None:
    token = Authlib(snapbox, client).by_password("alice", "wonderland")
    claims = verified(token["access_token"], snapbox).claims
    same = {name: claims[name] for name in ("scope", "client_id", "exp", "iat", "sub", "aud", "iss")}
    for hint in (None, "access_token", "refresh_token"):
        said = introspected(snapbox, token["access_token"], hint)
        assert said == {"active": True, "token_type": "Bearer", **same}


def test_introspection_is_refused_to_a_client_that_is_no_api(client: Registered, snapbox: dict[str, Any]) -> None:
    token = Authlib(snapbox, client).by_password("alice", "wonderland")["access_token"]
    answer = Authlib(snapbox, client).session.introspect_token(snapbox["introspection_endpoint"], token)
    assert (answer.status_code, answer.json()) == (403, {"error": "unauthorized_client"})


@pytest.mark.parametrize("what", ["refresh_token", "access_token"])
def test_token_that_authlib_revokes_is_over(
    client: Registered, what: str, snapbox: dict[str, Any], photos_url: str
) -> None:
    speaker = Authlib(snapbox, client)
    token = dict(speaker.by_password("alice", "wonderland"))
    answer = speaker.session.revoke_token(snapbox["revocation_endpoint"], token[what], what)
    assert (answer.status_code, answer.content) == (200, b"")
    assert introspected(snapbox, token["access_token"]) == {"active": False}
    answer = photos_with(token, photos_url)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, INVALID_TOKEN)
    if what == "refresh_token":
        with pytest.raises(OAuthError) as refused:
            speaker.refreshed(token)
        assert refused.value.error == "invalid_grant"
    else:
        assert speaker.refreshed(token)["token_type"] == "Bearer"
