"""A small browser, a small client, and tokens signed with a realm's own key: what the tests of the parties share."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from sqlalchemy import Table, func, select

from flows import wire
from flows.authorization_server.asks import SESSION_COOKIE
from flows.checks import Verdict
from flows.entry import Entry
from flows.pkce import s256
from flows.realm import SANDBOX, Realm, find_realm, make_realm
from flows.seen import forms_of
from flows.store import families, realms
from flows.tokens import jws

AUTHORITY = "localhost:8765"
CALLBACK = "http://127.0.0.1:8766/callback"
LOOPBACK = "http://127.0.0.1/callback"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
SECRETS = {"photoprint": "photoprint-secret", "photoprint-short": "photoprint-short-secret"}
NOON = 1_800_000_000
FORM = ("Content-Type", "application/x-www-form-urlencoded")


@dataclass(frozen=True)
class World:
    """One realm, and the entry through which its parties are reached."""

    entry: Entry
    name: str = SANDBOX

    @property
    def realm(self) -> Realm:
        found = find_realm(self.entry.stage.runs.store, self.name)
        assert found
        return found

    @property
    def issuer(self) -> str:
        return f"http://{AUTHORITY}/auth/{self.name}"

    @property
    def photos(self) -> str:
        return f"http://{AUTHORITY}/api/{self.name}/photos"

    @property
    def shop(self) -> str:
        return f"http://{AUTHORITY}/client/{self.name}"

    def send(self, request: wire.Request) -> wire.Answered:
        """A realm made by hand has no run to be recorded in, so its requests say that the stage records them."""
        known = {} if self.name == SANDBOX else {"exchange": secrets.token_hex(8)}
        return wire.call(self.entry, request.raw(), **known)

    def set_clock(self, seconds: int) -> None:
        self._update(clock=seconds)

    def switch_off(self, *checks: str) -> None:
        self._update(switched_off=list(checks))

    def _update(self, **values: Any) -> None:
        with self.entry.stage.runs.store.transaction() as connection:
            connection.execute(realms.update().where(realms.c.name == self.name).values(**values))

    def count(self, table: Table) -> int:
        with self.entry.stage.runs.store.reading() as connection:
            return connection.scalar(select(func.count()).select_from(table)) or 0

    def revoked(self) -> int:
        """How many families of tokens have been revoked."""
        with self.entry.stage.runs.store.reading() as connection:
            found = select(func.count()).select_from(families).where(families.c.revoked_at.is_not(None))
            return connection.scalar(found) or 0


def timed_world(entry: Entry, alg: str = "ES256", name: str = "timed") -> World:
    """A realm whose clock stands at NOON until a test moves it."""
    make_realm(entry.stage.runs.store, name, AUTHORITY, by_host=False, clock=NOON, alg=alg)
    return World(entry, name)


def refused_by(answered: wire.Answered) -> str | None:
    """The name of the check that refused."""
    verdicts: list[Verdict] = answered.environ.get("tokenwalk.checks", [])
    return next((verdict.check for verdict in verdicts if verdict.state == "failed"), None)


def headers(answered: wire.Answered, name: str) -> list[str]:
    """Every value of that header, in order."""
    return [value for key, value in answered.response.headers if key.lower() == name.lower()]


def body(answered: wire.Answered) -> Any:
    return json.loads(answered.response.body)


def text(answered: wire.Answered) -> str:
    return answered.response.body.decode()


def location(answered: wire.Answered) -> str:
    """Where a 303 leads."""
    assert answered.response.status == 303, text(answered)
    (where,) = headers(answered, "Location")
    return where


def returned(answered: wire.Answered) -> list[tuple[str, str]]:
    """The parameters of the redirect, in order, repeats kept."""
    return parse_qsl(urlsplit(location(answered)).query, keep_blank_values=True, strict_parsing=True)


@dataclass
class Browser:
    """Keeps cookies by their path, sends nothing by itself, and fills in the forms of the pages it is given."""

    world: World
    jar: dict[tuple[str, str], str] = field(default_factory=dict)

    def get(self, url: str, *more: tuple[str, str]) -> wire.Answered:
        return self._keep(self.world.send(wire.get(url, *self._cookies(url), *more)))

    def post(self, url: str, form: dict[str, str], *more: tuple[str, str]) -> wire.Answered:
        return self._keep(self.world.send(wire.post(url, form, *self._cookies(url), *more)))

    def submit(self, page: wire.Answered, **filled: str) -> wire.Answered:
        (form,) = forms_of(text(page))
        return self.post(form.action, {**form.hidden, **filled})

    def hidden(self, page: wire.Answered) -> dict[str, str]:
        (form,) = forms_of(text(page))
        return form.hidden

    def session(self) -> str:
        """The login session's id at the authorization server."""
        return self.jar[f"/auth/{self.world.name}", SESSION_COOKIE]

    def log_in(self, url: str) -> wire.Answered:
        """Go to an authorization request, log in, and come to the consent page."""
        page = self.get(url)
        return self.get(location(self.submit(page, username="alice", password="wonderland")))

    def approve(self, url: str) -> wire.Answered:
        return self.submit(self.log_in(url), decision="approve")

    def _cookies(self, url: str) -> list[tuple[str, str]]:
        path = urlsplit(url).path
        fit = [f"{name}={value}" for (at, name), value in self.jar.items() if path == at or path.startswith(at + "/")]
        return [("Cookie", "; ".join(fit))] if fit else []

    def _keep(self, answered: wire.Answered) -> wire.Answered:
        for value in headers(answered, "Set-Cookie"):
            for name, morsel in SimpleCookie(value).items():
                self.jar[morsel["path"], name] = morsel.value
        return answered


