"""The first page, the page of each flow, and the one that says which grant a program needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, render_template, request

from flows.flow import Flow, Option
from flows.grants import FLOWS
from flows.pages import diagram
from flows.pages.otherwise import Otherwise, otherwise, picture
from flows.pages.owner import owner
from flows.pages.progress import progress
from flows.pages.which import INSTEAD, NOT_HERE, OVER, QUESTIONS, needed
from flows.realm import sandbox
from flows.stage import Stage

GROUPS = {  # the group of a flow → what its flows have in common
    "A person approves": "Alice logs in and is asked. The client never sees her password.",
    "No person is asked": "The client goes to the token endpoint by itself, with what it already has.",
}
SWITCHES = {  # option → what a tile calls it, in few words; {} stands for its choices
    "client": "{} client",
    "pkce": "PKCE {}",
    "token": "{} token",
    "client_auth": "client authentication {}",
    "bearer": "token in {}",
    "api_clock": "the API’s clock",
    "alg": "{}",
}
CHOICES = {"listed": "listed JWT", "basic": "by Basic", "post": "by form"}  # those whose own name says too little


def pages(stage: Stage) -> Blueprint:
    """/, /which and /flows/NAME."""
    home = Blueprint("home", __name__)

    @home.get("/")
    def index() -> str:
        last = stage.runs.last_of(owner())
        runs = {name: stage.runs.last_of(owner(), name) for name in FLOWS}
        return render_template(
            "home.html",
            groups=GROUPS,
            flows=[flow.under({}) for flow in FLOWS.values()],
            last=progress(last) if last else None,
            walked={name: progress(run) for name, run in runs.items() if run},
            minis={name: diagram.mini(flow.under({})) for name, flow in FLOWS.items()},
            message_count=message_count,
            switches=switches,
            sandbox=sandbox(stage.runs.store),
            **_which({}),
        )

    @home.get("/which")
    def which() -> str:
        return render_template("which.html", **_which(request.args))

    @home.get("/flows/<name>")
    def flow(name: str) -> str:
        if name not in FLOWS:
            abort(404, f"There is no flow called {name[:40]}. The flows are on the first page.")
        try:
            chosen = FLOWS[name].under(request.args)
        except ValueError as error:
            abort(400, f"{error}.")
        last = stage.runs.last_of(owner(), name)
        apart = otherwise(chosen, FLOWS[name].under({}))
        return render_template(
            "flow.html",
            flow=chosen,
            apart=apart,
            picture=picture(apart.rows),
            says=_says(chosen, apart),
            message_count=message_count,
            over=OVER.get(name),
            instead=INSTEAD,
            instead_title=FLOWS[INSTEAD.flow].title,
            last=progress(last) if last else None,
        )

    return home


def message_count(flow: Flow) -> str:
    """The messages of a flow as the RFC counts them: "2 requests + the final one"."""
    requests, final = flow.counts
    final_ones = "the final one" if final == 1 else f"{final} final ones"
    return f"{requests} request{'' if requests == 1 else 's'} + {final_ones}"


def switches(flow: Flow) -> list[str]:
    """What can be switched in a flow, in few words: "web or single-page client"."""
    return [_in_few_words(option) for option in flow.options]


def _in_few_words(option: Option) -> str:
    *most, last = (CHOICES.get(choice, choice) for choice in option.choices)
    return SWITCHES[option.name].format(f"{', '.join(most)} or {last}" if most else last)


def _says(flow: Flow, apart: Otherwise) -> str:
    """What the page of a flow says aloud when an option was switched."""
    beside = apart.told if apart.options else "the usual choices"
    off = [check.name for check in apart.off]
    return f"{len(flow.own_line)} steps: {beside}.{' Switched off: ' + ', '.join(off) + '.' if off else ''}"


def _which(asked: Mapping[str, str]) -> dict[str, Any]:
    """What templates/_which.html shows; 400 for an answer that there is not."""
    try:
        return {"questions": QUESTIONS, "needed": needed(asked), "not_here": NOT_HERE, "all_flows": FLOWS}
    except ValueError as error:
        abort(400, f"{error}.")
