"""Text with its outer encodings undone: percent-encoding, HTML's entities, JSON's escapes of quotes.

Only what can stand around or within a token is undone, so that nothing else changes its meaning; and by plain
replacement, so that a megabyte of it takes no time.
"""

from __future__ import annotations

import re

_MARKS = " \n\r\"'#&+,-./:;<=>?@[\\]_{|}~"
_PERCENT = {"%25": "%"} | {written % ord(each): each for each in _MARKS for written in ("%%%02X", "%%%02x")}
_ENTITIES = {
    "&quot;": '"', "&#34;": '"', "&#x22;": '"', "&#39;": "'", "&#x27;": "'", "&lt;": "<", "&gt;": ">", "&#46;": ".",
    "&#x2e;": ".", "&period;": ".", "&#61;": "=", "&#x3d;": "=", "&#43;": "+", "&#x2b;": "+", "&#47;": "/",
    "&#x2f;": "/", "&#45;": "-", "&#95;": "_", "&lowbar;": "_", "&shy;": "\u00ad", "&nbsp;": "\xa0", "&amp;": "&",
}  # fmt: skip
_ESCAPES = {written % ord(each): each for each in "&'+-./<=>_~" for written in ("\\u%04x", "\\u%04X")}
_ROUNDS = 2  # what was encoded twice is undone twice


def undone(text: str) -> tuple[str, tuple[str, ...]]:
    """The text, and a sentence for each encoding that was undone somewhere in it."""
    says = []
    for what, table, mark in (
        ("HTML's entities were undone (`&amp;`).", _ENTITIES, "&"),
        ("Percent-encoding was undone (`%2B` for `+`).", _PERCENT, "%"),
        ("JSON's escapes were undone (`\\u003d` for `=`).", _ESCAPES, "\\u00"),
    ):
        before = text
        if mark in text:
            text = _replaced(text, table)
        if text != before:
            says.append(what)
    return text, tuple(says)


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
