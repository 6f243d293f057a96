"""The run page: one step at a time, each message as it crossed. Only the browser that started a run may move it."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, make_response, render_template, request

from flows import wire
from flows.edit import described
from flows.grants import FLOWS
from flows.pages import checklist, diagram
from flows.pages.curl import as_curl
from flows.pages.lines import marked, request_lines, response_lines
from flows.pages.owner import make_owner, owner, remember
from flows.pages.seen import who_has_seen
from flows.pages.token_panel import Panel, open_token
from flows.party import go_to
from flows.run import Exchange, NotSeen, Run, Step
from flows.runs import hash_of
from flows.stage import Broken, Stage, WentOn
from flows.tokens.keys import ALGORITHMS

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
        flow, alg = request.form.get("flow", ""), request.form.get("alg", "ES256")
        if flow not in FLOWS:
            abort(400, f"flow must be one of {', '.join(FLOWS)}, and not {flow[:40]!r}.")
        if alg not in ALGORITHMS:
            abort(400, f"alg must be one of {', '.join(ALGORITHMS)}, and not {alg[:40]!r}.")
        mine = make_owner()
        answer = go_to(f"/runs/{stage.runs.start(flow, {'alg': alg}, mine)}")
        remember(answer, mine)
        return answer

    @runs.get("/runs/<run_id>")
    def show(run_id: str) -> Response:
        run = _find(run_id)
        number = _step_asked(run)
        return _answer(run, number, attempt=_attempt_asked(run, number))

    @runs.post("/runs/<run_id>/next")
    def move(run_id: str) -> Response:
        """Send the next step; a second click on the same button finds it sent already and shows it."""
        try:
            if not is_mine(stage.runs.owner_of(run_id)):
                abort(403, "This run was started in another browser. You can read all of it, and walk one of your own.")
        except LookupError:
            abort(404, UNKNOWN_RUN)
        step, position = request.form.get("step", ""), request.form.get("position", "")
        if not is_number(position) or not step:
            abort(400, "The form must name a step of this flow and the position it is sent at.")
        try:
            run = stage.send(run_id, step, int(position))
        except (WentOn, NotSeen):
            run = stage.runs.find(run_id)
            if step not in {each.name for each in run.flow.steps}:
                abort(400, f"This flow has no step called {step[:40]!r}.")
            if [each.step for each in run.walked[int(position) :][:1]] != [step]:
                abort(409, f"{step} cannot be sent now: this run has not come that far, or has gone another way.")
        except Broken as error:
            abort(500, str(error))
        number = run.flow.number(step)
        if request.headers.get("HX-Request") == "true":
            answer = _answer(run, number, partial=True)
            answer.headers["HX-Push-Url"] = f"/runs/{run_id}?step={number}"
            return answer
        return go_to(f"/runs/{run_id}?step={number}")

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
            return run.flow.number(run.walked[-1].step or "") if run.walked else 1
        if not is_number(asked) or not 1 <= int(asked) <= last:
            abort(
                404, f"The steps of this flow are numbered 1 to {last}, and this address asks for step {asked[:40]!r}."
            )
        return int(asked)

    def _attempt_asked(run: Run, number: int) -> int | None:
        asked, sent = request.args.get("attempt"), len(run.attempts_at(number))
        if asked is None:
            return None
        if not is_number(asked) or not 1 <= int(asked) <= sent:
            abort(404, f"Step {number} was sent {sent} times, and this address asks for attempt {asked[:40]!r}.")
        return int(asked)

    def _answer(run: Run, number: int, partial: bool = False, attempt: int | None = None) -> Response:
        template = "_run.html" if partial else "run.html"
        return make_response(render_template(template, **_shown(stage, run, number, attempt)))

    return runs


def is_number(text: str) -> bool:
    """Whether it is a number as a form or an address of ours has one: up to six digits."""
    return re.fullmatch("[0-9]{1,6}", text) is not None


def is_mine(owned_by: str) -> bool:
    """Whether the browser that asks is the one whose cookie has this hash."""
    return bool(owner()) and hmac.compare_digest(owned_by, hash_of(owner()))


def _shown(stage: Stage, run: Run, number: int, attempt: int | None = None) -> Mapping[str, Any]:
    """All that the page shows of one step: what was sent and answered, or what is about to be sent.

    `attempt` is which of the times that the step was sent, from 1; the last one where it is None.
    """
    attempts = run.attempts_at(number)
    exchange = attempts[(attempt or len(attempts)) - 1] if attempts else None
    next_steps = run.next_steps
    upcoming = next_steps if next_steps and run.flow.number(next_steps[0].name) == number else []
    step = run.flow.main_line[number - 1]
    if exchange and exchange.step:
        step = run.flow.named(exchange.step)
    elif upcoming:
        step = upcoming[0]
    walked_to = run.flow.number(run.walked[-1].step or "") if run.walked else 0
    known: dict[str, Any] = {
        "run": run,
        "flow": run.flow,
        "number": number,
        "step": step,
        "exchange": exchange,
        "mine": is_mine(run.owner),
        "arrows": diagram.arrows(run, number),
        "counts": _counts(run),
        "seen": who_has_seen(run, number),
        "walked_to": walked_to,
        "next_steps": next_steps,
        "at_front": number == walked_to or bool(upcoming),
        "attempts": attempts,
        "undo": bool(exchange and exchange is run.walked[-1] and exchange.refused and exchange.edits),
        "ways": run.flow.ways.get(step.name, ()),
        "before": run.walked.index(exchange) if exchange else None,
        "sent": None,
        "answer": None,
    }
    if exchange:
        known |= _message(run, step, exchange)
    elif upcoming:
        known["sent"] = stage.prepare(run, step)
        known["sent_lines"] = request_lines(known["sent"], step.carries)
        known["curl"] = as_curl(known["sent"])
    return known


def _message(run: Run, step: Step, exchange: Exchange) -> dict[str, Any]:
    refused = exchange.refused
    lines = request_lines(exchange.request, step.carries)
    if exchange.prepared_bytes:
        lines = marked(request_lines(wire.recorded_request(exchange.prepared_bytes), step.carries), lines)
    return {
        "sent": exchange.request,
        "sent_lines": lines,
        "curl": as_curl(exchange.request),
        "described": described(exchange.edits),
        "answer": exchange.response,
        "answer_lines": response_lines(exchange.response, step.answers),
        "checks": checklist.rows(exchange.verdicts),
        "source": checklist.source_of(refused.check) if refused else None,
        "token": _token(run, exchange),
        "is_page": bool(exchange.response.body) and exchange.response.content_type == "text/html",
    }


def _token(run: Run, exchange: Exchange) -> Panel | None:
    """The access token that crossed in this exchange, opened; None if there was none."""
    scheme, _, credentials = (exchange.request.header("Authorization") or "").partition(" ")
    if scheme == "Bearer":
        return open_token(credentials, run.realm, exchange.at)
    if exchange.response.content_type == "application/json":
        body = exchange.json
        if isinstance(body, dict) and isinstance(body.get("access_token"), str):
            return open_token(body["access_token"], run.realm, exchange.at)
    return None


def _counts(run: Run) -> dict[str, Any]:
    """From the recording: exchanges in all, and the numbers of the steps that OAuth itself defines."""
    steps = [run.flow.named(each.step or "") for each in run.walked]
    protocol = dict.fromkeys(run.flow.number(step.name) for step in steps if step.counts)
    return {"wire": len(steps), "protocol": list(protocol)}