def question(world: World, client_id: str = "photoprint", /, **changes: str | None) -> str:
    """The address of an authorization request that is right; a change replaces a parameter, None leaves it out."""
    asked: dict[str, str | None] = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": LOOPBACK.replace("127.0.0.1", "127.0.0.1:5555") if client_id == "photoprint-app" else CALLBACK,
        "scope": "photos.read",
        "state": "a state",
        "code_challenge": s256(VERIFIER),
        "code_challenge_method": "S256",
        **changes,
    }
    return f"{world.issuer}/authorize?" + urlencode({k: v for k, v in asked.items() if v is not None})


def code_of(world: World, client_id: str = "photoprint", **changes: str | None) -> str:
    """A fresh code: asked for, logged in, approved, through the real pages."""
    answer = Browser(world).approve(question(world, client_id, **changes))
    return dict(returned(answer))["code"]


def token_form(client_id: str = "photoprint", /, **changes: str | None) -> dict[str, str]:
    """The form of a token request for a code of `code_of`, without the client's secret."""
    form: dict[str, str | None] = {
        "grant_type": "authorization_code",
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    if client_id == "photoprint-app":
        form |= {"client_id": client_id, "redirect_uri": LOOPBACK.replace("127.0.0.1", "127.0.0.1:5555")}
    return {name: value for name, value in {**form, **changes}.items() if value is not None}


def redeem(world: World, code: str, client_id: str = "photoprint", **changes: str | None) -> wire.Answered:
    """Trade a code at /token, as the client it names: with Basic where it has a secret."""
    auth = [wire.basic(client_id, SECRETS[client_id])] if client_id in SECRETS else []
    return world.send(wire.post(f"{world.issuer}/token", token_form(client_id, code=code, **changes), *auth))


def token_of(world: World, client_id: str = "photoprint", scope: str = "photos.read") -> str:
    answer = redeem(world, code_of(world, client_id, scope=scope), client_id)
    access_token: str = body(answer)["access_token"]
    return access_token


def fetch(world: World, token: str) -> wire.Answered:
    return world.send(wire.get(world.photos, wire.bearer(token)))


def signed(world: World, *, typ: str = "at+jwt", kid: str | None = None, drop: str = "", **claims: object) -> str:
    """A token that is right but for what is given, really signed with the realm's key."""
    realm = world.realm
    now = realm.now() if realm.clock else int(time.time())
    right: dict[str, Any] = {
        "iss": realm.issuer,
        "sub": "alice",
        "aud": realm.audience,
        "client_id": "photoprint",
        "scope": "photos.read",
        "iat": now,
        "exp": now + 300,
        "jti": "made-by-a-test",
    }
    payload = {name: value for name, value in {**right, **claims}.items() if name != drop}
    key = realm.signing_keys[0]
    return jws.sign(payload, key.key, alg=key.alg, kid=kid or key.kid, typ=typ)
