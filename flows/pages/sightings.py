"""Where each followed value stands in the messages of a run, and so who has seen it: from the recording alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from flows.flow import Step
from flows.followed import FOLLOWED, KEPT, SUMS
from flows.pages.lines import Line, request_lines, response_lines
from flows.pages.outside import step_of
from flows.run import Exchange, Run
from flows.seen import IN_THE_BROWSER, address_bar, parameters_of
from flows.tokens import jws

IN_TOKENS = ("jti", "kid", "iss")
CHANNELS = ("front", "back")


@dataclass(frozen=True)
class Sighting:
    """A value in a message: `line` is its address on the page of its exchange, `place` where it stands, in words.

    `speaker` and `hearer` are the parties between which it crossed; `channel` is front where that was by the browser,
    back between servers, and outside for what nobody in the story sent.
    """

    name: str
    value: str
    exchange: Exchange
    side: str
    line: str
    place: str

    @property
    def speaker(self) -> str:
        return self.exchange.sender if self.side == "request" else self.exchange.receiver

    @property
    def hearer(self) -> str:
        return self.exchange.receiver if self.side == "request" else self.exchange.sender

    @property
    def channel(self) -> str:
        return _channel(self.exchange)


def _channel(exchange: Exchange) -> str:
    if exchange.step is None:
        return "outside"
    return "front" if exchange.sender in IN_THE_BROWSER else "back"


def sightings(run: Run) -> list[Sighting]:
    """Every one in a run, in the order in which they crossed."""
    found: list[Sighting] = []
    for exchange in run.exchanges:
        step = step_of(run, exchange)
        found += in_exchange(exchange, step.carries, step.answers)
    return found


@lru_cache(maxsize=4096)
def in_exchange(exchange: Exchange, carries: str, answers: str) -> tuple[Sighting, ...]:
    """Those in one exchange; `carries` and `answers` are the glossary's kinds, as in a Step."""
    request, answer = request_lines(exchange.request, carries), response_lines(exchange.response, answers)
    return (*_in_lines(exchange, "request", request), *_in_lines(exchange, "answer", answer))


def values_of(lines: list[Line]) -> set[str]:
    """The followed values in the lines of a message, as they are followed."""
    return {_value(line) for line in lines if line.followed}


def _value(line: Line) -> str:
    value = line.plain or line.value
    return value.partition(":")[2] or value if line.followed in ("client_secret", "api_secret") else value


def _in_lines(exchange: Exchange, side: str, lines: list[Line]) -> Iterator[Sighting]:
    for line in lines:
        value = _value(line)
        if not line.followed or not value:
            continue
        yield Sighting(line.followed, value, exchange, side, line.name, line.place)
        if line.followed == "access_token":
            yield from _in_token(exchange, side, value)


def _in_token(exchange: Exchange, side: str, token: str) -> Iterator[Sighting]:
    try:
        parts = jws.read(token)
    except jws.NotAJWT:
        return
    for part, where in ((parts.header, "header"), (parts.payload, "payload")):
        for name in IN_TOKENS:
            if isinstance(part.get(name), str):
                yield Sighting(name, part[name], exchange, side, f"token.{name}", f"in the token’s {where}")


@lru_cache(maxsize=4096)
def names_in(exchange: Exchange, carries: str, answers: str) -> frozenset[str]:
    """The names of the values in one exchange."""
    return frozenset(sighting.name for sighting in in_exchange(exchange, carries, answers))


def who_has_seen(run: Run, number: int) -> dict[str, dict[str, list[str]]]:
    """Party → channel → names of the values it has seen there, up to and with the step of that number.

    What came from outside counts as soon as the step before it does, and only for whoever sent it.
    """
    last = max((each.position for each in run.walked if run.flow.number(each.step or "") <= number), default=-1)
    later = (each.position for each in run.walked if each.position > last)
    until = min(later, default=len(run.exchanges))
    seen: dict[str, dict[str, set[str]]] = {
        party: {channel: set() for channel in CHANNELS} for party in run.flow.parties
    }
    for exchange in run.exchanges[:until]:
        step = step_of(run, exchange)
        names = names_in(exchange, step.carries, step.answers)
        if exchange.step is None:
            seen.setdefault("outside", {"outside": set()})["outside"] |= names
            continue
        saw = {exchange.sender, exchange.receiver} | ({"browser"} if exchange.sender == "script" else set())
        for party in saw & seen.keys():
            seen[party][_channel(exchange)] |= names
        if "script" in seen and exchange.sender == "browser" and exchange.receiver == "client":
            seen["script"]["front"] |= _in_the_address_bar(run, exchange)
    return {
        party: {channel: [name for name in FOLLOWED if name in names] for channel, names in by_channel.items()}
        for party, by_channel in seen.items()
    }


def _in_the_address_bar(run: Run, page: Exchange) -> set[str]:
    """The names of the values that a script finds there, when its page has been opened."""
    address = address_bar(replace(run, exchanges=run.exchanges[: page.position + 1]))
    return {name for name, _ in parameters_of(address)} & set(FOLLOWED)


def kept_back(run: Run, number: int) -> list[str]:
    """The values that the client has made and shown to nobody: what it sent follows from them."""
    until = [each for each in run.walked if run.flow.number(each.step or "") <= number]
    steps = [(each, run.flow.named(each.step or "")) for each in until]
    shown = frozenset[str]().union(*(names_in(each, step.carries, step.answers) for each, step in steps))
    return [
        name for name, tells in KEPT.items() if name not in shown and tells in shown and _tells(run, steps, name, tells)
    ]


def _tells(run: Run, steps: list[tuple[Exchange, Step]], name: str, tells: str) -> bool:
    """Whether a value that crossed under the name `tells` follows from what the client keeps."""
    made = SUMS[tells].work(run.realm, run.secret(name))
    crossed = (sighting for each, step in steps for sighting in in_exchange(each, step.carries, step.answers))
    return any(sighting.name == tells and sighting.value == made for sighting in crossed)
