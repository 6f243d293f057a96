"""Clients that were written by others, unmodified, over a real socket: Authlib's and requests-oauthlib's.

The person is played with plain `requests`: she follows the redirects and fills in the forms that she finds. The address
that the last redirect would take her browser to is handed to the client.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.flask_client import OAuth
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from conftest import Server, free_port
from flask import Flask
from joserfc import jwt
from joserfc.jwk import KeySet
from oauthlib.oauth2 import OAuth2Error
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

OUTSIDE = "http://127.0.0.1:8766/callback"
ALICES_PHOTOS = [
    {"id": "p1", "title": "The lighthouse at low tide", "taken": "2026-06-14", "image": "lighthouse"},
    {"id": "p2", "title": "Dinah, asleep again", "taken": "2026-07-02", "image": "cat"},
    {"id": "p3", "title": "Mountains, last light", "taken": "2026-08-21", "image": "mountains"},
]
INVALID_TOKEN = 'Bearer realm="Snapbox photos", error="invalid_token"'


# The client: what it was registered with, and the two libraries that speak for it.


@dataclass(frozen=True)
class Registered:
    """A client as the sandbox's page prints it, and how it says who it is at the token endpoint."""

    client_id: str
    client_secret: str | None
    redirect_uri: str
    auth_method: str


CLIENTS = {
    "secret in the header": Registered("photoprint", "photoprint-secret", OUTSIDE, "client_secret_basic"),
    "secret in the form": Registered("photoprint", "photoprint-secret", OUTSIDE, "client_secret_post"),
    "no secret": Registered("photoprint-app", None, "http://127.0.0.1:49152/callback", "none"),
}
SHORT = Registered("photoprint-short", "photoprint-short-secret", OUTSIDE, "client_secret_basic")


class Library(Protocol):
    """What the tests ask of a library, for one client, one scope, one authorization."""

    session: requests.Session
    refusal: type[Exception]

    def __init__(self, snapbox: dict[str, Any], client: Registered, scope: str) -> None: ...

    def question(self) -> str:
        """The address that the person's browser is sent to."""

    def redeem(self, callback: str) -> dict[str, Any]:
        """The token response to the code in the address that the browser came back with."""


class Authlib:
    refusal = OAuthError

    def __init__(self, snapbox: dict[str, Any], client: Registered, scope: str) -> None:
        self.snapbox = snapbox
        self.session = AuthlibSession(
            client.client_id,
            client.client_secret,
            token_endpoint_auth_method=client.auth_method,
            scope=scope,
            redirect_uri=client.redirect_uri,
            code_challenge_method="S256",
        )
        self.code_verifier = generate_token(48)

    def question(self) -> str:
        url, self.state = self.session.create_authorization_url(
            self.snapbox["authorization_endpoint"], code_verifier=self.code_verifier
        )
        return str(url)

    def redeem(self, callback: str) -> dict[str, Any]:
        return self.session.fetch_token(
            self.snapbox["token_endpoint"],
            authorization_response=callback,
            state=self.state,
            code_verifier=self.code_verifier,
        )


class RequestsOAuthlib:
    refusal = OAuth2Error

    def __init__(self, snapbox: dict[str, Any], client: Registered, scope: str) -> None:
        self.snapbox = snapbox
        self.client = client
        self.session = OAuth2Session(
            client.client_id, redirect_uri=client.redirect_uri, scope=scope.split(" "), pkce="S256"
        )

    def question(self) -> str:
        return str(self.session.authorization_url(self.snapbox["authorization_endpoint"])[0])

    def redeem(self, callback: str) -> dict[str, Any]:
        secret = self.client.client_secret
        who: dict[str, Any] = {
            "client_secret_basic": {"auth": HTTPBasicAuth(self.client.client_id, secret or "")},
            "client_secret_post": {"include_client_id": True, "client_secret": secret},
            "none": {"include_client_id": True},
        }[self.client.auth_method]
        return self.session.fetch_token(self.snapbox["token_endpoint"], authorization_response=callback, **who)


