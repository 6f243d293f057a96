"""The values that can be followed through a walk: their names on the wire, and how one follows from another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flows.pkce import s256
from flows.realm import Realm

# In the order in which they are told. Each wears its own underline wherever it stands (`.v-NAME` in the sheet).
SECRETS = (
    "password",
    "state",
    "code_challenge",
    "code_verifier",
    "code",
    "access_token",
    "refresh_token",
    "client_secret",
    "api_secret",
)
OTHERS = ("jti", "kid", "iss", "snapbox_session", "photoprint_session", "csrf", "authorization_request")
FOLLOWED = SECRETS + OTHERS

# What the client keeps to itself until a step shows it, and the value that tells that it was made.
KEPT = {"code_verifier": "code_challenge"}


@dataclass(frozen=True)
class Sum:
    """How a value follows from another: in words, the section that says so, and the sum itself, to be worked."""

    name: str
    of: str
    says: str
    rfc: str
    work: Callable[[Realm, str], str]


SUMS: Mapping[str, Sum] = {
    made.name: made
    for made in (
        Sum(
            "code_challenge",
            "code_verifier",
            "base64url(SHA-256(`code_verifier`)), without padding",
            "7636#section-4.2",
            lambda _, code_verifier: s256(code_verifier),
        ),
        Sum(
            "csrf",
            "snapbox_session",
            "base64url(HMAC-SHA-256(`snapbox_session`)), with a key that only Snapbox has",
            "6749#section-10.12",
            lambda realm, session: realm.derive("csrf", session),
        ),
    )
}
