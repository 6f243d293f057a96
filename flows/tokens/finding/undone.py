"""Text with its outer encodings undone: percent-encoding, HTML's entities, JSON's escapes of quotes.

Only what can stand around or within a token is undone, so that nothing else changes its meaning; and by plain
replacement, so that a megabyte of it takes no time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MARKS = " \n\r\"'#&+,-./:;<=>?@[\\]_{|}~"
_PERCENT = {"%25": "%"} | {written % ord(each): each for each in _MARKS for written in ("%%%02X", "%%%02x")}
_ENTITIES = {
    "&quot;": '"', "&#34;": '"', "&#x22;": '"', "&#39;": "'", "&#x27;": "'", "&lt;": "<", "&gt;": ">", "&#46;": ".",
    "&#x2e;": ".", "&period;": ".", "&#61;": "=", "&#x3d;": "=", "&#43;": "+", "&#x2b;": "+", "&#47;": "/",
    "&#x2f;": "/", "&#45;": "-", "&#95;": "_", "&lowbar;": "_", "&shy;": "\u00ad", "&nbsp;": "\xa0", "&amp;": "&",
}  # fmt: skip
_ESCAPES = {written % ord(each): each for each in "&'+-./<=>_~" for written in ("\\u%04x", "\\u%04X")}
_ROUNDS = 2  # what was encoded twice is undone twice
_TWICE = {"&": "&amp;", "%": "%25"}
_NAMES = {" ": "a space", "\n": "a line break", "\r": "a line break", "\xa0": "a space", "\u00ad": "a soft hyphen"}


@dataclass(frozen=True)
class Undone:
    """One encoding, and each character that stood in it somewhere: (as it was written first, what it means)."""

    what: str
    written: tuple[tuple[str, str], ...]

    def says(self, token: str) -> str:
        """A sentence that names one of them: the first that the token holds, else the first of all."""
        held = [each for each in self.written if each[1] in token] or self.written
        if not held:
            return f"{self.what} undone."
        written, meant = held[0]
        return f"{self.what} undone (`{written}` for {_NAMES.get(meant) or f'`{meant}`'})."


def undone(text: str) -> tuple[str, tuple[Undone, ...]]:
    """The text, and what was undone somewhere in it."""
    pasted, says = text, []
    for what, table, mark in (
        ("HTML's entities were", _ENTITIES, "&"),
        ("Percent-encoding was", _PERCENT, "%"),
        ("JSON's escapes were", _ESCAPES, "\\u00"),
    ):
        before = text
        if mark in text:
            text = _replaced(text, table)
        if text != before:
            says.append(Undone(what, _written(pasted, table)))
    return text, tuple(says)


def _written(pasted: str, table: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """What of a table stands in a text, once or twice encoded, in the order of the text."""
    found = []
    for written, meant in table.items():
        for each in (written, _TWICE.get(written[0], "\\") + written[1:]):
            place = pasted.find(each)
            if place >= 0:
                found.append((place, each, meant))
    return tuple((each, meant) for _, each, meant in sorted(found))


def quotes_undone(text: str) -> str:
    """Text in which quotes stand without the backslashes of a JSON string around them."""
    text = re.sub(r"(?<!\\)\\{1,8}[nr]", "\n", text)
    text = re.sub(r'(?<!\\)"(?=\{\s{0,40}\\{1,8}")|(?<=\})"(?=\s{0,40}[,}\]\n])', "", text)
    return re.sub(r'(?<!\\)\\{1,8}(?=")', "", text)


def _replaced(text: str, table: dict[str, str]) -> str:
    for _ in range(_ROUNDS):
        for written, meant in table.items():
            if written in text:
                text = text.replace(written, meant)
    return text