@pytest.fixture(params=[Authlib, RequestsOAuthlib], ids=["Authlib", "requests-oauthlib"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type[Library]:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # requests-oauthlib insists on TLS, and this is localhost
    chosen: type[Library] = request.param
    return chosen


@pytest.fixture(params=CLIENTS.values(), ids=CLIENTS.keys())
def client(request: pytest.FixtureRequest) -> Registered:
    registered: Registered = request.param
    return registered


@pytest.fixture
def snapbox(server: Server) -> dict[str, Any]:
    """What the authorization server says of itself, found where RFC 8414 §3.1 puts it for an issuer with a path."""
    answer = requests.get(f"{server.url}/.well-known/oauth-authorization-server/auth/sandbox", timeout=10)
    assert answer.status_code == 200
    said: dict[str, Any] = answer.json()
    return said


@pytest.fixture
def photos_url(server: Server) -> str:
    return f"{server.url}/api/sandbox/photos"


# The person.


@dataclass
class Form:
    """A form as it stands on the page: where it goes, what it holds, what can be typed, what can be pressed."""

    action: str
    hidden: dict[str, str] = field(default_factory=dict)
    typed: list[str] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            assert has["method"] == "post"
            self.found.append(Form(has["action"]))
        elif tag == "input" and has.get("type") == "hidden":
            self.found[-1].hidden[has["name"]] = has["value"]
        elif tag == "input":
            self.found[-1].typed.append(has["name"])
        elif tag == "button":
            self.found[-1].buttons.append((has.get("name", ""), has.get("value", "")))


def the_form(page: requests.Response) -> Form:
    assert page.status_code == 200
    parser = _Forms()
    parser.feed(page.text)
    (form,) = parser.found
    return form


def follow_as_alice(question: str, decision: str = "approve") -> str:
    """Log in, answer the question, and give the address that the browser would be taken to."""
    with requests.Session() as browser:
        login = the_form(browser.get(question, timeout=10))
        assert login.typed == ["username", "password"]
        fields = {**login.hidden, "username": "alice", "password": "wonderland"}
        consent = the_form(browser.post(login.action, fields, timeout=10))  # requests follows the 303 back
        assert consent.buttons == [("decision", "approve"), ("decision", "deny")]
        fields = {**consent.hidden, "decision": decision}
        answer = browser.post(consent.action, fields, timeout=10, allow_redirects=False)
    assert answer.status_code == 303
    return answer.headers["Location"]


def verified(token: str, snapbox: dict[str, Any]) -> jwt.Token:
    """The token, its signature verified by joserfc with the keys that are published."""
    published = KeySet.import_key_set(requests.get(snapbox["jwks_uri"], timeout=10).json())
    return jwt.decode(token, published, algorithms=["ES256"])


# The tests.


def test_metadata_says_what_a_client_needs(server: Server, snapbox: dict[str, Any]) -> None:
    issuer = f"{server.url}/auth/sandbox"
    assert snapbox == {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/jwks",
        "scopes_supported": ["photos.read", "photos.write"],
        "response_types_supported": ["code", "token"],
        "response_modes_supported": ["query", "fragment"],
        "grant_types_supported": [
            "authorization_code", "implicit", "password", "client_credentials", "refresh_token",
        ],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "revocation_endpoint": f"{issuer}/revoke",
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "introspection_endpoint": f"{issuer}/introspect",
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }  # fmt: skip


def test_real_client_completes_the_code_flow_and_reads_photos(
    library: type[Library], client: Registered, snapbox: dict[str, Any], photos_url: str
) -> None:
    speaker = library(snapbox, client, "photos.read")
    token = speaker.redeem(follow_as_alice(speaker.question()))
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 300)
    answer = speaker.session.get(photos_url)
    assert answer.status_code == 200
    assert answer.json()["photos"][:3] == ALICES_PHOTOS


def test_token_is_what_rfc_9068_says_and_verifies_with_the_published_key(
    library: type[Library], client: Registered, snapbox: dict[str, Any], server: Server
) -> None:
    speaker = library(snapbox, client, "photos.read")
    token = verified(speaker.redeem(follow_as_alice(speaker.question()))["access_token"], snapbox)
    (key,) = requests.get(snapbox["jwks_uri"], timeout=10).json()["keys"]
    assert token.header == {"typ": "at+jwt", "alg": "ES256", "kid": key["kid"]}
    times = {name: token.claims.pop(name) for name in ("iat", "nbf", "exp")}
    assert times["exp"] - times["iat"] == 300
    assert times["nbf"] == times["iat"]
    assert 0 <= time.time() - times["iat"] < 10
    assert len(token.claims.pop("jti")) == 43
    assert token.claims == {
        "iss": snapbox["issuer"],
        "sub": "alice",
        "aud": f"{server.url}/api/sandbox",
        "client_id": client.client_id,
        "scope": "photos.read",
    }


def test_published_keys_hold_nothing_private(snapbox: dict[str, Any]) -> None:
    (key,) = requests.get(snapbox["jwks_uri"], timeout=10).json()["keys"]
    assert sorted(key) == ["alg", "crv", "kid", "kty", "use", "x", "y"]
    assert (key["alg"], key["crv"], key["kty"], key["use"]) == ("ES256", "P-256", "EC", "sig")


def test_real_client_with_photos_write_adds_a_photo_and_sees_it(
    library: type[Library], client: Registered, snapbox: dict[str, Any], photos_url: str
) -> None:
    speaker = library(snapbox, client, "photos.read photos.write")
    token = speaker.redeem(follow_as_alice(speaker.question()))
    assert verified(token["access_token"], snapbox).claims["scope"] == "photos.read photos.write"
    answer = speaker.session.post(photos_url, json={"title": "The tea table, before"})
    assert answer.status_code == 201
    added = answer.json()
    assert sorted(added) == ["id", "taken", "title"]
    assert added["title"] == "The tea table, before"
    photos = speaker.session.get(photos_url).json()["photos"]
    assert photos[:3] == ALICES_PHOTOS
    assert photos.count(added) == 1


def test_real_client_with_photos_read_alone_cannot_add_a_photo(
    library: type[Library], client: Registered, snapbox: dict[str, Any], photos_url: str
) -> None:
    speaker = library(snapbox, client, "photos.read")
    speaker.redeem(follow_as_alice(speaker.question()))
    answer = speaker.session.post(photos_url, json={"title": "The tea table, before"})
    assert answer.status_code == 403
    assert answer.json() == {"error": "insufficient_scope"}
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer realm="Snapbox photos", error="insufficient_scope", scope="photos.write"'
    )


