"""JSON that somebody typed for a new token: read strictly, and what is wrong said with its line and character.

A reader takes what it can get (`json_text`). Whoever makes a token must write what every reader takes for the same:
names once, finite numbers, whole characters, no depth that some reader cannot follow (RFC 8259, RFC 7493).
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from flows.tokens import json_text
from flows.tokens.json_text import SAYS

DEEPEST = 60  # levels, as far as disclosures are followed
LONGEST_NUMBER = 400  # digits
_SAYS = {
    **SAYS,
    "Extra data": "something follows after the end of the JSON",
    "Invalid control character at": "a line break or another control character stands in a text, where it is escaped",
}
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_MARKS = re.compile(rf"(?P<text>{_TEXT.pattern})(?P<is_name>\s*:)?|[\[\]{{}}]", re.DOTALL)
_HALVES = re.compile(  # an escaped backslash, a pair of surrogates, or half of one
    r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2}|[\ud800-\udfff])"
)


class NotJSON(ValueError):
    """It is no JSON, or none for a token; the message is a sentence that begins with what it is about, and where."""


def object_of(text: str, what: str) -> dict[str, Any]:
    """The members of a JSON object. `what` it is begins the sentence of a NotJSON ("Claims")."""
    value = value_of(text, what)
    if not isinstance(value, dict):
        raise NotJSON(f"{what}: this is {_called(value)}, and must be a JSON object: `{{`, names with values, `}}`.")
    return value


def value_of(text: str, what: str) -> Any:
    """Any JSON value, read strictly; NotJSON where it is none."""
    if not text.strip():
        raise NotJSON(f"{what}: there is nothing. An empty JSON object is `{{}}`.")
    text = text.removeprefix("\ufeff")
    reading = _Reading(text, what)
    reading.check_depth()
    try:
        value = json.loads(
            text,
            parse_constant=reading.constant,
            parse_float=reading.fraction,
            parse_int=reading.whole,
            object_pairs_hook=reading.pairs,
        )
    except json.JSONDecodeError as error:
        raise NotJSON(f"{what}, {_place(text, error.pos)}: {_says(error, text)}.") from None
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        reading.lone_half()
    return value


def _says(error: json.JSONDecodeError, text: str) -> str:
    """What is wrong, and what is likely meant."""
    here, before = text[error.pos : error.pos + 1], text[: error.pos].rstrip()[-1:]
    if before == "," and here in ("}", "]"):
        return "a comma stands before the closing bracket"
    if not text[error.pos :].strip():
        return f"{_SAYS.get(error.msg, error.msg)}, and the text ends there"
    if here == "'":
        return "a single quote stands there, and JSON has double ones"
    if error.msg == "Expecting value" and re.match(r"(True|False|None|undefined)\b", text[error.pos :]):
        return "JSON writes `true`, `false` and `null`"
    word = re.match(r"[^\W\d][\w.@:/-]{,40}", text[error.pos :])
    if word and error.msg == "Expecting value":
        return f'a text needs quotes: `"{word[0]}"`'
    if word and error.msg.startswith("Expecting property name"):
        return f'a name needs quotes: `"{word[0].partition(":")[0]}"`'
    return _SAYS.get(error.msg, error.msg)


def _place(text: str, at: int) -> str:
    line = text.count("\n", 0, at) + 1
    return f"line {line}, character {at - text.rfind(chr(10), 0, at)}"


def _called(value: object) -> str:
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return "a text"
    return "a number" if isinstance(value, int | float) and not isinstance(value, bool) else f"`{json.dumps(value)}`"


class _Reading:
    """A text, and what Python's reader asks about it on the way."""

    def __init__(self, text: str, what: str) -> None:
        self.text = text
        self.what = what

    def check_depth(self) -> None:
        depth = 0
        for bracket in re.finditer(r"[\[\]{}]", self._without_texts()):
            depth += 1 if bracket[0] in "[{" else -1
            if depth > DEEPEST:
                self._wrong(bracket.start(), f"this is nested more than {DEEPEST} levels deep")

    def constant(self, name: str) -> NoReturn:
        self._wrong_number(name, f"`{name}` is no JSON: numbers there are finite")

    def fraction(self, written: str) -> float:
        if len(written) > LONGEST_NUMBER:
            self._too_long(written)
        number = float(written)
        if number in (float("inf"), float("-inf")):
            self._wrong_number(written, f"`{written}` is larger than readers can hold")
        return number

    def whole(self, written: str) -> int:
        return int(written) if len(written) <= LONGEST_NUMBER else self._too_long(written)

    def pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            self._repeated()
        return found

    def _repeated(self) -> NoReturn:
        """Where a name stands for the second time in one object."""
        names: list[set[str]] = []
        for mark in _MARKS.finditer(self.text):
            if mark[0] in ("{", "["):
                names.append(set())
            elif mark[0] in ("}", "]"):
                names.pop()
            elif mark["is_name"]:
                name = json.loads(mark["text"])
                if name in names[-1]:
                    says = f"the name `{json_text.printable(name)[:60]}` stands here for the second time"
                    self._wrong(mark.start(), f"{says}; one reader takes the first, another the last. Keep one of them")
                names[-1].add(name)
        raise AssertionError("no name stands twice")

    def lone_half(self) -> NoReturn:
        found = next((each for each in _HALVES.finditer(self.text) if each[1]), None)
        says = "half of a surrogate pair (`\\ud800` to `\\udfff`) stands alone, and is no text"
        self._wrong(found.start() if found else 0, says)

    def _too_long(self, written: str) -> NoReturn:
        self._wrong_number(written, f"a number has {len(written):,} digits, and at most {LONGEST_NUMBER} are taken")

    def _wrong_number(self, written: str, says: str) -> NoReturn:
        found = re.search(rf"(?<![\w.+-]){re.escape(written)}(?![\w.])", self._without_texts())
        self._wrong(found.start() if found else 0, says)

    def _wrong(self, at: int, says: str) -> NoReturn:
        raise NotJSON(f"{self.what}, {_place(self.text, at)}: {says}.")

    def _without_texts(self) -> str:
        """The same with all that stands in quotes blotted out, each character in its place."""
        return _TEXT.sub(lambda found: "_" * len(found[0]), self.text)
