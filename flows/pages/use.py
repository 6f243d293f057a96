"""Use what an eye got: the request of a thief, sent for real, from outside the walk."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from flows import wire
from flows.pages.eyes import EYES, got
from flows.pages.owner import owner
from flows.pages.runs import UNKNOWN_RUN, is_mine, is_number
from flows.pages.thief import TRIES
from flows.party import go_to
from flows.stage import Stage


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
        seen = {each: sighting.value for each, sighting in got(eye, run, int(step)).items()}
        if name not in seen or name not in TRIES:
            abort(409, f"{name[:40] or 'Nothing'} could not be seen from there at step {step}, so it cannot be used.")
        if len(run.exchanges) == int(crossed):
            wire.call(stage.entry, TRIES[name].prepare(run, seen).raw())
        return go_to(f"/runs/{run_id}?exchange={crossed}&eye={eye}")

    return use