def test_answer_brings_back_state_and_says_whose_it_is(
    library: type[Library], client: Registered, snapbox: dict[str, Any]
) -> None:
    question = library(snapbox, client, "photos.read").question()
    callback = follow_as_alice(question)
    asked, answered = (dict(parse_qsl(urlsplit(url).query)) for url in (question, callback))
    assert callback.partition("?")[0] == client.redirect_uri
    assert list(answered) == ["code", "state", "iss"]
    assert (answered["state"], answered["iss"]) == (asked["state"], snapbox["issuer"])


def test_native_client_is_answered_on_whatever_port_it_listens(library: type[Library], snapbox: dict[str, Any]) -> None:
    for port in (free_port(), free_port()):
        app = Registered("photoprint-app", None, f"http://127.0.0.1:{port}/callback", "none")
        speaker = library(snapbox, app, "photos.read")
        callback = follow_as_alice(speaker.question())
        assert urlsplit(callback).port == port
        assert verified(speaker.redeem(callback)["access_token"], snapbox).claims["client_id"] == "photoprint-app"


def test_no_from_alice_comes_back_as_access_denied(
    library: type[Library], client: Registered, snapbox: dict[str, Any]
) -> None:
    speaker = library(snapbox, client, "photos.read")
    callback = follow_as_alice(speaker.question(), "deny")
    answered = dict(parse_qsl(urlsplit(callback).query))
    assert list(answered) == ["error", "state", "iss"]
    assert (answered["error"], answered["iss"]) == ("access_denied", snapbox["issuer"])


def test_wrong_client_secret_reaches_the_client_as_invalid_client(
    library: type[Library], snapbox: dict[str, Any]
) -> None:
    for auth_method in ("client_secret_basic", "client_secret_post"):
        guessed = Registered("photoprint", "guessed", OUTSIDE, auth_method)
        speaker = library(snapbox, guessed, "photos.read")
        with pytest.raises(speaker.refusal) as refused:
            speaker.redeem(follow_as_alice(speaker.question()))
        assert refused.value.error == "invalid_client"  # type: ignore[attr-defined]


