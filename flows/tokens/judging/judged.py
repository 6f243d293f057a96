"""What is judged, and what is expected of it: all that a rule reads, worked out once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flows.tokens import base64url, decrypt, json_text, verify
from flows.tokens.json_text import JSONText
from flows.tokens.judging.disclosures import Disclosed, disclose
from flows.tokens.judging.guesses import HASHES, Guess, guess
from flows.tokens.judging.profiles import PROFILES, Profile
from flows.tokens.judging.profiles import guess as profile_of
from flows.tokens.read import Encrypted, Header, Signature, Signed, read, signing_input
from flows.tokens.ring import Held, held_in_header


@dataclass(frozen=True)
class Expected:
    """What whoever judges expects: empty strings expect nothing. `now` and `leeway` are seconds.

    `profile` is a name of flows.tokens.profiles.PROFILES, "" to guess; `algs` the algorithms that are allowed, empty
    for all that this page knows but `none`; `which` counts the signatures of a general JSON form, from 0. `keys_of`
    gives the keys that are known of an issuer, beside those at hand.
    """

    now: int
    profile: str = ""
    keys: tuple[Held, ...] = ()
    algs: frozenset[str] = frozenset()
    iss: str = ""
    aud: str = ""
    nonce: str = ""
    leeway: int = 0
    which: int = 0
    keys_of: Callable[[str], tuple[Held, ...]] = lambda _: ()


class Judged:
    """A signed or encrypted token under what is expected of it. A rule reads from here, and changes nothing."""

    def __init__(self, token: Signed | Encrypted, expected: Expected) -> None:
        self.token = token
        self.expected = expected

    @property
    def now(self) -> int:
        return self.expected.now

    @cached_property
    def signed(self) -> Signed | None:
        return self.token if isinstance(self.token, Signed) else None

    @cached_property
    def encrypted(self) -> Encrypted | None:
        return self.token if isinstance(self.token, Encrypted) else None

    @cached_property
    def signature(self) -> Signature | None:
        """The one of its signatures that was asked for; the first where there are fewer."""
        signatures = self.signed.signatures if self.signed else ()
        return (
            signatures[self.expected.which if 0 <= self.expected.which < len(signatures) else 0] if signatures else None
        )

    @cached_property
    def header(self) -> Header:
        if self.signature:
            return self.signature.header
        if self.encrypted and self.encrypted.recipients:
            return self.encrypted.recipients[self.opened.recipient or 0].header
        return Header(None)

    @cached_property
    def alg(self) -> str:
        return self.header.text("alg")

    @cached_property
    def profile(self) -> Profile:
        return PROFILES.get(self.expected.profile) or PROFILES[profile_of(self.token)]

    @cached_property
    def content(self) -> JSONText | None:
        """The JSON of the payload, or of what was encrypted; None where it is no JSON or cannot be read."""
        if self.signed:
            return self.signed.payload.json
        plaintext = self.opened.plaintext
        return json_text.read(plaintext) if plaintext and plaintext.lstrip()[:1] == b"{" else None

    @cached_property
    def claims(self) -> dict[str, Any]:
        if self.signed and self.signed.disclosures is not None:
            return self.disclosed.claims
        return self.content.object if self.content and self.content.is_object else {}

    @cached_property
    def own_keys(self) -> tuple[Held, ...]:
        """The key that a token brings in its own header: what a DPoP proof is to be verified with, and nothing else."""
        return held_in_header(self.header) if self.signed and self.profile.name == "dpop-proof" else ()

    @cached_property
    def keys(self) -> tuple[Held, ...]:
        if self.signed and self.profile.name == "dpop-proof":
            return self.own_keys
        iss = self.claims.get("iss") if self.signed else None
        return self.expected.keys + (self.expected.keys_of(iss) if isinstance(iss, str) else ())

    @cached_property
    def verified(self) -> verify.Verified:
        assert self.signed
        if self.signature is None:
            return verify.Verified(None, ())
        return verify.choose(self.keys, self.signed, self.signature, self.alg)

    @cached_property
    def opened(self) -> decrypt.Opened:
        assert self.encrypted
        return decrypt.opened(self.encrypted, self.keys)

    @cached_property
    def disclosed(self) -> Disclosed:
        assert self.signed
        return disclose(self.signed)

    @cached_property
    def guess(self) -> Guess | None:
        """The secret, guessed; None where there is none to guess, or no whole signature to hold it against."""
        if self.signed is None or self.signature is None or self.alg not in HASHES or self.length_is_wrong:
            return None
        message = signing_input(self.signed, self.signature)
        return guess(message, self.signature.signature.data, self.alg, self.claims, self.header.text("kid"))

    @cached_property
    def length_is_wrong(self) -> str:
        """Why the signature cannot be one of its algorithm, by its length; "" where it can (RFC 7518 §3)."""
        known = verify.SIGNING_ALGORITHMS.get(self.alg)
        sent = len(self.signature.signature.data) if self.signature else 0
        if known is None or not known.length or sent == known.length:
            return ""
        what = "something is cut off" if sent < known.length else "something was added"
        return f"It has {sent} bytes, and {self.alg} makes {known.length}: {what}."

    @cached_property
    def inside(self) -> Signed | Encrypted | None:
        """The token within an encrypted one (RFC 7519 §5.2); None if what was encrypted is no token."""
        plaintext = self.opened.plaintext if self.encrypted else None
        text = plaintext.strip().decode("utf-8", "replace") if plaintext else ""
        return read(text) if _is_token(text) else None

    @cached_property
    def key(self) -> Held | None:
        """The key that verified or opened it."""
        return self.verified.key if self.signed else self.opened.key


def _is_token(text: str) -> bool:
    """Whether a text is just a token: compact, or in a JSON form."""
    if text.startswith("{"):
        held = json_text.read(text.encode("utf-8", "replace")).object
        return "ciphertext" in held or ("payload" in held and ("signature" in held or "signatures" in held))
    if text.partition("~")[0].count(".") not in (2, 4) or any(letter.isspace() for letter in text):
        return False
    return base64url.decode(text.partition(".")[0]).data.lstrip().startswith(b"{")
