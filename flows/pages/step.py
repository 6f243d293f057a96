"""All that a run's page shows of one step: what was sent and answered, or what is about to be sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows import wire
from flows.edit import described, told
from flows.flow import Step, Way
from flows.followed import OTHERS, SECRETS
from flows.options import API_CLOCK
from flows.pages import checklist, diagram
from flows.pages.cast import cast
from flows.pages.curl import as_curl
from flows.pages.eyes import EYES, eyes_of, got, history_of, log_of, seen_lines
from flows.pages.journey import href_of, journey
from flows.pages.lines import marked, request_lines, response_lines
from flows.pages.outside import step_of
from flows.pages.refusal import refused
from flows.pages.sightings import in_exchange, kept_back, sightings, who_has_seen
from flows.pages.thief import TRIES
from flows.pages.token_panel import Panel, open_token
from flows.pages.which import INSTEAD, OVER
from flows.realm import SANDBOX
from flows.run import Exchange, Run
from flows.seen import address_bar
from flows.stage import Stage


def shown(
    stage: Stage, run: Run, exchange: Exchange | None, number: int, follow: str, eye: str = ""
) -> Mapping[str, Any]:
    """What the templates show of an exchange, or of the step of that number where it has none yet.

    For an exchange from outside the number is that of the step before it. `follow` is the name of a followed value,
    `eye` of a place to look from.
    """
    if exchange and exchange.step is None:
        before = [each for each in run.walked if each.position < exchange.position]
        number = run.flow.number(before[-1].step or "") if before else 1
    next_steps = run.next_steps
    upcoming = next_steps if next_steps and run.flow.number(next_steps[0].name) == number else []
    step = step_of(run, exchange) if exchange else upcoming[0] if upcoming else run.flow.main_line[number - 1]
    walked_to = run.flow.number(run.walked[-1].step or "") if run.walked else 0
    from_outside = bool(exchange and exchange.step is None)
    is_last = bool(exchange and run.walked and exchange is run.walked[-1])
    again = is_last and any(each.step == step.name and not each.refused for each in run.walked[:-1])
    as_told = exchange and not exchange.edits and exchange.refused
    in_story = bool(as_told and step.is_refused_by(as_told.check))
    ended = next_steps or step.ends or number == len(run.flow.main_line)
    stuck = bool(exchange and ((exchange.refused and not in_story) or not ended))
    known: dict[str, Any] = {
        "run": run,
        "flow": run.flow,
        "number": number,
        "step": step,
        "exchange": exchange,
        "from_outside": from_outside,
        "lanes": diagram.lanes(run.flow),
        "arrows": diagram.arrows(run, number, exchange, follow, eye),
        "within": diagram.within,
        "counts": _counts(run),
        "seen": who_has_seen(run, number),
        "kept": kept_back(run, number),
        "new": _new(run, number),
        "walked_to": walked_to,
        "next_steps": next_steps,
        "at_front": not from_outside and (number == walked_to or bool(upcoming)),
        "attempts": [] if from_outside else run.attempts_at(number),
        "undo": is_last and stuck and not again and bool(exchange and exchange.edits),
        "rejoin": _rejoin(run, exchange, again) if exchange and is_last and stuck else None,
        "in_story": in_story,
        "clock_of_api": API_CLOCK.choices[run.options.get("api_clock", "right")] if run.realm.api_skew else "",
        "stops": run.stops if is_last or exchange is None else "",
        "later": diagram.time_before(run, step, exchange),
        "first": run.first_tried(step),
        "strays": [each for each in run.exchanges if each.step is None] if from_outside else [],
        "ways": run.flow.ways.get(step.name, ()),
        "before": run.walked.index(exchange) if exchange and exchange.step else None,
        "follow": follow,
        "lives": journey(run, sightings(run), follow) if follow else [],
        "keep": (f"&follow={follow}" if follow else "") + (f"&eye={eye}" if eye else ""),
        "keep_follow": f"&follow={follow}" if follow else "",
        "eye": EYES.get(eye),
        "eyes": eyes_of(run),
        "TRIES": TRIES,
        "got": got(eye, run, number) if eye else {},
        **_ending(run, exchange, is_last and not next_steps and number == len(run.flow.main_line)),
        "script": _script(run, step) if exchange else None,
        "here": href_of(run, exchange) if exchange else f"?step={number}",
        "href_of": href_of,
        "ends": ends,
        "SECRETS": SECRETS,
        "OTHERS": OTHERS,
        "sent": None,
        "answer": None,
        "refusal": None,
        "token": None,
        "opaque": False,
    }
    if exchange:
        known |= _message(run, step, exchange)
    elif upcoming:
        known["sent"] = stage.prepare(run, step)
        known["sent_lines"] = request_lines(known["sent"], step.carries)
        known["curl"] = as_curl(known["sent"])
    if eye and exchange and not from_outside:
        visible = seen_lines(eye, run, exchange)
        for line in (*known["sent_lines"], *known["answer_lines"]):
            line.unseen = line.name not in visible
    return known | {"says": _says(known)}


def _ending(run: Run, exchange: Exchange | None, ended: bool) -> dict[str, Any]:
    """Of a deprecated flow that was walked to its end: what each place to look from has now."""
    if not (run.flow.deprecated and ended and exchange and not exchange.refused):
        return {"leaked": []}
    number = len(run.flow.main_line)
    gave = [(eye, {k: v for k, v in got(eye.name, run, number).items() if k in SECRETS}) for eye in eyes_of(run)]
    in_browser = "browser" in run.flow.parties
    return {
        "leaked": gave,
        "bar": address_bar(run) if in_browser else "",
        "history": history_of(run),
        "log": list(log_of(run, "client")),
        "over": OVER.get(run.flow.name),
        "instead": INSTEAD,
    }


SCRIPTS = {
    "photoprint-spa": ("static/photoprint-spa.js", "app"),
    "photoprint-2012": ("static/photoprint-2012.js", "2012"),
}


def _script(run: Run, step: Step) -> dict[str, Any] | None:
    """The script in the page that a step brought; None where it brought none."""
    if run.flow.client_party != "script" or step.receiver != "client":
        return None
    path, place = SCRIPTS[run.flow.client_id]
    source = checklist.source_of_script(path)
    return {"path": path, "lines": source.lines, "try_it": f"http://{run.realm.authority}/client/{SANDBOX}/{place}"}


def _rejoin(run: Run, exchange: Exchange, again: bool) -> int | None:
    """Where a branch begins that goes on as if what stopped the walk had not been; None where changing the message back
    is enough, or where the options themselves stop it."""
    if again:
        return _first_spoiled(run, exchange)
    at = run.walked.index(exchange)
    spoiled = run.moved_before(at) or any(each.step is None for each in run.exchanges)
    return at if spoiled and not exchange.edits else None


def _first_spoiled(run: Run, exchange: Exchange) -> int:
    """Where a branch begins that goes on as if this step had not been spoiled: before it was first changed."""
    of_step = [at for at, each in enumerate(run.walked) if each.step == exchange.step]
    return next((at for at in of_step if run.walked[at].edits), of_step[-1])


def _message(run: Run, step: Step, exchange: Exchange) -> dict[str, Any]:
    refusal = refused(exchange)
    lines = request_lines(exchange.request, step.carries)
    prepared = wire.recorded_request(exchange.prepared_bytes) if exchange.prepared_bytes else exchange.request
    if exchange.edits:
        lines = marked(request_lines(prepared, step.carries), lines)
    return {
        "sent": exchange.request,
        "sent_lines": lines,
        "curl": as_curl(exchange.request),
        "described": described(exchange.edits),
        "told": told(prepared, exchange.edits),
        "way": _way(run, step, prepared, exchange),
        "answer": exchange.response,
        "answer_lines": response_lines(exchange.response, step.answers),
        "checks": checklist.rows(exchange.verdicts),
        "refusal": refusal,
        "source": checklist.source_of(refusal.check.name) if refusal else None,
        "token": _token(run, step, exchange),
        "opaque": run.realm.opaque and "access_token" in _crossed(step, exchange),
        "address": _address(run, exchange),
        "is_page": bool(exchange.response.body) and exchange.response.content_type == "text/html",
    }


def _way(run: Run, step: Step, prepared: wire.Request, exchange: Exchange) -> Way | None:
    """The way to break the step that was taken, where the change is just that of one."""
    if not exchange.edits:
        return None
    ways = run.flow.ways.get(step.name, ())
    return next((way for way in ways if tuple(way.edits(prepared)) == exchange.edits), None)


def _address(run: Run, exchange: Exchange) -> str:
    """What stood in the browser's address bar after an exchange of its own, with the fragment that never crossed."""
    if exchange.sender != "browser" or exchange.step is None:
        return ""
    return address_bar(run.back_at(run.walked.index(exchange) + 1))


