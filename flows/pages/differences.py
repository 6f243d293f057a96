"""Two walks side by side: which messages stand for each other, and which of their lines differ.

What is new in every run is no difference: random values, times, lengths, and the realm's own name in addresses.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from typing import TypeVar

from flows.checks import CHECKS, Check, State
from flows.flow import Step
from flows.followed import FOLLOWED, SECRETS
from flows.pages.lines import Line, request_lines, response_lines
from flows.pages.sightings import sightings
from flows.run import Exchange, Run
from flows.tokens import jws

T = TypeVar("T")
Saying = Callable[[str], str]  # a text → what it says, without what is new in every run

SAME_IN_EVERY_RUN = ("password", "client_secret", "api_secret", "iss")
TIMES = ("iat", "nbf", "exp")
UNCOUNTED = ("content-length", *TIMES)
NAMELESS = ("blank", "closing", "body", "item")
MOST_HEADERS = 3  # that a sentence names
IN_WORDS = {"method": "the address", "status": "the status", "page": "the page"}


@dataclass(frozen=True)
class Cell:
    """A line on one side. `state` is same, only, differs or elsewhere; `says` is what the values do not show."""

    line: Line
    state: str = "same"
    says: str = ""


@dataclass(frozen=True)
class Message:
    """A request or an answer of both sides, line beside line."""

    rows: list[tuple[Cell | None, Cell | None]]

    def names(self, state: str, side: int = 0) -> list[str]:
        """The names of the lines of one side, 0 or 1, that are in that state, as on the wire."""
        lines = [cell.line for row in self.rows if (cell := row[side]) and cell.state == state]
        return list(dict.fromkeys(filter(None, map(spelled, lines))))

    @cached_property
    def same(self) -> bool:
        return all(cell is None or cell.state == "same" for row in self.rows for cell in row)

    @property
    def sentence(self) -> str:
        """What differs, in words and names; more than three headers that only one side has are counted."""
        differ, elsewhere = self._listed("differs"), self._listed("elsewhere")
        only = [self._listed("only", side) for side in (0, 1)]
        if differ and not elsewhere and not any(only):
            return f"the same but for {differ}"
        said = [f"only in {letter}: {names}" for letter, names in zip("AB", only, strict=True) if names]
        said += [f"different: {differ}"] if differ else []
        said += [f"in another place: {elsewhere}"] if elsewhere else []
        return "; ".join(said) or ("the same" if self.same else "the same but for its punctuation")

    def _listed(self, state: str, side: int = 0) -> str:
        names = self.names(state, side)
        headers = {spelled(cell.line) for row in self.rows if (cell := row[side]) and is_header(cell.line)}
        few = sum(name in headers for name in names) <= MOST_HEADERS
        said = [name if name in IN_WORDS.values() else f"`{name}`" for name in names if few or name not in headers]
        return ", ".join(said + ([] if few else [f"{sum(name in headers for name in names)} headers"]))


@dataclass(frozen=True)
class Told:
    """A line, where it stands, and what it says without what is new in every run."""

    line: Line
    where: str
    says: str


@dataclass(frozen=True)
class Ran:
    """A check that ran on one side only, or ended otherwise there; None where it did not run."""

    check: Check
    ended: tuple[State | None, State | None]


@dataclass(frozen=True)
class Side:
    """A message of one walk, and where it can be looked at."""

    run: Run
    exchange: Exchange

    @property
    def step(self) -> Step:
        return self.run.flow.named(self.exchange.step or "")

    @property
    def number(self) -> int:
        return self.run.flow.number(self.exchange.step or "")

    @property
    def href(self) -> str:
        return f"/runs/{self.run.id}?step={self.number}"


@dataclass(frozen=True)
class Pair:
    """The messages that stand for each other, one side None where the other has no such message."""

    sides: tuple[Side | None, Side | None]
    request: Message
    answer: Message
    checks: list[Ran]

    @property
    def name(self) -> str:
        return next(side.step.name for side in self.sides if side)

    @property
    def alone(self) -> bool:
        return None in self.sides

    @property
    def secrets(self) -> tuple[list[str], list[str]]:
        """The values of the protocol that a message without a counterpart carries, and that its answer brings."""
        request, answer = (
            {cell.line.followed for row in message.rows for cell in row if cell}
            for message in (self.request, self.answer)
        )
        return [name for name in SECRETS if name in request], [name for name in SECRETS if name in answer]

    @property
    def same(self) -> bool:
        return not self.alone and self.request.same and self.answer.same and not self.checks


def pairs(a: Run, b: Run) -> list[Pair]:
    """The messages of two walks: paired by the step's name, else by what they meet, else by who speaks to whom."""
    says = saying(a), saying(b)
    sides = aligned(
        [Side(a, each) for each in a.walked],
        [Side(b, each) for each in b.walked],
        lambda side: side.step.name,
        lambda side: (side.step.receiver, side.step.at),
        lambda side: (side.step.sender, side.step.receiver),
    )
    return [_pair(left, right, says) for left, right in sides]


