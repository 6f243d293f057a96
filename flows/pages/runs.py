"""The run page: one step at a time, each message as it crossed. Only the browser that started a run may move it."""

from __future__ import annotations

import hmac
import re

from flask import Blueprint, Response, abort, make_response, render_template, request

from flows.flow import Step
from flows.followed import FOLLOWED
from flows.grants import FLOWS
from flows.pages.changed import changed
from flows.pages.eyes import EYES
from flows.pages.owner import make_owner, owner, remember
from flows.pages.step import shown
from flows.pages.thief import TRIES
from flows.party import go_to
from flows.run import Exchange, Run
from flows.runs import hash_of
from flows.seen import NotSeen
from flows.stage import Broken, Full, Stage, WentOn

UNKNOWN_RUN = "There is no such run here. An untouched run lives a week; you can start a new one."
FRAMED = {
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
}


def pages(stage: Stage) -> Blueprint:
    """/runs and what is below it."""
    runs = Blueprint("runs", __name__)

    @runs.post("/runs")
    def start() -> Response:
        """A fresh realm and a fresh run in it."""
        flow = request.form.get("flow", "")
        if flow not in FLOWS:
            abort(400, f"flow must be one of {', '.join(FLOWS)}, and not {flow[:40]!r}.")
        mine = make_owner()
        try:
            made = stage.start(flow, request.form, mine)
        except ValueError as error:
            abort(400, f"{error}.")
        answer = go_to(f"/runs/{made}")
        remember(answer, mine)
        return answer

    @runs.get("/runs/<run_id>")
    def show(run_id: str) -> Response:
        run = _find(run_id)
        if "exchange" in request.args:
            return _answer(run, _exchange_asked(run))
        number = _step_asked(run)
        asked = _attempt_asked(run, number) if "attempt" in request.args else run.exchange_at(number)
        return _answer(run, asked, number)

    @runs.post("/runs/<run_id>/next")
    def move(run_id: str) -> Response:
        """Send the next step; a second click on the same button finds it sent already and shows it."""
        try:
            if not is_mine(stage.runs.owner_of(run_id)):
                abort(403, "This run was started in another browser. You can read all of it, and walk one of your own.")
        except LookupError:
            abort(404, UNKNOWN_RUN)
        follow, eye = _followed(), _eye()
        step, position = request.form.get("step", ""), request.form.get("position", "")
        if not is_number(position) or not step:
            abort(400, "The form must name a step of this flow and the position it is sent at.")
        try:
            run = stage.send(run_id, step, int(position))
        except Full as error:
            abort(409, f"{step[:40]} cannot be sent now: {error}. A branch goes on.")
        except (WentOn, NotSeen):
            run = stage.runs.find(run_id)
            if step not in {each.name for each in run.flow.steps}:
                abort(400, f"This flow has no step called {step[:40]!r}.")
            there = run.walked[int(position) :][:1]
            if there and (there[0].step != step or there[0].edits):
                return went_on_elsewhere(run, run.flow.named(step), int(position))
            if not there:
                abort(409, f"{step} cannot be sent now: this run has not come that far, or has gone another way.")
        except Broken as error:
            abort(500, str(error))
        number = run.flow.number(step)
        here = (
            f"/runs/{run_id}?step={number}" + (f"&follow={follow}" if follow else "") + (f"&eye={eye}" if eye else "")
        )
        if request.headers.get("HX-Request") == "true":
            answer = _answer(run, run.exchange_at(number), number)
            answer.headers["HX-Push-Url"] = here
            return answer
        return go_to(here)

    @runs.get("/runs/<run_id>/exchanges/<int:position>/page")
    def what_alice_sees(run_id: str, position: int) -> Response:
        """A page that came back, from the recording, with nothing in it that could run or be sent."""
        run = _find(run_id)
        exchange = next((each for each in run.exchanges if each.position == position), None)
        if exchange is None or exchange.response.content_type != "text/html":
            abort(404, f"No page came back at exchange {position} of this run.")
        answer = make_response(exchange.response.body)
        answer.headers.update(FRAMED)
        return answer

    def _find(run_id: str) -> Run:
        try:
            return stage.runs.find(run_id)
        except LookupError:
            abort(404, UNKNOWN_RUN)

    def _step_asked(run: Run) -> int:
        last = len(run.flow.main_line)
        asked = request.args.get("step")
        if asked is None:
            if run.walked and run.walked[-1].step == run.flow.prologue:
                return run.flow.number(run.flow.prologue) + 1
            return run.flow.number(run.walked[-1].step or "") if run.walked else 1
        if not is_number(asked) or not 1 <= int(asked) <= last:
            abort(
                404, f"The steps of this flow are numbered 1 to {last}, and this address asks for step {asked[:40]!r}."
            )
        return int(asked)

    def _attempt_asked(run: Run, number: int) -> Exchange:
        asked, sent = request.args["attempt"], run.attempts_at(number)
        times = {0: "not at all", 1: "once"}.get(len(sent), f"{len(sent)} times")
        if not is_number(asked) or not 1 <= int(asked) <= len(sent):
            abort(404, f"Step {number} was sent {times}, and this address asks for attempt {asked[:40]!r}.")
        return sent[int(asked) - 1]

    def _exchange_asked(run: Run) -> Exchange:
        asked = request.args["exchange"]
        found = [each for each in run.exchanges if is_number(asked) and each.position == int(asked)]
        if not found:
            abort(404, f"This run has {len(run.exchanges)} exchanges, and this address asks for number {asked[:40]!r}.")
        return found[0]

    def _followed() -> str:
        """The name of the value that is followed; "" for none."""
        name = request.values.get("follow", "")
        if name and name not in FOLLOWED:
            abort(404, f"follow is one of {', '.join(FOLLOWED)}, and not {name[:40]!r}.")
        return name

    def _eye() -> str:
        """The name of the place to look from; "" for none."""
        name = request.values.get("eye", "")
        if name and name not in EYES:
            abort(404, f"eye is one of {', '.join(EYES)}, and not {name[:40]!r}.")
        return name

    def _before() -> Run | None:
        """The run of which this one is a walk under other options, as long as it is kept."""
        try:
            return stage.runs.find(request.args.get("was", ""))
        except LookupError:
            return None

    def _answer(run: Run, exchange: Exchange | None, number: int = 0) -> Response:
        known = shown(stage, run, exchange, number, _followed(), _eye())
        was = changed(before, run, known["number"]) if (before := _before()) else None
        used = TRIES.get(request.args.get("used", ""))
        return make_response(render_template("run.html", mine=is_mine(run.owner), was=was, used=used, **known))

    return runs


def is_number(text: str) -> bool:
    """Whether it is a number as a form or an address of ours has one: up to six digits."""
    return re.fullmatch("[0-9]{1,6}", text) is not None


def is_mine(owned_by: str) -> bool:
    """Whether the browser that asks is the one whose cookie has this hash."""
    return bool(owner()) and hmac.compare_digest(owned_by, hash_of(owner()))


def went_on_elsewhere(run: Run, step: Step, position: int, problem: str = "") -> Response:
    """Two tabs, and the other one was first: what went on there, and what was to be sent here, kept for a branch.

    `problem` says why even a branch cannot send it.
    """
    known = {"run": run, "flow": run.flow, "step": step, "position": position, "kept": _kept(), "problem": problem}
    return make_response(render_template("elsewhere.html", **known), 409)


def _kept() -> list[tuple[str, str]]:
    """The fields of the form that lost, as they came, but for the place in the run."""
    return [
        (name, value) for name, value in request.form.items(multi=True) if name not in ("position", "before", "row")
    ]
