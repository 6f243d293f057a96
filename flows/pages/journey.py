"""The journey of a value: born where, derived how, seen by whom, checked where. Derived from the recording alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flows import wire
from flows.checks import CHECKS, Verdict
from flows.flow import Step
from flows.followed import SUMS, Sum
from flows.pages.lines import request_lines
from flows.pages.outside import step_of
from flows.pages.sightings import Sighting, values_of
from flows.run import Exchange, Run

MOST_FROM_OUTSIDE = 3  # of one value; of more, the first ones


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
    """One value of a name, from its first sighting on. `by_you` where it first stood in a message that was changed.

    `strays` is how many more requests from outside carried it than are told.
    """

    value: str
    maker: str
    by_you: bool
    worked: Worked | None
    within: str
    stops: tuple[Stop, ...]
    strays: int


def journey(run: Run, crossed: Sequence[Sighting], name: str) -> list[Life]:
    """The lives of every value of that name among a run's sightings, in the order of their birth."""
    by_value: dict[str, list[Sighting]] = {}
    for sighting in crossed:
        if sighting.name == name:
            by_value.setdefault(sighting.value, []).append(sighting)
    return [_life(run, name, value, at, crossed) for value, at in by_value.items()]


def _life(run: Run, name: str, value: str, at: list[Sighting], seen: Sequence[Sighting]) -> Life:
    first = at[0]
    by_you = first.side == "request" and bool(first.exchange.edits) and not _was_prepared(run, first)
    within = ""
    if first.place.startswith("in the token"):
        within = next(each.value for each in seen if each.name == "access_token" and each.exchange is first.exchange)
    exchanges = list(dict.fromkeys(sighting.exchange for sighting in at))
    strays = [exchange for exchange in exchanges if exchange.step is None][MOST_FROM_OUTSIDE:]
    stops = [
        _stop(run, name, exchange, tuple(each for each in at if each.exchange is exchange))
        for exchange in exchanges
        if exchange not in strays
    ]
    return Life(value, first.speaker, by_you, _worked(run, name, value, seen), within, tuple(stops), len(strays))


def _was_prepared(run: Run, first: Sighting) -> bool:
    """Whether the sender itself would have sent the value; what was changed by hand is not its own."""
    prepared = wire.recorded_request(first.exchange.prepared_bytes or first.exchange.request_bytes)
    return first.value in values_of(request_lines(prepared, step_of(run, first.exchange).carries))


def _stop(run: Run, name: str, exchange: Exchange, at: tuple[Sighting, ...]) -> Stop:
    about = [verdict for verdict in exchange.verdicts if name in CHECKS[verdict.check].of]
    heard = any(sighting.side == "request" for sighting in at)
    checked = tuple(verdict for verdict in about if verdict.state != "not reached") if heard else ()
    step = step_of(run, exchange)
    return Stop(_titled(run, exchange, step), href_of(run, exchange), at, checked)


def _titled(run: Run, exchange: Exchange, step: Step) -> str:
    """ "7 The client trades the code for a token, the 2nd time, changed by you, refused"."""
    words = [step.title]
    if exchange.step:
        attempts = run.attempts_at(run.flow.number(exchange.step))
        words = [f"{run.flow.number(exchange.step)} {step.title}"]
        words += [f"attempt {attempts.index(exchange) + 1}"] if len(attempts) > 1 else []
    words += ["changed by you"] if exchange.edits else []
    words += ["refused"] if exchange.refused else []
    return ", ".join(words)


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
