"""The realm: the small world a run happens in, with one address, its own keys, clients and clock. Runs never share
one."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import Row, bindparam, select

from flows import story
from flows.store import Store, realms, signing_keys
from flows.tokens import keys

HOSTS = {"authorization_server": "auth", "resource_server": "api", "client": "client"}
SANDBOX = "sandbox"
AUTH_METHODS = ["client_secret_basic", "client_secret_post", "none"]
WELL_KNOWN = "/.well-known/oauth-authorization-server"


@dataclass(frozen=True)
class SigningKey:
    """A private key, its name, and the one algorithm it may be used with."""

    kid: str
    alg: str
    key: keys.Key


@dataclass(frozen=True)
class Realm:
    """One row of the store, and what follows from it. `authority` is "localhost:8765"; `clock` None is the wall
    clock. `opaque`: its access tokens are random text that says nothing, not JWTs. `api_skew`: by how many seconds the
    API's clock is ahead."""

    store: Store
    name: str
    authority: str
    by_host: bool
    seed: bytes
    clock: int | None
    alg: str
    switched_off: frozenset[str]
    opaque: bool
    api_skew: int

    def address(self, party: str) -> str:
        """Where a party of this realm lives: every absolute URL begins with it, whatever the Host header says."""
        host = HOSTS[party]
        if self.by_host:
            return f"http://{host}.{self.authority}/{self.name}"
        return f"http://{self.authority}/{host}/{self.name}"

    @cached_property
    def issuer(self) -> str:
        return self.address("authorization_server")

    @cached_property
    def audience(self) -> str:
        """The photos API's own name, which a token for it must carry in `aud`."""
        return self.address("resource_server")

    @cached_property
    def clients(self) -> dict[str, story.Client]:
        return story.clients(self.address("client"), sandbox=self.name == SANDBOX)

    def now(self) -> int:
        """The realm's time, in whole seconds since 1970."""
        return int(time.time()) if self.clock is None else self.clock

    def derive(self, *what: str) -> str:
        """43 base64url characters that follow from the realm's seed and from what they are for."""
        return derive(self.seed, *what)

    @cached_property
    def signing_keys(self) -> tuple[SigningKey, ...]:
        """The realm's keys; the first one signs."""
        return _keys_of(self.store, self.name)

    @cached_property
    def jwks(self) -> dict[str, Any]:
        """The public keys (RFC 7517 §5)."""
        return {"keys": [keys.public_jwk(each.key, each.kid, each.alg) for each in self.signing_keys]}

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """What the authorization server says of itself (RFC 8414 §2), and what the client was set up with."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "scopes_supported": list(story.SCOPES),
            "response_types_supported": ["code", "token"],
            "response_modes_supported": ["query", "fragment"],
            "grant_types_supported": [
                "authorization_code",
                "implicit",
                "password",
                "client_credentials",
                "refresh_token",
            ],
            "token_endpoint_auth_methods_supported": AUTH_METHODS,
            "revocation_endpoint": f"{self.issuer}/revoke",
            "revocation_endpoint_auth_methods_supported": AUTH_METHODS,
            "introspection_endpoint": f"{self.issuer}/introspect",
            "introspection_endpoint_auth_methods_supported": AUTH_METHODS[:2],
            "code_challenge_methods_supported": ["S256", *self._plain_too],
            "authorization_response_iss_parameter_supported": True,
        }

    @property
    def _plain_too(self) -> list[str]:
        return ["plain"] if "code_challenge_method_is_s256" in self.switched_off else []


def derive(seed: bytes, *what: str) -> str:
    """HMAC-SHA-256 of the words under the seed, as base64url without padding: 43 characters."""
    digest = hmac.new(seed, "\0".join(what).encode(), hashlib.sha256).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


class Fresh:
    """Values that nobody can guess, new at every call: HMAC(realm's seed, this request, kind, counter).

    `request_id` is the exchange's place in its run, so a seeded run says the same again; from outside it is random.
    """

    def __init__(self, realm: Realm, environ: dict[str, Any]) -> None:
        self._realm = realm
        self._request_id = str(environ.get("tokenwalk.exchange", "")) or secrets.token_hex(32)
        self._counter = 0

    def __call__(self, kind: str) -> str:
        self._counter += 1
        return self._realm.derive("server", self._request_id, kind, str(self._counter))


def make_realm(
    store: Store,
    name: str,
    authority: str,
    *,
    by_host: bool,
    seed: bytes | None = None,
    clock: int | None = None,
    alg: str = "ES256",
    switched_off: Collection[str] = (),
    opaque: bool = False,
    api_skew: int = 0,
) -> None:
    """Write a new realm and its signing key."""
    key = keys.make(alg)
    with store.transaction() as connection:
        connection.execute(
            realms.insert().values(
                name=name,
                authority=authority,
                by_host=int(by_host),
                seed=seed or secrets.token_bytes(32),
                clock=clock,
                alg=alg,
                switched_off=sorted(switched_off),
                opaque=int(opaque),
                api_skew=api_skew,
            )
        )
        connection.execute(
            signing_keys.insert().values(realm=name, kid=keys.kid_of(key), alg=alg, private_key=keys.pem(key))
        )


def open_sandbox(store: Store, authority: str) -> None:
    """Make the sandbox where it is missing, and let it answer under the address that is served now."""
    with store.transaction() as connection:
        if connection.scalar(select(realms.c.name).where(realms.c.name == SANDBOX)) is None:
            make_realm(store, SANDBOX, authority, by_host=False)
        connection.execute(realms.update().where(realms.c.name == SANDBOX).values(authority=authority))


@lru_cache(maxsize=1024)
def _keys_of(store: Store, name: str) -> tuple[SigningKey, ...]:
    """A realm's keys never change, so they are read once."""
    with store.reading() as connection:
        rows = connection.execute(select(signing_keys).where(signing_keys.c.realm == name)).all()
    return tuple(SigningKey(row.kid, row.alg, keys.load(row.private_key, row.alg)) for row in rows)


_BY_NAME = select(realms).where(realms.c.name == bindparam("name"))


def find_realm(store: Store, name: str) -> Realm | None:
    if not name.isalnum() or not name.isascii():
        return None
    return sandbox(store) if name == SANDBOX else _read_realm(store, name)


@lru_cache(maxsize=64)
def sandbox(store: Store) -> Realm:
    """The realm that is always there. It runs on the wall clock and all its defences stand, so it is read once."""
    realm = _read_realm(store, SANDBOX)
    assert realm is not None  # made when the application starts
    return realm


def _read_realm(store: Store, name: str) -> Realm | None:
    with store.reading() as connection:
        row = connection.execute(_BY_NAME, {"name": name}).one_or_none()
    return None if row is None else realm_of(store, row)


def realm_of(store: Store, row: Row[Any]) -> Realm:
    return Realm(
        store,
        row.name,
        row.authority,
        bool(row.by_host),
        row.seed,
        row.clock,
        row.alg,
        frozenset(row.switched_off),
        bool(row.opaque),
        row.api_skew,
    )


def realm_of_issuer(store: Store, issuer: str) -> Realm | None:
    """The realm of ours that says so of itself; None for anybody else's issuer."""
    realm = find_realm(store, issuer.rpartition("/")[2]) if len(issuer) < 300 else None
    return realm if realm and realm.issuer == issuer else None
