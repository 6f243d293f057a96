"""Disclosures of an SD-JWT put in their places by their digests (RFC 9901 §7.1)."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from flows.tokens import base64url
from flows.tokens.read import Disclosure, Signed

HASHES = {"sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512"}
DEEPEST = 60


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


@dataclass
class _Placing:
    """What is found on the way through a payload."""

    by_digest: dict[str, Disclosure]
    places: dict[str, str] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    withheld: int = 0
    problems: list[str] = field(default_factory=list)


def digest_of(text: str, sd_alg: str) -> str:
    """The digest of a disclosure or of a whole SD-JWT (RFC 9901 §4.2.3); "" for a hash not known here."""
    if sd_alg not in HASHES:
        return ""
    return base64url.encode(hashlib.new(HASHES[sd_alg], text.encode("utf-8", "replace")).digest())


def sd_alg_of(token: Signed) -> str:
    """The hash that the digests are made with: `_sd_alg`, or sha-256 where it says nothing (RFC 9901 §4.1.1)."""
    return str((token.claims or {}).get("_sd_alg", "sha-256"))


def disclose(token: Signed) -> Disclosed:
    """Put every disclosure where its digest stands. Never raises; what does not fit is told."""
    sd_alg, claims = sd_alg_of(token), token.claims or {}
    digests = [(each, digest_of(each.encoded, sd_alg)) for each in token.disclosures or ()]
    placing = _Placing({digest: each for each, digest in digests if digest and not each.problem})
    whole = _opened(claims, "", 0, placing)
    assert isinstance(whole, dict)
    whole.pop("_sd_alg", None)
    placing.problems += [
        f"The digest {each} stands {times} times." for each, times in placing.seen.items() if times > 1
    ]
    if len({digest for _, digest in digests}) < len(digests) and sd_alg in HASHES:
        placing.problems.append("A disclosure came twice.")
    placed = tuple(Placed(each, digest, placing.places.get(digest, "")) for each, digest in digests)
    return Disclosed(whole, placed, placing.withheld, tuple(placing.problems))


def _opened(value: Any, place: str, depth: int, placing: _Placing) -> Any:
    if depth > DEEPEST:
        placing.problems.append("It is nested too deep.")
        return None
    if isinstance(value, dict):
        return _object(value, place, depth, placing)
    if isinstance(value, list):
        return _array(value, place, depth, placing)
    return value


def _object(value: dict[str, Any], place: str, depth: int, placing: _Placing) -> dict[str, Any]:
    opened = {
        name: _opened(each, f"{place}.{name}".lstrip("."), depth + 1, placing)
        for name, each in value.items()
        if name != "_sd"
    }
    digests = value.get("_sd", [])
    if not isinstance(digests, list) or not all(isinstance(each, str) for each in digests):
        placing.problems.append("`_sd` is no list of digests.")
        return opened
    for digest in digests:
        found = _find(digest, placing)
        if found is None:
            continue
        if not found.name or found.name in ("_sd", "..."):
            placing.problems.append("A disclosure for an object has no name, or one that is reserved.")
        elif found.name in opened:
            placing.problems.append(f"`{found.name}` is disclosed, and stands there already.")
        else:
            there = f"{place}.{found.name}".lstrip(".")
            placing.places[digest] = there
            opened[found.name] = _opened(found.value, there, depth + 1, placing)
    return opened


def _array(value: list[Any], place: str, depth: int, placing: _Placing) -> list[Any]:
    opened: list[Any] = []
    for each in value:
        if not isinstance(each, dict) or each.keys() != {"..."}:
            opened.append(_opened(each, f"{place}[{len(opened)}]", depth + 1, placing))
            continue
        found = _find(str(each["..."]), placing)
        if found and found.name:
            placing.problems.append("A disclosure for an element of an array has a name.")
        elif found:
            there = f"{place}[{len(opened)}]"
            placing.places[str(each["..."])] = there
            opened.append(_opened(found.value, there, depth + 1, placing))
    return opened


def _find(digest: str, placing: _Placing) -> Disclosure | None:
    placing.seen[digest] += 1
    found = placing.by_digest.get(digest)
    if found is None:
        placing.withheld += 1
    return found if placing.seen[digest] == 1 else None
