"""A signature made once more, with a private key or a secret that was given, to be laid beside the one in a token."""

from __future__ import annotations

from typing import Any

from joserfc.jwk import OctKey, RSAKey

from flows.tokens.ring import Held
from flows.tokens.verify import SIGNING_ALGORITHMS

LARGEST = 8_192  # bits of an RSA key: signing with a larger one takes seconds


def can_sign(held: Held | None) -> bool:
    """Whether this is a secret, or the private half of a key."""
    return held is not None and (isinstance(held.key, OctKey) or bool(held.key.is_private))


def signed_anew(held: Held, alg: str, message: bytes) -> bytes | None:
    """A signature over the message; None where this key cannot make one here."""
    key: Any = held.key
    if isinstance(key, RSAKey) and key.raw_value.key_size > LARGEST:
        return None
    try:
        made: Any = SIGNING_ALGORITHMS[alg].computes.sign(message, key.private_key)
    except Exception:  # a key that the library will not sign with
        return None
    return bytes(made)
