"""JSON objects within a text, found by their braces: tokens in JSON form, keys, claims. The text need not be JSON.

One pass over quotes and braces, so that an object may stand at any depth, in prose, or be cut off.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_TOKEN = re.compile(r"(\"[^\"\\\n]*+(?:\\.[^\"\\\n]*+)*+\"?)(\s{0,40}:)?|[{}]", re.DOTALL)
_BEGIN = re.compile(r"\{\s{0,200}\"")
_MOST = 100_000  # quotes and braces looked at

_TELLING = ("ciphertext", "protected", "payload", "signature", "kty", "keys", "iss", "sub", "aud", "exp", "iat", "alg")
CLAIMS = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti"})


@dataclass
class Object:
    """From where to where it stands, and the names of its own members. `whole` is False where it is not closed."""

    start: int
    end: int
    names: set[str] = field(default_factory=set)
    whole: bool = False

    @property
    def kind(self) -> str:
        """ "token", "key", "claims", "header", or "" for any other object."""
        if "ciphertext" in self.names and self.names & {"protected", "iv", "tag", "recipients", "encrypted_key"}:
            return "token"
        if "protected" in self.names and self.names & {"signature", "payload"}:
            return "token"
        if {"signature", "payload", "header"} <= self.names:
            return "token"
        if {"signatures", "payload"} <= self.names or self.names == {"signatures"}:
            return "token"
        if "kty" in self.names or self.names == {"keys"}:
            return "key"
        if "iss" in self.names or len(self.names & CLAIMS) >= 2:
            return "claims"
        return "header" if "alg" in self.names and self.names & {"typ", "kid", "enc"} else ""


def objects(text: str) -> list[Object]:
    """All objects that are of a kind, none that stands within another of the same kind, in the order of the text."""
    begin = _BEGIN.search(text) if any(f'"{name}' in text for name in _TELLING) else None
    if not begin:
        return []
    found: list[Object] = []
    open_ones: list[Object] = []
    for count, match in enumerate(_TOKEN.finditer(text, begin.start())):
        if count > _MOST:
            break
        token = match.group()
        if token == "{":
            open_ones.append(Object(match.start(), len(text)))
        elif token == "}":
            if open_ones:
                closed = open_ones.pop()
                closed.end, closed.whole = match.end(), True
                found.append(closed)
        elif match[2] and open_ones and len(match[1]) < 100:
            open_ones[-1].names.add(match[1].strip('"'))
    kept: list[Object] = []
    for each in sorted((each for each in found + open_ones if each.kind), key=lambda each: each.start):
        outer = kept[-1] if kept and each.start < kept[-1].end else None
        if not outer or (outer.kind not in ("token", "key") and each.kind != outer.kind):
            kept.append(each)
    return kept
