"""How a list of checks runs, and what is recorded of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from flows.checks import CHECKS, Check, Finding, Verdict, check, decide, expect, failed, passed


@dataclass
class Ask:
    environ: dict[str, Any] = field(default_factory=dict)
    switched_off: frozenset[str] = frozenset()


def yes(_: Ask) -> Finding:
    """A check that passes, for these tests."""
    return passed("fine")


def no(_: Ask) -> Finding:
    """A check that fails, for these tests."""
    return failed(expected="this", got="that")


YES = Check("yes", "invalid_request", 400, "6749#section-3.1", False, yes)
NO = Check("no", "invalid_grant", 400, "6749#section-3.1", True, no)


def test_list_stops_at_the_first_refusal_and_says_what_was_not_reached() -> None:
    ask = Ask()
    refused = decide([YES, NO, YES], ask)
    assert refused is not None
    assert refused.check is NO
    assert ask.environ["tokenwalk.checks"] == [
        Verdict("yes", "passed", "fine"),
        Verdict("no", "failed", "", "this", "that"),
        Verdict("yes", "not reached"),
    ]


def test_defence_that_is_switched_off_runs_and_refuses_nothing() -> None:
    ask = Ask(switched_off=frozenset({"no", "yes"}))
    assert decide([NO, YES], ask) is None
    assert ask.environ["tokenwalk.checks"] == [
        Verdict("no", "switched off", "would have refused", "this", "that"),
        Verdict("yes", "passed", "fine"),
    ]


def test_expectation_is_met_to_the_letter_or_told() -> None:
    assert expect("a", "a", "same").passed
    assert expect(None, None).passed
    assert expect("a", None, nothing="no a") == Finding(False, "", "a", "no a")


def test_long_value_is_shortened_and_its_length_said() -> None:
    assert failed(expected="x", got="y" * 1000).got == "y" * 200 + "… (1,000 characters)"


def test_two_checks_cannot_share_a_name() -> None:
    taken = next(iter(CHECKS.values())).decide
    with pytest.raises(ValueError, match="two checks are called"):
        check("", rfc="6749#section-3.1")(taken)
