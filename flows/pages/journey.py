"""The journey of a value: born where, derived how, seen by whom, checked where. Derived from the recording alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flows.checks import CHECKS, Verdict
from flows.followed import SUMS, Sum
from flows.pages.outside import step_of
from flows.pages.sightings import Sighting
from flows.run import Exchange, Run


@dataclass(frozen=True)
class Stop:
    """One exchange of a journey: where the value stood in it, and what the receiver's checks of it said."""

    title: str
    href: str
    sightings: tuple[Sighting, ...]
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True)
class Worked:
    """A sum, worked: what went in, what came out, and whether that is the value that crossed."""

    rule: Sum
    given: str
    made: str


@dataclass(frozen=True)
class Life:
    """One value of a name, from its first sighting on. `by_you` where it first stood in a message that was changed."""

    value: str
    maker: str
    by_you: bool
    worked: Worked | None
    within: str
    stops: tuple[Stop, ...]


def journey(run: Run, crossed: Sequence[Sighting], name: str) -> list[Life]:
    """The lives of every value of that name among a run's sightings, in the order of their birth."""
    by_value: dict[str, list[Sighting]] = {}
    for sighting in crossed:
        if sighting.name == name:
            by_value.setdefault(sighting.value, []).append(sighting)
    return [_life(run, name, value, at, crossed) for value, at in by_value.items()]


def _life(run: Run, name: str, value: str, at: list[Sighting], seen: Sequence[Sighting]) -> Life:
    first = at[0]
    by_you = first.side == "request" and bool(first.exchange.edits) and not _was_prepared(first)
    within = ""
    if first.place.startswith("in the token"):
        within = next(each.value for each in seen if each.name == "access_token" and each.exchange is first.exchange)
    stops = [
        _stop(run, name, exchange, tuple(each for each in at if each.exchange is exchange))
        for exchange in dict.fromkeys(sighting.exchange for sighting in at)
    ]
    return Life(value, first.speaker, by_you, _worked(run, name, value, seen), within, tuple(stops))


def _was_prepared(first: Sighting) -> bool:
    return first.value.encode() in (first.exchange.prepared_bytes or b"")


def _stop(run: Run, name: str, exchange: Exchange, at: tuple[Sighting, ...]) -> Stop:
    about = [verdict for verdict in exchange.verdicts if name in CHECKS[verdict.check].of]
    heard = any(sighting.side == "request" for sighting in at)
    checked = tuple(verdict for verdict in about if verdict.state != "not reached") if heard else ()
    step = step_of(run, exchange)
    number = f"{run.flow.number(exchange.step)} " if exchange.step else ""
    return Stop(f"{number}{step.title}", href_of(run, exchange), at, checked)


def href_of(run: Run, exchange: Exchange) -> str:
    """The address of an exchange on its run's page, without what is followed and without a line."""
    if exchange.step is None:
        return f"?exchange={exchange.position}"
    number = run.flow.number(exchange.step)
    attempts = run.attempts_at(number)
    place = attempts.index(exchange) + 1
    return f"?step={number}" + (f"&attempt={place}" if place < len(attempts) else "")


def _worked(run: Run, name: str, value: str, seen: Sequence[Sighting]) -> Worked | None:
    """The sum that makes this value of another one that crossed, or that the client keeps; None where none does."""
    rule = SUMS.get(name)
    if rule is None:
        return None
    for given in dict.fromkeys(_known(run, rule.of, seen)):
        if rule.work(run.realm, given) == value:
            return Worked(rule, given, value)
    return None


def _known(run: Run, name: str, seen: Sequence[Sighting]) -> Iterator[str]:
    yield from (each.value for each in seen if each.name == name)
    if name == "code_verifier":
        yield run.secret(name)
