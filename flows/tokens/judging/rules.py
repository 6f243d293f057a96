"""What a rule for tokens is: like a party's check, but it judges what was pasted, and never stops the others.

A party stops at its first no. Whoever reads a token wants to see all that is wrong with it; so every rule runs, and one
that has nothing to go by says that it was not checked.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from flows.as_it_saw import short
from flows.tokens.json_text import printable

State = Literal["passed", "failed", "warning", "not checked"]


@dataclass(frozen=True)
class Finding:
    """What a rule found: a short sentence with `names` in backquotes, and a second one that says more.

    `of` names the member of the header or payload that it is about, "" for none; `rfc` a section more exact than the
    rule's.
    """

    state: State
    says: str
    more: str = ""
    of: str = ""
    rfc: str = ""


@dataclass(frozen=True)
class Rule:
    """One rule: its name, its section as "7519#section-4.1.4", and the function that decides."""

    name: str
    rfc: str
    decide: Callable[[Any], Finding | None]

    @property
    def reason(self) -> str:
        """The docstring, shown to learners."""
        return inspect.cleandoc(self.decide.__doc__ or "")


@dataclass(frozen=True)
class Row:
    """A rule and what it found."""

    rule: Rule
    finding: Finding

    @property
    def rfc(self) -> str:
        return self.finding.rfc or self.rule.rfc


RULES: dict[str, Rule] = {}


def rule(rfc: str) -> Callable[[Callable[[Any], Finding | None]], Rule]:
    """Make a rule of a function that reads what is judged and returns a Finding; None where it does not apply."""

    def register(decide: Callable[[Any], Finding | None]) -> Rule:
        made = Rule(decide.__name__, rfc, decide)
        if made.name in RULES:
            raise ValueError(f"two rules are called {made.name}")
        RULES[made.name] = made
        return made

    return register


def run(rules: Sequence[Rule], judged: Any) -> list[Row]:
    """Every rule in its order, those left out that do not apply."""
    found = ((each, each.decide(judged)) for each in rules)
    return [Row(each, finding) for each, finding in found if finding]


def passed(says: str, more: str = "", *, of: str = "", rfc: str = "") -> Finding:
    return _finding("passed", says, more, of, rfc)


def failed(says: str, more: str = "", *, of: str = "", rfc: str = "") -> Finding:
    return _finding("failed", says, more, of, rfc)


def warning(says: str, more: str = "", *, of: str = "", rfc: str = "") -> Finding:
    return _finding("warning", says, more, of, rfc)


def not_checked(says: str, more: str = "", *, of: str = "", rfc: str = "") -> Finding:
    return _finding("not checked", says, more, of, rfc)


def expected(wanted: object, got: object) -> str:
    """The two of a no, side by side."""
    return f"Expected: {short(wanted)}. Got: {short(got)}."


def _finding(state: State, says: str, more: str, of: str, rfc: str) -> Finding:
    return Finding(state, short(printable(says)), printable(more), of, rfc)
