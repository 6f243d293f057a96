"""A token opened into its three parts: every member explained, times as times, the signature verified with a named
key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flows.glossary import Entry, explain
from flows.realm import Realm
from flows.tokens import jws
from flows.tokens.keys import ALGORITHMS

TIMES = ("exp", "iat", "nbf", "auth_time")


@dataclass(frozen=True)
class Member:
    """One member of the header or the payload; `time` is a NumericDate in words, "" for anything else."""

    name: str
    value: str
    note: Entry | None
    value_note: Entry | None = None
    time: str = ""


@dataclass(frozen=True)
class Panel:
    """What the page shows of a token. `key` is the kid that verified its signature; None if none of the realm's
    does."""

    encoded: tuple[str, str, str]
    header: list[Member]
    payload: list[Member]
    alg: str
    alg_says: str
    key: str | None


def open_token(token: str, realm: Realm, now: int) -> Panel | None:
    """Read a token and verify it with the realm's published keys; None if it is no JWT. `now` is seconds since 1970."""
    try:
        parts = jws.read(token)
    except jws.NotAJWT:
        return None
    named = [key for key in realm.signing_keys if key.kid == parts.header.get("kid")]
    verified = next((key.kid for key in named if jws.signature_verifies(token, key.key, key.alg)), None)
    alg = str(parts.header.get("alg", "no alg"))
    header = [
        Member(name, _shown(value), explain("jose header", name), explain("value", f"{name}={value}"))
        for name, value in parts.header.items()
    ]
    payload = [
        Member(name, _shown(value), explain("claim", name), None, in_words(value, now) if name in TIMES else "")
        for name, value in parts.payload.items()
    ]
    return Panel(parts.encoded, header, payload, alg, ALGORITHMS.get(alg, alg), verified)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def in_words(moment: Any, now: int) -> str:
    """A NumericDate as a time and as a distance from now: "15:25:00 UTC, in 4 min 58 s"."""
    try:
        then, today = datetime.fromtimestamp(moment, UTC), datetime.fromtimestamp(now, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return "not a time"
    day = "" if then.date() == today.date() else f"{then.date().isoformat()}, "
    return f"{day}{then:%H:%M:%S} UTC, {distance(int(moment) - now)}"


def distance(seconds: int) -> str:
    """ "in 4 min 58 s", "2 s ago", "now" for a distance in seconds."""
    if seconds == 0:
        return "now"
    size = abs(seconds)
    units = ((size // 86400, "d"), (size % 86400 // 3600, "h"), (size % 3600 // 60, "min"), (size % 60, "s"))
    words = " ".join(f"{count} {unit}" for count, unit in [each for each in units if each[0]][:2])
    return f"in {words}" if seconds > 0 else f"{words} ago"
