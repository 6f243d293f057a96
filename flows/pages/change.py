"""Changing a message before it is sent: as fields, as raw text, or by a way to break its step; and branching off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, make_response, render_template, request

from flows import wire
from flows.edit import FIELDS, MOST_FIELDS, Edit, Where, apply, between, fields_of, of_raw
from flows.flow import Step
from flows.pages.owner import make_owner, owner, remember
from flows.pages.runs import UNKNOWN_RUN, is_mine, is_number, went_on_elsewhere
from flows.party import go_to
from flows.raw_text import refusal
from flows.run import Run
from flows.seen import NotSeen
from flows.stage import Broken, Stage, WentOn

EMPTY_ROWS = 2  # to add what is not there
LONGEST_TEXT = 128 * 1024  # of a request written as raw text
MOST_FORM = 4 * 1024 * 1024  # so that a text that is far too long is told so, and kept


def pages(stage: Stage) -> Blueprint:
    """/runs/ID/change, /runs/ID/send and /runs/ID/branch."""
    change = Blueprint("change", __name__)

    @change.get("/runs/<run_id>/change")
    def show(run_id: str) -> Response:
        """The request of a step, as fields and as raw text, as it would be sent now."""
        run = _mine(run_id)
        step = _step(run, request.args.get("step", ""))
        return _form(run, step, _prepared(run, step), request.args.get("how") == "raw")

    @change.post("/runs/<run_id>/change")
    def arrange(run_id: str) -> Response:
        """The form again, with one row moved up, left out or doubled; nothing is sent."""
        request.max_content_length = request.max_form_memory_size = MOST_FORM
        run = _mine(run_id)
        step = _step(run, request.form.get("step", ""))
        parts: dict[Where, wire.Fields] = {where: _rows(where) for where in FIELDS}
        where, _, rest = request.form.get("row", "").partition(".")
        place, _, do = rest.partition(".")
        rows = next((parts[each] for each in FIELDS if each == where), None)
        if rows is None or not is_number(place) or int(place) >= len(rows) or do not in ("up", "out", "twice"):
            abort(400, "The form must name a row of it, and what to do with it: up, out or twice.")
        at = int(place)
        if do == "out":
            del rows[at]
        elif do == "twice":
            rows.insert(at, rows[at])
        elif at:
            rows[at - 1 : at + 1] = [rows[at], rows[at - 1]]
        return _form(run, step, _prepared(run, step), False, parts=parts)

    @change.post("/runs/<run_id>/send")
    def send(run_id: str) -> Response:
        """Send a step as it was changed; what cannot be sent stays in the form, with the sentence that says why."""
        request.max_content_length = request.max_form_memory_size = MOST_FORM
        run = _mine(run_id)
        position = request.form.get("position", "")
        if not is_number(position):
            abort(400, "The form must say at which position of the run it is sent.")
        then = run.back_at(int(position))
        step = _step(then, request.form.get("step", ""))
        prepared = _prepared(then, step)
        try:
            edits = _asked(then, step, prepared)
        except wire.NotHTTP as error:
            return _form(run, step, prepared, True, problem=error, text=request.form["raw"])
        here = f"/runs/{run_id}?step={run.flow.number(step.name)}"
        if then is not run:
            there = run.walked[int(position)]
            if there.step == step.name and there.edits == tuple(edits):
                return go_to(here)  # a second click on the same button
            return went_on_elsewhere(run, step, int(position))
        try:
            stage.send(run_id, step.name, int(position), edits)
        except wire.NotHTTP as error:
            return _form(run, step, prepared, True, problem=error, text=_text(apply(prepared, edits)))
        except (WentOn, NotSeen) as error:
            abort(409, f"{step.name} cannot be sent now: {error}.")
        except Broken as error:
            abort(500, str(error))
        return go_to(here)

    @change.post("/runs/<run_id>/branch")
    def branch(run_id: str) -> Response:
        """A run of one's own, in a fresh realm, that has come as far as this one had before an exchange."""
        request.max_content_length = request.max_form_memory_size = MOST_FORM
        try:
            run = stage.runs.find(run_id)
        except LookupError:
            abort(404, UNKNOWN_RUN)
        before = request.form.get("before", "")
        if not is_number(before) or int(before) > len(run.walked):
            abort(400, f"A branch begins before one of the {len(run.walked)} exchanges of this run.")
        mine = make_owner()
        as_it_was = run.back_at(int(before))
        lost = _step(as_it_was, request.form["step"]) if "step" in request.form else None  # against another tab
        try:
            then = (lost, _asked(as_it_was, lost, _prepared(as_it_was, lost))) if lost else None
            made = stage.branch(run, int(before), mine, then)
        except wire.NotHTTP as error:
            if lost and int(before) < len(run.walked):
                return went_on_elsewhere(run, lost, int(before), str(error))
            abort(409, f"This run cannot be walked again up to there: {error}.")
        except (WentOn, NotSeen) as error:
            abort(409, f"This run cannot be walked again up to there: {error}.")
        except Broken as error:
            abort(500, str(error))
        answer = go_to(f"/runs/{made}")
        remember(answer, mine)
        return answer

    def _mine(run_id: str) -> Run:
        try:
            run = stage.runs.find(run_id)
        except LookupError:
            abort(404, UNKNOWN_RUN)
        if not owner() or not is_mine(run.owner):
            abort(403, "This run was started in another browser. Branch off a run of your own to change its messages.")
        return run

    def _prepared(run: Run, step: Step) -> wire.Request:
        try:
            return stage.prepare(run, step)
        except NotSeen as error:
            abort(409, f"{step.name} cannot be prepared yet: {error}.")

    return change


