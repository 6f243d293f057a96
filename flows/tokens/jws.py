"""Signing a JWT, splitting one, and verifying its signature. Times, issuer and audience are checks of the parties."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import Any, cast

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from flows.tokens.keys import Key

_jws = jwt.PyJWS()

Private = EllipticCurvePrivateKey | Ed25519PrivateKey | RSAPrivateKey
Public = EllipticCurvePublicKey | Ed25519PublicKey | RSAPublicKey


class NotAJWT(ValueError):
    """The text is no signed JWT; the message says why."""


@dataclass(frozen=True)
class Parts:
    """A signed JWT in its three parts: as sent, and as read."""

    encoded: tuple[str, str, str]
    header: dict[str, Any]
    payload: dict[str, Any]


def sign(payload: dict[str, Any], key: Key, *, alg: str, kid: str, typ: str) -> str:
    """A JWT in compact form (RFC 7515 §3.1), its payload written as compact JSON."""
    text = json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
    return _jws.encode(text, cast(Private, key.private_key), algorithm=alg, headers={"typ": typ, "kid": kid})


def signature_verifies(token: str, key: Key, alg: str) -> bool:
    """Whether this key, used with this one algorithm, made the signature. Nothing else is looked at."""
    try:
        _jws.decode(token, cast(Public, key.public_key), algorithms=[alg])
    except (jwt.PyJWTError, ValueError):
        return False
    return True


def read(token: str) -> Parts:
    """Split and decode a JWT without believing any of it; NotAJWT where it cannot be read."""
    encoded = token.split(".")
    if len(encoded) != 3:
        raise NotAJWT(f"a signed JWT has three parts, and this has {len(encoded)}")
    for part, name in zip(encoded, ("header", "payload", "signature"), strict=True):
        if not re.fullmatch("[A-Za-z0-9_-]*", part):
            raise NotAJWT(f"the {name} holds characters that base64url does not have")
    header, payload = _object(encoded[0], "header"), _object(encoded[1], "payload")
    return Parts((encoded[0], encoded[1], encoded[2]), header, payload)


def _object(part: str, name: str) -> dict[str, Any]:
    try:
        value = json.loads(base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True))
        json.dumps(value, ensure_ascii=False).encode()  # half of a surrogate pair is no text
    except (binascii.Error, ValueError, RecursionError):
        raise NotAJWT(f"the {name} is not base64url-encoded JSON") from None
    if not isinstance(value, dict):
        raise NotAJWT(f"the {name} is JSON but not an object")
    return value
