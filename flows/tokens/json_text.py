"""JSON read member by member: order, repeats, where each one stands and what is wrong are kept (RFC 8259)."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

_SPACE = re.compile(r"[ \t\n\r]*")
_ESCAPES = re.compile(  # an escaped backslash, a pair of surrogates, or half of one
    r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
_RAW_CONTROL = "A line break or another control character stands raw in a string, where it must be escaped."
SAYS = {  # what Python's reader says → what we say
    "Unterminated string starting at": "the quote that opens here is never closed",
    "Invalid \\escape": "a backslash is followed by what no escape is",
    "Invalid \\uXXXX escape": "a `\\u` is not followed by four hexadecimal digits",
    "Expecting property name enclosed in double quotes": "a name in quotes is missing",
    "Expecting ':' delimiter": "a colon is missing",
    "Expecting ',' delimiter": "a comma or a closing bracket is missing",
    "Expecting value": "a value is missing",
    "Illegal trailing comma before end of object": "a comma stands before the closing brace",
    "Illegal trailing comma before end of array": "a comma stands before the closing bracket",
}
_LONGEST_NUMBER = 400  # digits; beyond it, a number is kept as it was written


class WrittenNumber(str):
    """A number too long to be calculated with, as it was written."""


@dataclass(frozen=True)
class Member:
    """One member of an object. `text` is the value's JSON as it stands; `start` and `end` are bytes of `"name":value`.

    `whole` is False where the text broke off within the value.
    """

    name: str
    value: Any
    text: str
    start: int
    end: int
    whole: bool = True


@dataclass(frozen=True)
class JSONText:
    """What could be read. An object has members; anything else has a value. `problems` are sentences."""

    text: str
    is_object: bool
    value: Any
    members: tuple[Member, ...]
    problems: tuple[str, ...]
    repeated: tuple[str, ...]

    @cached_property
    def object(self) -> dict[str, Any]:
        """Name → value; of repeated names the last, as most readers have it."""
        return {member.name: member.value for member in self.members}

    @property
    def is_whole(self) -> bool:
        return self.is_object and not self.problems


def read(data: bytes) -> JSONText:
    """Never raises. Members are read up to where the text goes wrong, and the sentence says where that is."""
    text = data.decode("utf-8", "surrogateescape")
    reading = _Reading(text)
    try:
        reading.go()
    except _BrokeOff as stopped:
        reading.problems.append(stopped.says)
    if not text.isascii() and re.search("[\udc80-\udcff]", text):
        reading.problems.insert(0, "It is not UTF-8 text throughout.")
    return JSONText(
        printable(text),
        reading.is_object,
        reading.value,
        tuple(reading.members),
        tuple(dict.fromkeys(reading.problems)),
        tuple(dict.fromkeys(reading.repeated)),
    )


def printable(text: str) -> str:
    """Text that can be sent: a half of a surrogate pair becomes the replacement character."""
    return text if text.isascii() else re.sub("[\ud800-\udfff]", "\ufffd", text)


def _without_surrogates(text: str) -> str:
    """The same with every half of a surrogate pair replaced, raw or escaped, so that all values can be sent."""
    if "\\u" in text:
        text = _ESCAPES.sub(lambda found: found[0] if found[1] is None else "\\ufffd", text)
    return printable(text)


class _BrokeOff(Exception):
    def __init__(self, says: str) -> None:
        self.says = says


class _Reading:
    """The place that reading has come to, in characters and in bytes, and what it has found."""

    def __init__(self, text: str) -> None:
        self.sent = text
        self.text = _without_surrogates(text)  # as long as what was sent, so that places are the same
        self.at = 0
        self._counted = (0, 0)  # a place in characters, and the same in bytes
        self.is_object = False
        self.value: Any = None
        self.members: list[Member] = []
        self.problems: list[str] = []
        self.repeated: list[str] = []
        self._strict = True
        self._decoder = self._decode()

    def go(self) -> None:
        if self.text.startswith("\ufeff"):
            self.problems.append("It begins with a byte order mark, which JSON text must not have.")
            self.at = 1
        self._skip()
        if self._next() == "{":
            self.is_object = True
            self.at += 1
            self._members()
            self.value = None
        else:
            self.value = self._value("the value")
        self._skip()
        if self.at < len(self.text):
            raise self._broke_off("Something follows after the end of the JSON")

    def _members(self) -> None:
        names: set[str] = set()
        self._skip()
        if self._next() == "}":
            self.at += 1
            return
        while True:
            self._skip()
            start = self._bytes(self.at)
            if self._next() != '"':
                raise self._broke_off("A name in quotes is missing")
            name = self._string("a name")
            if name in names:
                self.repeated.append(name)
            names.add(name)
            self._skip()
            if self._next() != ":":
                raise self._broke_off(f"A colon is missing after `{name}`")
            self.at += 1
            self._skip()
            began = self.at
            try:
                value = self._value(f"the value of `{name}`")
            except _BrokeOff:
                rest = self.text[began:]
                if rest:
                    text = printable(self.sent[began:])
                    self.members.append(Member(name, text, text, start, self._bytes(len(self.text)), whole=False))
                raise
            text = printable(self.sent[began : self.at])
            self.members.append(Member(name, value, text, start, self._bytes(self.at)))
            self._skip()
            if self._next() == "}":
                self.at += 1
                return
            if self._next() != ",":
                raise self._broke_off(f"A comma or the closing brace is missing after `{name}`")
            self.at += 1

    def _decode(self) -> json.JSONDecoder:
        return json.JSONDecoder(
            parse_int=_number, parse_constant=self._constant, object_pairs_hook=self._pairs, strict=self._strict
        )

    def _forgive_control_characters(self) -> None:
        self.problems.append(_RAW_CONTROL)
        self._strict = False
        self._decoder = self._decode()

    def _value(self, what: str) -> Any:
        try:
            value, self.at = self._decoder.scan_once(self.text, self.at)  # type: ignore[attr-defined]
        except StopIteration as stopped:
            self.at = min(int(stopped.value), len(self.text))
            raise self._broke_off(f"Expected {what}") from None
        except json.JSONDecodeError as error:
            if self._strict and error.msg == "Invalid control character at":
                self._forgive_control_characters()
                return self._value(what)
            self.at = error.pos
            raise self._broke_off(f"Within {what}: {SAYS.get(error.msg, error.msg)}") from None
        except RecursionError:
            raise self._broke_off(f"{what[:1].upper()}{what[1:]} is nested too deep to be read") from None
        return value

    def _string(self, what: str) -> str:
        text: str
        try:
            text, self.at = scanstring(self.text, self.at + 1, self._strict)
        except json.JSONDecodeError as error:
            if self._strict and error.msg == "Invalid control character at":
                self._forgive_control_characters()
                return self._string(what)
            raise self._broke_off(f"Within {what}: the closing quote is missing") from None
        return text

    def _skip(self) -> None:
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def _next(self) -> str:
        return self.text[self.at : self.at + 1]

    def _bytes(self, place: int) -> int:
        """Where a place in characters is in bytes. Places are asked for in rising order, so each is counted once."""
        before, counted = self._counted
        counted += len(self.sent[before:place].encode("utf-8", "surrogateescape"))
        self._counted = (place, counted)
        return counted

    def _broke_off(self, says: str) -> _BrokeOff:
        if self.at >= len(self.text):
            return _BrokeOff(f"{says}, and the text ends there.")
        return _BrokeOff(f"{says}, at character {self.at + 1}.")

    def _constant(self, name: str) -> float:
        self.problems.append(f"`{name}` is no JSON: numbers there are finite.")
        return float(name)

    def _pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            self.repeated += [name for name, times in Counter(names).items() if times > 1]
        return found


def _number(written: str) -> int | WrittenNumber:
    return int(written) if len(written) <= _LONGEST_NUMBER else WrittenNumber(written)
