"""What is judged, and what is expected of it: all that a rule reads, worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flows.tokens import decrypt, json_text, verify
from flows.tokens.disclosures import Disclosed, disclose
from flows.tokens.json_text import JSONText
from flows.tokens.profiles import PROFILES, Profile, guess
from flows.tokens.read import Encrypted, Header, Signature, Signed
from flows.tokens.ring import Held, held_in_header


@dataclass(frozen=True)
class Expected:
    """What whoever judges expects: empty strings expect nothing. `now` and `leeway` are seconds.

    `profile` is a name of flows.tokens.profiles.PROFILES, "" to guess; `algs` the algorithms that are allowed, empty
    for all that this page knows but `none`; `which` counts the signatures of a general JSON form, from 0.
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
        return PROFILES.get(self.expected.profile) or PROFILES[guess(self.token)]

    @cached_property
    def content(self) -> JSONText | None:
        """The JSON of the payload, or of what was encrypted; None where it is no JSON or cannot be read."""
        if self.signed:
            return self.signed.payload.json
        plaintext = self.opened.plaintext
        return json_text.read(plaintext) if plaintext and plaintext.lstrip()[:1] == b"{" else None

    @cached_property
    def claims(self) -> dict[str, Any]:
        return self.content.object if self.content and self.content.is_object else {}

    @cached_property
    def own_keys(self) -> tuple[Held, ...]:
        """The key that a token brings in its own header: what a DPoP proof is to be verified with, and nothing else."""
        return held_in_header(self.header) if self.profile.name == "dpop-proof" else ()

    @cached_property
    def keys(self) -> tuple[Held, ...]:
        return self.own_keys or self.expected.keys

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
    def key(self) -> Held | None:
        """The key that verified or opened it."""
        return self.verified.key if self.signed else self.opened.key