def aligned(a: Sequence[T], b: Sequence[T], *keys: Callable[[T], Hashable]) -> list[tuple[T | None, T | None]]:
    """Both in their order, side by side where the first key is the same, and what is left between by the next one."""
    if not keys:
        return [(each, None) for each in a] + [(None, each) for each in b]
    key, *others = keys
    made: list[tuple[T | None, T | None]] = []
    found = SequenceMatcher(None, list(map(key, a)), list(map(key, b)), autojunk=False)
    for tag, i, j, k, m in found.get_opcodes():
        if tag == "equal":
            made += zip(a[i:j], b[k:m], strict=True)
        else:
            between = aligned(a[i:j], b[k:m], *others)
            made += between
    return made


def saying(run: Run) -> Saying:
    """What texts of this run say without the values, the times and the name that are its own."""
    new = {each.value: each.name for each in sightings(run) if each.name not in SAME_IN_EVERY_RUN}
    instead = {value: _token_says(value, run) if name == "access_token" else f"‹{name}›" for value, name in new.items()}
    instead |= {str(each.json["id"]): "‹id›" for each in run.walked if each.response.status == 201}
    instead[run.realm.name] = "‹realm›"
    any_of_them = re.compile("|".join(map(re.escape, sorted(instead, key=len, reverse=True))))
    return lambda text: any_of_them.sub(lambda found: instead[found[0]], text)


def _token_says(token: str, run: Run) -> str:
    try:
        parts = jws.read(token)
    except jws.NotAJWT:
        return "opaque"
    read = parts.header | parts.payload
    kept = {name: value for name, value in read.items() if name not in (*TIMES, *FOLLOWED)}
    return "JWT " + json.dumps(kept, sort_keys=True).replace(run.realm.name, "‹realm›")


def _pair(a: Side | None, b: Side | None, says: tuple[Saying, Saying]) -> Pair:
    both = [_told(side, saying) if side else ([], []) for side, saying in zip((a, b), says, strict=True)]
    (request_a, answer_a), (request_b, answer_b) = both
    return Pair((a, b), _message(request_a, request_b), _message(answer_a, answer_b), _checks(a, b))


def _told(side: Side, says: Saying) -> tuple[list[Told], list[Told]]:
    """The lines of a request and of its answer."""
    request, answer = side.exchange.request, side.exchange.response
    page = answer.body.decode("utf-8", "replace")
    return (
        [Told(line, where(line), says(_text(line))) for line in request_lines(request, side.step.carries)],
        [
            Told(line, where(line), says(page if bare(line) == "page" else _text(line)))
            for line in response_lines(answer, side.step.answers)
        ],
    )


def where(line: Line) -> str:
    """Where in its message a line stands, in words: a fragment is a place of its own, which no server is sent."""
    return "behind the #" if line.kind == "token in the fragment" and line.part_of else line.place


def bare(line: Line) -> str:
    """A line's name without its side and its number."""
    return re.sub(r"\.\d+$", "", line.name.removeprefix("answer."))


def spelled(line: Line) -> str:
    """A line's name as it is spelled on the wire; "" for one that has none of its own."""
    name = bare(line)
    if name in NAMELESS or line.kind == "cookie attribute":
        return ""
    return line.key.partition(":")[0] if is_header(line) else IN_WORDS.get(name, name)


def is_header(line: Line) -> bool:
    """Whether a line begins a header."""
    return line.kind == "header" or (line.kind == "cookie" and not line.part_of)


def _text(line: Line) -> str:
    if bare(line) in UNCOUNTED:
        return ""
    value = line.plain or line.value
    return value.removesuffix(" HTTP/1.1") if value else f"{line.key}{line.after}".rstrip(" ,")


def _message(a: list[Told], b: list[Told]) -> Message:
    here, there = ({each.line.name: each for each in side} for side in (a, b))
    rows = aligned(a, b, lambda told: told.says if bare(told.line) == "closing" else told.line.name)
    return Message([(_cell(left, right, there), _cell(right, left, here)) for left, right in rows])


def _cell(told: Told | None, beside: Told | None, others: dict[str, Told]) -> Cell | None:
    if told is None:
        return None
    other = beside or (None if bare(told.line) == "closing" else others.get(told.line.name))
    if other is None:
        return Cell(told.line, "only")
    elsewhere = told.where if told.where != other.where else ""
    if told.says == other.says:
        return Cell(told.line, "elsewhere" if elsewhere else "same", elsewhere)
    return Cell(told.line, "differs", elsewhere or _unshown(told, other))


def _unshown(told: Told, other: Told) -> str:
    """What differs where the values look alike: within a token, or on a page."""
    if bare(told.line) == "page":
        return "its text"
    if not told.says.startswith(("JWT ", "opaque")):
        return ""
    if told.says == "opaque" or other.says == "opaque":
        return "opaque" if told.says == "opaque" else "a JWT"
    mine, theirs = (json.loads(each.says.removeprefix("JWT ")) for each in (told, other))
    return "inside: " + ", ".join(name for name in mine | theirs if mine.get(name) != theirs.get(name))


def _checks(a: Side | None, b: Side | None) -> list[Ran]:
    """The checks that did not end alike, in the order of their lists."""
    left, right = ({each.check: each.state for each in side.exchange.verdicts} if side else {} for side in (a, b))
    ended = {name: (left.get(name), right.get(name)) for name in left | right}
    return [Ran(CHECKS[name], states) for name, states in ended.items() if states[0] != states[1]]
