"""How a list of checks runs, and what is recorded of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from flows.checks import CHECKS, Check, Finding, Verdict, check, decide, expect, failed, passed
from flows.followed import FOLLOWED


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


SAID_NO_AT = no.__code__.co_firstlineno + 2

YES = Check("yes", "invalid_request", "nothing", 400, "6749#section-3.1", (), False, yes)
NO = Check("no", "invalid_grant", "everything", 400, "6749#section-3.1", (), True, no)


def test_list_stops_at_the_first_refusal_and_says_what_was_not_reached() -> None:
    ask = Ask()
    refused = decide([YES, NO, YES], ask)
    assert refused is not None
    assert refused.check is NO
    assert ask.environ["tokenwalk.checks"] == [
        Verdict("yes", "passed", "fine"),
        Verdict("no", "failed", "", "this", "that", SAID_NO_AT),
        Verdict("yes", "not reached"),
    ]


def test_defence_that_is_switched_off_runs_and_refuses_nothing() -> None:
    ask = Ask(switched_off=frozenset({"no", "yes"}))
    assert decide([NO, YES], ask) is None
    assert ask.environ["tokenwalk.checks"] == [
        Verdict("no", "switched off", "would have refused", "this", "that", SAID_NO_AT),
        Verdict("yes", "passed", "fine"),
    ]


def test_expectation_is_met_to_the_letter_or_told() -> None:
    assert expect("a", "a", "same").passed
    assert expect(None, None).passed
    told = expect("a", None, nothing="no a")
    assert (told.passed, told.found, told.expected, told.got) == (False, "", "a", "no a")


def test_long_value_is_shortened_and_its_length_said() -> None:
    assert failed(expected="x", got="y" * 1000).got == "y" * 200 + "… (1,000 characters)"


def test_two_checks_cannot_share_a_name() -> None:
    taken = next(iter(CHECKS.values())).decide
    with pytest.raises(ValueError, match="two checks are called"):
        check("", "nothing", rfc="6749#section-3.1")(taken)


def test_every_check_says_what_it_keeps_out_and_looks_at_values_that_can_be_followed() -> None:
    for each in CHECKS.values():
        assert each.refuses, each.name
        assert set(each.of) <= set(FOLLOWED), each.name
        assert each.refuses.count("`") % 2 == 0, each.name


@dataclass
class Wanted(Ask):
    form: dict[str, str] = field(default_factory=dict)
    client_secret: str = "a secret"
    secret_fits: bool = False


def looks(ask: Wanted) -> Finding:
    """A check with a condition, for these tests."""
    name = ask.form.get("name")
    if name is None and not ask.secret_fits:
        return failed(expected=ask.client_secret, got=f"{name}")
    return expect(ask.form["name"], "Alice")


def test_check_that_says_no_tells_the_line_and_what_it_saw_there() -> None:
    first = looks.__code__.co_firstlineno
    assert (looks(Wanted()).line, looks(Wanted()).saw) == (first + 4, (("name", "None"), ("ask.secret_fits", "False")))
    told = looks(Wanted(form={"name": "Bob"}))
    assert (told.line, told.saw) == (first + 5, (("ask.form['name']", "'Bob'"),))


def test_what_a_check_saw_never_tells_a_secret() -> None:
    assert "a secret" not in str(looks(Wanted()).saw)
