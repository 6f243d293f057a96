"""A refusal, told from both sides: the check that failed, what its answer gives away, and what the party knows."""

from __future__ import annotations

from dataclasses import dataclass

from flows.checks import CHECKS, Check, Verdict
from flows.run import Exchange


@dataclass(frozen=True)
class Refused:
    """`place` and `total` say how far in its list the check stands; `alike` are the checks that answer just the same.

    `knows` is what the checks before it found: their names, and their words.
    """

    check: Check
    verdict: Verdict
    place: int
    total: int
    alike: list[Check]
    knows: list[tuple[str, str]]


def refused(exchange: Exchange) -> Refused | None:
    """The refusal of an exchange; None where no check refused."""
    verdict = exchange.refused
    if verdict is None:
        return None
    listed = [CHECKS[each.check] for each in exchange.verdicts]
    check = CHECKS[verdict.check]
    place = next(at for at, each in enumerate(exchange.verdicts, 1) if each is verdict)
    alike = [each for each in dict.fromkeys(listed) if (each.error, each.status) == (check.error, check.status)]
    knows = [(each.check, each.found) for each in exchange.verdicts if each.state == "passed" and each.found]
    return Refused(check, verdict, place, len(listed), alike, knows)
