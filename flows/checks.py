"""What a check is, how a list of them runs, and what is recorded of it.

A party decides by a list of checks: one small function per rule, with a name, a reason, an RFC section and the error it
answers with. The list is the endpoint's documentation, and every page that shows an answer shows the list beside it.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any, Literal, Protocol

from flows.as_it_saw import as_it_saw, short

State = Literal["passed", "failed", "not reached", "switched off"]

ENVIRON_KEY = "tokenwalk.checks"


class Ask(Protocol):
    """What an endpoint was asked: whatever checks read, they read from here."""

    environ: dict[str, Any]

    @property
    def switched_off(self) -> frozenset[str]: ...


@dataclass(frozen=True)
class Finding:
    """What one check found. `found` is a short sentence; `expected` and `got` are shown when it failed.

    `line` is the line of its file at which the check said no, and `saw` what the expressions there were worth.
    """

    passed: bool
    found: str = ""
    expected: str = ""
    got: str = ""
    line: int = 0
    saw: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Check:
    """One rule that a party holds a message to. `refuses` names what it keeps out; `of` are the values it looks at."""

    name: str
    error: str
    refuses: str
    status: int
    rfc: str
    of: tuple[str, ...]
    defence: bool
    decide: Callable[[Any], Finding]

    @property
    def reason(self) -> str:
        """The docstring, shown to learners."""
        return inspect.cleandoc(self.decide.__doc__ or "")

    def __call__(self, ask: Any) -> Finding:
        return self.decide(ask)


@dataclass(frozen=True)
class Verdict:
    """What is recorded of a check: its name, how it ended, and what it found, as a Finding has it."""

    check: str
    state: State
    found: str = ""
    expected: str = ""
    got: str = ""
    line: int = 0
    saw: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Refusal:
    """The check that refused, and what it found."""

    check: Check
    finding: Finding


CHECKS: dict[str, Check] = {}


def check(
    error: str, refuses: str, *, rfc: str, status: int = 400, of: str = "", defence: bool = False
) -> Callable[[Callable[[Any], Finding]], Check]:
    """Make a check of a function that reads an ask and returns a Finding.

    `error` is the code it answers with ("" where the RFC wants none), `refuses` what it keeps out ("a code that this
    server never gave"), `rfc` its section as "7636#section-4.6", `of` the names of the followed values that it looks
    at. Only a `defence` may be switched off in a realm.
    """

    def register(decide: Callable[[Any], Finding]) -> Check:
        made = Check(decide.__name__, error, refuses, status, rfc, tuple(of.split()), defence, decide)
        if made.name in CHECKS:
            raise ValueError(f"two checks are called {made.name}")
        CHECKS[made.name] = made
        return made

    return register


def passed(found: str = "") -> Finding:
    return Finding(True, short(found))


def failed(*, expected: str, got: str, found: str = "") -> Finding:
    """A no, with the line of the check that says it."""
    return _no(sys._getframe(1), expected, got, found)


def _no(at: FrameType, expected: str, got: str, found: str = "") -> Finding:
    return Finding(False, short(found), short(expected), short(got), at.f_lineno, as_it_saw(at))


def expect(expected: str | None, got: str | None, found: str = "", *, nothing: str = "nothing") -> Finding:
    """Pass if both are the same, to the letter; `nothing` is how a missing value is told."""
    if expected == got:
        return passed(found)
    at = sys._getframe(1)
    return _no(at, nothing if expected is None else expected, nothing if got is None else got)


def decide(checks: Sequence[Check], ask: Ask) -> Refusal | None:
    """Run a list in its order until one refuses, and leave a verdict for each in the WSGI environ.

    A switched-off defence still runs, unenforced, and records what it would have done.
    """
    verdicts: list[Verdict] = ask.environ.setdefault(ENVIRON_KEY, [])
    refusal: Refusal | None = None
    for rule in checks:
        if refusal:
            verdicts.append(Verdict(rule.name, "not reached"))
            continue
        finding = rule(ask)
        if rule.defence and rule.name in ask.switched_off:
            found = finding.found if finding.passed else "would have refused"
            verdicts.append(Verdict(rule.name, "switched off", **_told(finding) | {"found": found}))
        elif finding.passed:
            verdicts.append(Verdict(rule.name, "passed", finding.found))
        else:
            verdicts.append(Verdict(rule.name, "failed", **_told(finding)))
            refusal = Refusal(rule, finding)
    return refusal


def _told(finding: Finding) -> dict[str, Any]:
    return {key: value for key, value in vars(finding).items() if key != "passed"}
