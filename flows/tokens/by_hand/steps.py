"""What a step of a signature is: what goes in, what comes out, which half of the key it needs; and the first two."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

from flows.tokens.ring import Held

HALVES = {  # which half of the key a step needs
    "none": "No key",
    "secret": "The shared secret, to make and to check",
    "private": "The private half, to make",
    "public": "The public half, to check",
}


@dataclass(frozen=True)
class Piece:
    """A stretch of bytes within a value, and what it is."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Value:
    """A value of a step: its name in the formulas, its bytes, what it is, and the pieces it is made of, if any."""

    name: str
    data: bytes
    says: str = ""
    pieces: tuple[Piece, ...] = ()
    is_text: bool = False


@dataclass(frozen=True)
class Comparison:
    """Two values that must be equal for the signature to fit."""

    one: Value
    other: Value

    @property
    def are_equal(self) -> bool:
        return self.one.data == self.other.data


@dataclass(frozen=True)
class Step:
    """One step in plain words, with its values. `half` is a name of HALVES; `missing` says why there are no values."""

    title: str
    says: str
    takes: str
    gives: str
    half: str
    rfc: str
    formula: str = ""
    values: tuple[Value, ...] = ()
    compared: tuple[Comparison, ...] = ()
    missing: str = ""

    def showing(self, *values: Value, compared: tuple[Comparison, ...] = (), missing: str = "", says: str = "") -> Step:
        """The same step with its values; or with a sentence that says what is missing for them."""
        return replace(self, values=values, compared=compared, missing=missing, says=says or self.says)


@dataclass(frozen=True)
class Worked:
    """The steps of one signature, and the key that was used. `fits` is None where it could not be worked out.

    `stopped` is a sentence: what broke, or why it could not go on.
    """

    alg: str
    steps: tuple[Step, ...]
    fits: bool | None
    stopped: str = ""
    key: Held | None = None


@dataclass(frozen=True)
class Asked:
    """What is worked out: the signing input, the signature, and the key where there is one that fits."""

    alg: str
    message: bytes
    signature: bytes
    key: Any = None  # a flows.tokens.ring.AnyKey, or None

    @property
    def bits(self) -> int:
        """Of the hash; EdDSA has one of its own."""
        return int(self.alg.rstrip("K")[-3:])

    @property
    def hash_name(self) -> str:
        return f"SHA-{self.bits}"

    def hash(self, *data: bytes) -> bytes:
        return hashlib.new(f"sha{self.bits}", b"".join(data)).digest()


class Stopped(Exception):
    """No further step can be taken, and the signature does not fit; or, `fits` being None, nobody knows."""

    def __init__(self, says: str, fits: bool | None = False) -> None:
        super().__init__(says)
        self.fits = fits


def signed_step(asked: Asked) -> Step:
    return Step(
        "What is signed",
        "The header and the payload as they are written in the token, with the dot between them. Not the JSON: these "
        "very characters. So one letter more or less, even a space, makes another text.",
        "the header, the payload",
        f"the signing input, {len(asked.message):,} bytes",
        "none",
        "7515#section-5.1",
        "header ‖ . ‖ payload",
        (Value("signing input", asked.message, is_text=True),),
    )


def hash_step(asked: Asked, name: str, rfc: str) -> Step:
    digest = asked.hash(asked.message)
    return Step(
        f"Its hash, by {asked.hash_name}",
        f"However long the token is, {len(digest)} bytes come out of it, and quite different ones after any change. "
        "Anybody can compute them.",
        "the signing input",
        f"{name}, {len(digest)} bytes",
        "none",
        rfc,
        f"{name} = {asked.hash_name}(signing input)",
        (Value(name, digest, "the hash"),),
    )


def compare_step(says: str, takes: str, half: str, formula: str) -> Step:
    return Step("Compare", says, takes, "equal, or not", half, "7515#section-5.2", formula)


def number(name: str, value: int, size: int, says: str = "") -> Value:
    """A whole number in so many bytes, the highest first."""
    return Value(name, value.to_bytes(size, "big"), says)