def _step(run: Run, name: str) -> Step:
    """A step that may be sent: one that comes next, or one that was walked."""
    walked = {exchange.step for exchange in run.walked}
    found = next((each for each in run.flow.steps if each.name == name), None)
    if found is None or (found.name not in walked and found not in run.next_steps):
        abort(409, f"{name[:40] or 'No step'} cannot be sent now: this run has not come that far.")
    return found


def _asked(run: Run, step: Step, prepared: wire.Request) -> list[Edit]:
    form = request.form
    if "way" in form:
        ways = run.flow.ways.get(step.name, ())
        way = next((each for each in ways if each.name == form["way"]), None)
        if way is None:
            abort(400, f"{step.name} has no way to break it called {form['way'][:60]!r}.")
        return way.edits(prepared)
    if "raw" in form:
        raw = form["raw"].encode()
        if len(raw) > LONGEST_TEXT:
            says = f"the text is {len(raw):,} bytes long, and at most {LONGEST_TEXT:,} are sent from here"
            raise refusal(raw, LONGEST_TEXT, says)
        return of_raw(prepared, form["raw"])
    if "fields" in form:
        return between(prepared, {where: _rows(where) for where in FIELDS})
    return []


def _rows(where: Where) -> wire.Fields:
    """The rows of a form: a name and a value each; a row without a name is left out."""
    names, values = request.form.getlist(f"{where}.name"), request.form.getlist(f"{where}.value")
    if len(names) > MOST_FIELDS:
        abort(400, f"The {where} has {len(names):,} rows, and at most {MOST_FIELDS} are sent so. Raw text takes more.")
    if where == "header":  # headers are bytes, and what was typed is sent as UTF-8, as raw text is
        names, values = ([text.encode().decode("latin-1") for text in texts] for texts in (names, values))
    return [(name, value) for name, value in zip(names, values, strict=False) if name]


def _form(
    run: Run,
    step: Step,
    prepared: wire.Request,
    raw: bool,
    problem: wire.NotHTTP | None = None,
    text: str | None = None,
    parts: Mapping[Where, wire.Fields] | None = None,
) -> Response:
    known: dict[str, Any] = {
        "run": run,
        "flow": run.flow,
        "step": step,
        "number": run.flow.number(step.name),
        "parts": parts or {where: fields_of(prepared, where) for where in FIELDS},
        "sent": prepared,
        "raw": raw,
        "text": text or _text(prepared.raw()),
        "problem": problem,
        "position": _position(run),
        "first": run.first_tried(step),
        "ways": run.flow.ways.get(step.name, ()),
        "empty_rows": EMPTY_ROWS,
    }
    return make_response(render_template("change.html", **known), 422 if problem else 200)


def _position(run: Run) -> str:
    """The place in the run for which the form was first made, so that another tab is noticed."""
    asked = request.form.get("position", "")
    return asked if is_number(asked) else str(len(run.walked))


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
