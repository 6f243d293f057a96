"""Use what an eye got: the request of a thief, sent for real, from outside the walk."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from flows import wire
from flows.pages.eyes import EYES, got
from flows.pages.owner import owner
from flows.pages.runs import UNKNOWN_RUN, is_mine, is_number
from flows.pages.thief import TRIES
from flows.party import go_to
from flows.stage import MOST_EXCHANGES, Stage


def pages(stage: Stage) -> Blueprint:
    """/runs/ID/use."""
    use = Blueprint("use", __name__)

    @use.post("/runs/<run_id>/use")
    def send(run_id: str) -> Response:
        """Send it as anybody could, from outside the walk. The form says how much had crossed, so that a second click
        shows the first one's answer."""
        try:
            run = stage.runs.find(run_id)
        except LookupError:
            abort(404, UNKNOWN_RUN)
        if not owner() or not is_mine(run.owner):
            abort(
                403, "This run was started in another browser. Branch off a run of your own to try what you see in it."
            )
        eye, name, step, crossed = (request.form.get(each, "") for each in ("eye", "name", "step", "crossed"))
        if eye not in EYES:
            abort(400, f"eye must be one of {', '.join(EYES)}, and not {eye[:40]!r}.")
        if not is_number(step) or not is_number(crossed):
            abort(400, "The form must say at which step, and after how many exchanges, it was looked at.")
        seen = {each: glimpse.value for each, glimpse in got(eye, run, int(step)).items()}
        if name not in seen or name not in TRIES:
            abort(409, f"{name[:40] or 'Nothing'} could not be seen from there at step {step}, so it cannot be used.")
        no_value = f"What was seen as {name} is no value that a message could carry, so it cannot be used."
        if not (seen[name].isascii() and seen[name].isprintable()):
            abort(409, no_value)
        if len(run.exchanges) >= MOST_EXCHANGES:
            abort(409, f"This run holds {MOST_EXCHANGES} exchanges and takes no more. Branch off another one.")
        with stage.runs.moving(run_id):
            if len(stage.runs.find(run_id).exchanges) == int(crossed):
                try:
                    wire.call(stage.entry, TRIES[name].prepare(run, seen).raw())
                except wire.NotHTTP:
                    abort(409, no_value)
        return go_to(f"/runs/{run_id}?exchange={crossed}&eye={eye}&used={name}")

    return use
