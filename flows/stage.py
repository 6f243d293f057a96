"""The stage: prepares a step, sends it, records what crossed. One step is one transaction."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flows import wire
from flows.checks import ENVIRON_KEY
from flows.edit import Edit, apply, moved
from flows.flow import Step
from flows.place import find_place
from flows.raw_text import refusal
from flows.run import Exchange, Run
from flows.runs import Runs

MOST_EXCHANGES = 300  # in one run, what came from outside with them
MEANWHILE = "tokenwalk.meanwhile"  # what a party asked another while it answered: [(bytes, Answered), …]


class WentOn(RuntimeError):
    """The run is no longer where the sender thought it was; nothing was sent."""


class Full(WentOn):
    """The run has as many exchanges as a run may have; nothing was sent."""


class Broken(RuntimeError):
    """A party failed to answer at all: a fault of ours. Nothing was recorded."""


class Stage:
    """The runs, and the WSGI entry that their requests go to."""

    def __init__(self, runs: Runs) -> None:
        self.runs = runs
        self.entry: wire.WSGIApp = _no_entry

    def prepare(self, run: Run, step: Step) -> wire.Request:
        """The request of a step, as its sender would send it now."""
        return run.prepare(step)

    def start(
        self, flow: str, options: Mapping[str, str], owner: str, seed: bytes | None = None, *, shared: bool = False
    ) -> str:
        """A new run, its id; what went before the flow's own story is walked already. ValueError for a choice that
        there is not. One that is `shared` is shown to everybody, and nothing from outside is written into it."""
        with self.runs.store.transaction():
            name = self.runs.start(flow, options, owner, seed, shared=shared)
            run = self.runs.find(name)
            while run.flow.prologue and not any(each.step == run.flow.prologue for each in run.walked):
                run = self._next(run, run.next_steps[0].name)
        return name

    def send(self, run_id: str, step_name: str, position: int, edits: Sequence[Edit] = ()) -> Run:
        """Prepare a step, change it, send it, record it: a step that comes next, or one that was sent before.

        `position` is how many exchanges had been walked, not counting what came from outside; WentOn if the run has
        moved since. NotHTTP if the edits made it unreadable. Full if the run takes no more. Then nothing was sent.
        """
        with self.runs.moving(run_id):
            run = self.runs.find(run_id)
            if len(run.walked) != position:
                raise WentOn(f"run {run_id} has walked {len(run.walked)} exchanges")
            run = self._next(run, step_name, edits)
        return self.runs.remember(run)

    def _next(self, run: Run, step_name: str, edits: Sequence[Edit] = (), replayed: Exchange | None = None) -> Run:
        """Send a step that may be sent now; `replayed` is the exchange of another run that it repeats."""
        if step_name not in run.may_be_sent:
            raise WentOn(f"run {run.id} has walked {len(run.walked)} exchanges, and {step_name} does not come now")
        if len(run.exchanges) >= MOST_EXCHANGES:
            raise Full(f"a run holds at most {MOST_EXCHANGES} exchanges")
        return self._play(run, run.flow.named(step_name), edits, replayed)

    def play_client(self, run: Run) -> Run:
        """Send those of the client's own steps that have no answer yet: none in a walk, all in the sandbox."""
        while True:
            with self.runs.moving(run.id):
                run = self.runs.find(run.id)
                step = next((step for step in run.next_steps if step.sender == "client"), None)
                if step is None:
                    return run
                run = self._play(run, step)

    def branch(
        self,
        run: Run,
        position: int,
        owner: str,
        then: tuple[Step, Sequence[Edit]] | None = None,
    ) -> str:
        """A new run in a fresh realm, its id: each step before that place is prepared anew, with its edits applied and
        the clock moved as it was.

        `then` is a step that is sent at that place, with other edits.
        """
        while 0 < position < len(run.walked) and run.walked[position].within is not None:
            position -= 1  # what a party asked while it answered is sent again with its answer
        with self.runs.store.transaction():  # all of it or no new run
            new = self.runs.find(self.runs.start(run.flow.name, run.options, owner))
            for place, exchange in enumerate(run.walked[:position]):
                if exchange.within is None:
                    new = self.runs.later(new, run.moved_before(place))
                    prepared = wire.recorded_request(exchange.prepared_bytes or exchange.request_bytes)
                    edits = self._edits_anew(run, new, exchange.step or "", prepared, exchange.edits)
                    new = self._next(new, exchange.step or "", edits, exchange)
            if position == len(run.walked):
                new = self.runs.later(new, run.moved_since)
            if then:
                prepared = self.prepare(run.back_at(position), then[0])
                self._next(new, then[0].name, self._edits_anew(run, new, then[0].name, prepared, then[1]))
        return new.id

    def _edits_anew(
        self, run: Run, new: Run, name: str, prepared: wire.Request, edits: Sequence[Edit]
    ) -> Sequence[Edit]:
        """What was changed in a step of this run, for the same step of a new one.

        A way to break the step is taken anew: what it changes there is a token or a code of that realm.
        """
        ways = run.flow.ways.get(name, ()) if edits else ()
        way = next((way for way in ways if way.edits(prepared) == list(edits)), None)
        return way.edits(self.prepare(new, new.flow.named(name))) if way else moved(edits, run.id, new.id)

    def walk_otherwise(self, run: Run, options: Mapping[str, str], owner: str, until: str) -> str:
        """A new run of the same flow under other options, its id: walked up to and with the step `until`, or, where it
        has no such step, as far as that one had come. Nothing in it is changed. ValueError for a choice that there is
        not."""
        taken = {each.step for each in run.walked}
        with self.runs.store.transaction():
            name = self.start(run.flow.name, options, owner)
            new = self.runs.find(name)
            far = run.flow.number(until) if run.flow.has(until) else 1
            while new.next_steps and run.walked and not any(each.step == until for each in new.walked):
                if not new.flow.has(until) and new.walked and new.flow.number(new.walked[-1].step or "") >= far:
                    break
                step = next((each for each in new.next_steps if each.name in taken), new.next_steps[0])
                new = self._next(new, step.name)
        return name

    def _play(self, run: Run, step: Step, edits: Sequence[Edit] = (), replayed: Exchange | None = None) -> Run:
        """Send a step and record it; the run as it is then, its clock a second on."""
        if step.later and run.exchange_at(run.flow.number(step.name)) is None:
            run = self.runs.later(run, step.later)
        prepared = self.prepare(run, step)
        raw = apply(prepared, edits)
        receiver = self._receiver(run, raw) if edits else step.receiver
        place = str(len(run.exchanges))
        # A realm of one's own says the same again from the same seed; sessions that share a realm must not.
        known = {"exchange": place if run.realm.name == run.id else f"{run.id}/{place}"}
        if replayed:  # guesses are counted by the wall clock, which stands still in a replay
            known["replay"] = replayed.refused.check if replayed.refused else "answered"
        with self.runs.holding(run):
            answered = wire.call(self.entry, raw, **known)
        if answered.response.status >= 500:
            raise Broken(f"{step.receiver} failed at {step.name} with {answered.response.status}")
        run = self.record(run, step, raw, answered, receiver, edits, prepared.raw() if edits else None)
        return self.runs.went_on(run)

    def _receiver(self, run: Run, raw: bytes) -> str:
        """The party of this run that a changed message is for; NotHTTP where it is for nobody here."""
        request = wire.parse_request(raw)
        place = find_place(wire.environ_of(request))
        if place is None or place.realm != run.realm.name:
            says = f"{request.header('Host')}{request.target}"[:200]
            named = re.search(rb"(?im)^host:[ \t]*", raw)
            raise refusal(raw, named.end() if named else 0, f"no party of this run answers at {says}")
        return place.party

    def record(
        self,
        run: Run,
        step: Step | None,
        raw: bytes,
        answered: wire.Answered,
        receiver: str,
        edits: Sequence[Edit] = (),
        prepared: bytes | None = None,
    ) -> Run:
        """Write an exchange at the end of a run, and what its receiver asked others meanwhile; the run with them.

        Without a step it came from outside.
        """
        made = Exchange(
            position=len(run.exchanges),
            step=step.name if step else None,
            sender=step.sender if step else "outside",
            receiver=receiver,
            request_bytes=raw,
            response_bytes=answered.response.raw(),
            verdicts=tuple(answered.environ.get(ENVIRON_KEY, ())),
            at=run.realm.now(),
            microseconds=answered.microseconds,
            edits=tuple(edits),
            prepared_bytes=prepared,
        )
        run = self.runs.add(run, made)
        for asked, meanwhile in answered.environ.get(MEANWHILE, ()):
            its = next((each for each in run.flow.steps if step and each.within == step.name), None)
            if its:
                nested = replace(
                    made,
                    step=its.name,
                    sender=its.sender,
                    receiver=its.receiver,
                    request_bytes=asked,
                    response_bytes=meanwhile.response.raw(),
                    verdicts=tuple(meanwhile.environ.get(ENVIRON_KEY, ())),
                    microseconds=meanwhile.microseconds,
                    edits=(),
                    prepared_bytes=None,
                    within=run.exchanges[-1].position,
                )
                run = self.runs.add(run, nested)
        return run


def _no_entry(_environ: Any, _start_response: Any) -> Any:
    raise RuntimeError("the stage has no entry to send to yet")
