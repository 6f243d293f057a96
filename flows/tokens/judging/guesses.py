"""The secret of an HMAC, guessed: every common one, and what stands in the token itself."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flows.tokens.judging.common_secrets import common_secrets

HASHES = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}
MOST_HASHED = 20_000_000  # bytes: what guessing may cost, about a tenth of a second


@dataclass(frozen=True)
class Guess:
    """The secret that fits, None if none does; at which guess, and of how many. No guess was made where `of` is 0."""

    secret: bytes | None
    number: int
    of: int


def guess(message: bytes, signature: bytes, alg: str, claims: Mapping[str, Any], kid: str) -> Guess:
    """Try them all on what was signed; none where that would take too long (RFC 8725 §2.2)."""
    tried = list(guesses(claims, kid))
    if len(message) * len(tried) > MOST_HASHED:
        return Guess(None, 0, 0)
    for number, secret in enumerate(tried, 1):
        if hmac.compare_digest(hmac.digest(secret, message, HASHES[alg]), signature):
            return Guess(secret, number, len(tried))
    return Guess(None, 0, len(tried))


def guesses(claims: Mapping[str, Any], kid: str) -> Iterator[bytes]:
    """The common secrets, then the names in the token: some take the issuer's or the client's for a secret."""
    yield from common_secrets()
    for value in (*(claims.get(name) for name in ("iss", "aud", "sub", "client_id", "azp")), kid):
        if isinstance(value, str) and value:
            yield value.encode("utf-8", "replace")
