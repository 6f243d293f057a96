"""The keys that a page may verify with: those that were given, and those of a realm of this app."""

from __future__ import annotations

from functools import lru_cache

from flows.realm import Realm, find_realm, realm_of_issuer
from flows.store import Store
from flows.tokens import keys as signing
from flows.tokens.read import Signed, Token
from flows.tokens.ring import Held


def realm_of(store: Store, token: Token) -> Realm | None:
    """The realm of ours that a token names as its issuer."""
    iss = (token.claims or {}).get("iss") if isinstance(token, Signed) else None
    return realm_of_issuer(store, iss) if isinstance(iss, str) else None


def keys_of_issuer(store: Store, iss: str) -> tuple[Held, ...]:
    """The public keys of the realm of ours that is called so; none for any other issuer."""
    realm = realm_of_issuer(store, iss)
    return keys_of(store, realm.name) if realm else ()


@lru_cache(maxsize=256)
def keys_of(store: Store, realm: str) -> tuple[Held, ...]:
    """The public keys of a realm, which never change."""
    found = find_realm(store, realm)
    assert found  # it was found just now
    return tuple(
        Held(
            f"key {each.kid} of this app’s realm {realm}",
            type(each.key).import_key(signing.public_jwk(each.key, each.kid, each.alg)),
            {"kid": each.kid, "use": "sig", "alg": each.alg},
            found.issuer,
        )
        for each in found.signing_keys
    )