def _crossed(step: Step, exchange: Exchange) -> set[str]:
    return {each.name for each in in_exchange(exchange, step.carries, step.answers)}


def _token(run: Run, step: Step, exchange: Exchange) -> Panel | None:
    """The access token that crossed in this exchange, opened; None if there was none."""
    crossed = [each.value for each in in_exchange(exchange, step.carries, step.answers) if each.name == "access_token"]
    return open_token(crossed[0], run.realm, exchange.at) if crossed else None


def _counts(run: Run) -> dict[str, Any]:
    """From the recording: exchanges in all, the numbers of the steps that OAuth itself defines, the others in words."""
    steps = [run.flow.named(each.step or "") for each in run.walked]
    own = [run.flow.number(step.name) for step in steps if step.counts]
    others = dict.fromkeys(_kind(step) for step in steps if not step.counts)
    return {"wire": len(steps), "own": len(own), "protocol": list(dict.fromkeys(own)), "others": list(others)}


def _kind(step: Step) -> str:
    """What a request is that the RFC does not count among the flow's messages."""
    if step.receiver == "client":
        return "pages and redirects"
    if step.sender == "browser":
        return "Alice’s login and her answer"
    if step.name == "preflight":
        return "a browser’s question to the API"
    if step.within:
        return "the API’s questions about the token"
    return "giving tokens back" if step.at == "/revoke" else "calls with a token that is over"


