"""The home page and the page of each flow: what it is for, when not to use it, and where you stopped."""

from __future__ import annotations

from flask import Blueprint, abort, render_template

from flows.grants import FLOWS
from flows.pages import diagram
from flows.pages.owner import owner
from flows.realm import sandbox
from flows.stage import Stage
from flows.tokens.keys import ALGORITHMS


def pages(stage: Stage) -> Blueprint:
    """/ and /flows/NAME."""
    home = Blueprint("home", __name__)

    @home.get("/")
    def index() -> str:
        last = stage.runs.last_of(owner())
        walked = {flow: stage.runs.last_of(owner(), flow) for flow in FLOWS}
        minis = {name: diagram.mini(flow) for name, flow in FLOWS.items()}
        return render_template(
            "home.html",
            flows=list(FLOWS.values()),
            last=last,
            walked=walked,
            minis=minis,
            sandbox=sandbox(stage.runs.store),
        )

    @home.get("/flows/<name>")
    def flow(name: str) -> str:
        if name not in FLOWS:
            abort(404, f"There is no flow called {name[:40]}. The flows are on the first page.")
        chosen = FLOWS[name]
        return render_template(
            "flow.html",
            flow=chosen,
            algorithms=ALGORITHMS,
            mini_arrows=diagram.mini(chosen),
            last=stage.runs.last_of(owner(), name),
        )

    return home
