"""Disclosures of an SD-JWT put in their places by their digests (RFC 9901 §7.1)."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from flows.as_it_saw import short
from flows.tokens import base64url
from flows.tokens.read import Disclosure, Signed

HASHES = {"sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512"}
DEEPEST = 60
MOST_PROBLEMS = 20


@dataclass(frozen=True)
class Placed:
    """A disclosure, its digest, and where in the payload it belongs ("address.street"); `place` is "" for nowhere."""

    disclosure: Disclosure
    digest: str
    place: str = ""


@dataclass(frozen=True)
class Disclosed:
    """The claims with what was disclosed in its place; how many digests stayed closed; and what is wrong."""

    claims: dict[str, Any]
    placed: tuple[Placed, ...]
    withheld: int
    problems: tuple[str, ...]


Place = tuple[str | int, ...]  # names of members, numbers of elements


@dataclass
class _Placing:
    """What is found on the way through a payload."""

    by_digest: dict[str, Disclosure]
    places: dict[str, Place] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    withheld: int = 0
    problems: list[str] = field(default_factory=list)

    def problem(self, says: str) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(says)


def digest_of(text: str, sd_alg: str) -> str:
    """The digest of a disclosure or of a whole SD-JWT (RFC 9901 §4.2.3); "" for a hash not known here."""
    if sd_alg not in HASHES:
        return ""
    return base64url.encode(hashlib.new(HASHES[sd_alg], text.encode("utf-8", "replace")).digest())


def sd_alg_of(token: Signed) -> str:
    """The hash that the digests are made with: `_sd_alg`, or sha-256 where there is none (RFC 9901 §4.1.1)."""
    named = (token.claims or {}).get("_sd_alg", "sha-256")
    return named if isinstance(named, str) else ""


def presented(token: Signed) -> str:
    """The issuer-signed JWT and its disclosures as they are shown, which a key binding is about (RFC 9901 §4.3.1)."""
    first = token.signatures[0] if token.signatures else None
    protected = first.header.protected.encoded if first and first.header.protected else ""
    jwt = f"{protected}.{token.payload.encoded}.{first.signature.encoded if first else ''}"
    return "~".join([jwt, *(each.encoded for each in token.disclosures or ()), ""])


def disclose(token: Signed) -> Disclosed:
    """Put every disclosure where its digest stands. Never raises; what does not fit is told."""
    sd_alg, claims = sd_alg_of(token), token.claims or {}
    digests = [(each, digest_of(each.encoded, sd_alg)) for each in token.disclosures or ()]
    placing = _Placing({digest: each for each, digest in digests if digest and not each.problem})
    whole = _object(claims, (), placing)
    whole.pop("_sd_alg", None)
    for digest, times in placing.seen.items():
        if times > 1:
            placing.problem(f"The digest {short(digest)} stands {times} times.")
    if len({digest for _, digest in digests}) < len(digests) and sd_alg in HASHES:
        placing.problem("A disclosure came twice.")
    placed = tuple(Placed(each, digest, _told(placing.places.get(digest))) for each, digest in digests)
    return Disclosed(whole, placed, placing.withheld, tuple(placing.problems))


def _opened(value: Any, place: Place, placing: _Placing) -> Any:
    if len(place) > DEEPEST:
        placing.problem("It is nested too deep.")
        return None
    if isinstance(value, dict):
        return _object(value, place, placing)
    return _array(value, place, placing) if isinstance(value, list) else value


def _object(value: dict[str, Any], place: Place, placing: _Placing) -> dict[str, Any]:
    opened = {name: _opened(each, (*place, name), placing) for name, each in value.items() if name != "_sd"}
    digests = value.get("_sd", [])
    if not isinstance(digests, list) or not all(isinstance(each, str) for each in digests):
        placing.problem("`_sd` is no list of digests.")
        return opened
    for digest in digests:
        found = _find(digest, placing)
        if found is None:
            continue
        if found.name is None or found.name in ("_sd", "..."):
            placing.problem("A disclosure for an object has no name, or one that is reserved.")
        elif found.name in opened:
            placing.problem(f"`{short(found.name)}` is disclosed, and stands there already.")
        else:
            there = (*place, found.name)
            placing.places[digest] = there
            opened[found.name] = _opened(found.value, there, placing)
    return opened


def _array(value: list[Any], place: Place, placing: _Placing) -> list[Any]:
    opened: list[Any] = []
    for each in value:
        there = (*place, len(opened))
        if not isinstance(each, dict) or "..." not in each:
            opened.append(_opened(each, there, placing))
        elif len(each) > 1 or not isinstance(each["..."], str):
            placing.problem("An element of an array holds `...` and something else.")
        elif (found := _find(each["..."], placing)) and found.name is not None:
            placing.problem("A disclosure for an element of an array has a name.")
        elif found:
            placing.places[each["..."]] = there
            opened.append(_opened(found.value, there, placing))
    return opened


def _find(digest: str, placing: _Placing) -> Disclosure | None:
    placing.seen[digest] += 1
    found = placing.by_digest.get(digest)
    if found is None:
        placing.withheld += 1
    return found if placing.seen[digest] == 1 else None


def _told(place: Place | None) -> str:
    """A place in words: "address.street", "colours[1]"."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{short(step)}" for step in place or ())
    return "".join(steps).removeprefix(".")
