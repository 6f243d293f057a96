"""Which characters of an encoded part carry which member of its JSON, so that the one lights the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flows.tokens import base64url
from flows.tokens.json_text import Member
from flows.tokens.read import Part

MOST = 64  # members of one token that can be lit: the style sheet has a rule for each
_KNOWN = frozenset(base64url.ALPHABET + "+/")

Pieces = list[tuple[str, int]]  # characters, and the number of the member that they carry, 0 for none


@dataclass(frozen=True)
class Carried:
    """The characters that carry any bit of a member, counted from 0 and half-open; and these characters."""

    start: int
    end: int
    text: str

    @property
    def ends(self) -> str:
        return self.text if len(self.text) <= 60 else f"{self.text[:36]}…{self.text[-12:]}"


def carried(part: Part, members: Sequence[Member], *, plain: bool = False) -> list[Carried]:
    """For each member, where it stands among the characters. `plain` says that the part is not base64url (RFC 7797)."""
    places = [_plain(part, each) if plain else base64url.characters(each.start, each.end) for each in members]
    if part.problems and not plain:  # what does not belong there was left out when it was decoded
        at = [place for place, letter in enumerate(part.encoded) if letter in _KNOWN]
        places = [(at[start], at[min(end, len(at)) - 1] + 1) for start, end in places if start < len(at)]
    return [Carried(start, end, part.encoded[start:end]) for start, end in places]


def pieces(part: Part, lit: Sequence[tuple[int, Carried]]) -> Pieces:
    """The part cut where a member begins or ends; `lit` are members by number, in the order in which they stand."""
    cut: Pieces = []
    done = 0
    for number, place in lit:
        if place.start < done:  # two members share a character only where something is wrong
            continue
        if place.start > done:
            cut.append((part.encoded[done : place.start], 0))
        cut.append((place.text, number))
        done = place.end
    if done < len(part.encoded):
        cut.append((part.encoded[done:], 0))
    return cut


def _plain(part: Part, member: Member) -> tuple[int, int]:
    start = len(part.data[: member.start].decode("utf-8", "replace"))
    return start, start + len(part.data[member.start : member.end].decode("utf-8", "replace"))