def test_code_used_twice_reaches_the_client_as_invalid_grant_and_its_token_is_revoked(
    library: type[Library], client: Registered, snapbox: dict[str, Any], photos_url: str
) -> None:
    speaker = library(snapbox, client, "photos.read")
    callback = follow_as_alice(speaker.question())
    bearer = {"Authorization": f"Bearer {speaker.redeem(callback)['access_token']}"}
    assert requests.get(photos_url, headers=bearer, timeout=10).status_code == 200
    with pytest.raises(speaker.refusal) as refused:
        speaker.redeem(callback)
    assert refused.value.error == "invalid_grant"  # type: ignore[attr-defined]
    answer = requests.get(photos_url, headers=bearer, timeout=10)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, INVALID_TOKEN)


def test_code_asked_with_one_code_verifier_is_refused_to_another(snapbox: dict[str, Any]) -> None:
    for client in CLIENTS.values():
        asked, thief = (Authlib(snapbox, client, "photos.read") for _ in range(2))
        callback = follow_as_alice(asked.question())
        thief.state = asked.state
        with pytest.raises(OAuthError) as refused:
            thief.redeem(callback)
        assert refused.value.error == "invalid_grant"


def test_short_lived_token_works_until_its_exp_and_short_lived_code_is_dead_by_then(
    snapbox: dict[str, Any], photos_url: str
) -> None:
    speaker, late = (Authlib(snapbox, SHORT, "photos.read") for _ in range(2))
    unused = follow_as_alice(late.question())
    token = speaker.redeem(follow_as_alice(speaker.question()))
    assert token["expires_in"] == 4
    exp = verified(token["access_token"], snapbox).claims["exp"]
    bearer = {
        "Authorization": f"Bearer {token['access_token']}"
    }  # by hand: Authlib would not send a token that is over
    with requests.Session() as session:
        before, answer, after = asked_until(lambda: session.get(photos_url, headers=bearer, timeout=10), 401, exp + 10)
    assert before < exp <= after
    assert answer.headers["WWW-Authenticate"] == INVALID_TOKEN
    with pytest.raises(OAuthError) as refused:
        late.redeem(unused)
    assert refused.value.error == "invalid_grant"


def asked_until(
    ask: Callable[[], requests.Response], status: int, deadline: float
) -> tuple[float, requests.Response, float]:
    """Ask until that status comes: when a 200 was last asked for, the other answer, and when that came."""
    last = 0.0
    while (asked_at := time.time()) < deadline:
        answer = ask()
        if answer.status_code == status:
            return last, answer, time.time()
        assert answer.status_code == 200
        last = asked_at
    raise AssertionError(f"no {status} before the deadline")


def test_flask_client_of_authlib_finds_everything_by_the_metadata(
    server: Server, snapbox: dict[str, Any], photos_url: str
) -> None:
    shop = Flask(__name__)
    shop.secret_key = "of the shop’s own session cookie"
    registry = OAuth(shop)
    registry.register(
        "snapbox",
        client_id="photoprint",
        client_secret="photoprint-secret",
        server_metadata_url=f"{server.url}/.well-known/oauth-authorization-server/auth/sandbox",
        client_kwargs={"scope": "photos.read", "code_challenge_method": "S256"},
    )
    shop.add_url_rule("/print", view_func=lambda: registry.snapbox.authorize_redirect(OUTSIDE), endpoint="print")

    @shop.get("/callback")
    def callback() -> dict[str, Any]:
        token = registry.snapbox.authorize_access_token()
        photos: dict[str, Any] = registry.snapbox.get(photos_url, token=token).json()
        return photos

    browser = shop.test_client()
    back = urlsplit(follow_as_alice(browser.get("/print").headers["Location"]))
    assert back.query.endswith(f"iss={snapbox['issuer'].replace(':', '%3A').replace('/', '%2F')}")
    answer = browser.get(f"{back.path}?{back.query}")
    assert answer.status_code == 200
    assert answer.get_json()["photos"][:3] == ALICES_PHOTOS
