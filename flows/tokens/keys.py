"""Signing keys: made once, kept as PEM in the store, used as key objects."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from joserfc.jwk import ECKey, OKPKey, RSAKey

ALGORITHMS = {
    "ES256": "ECDSA on P-256 with SHA-256",
    "RS256": "RSA (PKCS #1 v1.5) with SHA-256",
    "EdDSA": "Ed25519",
}

Key = ECKey | OKPKey | RSAKey


def make(alg: str) -> Key:
    """A fresh private key for ES256, RS256 or EdDSA (RFC 7518 §3.1, RFC 8037 §3.1)."""
    if alg == "ES256":
        return ECKey.generate_key("P-256")
    if alg == "RS256":
        return RSAKey.generate_key(2048)
    if alg == "EdDSA":
        return OKPKey.generate_key("Ed25519")
    raise ValueError(f"no signing key can be made for {alg!r}; it must be one of {', '.join(ALGORITHMS)}")


def pem(key: Key) -> str:
    """The private key as PKCS #8 PEM."""
    return key.as_pem(private=True).decode()


@lru_cache(maxsize=256)
def load(private_pem: str, alg: str) -> Key:
    """A key from its PEM. Loading costs a hundred times a signature, so the objects are kept."""
    kinds: dict[str, type[Key]] = {"ES256": ECKey, "RS256": RSAKey, "EdDSA": OKPKey}
    return kinds[alg].import_key(private_pem)


def kid_of(key: Key) -> str:
    """A short name for a key: the first eleven characters of its thumbprint (RFC 7638)."""
    return key.thumbprint()[:11]


def public_jwk(key: Key, kid: str, alg: str) -> dict[str, Any]:
    """The public half, as a JWKS publishes it (RFC 7517 §4)."""
    return {**key.as_dict(private=False), "kid": kid, "use": "sig", "alg": alg}