def _new(run: Run, number: int) -> dict[str, set[str]]:
    """Party → the values that it had not seen before the step of that number."""
    now, before = (who_has_seen(run, until) for until in (number, number - 1))
    return {party: _all(names) - _all(before.get(party, {})) for party, names in now.items()}


def _all(by_channel: Mapping[str, list[str]]) -> set[str]:
    return {name for names in by_channel.values() for name in names}


def _says(known: Mapping[str, Any]) -> str:
    """What the page says aloud after a step: how it was answered, and who has seen what for the first time."""
    exchange: Exchange | None = known["exchange"]
    where = f"Step {known['number']} of {len(known['flow'].main_line)}"
    if exchange is None:
        return f"{where}: {known['step'].title}. Not sent yet."
    answer = f"answered {exchange.response.status} {exchange.response.reason}"
    if known["refusal"]:
        checked = f"refused by {known['refusal'].check.name}"
    else:
        passed = sum(each.state == "passed" for each in exchange.verdicts)
        checked = f"{passed} of {len(exchange.verdicts)} checks passed" if exchange.verdicts else "no checks"
    named, new = cast(known["flow"]), known["new"].items()
    told_of = [
        f"{named[party][0]} has now seen {', '.join(sorted(names))}"
        for party, names in new
        if names and party != "outside"
    ]
    return f"{where}: {answer}, {checked}. {'. '.join(told_of)}{'.' if told_of else ''}".strip()


def ends(value: str) -> str:
    """A long value by its ends: its first and its last eight characters."""
    return value if len(value) <= 24 else f"{value[:8]}…{value[-8:]}"
