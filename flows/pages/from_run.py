"""A token as it stands in a recording: the decoder takes it from there, and leads back to its step."""

from __future__ import annotations

from dataclasses import dataclass

from flows.pages.journey import href_of
from flows.pages.outside import step_of
from flows.pages.runs import UNKNOWN_RUN, is_mine, is_number
from flows.pages.sightings import in_exchange
from flows.run import Exchange, Run
from flows.runs import Runs

VALUES = ("access_token", "refresh_token")


@dataclass(frozen=True)
class FromRun:
    """A value of a recorded exchange: the text of it, and the way back to the line that it stands in.

    `named` is how it is pasted: what is opaque says nothing by itself, so it comes with the name that it crossed under.
    """

    run: Run
    exchange: Exchange
    value: str
    text: str
    href: str
    where: str

    @property
    def named(self) -> str:
        return self.text if self.text.startswith("eyJ") else f"{self.value}={self.text}"


def from_run(runs: Runs, run_id: str, position: str, value: str) -> FromRun:
    """The token that crossed in that exchange of a run; LookupError, with a sentence, where there is none."""
    try:
        run = runs.find(run_id)
    except LookupError:
        raise LookupError(UNKNOWN_RUN) from None
    if not is_number(position) or int(position) >= len(run.exchanges):
        raise LookupError(f"This run has {len(run.exchanges)} exchanges, counted from 0, and no {position[:20]!r}.")
    if value not in VALUES:
        raise LookupError(f"value must be one of {', '.join(VALUES)}, and not {value[:40]!r}.")
    exchange = run.exchanges[int(position)]
    step = step_of(run, exchange)
    crossed = [each for each in in_exchange(exchange, step.carries, step.answers) if each.name == value]
    if not crossed:
        raise LookupError(f"No {value} crossed in exchange {position} of this run.")
    found = min(crossed, key=lambda each: each.side != "answer")  # a refresh token is traded for the next one
    walk = "your run" if is_mine(run.owner) else "a recorded walk" if run.shared else "a run of another browser"
    where = f"From step {run.flow.number(exchange.step)} of {walk}" if exchange.step else f"From outside, in {walk}"
    return FromRun(run, exchange, value, found.value, f"/runs/{run.id}{href_of(run, exchange)}#{found.line}", where)


def address(run: Run, exchange: Exchange, value: str) -> str:
    """Where the decoder opens a value of a recording. The address names it, and does not carry it."""
    return f"/decode?run={run.id}&exchange={exchange.position}&value={value}"
