"""The world of a run, changed while it is walked: its realm's clock, and the options that it was begun with."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, request

from flows.pages.owner import make_owner, owner, remember
from flows.pages.runs import UNKNOWN_RUN, is_mine, is_number
from flows.party import go_to
from flows.run import Run
from flows.seen import NotSeen
from flows.stage import Broken, Stage, WentOn

LATER = {60: "1 min", 300: "5 min", 3600: "1 hour", 30 * 86400: "30 days"}  # seconds that may pass at a press


def pages(stage: Stage) -> Blueprint:
    """/runs/ID/clock and /runs/ID/options."""
    world = Blueprint("world", __name__)

    @world.post("/runs/<run_id>/clock")
    def move_clock(run_id: str) -> Response:
        """Let time pass. The form says what the clock showed, so that a second click on the same button is no more."""
        run = _find(run_id)
        if not owner() or not is_mine(run.owner):
            abort(403, "This run was started in another browser. Branch off a run of your own to move its clock.")
        seconds, now, step = (request.form.get(name, "") for name in ("seconds", "now", "step"))
        if seconds not in map(str, LATER):
            abort(400, f"seconds must be one of {', '.join(map(str, LATER))}, and not {seconds[:20]!r}.")
        with stage.runs.moving(run_id):
            if str(stage.runs.find(run_id).realm.now()) == now:
                stage.runs.move_clock(run_id, int(seconds))
        kept = {name: request.form.get(name, "") for name in ("follow", "eye")}
        seen_as = urlencode({name: value for name, value in kept.items() if value})
        where = "&".join(filter(None, (f"step={step}" if is_number(step) else "", seen_as)))
        return go_to(f"/runs/{run_id}" + (f"?{where}" if where else "") + "#world")

    @world.post("/runs/<run_id>/options")
    def change_options(run_id: str) -> Response:
        """A run of one's own under other options, walked to where this one is shown."""
        run = _find(run_id)
        step = request.form.get("step", "")
        mine = make_owner()
        try:
            made = stage.walk_otherwise(run, request.form, mine, step)
        except ValueError as error:
            abort(400, f"{error}.")
        except (WentOn, NotSeen) as error:
            abort(409, f"This run cannot be walked again: {error}.")
        except Broken as error:
            abort(500, str(error))
        new = stage.runs.find(made)
        number = new.flow.number(new.walked[-1].step or "") if new.walked else 1
        if new.flow.has(step) and any(each.step == step for each in new.walked):
            number = new.flow.number(step)
        answer = go_to(f"/runs/{made}?step={number}&was={run_id}")
        remember(answer, mine)
        return answer

    def _find(run_id: str) -> Run:
        try:
            return stage.runs.find(run_id)
        except LookupError:
            abort(404, UNKNOWN_RUN)

    return world


def clock_face(seconds: int) -> str:
    """A realm's time as a clock shows it: "24 Nov 2026, 05:49:20 UTC"."""
    return f"{datetime.fromtimestamp(seconds, UTC):%-d %b %Y, %H:%M:%S} UTC"
