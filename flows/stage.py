"""The stage: prepares a step, sends it, records what crossed. One step is one transaction."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from flows import wire
from flows.checks import ENVIRON_KEY
from flows.edit import Edit, apply, moved
from flows.place import find_place
from flows.raw_text import refusal
from flows.run import Exchange, Run, Step
from flows.runs import Runs


class WentOn(RuntimeError):
    """The run is no longer where the sender thought it was; nothing was sent."""


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

    def send(self, run_id: str, step_name: str, position: int, edits: Sequence[Edit] = ()) -> Run:
        """Prepare a step, change it, send it, record it: a step that comes next, or one that was sent before.

        `position` is how many exchanges had been walked, not counting what came from outside; WentOn if the run has
        moved since. NotHTTP if the edits made it unreadable. Then nothing was sent.
        """
        with self.runs.moving(run_id):
            run = self.runs.find(run_id)
            if len(run.walked) != position or step_name not in run.may_be_sent:
                raise WentOn(f"run {run_id} has walked {len(run.walked)} exchanges")
            run = self._play(run, run.flow.named(step_name), edits)
        return self.runs.remember(run)

    def play_client(self, run: Run) -> Run:
        """Send those of the client's own steps that have no answer yet: none in a walk, all in the sandbox."""
        while True:
            with self.runs.moving(run.id):
                run = self.runs.find(run.id)
                step = next((step for step in run.next_steps if step.sender == "client"), None)
                if step is None:
                    return run
                run = self._play(run, step)

    def branch(self, run: Run, position: int, owner: str, then: tuple[Step, Sequence[Edit]] | None = None) -> str:
        """A new run in a fresh realm, its id: each step before that place is prepared anew, with its edits applied.

        `then` is a step that is sent at that place, with other edits.
        """
        with self.runs.store.transaction():  # all of it or no new run
            name = self.runs.start(run.flow.name, run.options, owner)
            for place, exchange in enumerate(run.walked[:position]):
                self.send(name, exchange.step or "", place, moved(exchange.edits, run.id, name))
            if then:
                self.send(name, then[0].name, position, moved(then[1], run.id, name))
        return name

    def _play(self, run: Run, step: Step, edits: Sequence[Edit] = ()) -> Run:
        """Send a step and record it; the run as it is then, its clock a second on."""
        prepared = self.prepare(run, step)
        raw = apply(prepared, edits)
        receiver = self._receiver(run, raw) if edits else step.receiver
        place = str(len(run.exchanges))
        # A realm of one's own says the same again from the same seed; sessions that share a realm must not.
        answered = wire.call(self.entry, raw, exchange=place if run.realm.name == run.id else f"{run.id}/{place}")
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
        """Write an exchange at the end of a run; without a step it came from outside. The run with it."""
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
        return self.runs.add(run, made)


def _no_entry(_environ: Any, _start_response: Any) -> Any:
    raise RuntimeError("the stage has no entry to send to yet")
