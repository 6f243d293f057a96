"""Compare: two walks message by message, and all flows in numbers. Both come from recordings, made when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, make_response, render_template, request

from flows.flow import Chosen, Flow, Option
from flows.grants import FLOWS
from flows.pages.counted import GIVEN_AWAY, counted, given_away, question
from flows.pages.differences import pairs
from flows.recordings import own_story, recordings
from flows.stage import Stage

SIDES = ("left", "right")
Choice = tuple[str, Chosen]  # a flow's name, and options that are not the usual ones
CODE, APP = "authorization_code", {"client": "single-page"}
UNCHOSEN: Mapping[str, Choice] = {"left": (CODE, APP), "right": ("implicit", {})}


@dataclass(frozen=True)
class Ready:
    """A comparison to begin with, and what to look for in it."""

    title: str
    look: str
    left: Choice
    right: Choice

    @property
    def address(self) -> str:
        return address(*(FLOWS[flow].under(options) for flow, options in (self.left, self.right)))


READY = (
    Ready("The code grant and implicit", "Where does the token come back?", (CODE, APP), ("implicit", {})),
    Ready("With PKCE and without", "What ties a code to the client that began?", (CODE, {}), (CODE, {"pkce": "off"})),
    Ready("A web site and a single-page app", "Who holds the token, and who proves what?", (CODE, {}), (CODE, APP)),
    Ready("A JWT and an opaque token", "Who has to be asked about it?", (CODE, {}), (CODE, {"token": "opaque"})),
    Ready("Basic and the form", "Where does the client’s secret stand?", (CODE, {}), (CODE, {"client_auth": "post"})),
    Ready("The code grant and a password", "Who gets to see Alice’s password?", (CODE, {}), ("password", {})),
)  # fmt: skip


def pages(stage: Stage) -> Blueprint:
    """/compare."""
    compare = Blueprint("compare", __name__)

    @compare.get("/compare")
    def show() -> Response:
        try:
            a, b = (_chosen(side, request.args) for side in SIDES)
        except ValueError as error:
            abort(400, f"{error}.")
        usual = [flow.under({}) for flow in FLOWS.values()]
        made = dict(zip(("a", "b", *FLOWS), recordings(stage, [a, b, *usual]), strict=True))
        runs = own_story(made["a"]), own_story(made["b"])
        gives = [given_away(run) for run in runs]
        answer = make_response(
            render_template(
                "compare.html",
                flows=list(FLOWS.values()),
                sides=list(zip("AB", SIDES, runs, (made["a"], made["b"]), strict=True)),
                pairs=pairs(*runs),
                gives=[(name, *(each[name] for each in gives)) for name in GIVEN_AWAY],
                counts=[counted(made[name]) for name in FLOWS],
                question=question(made[CODE]),
                ready=READY,
                here=address(a, b),
                short=short,
            )
        )
        if request.headers.get("HX-Request") == "true":
            answer.headers["HX-Push-Url"] = address(a, b)
        return answer

    return compare


def address(left: Flow, right: Flow) -> str:
    """The address of a comparison: both flows, and of their options those that are not the usual ones."""
    named: list[tuple[str, str]] = []
    for side, flow in zip(SIDES, (left, right), strict=True):
        usual = {option.name: option.usual for option in flow.options}
        named.append((side, flow.name))
        named += [(f"{side}.{name}", choice) for name, choice in flow.chosen.items() if choice != usual[name]]
    return f"/compare?{urlencode(named)}"


def short(option: Option, choice: str) -> str:
    """A choice in a few words: what stands before the colon, or an algorithm's name."""
    return choice if option.name == "alg" else option.choices[choice].partition(":")[0]


def _chosen(side: str, asked: Mapping[str, str]) -> Flow:
    """The flow of one side as the address names it, its options after a dot; ValueError for what there is not.

    `of` names the flow that the options are of: a form that has just changed its flow still sends those of the last.
    """
    usual, options = UNCHOSEN[side]
    name = asked.get(side, usual)
    if name not in FLOWS:
        raise ValueError(f"{side} must be one of {', '.join(FLOWS)}, and not {name[:40]!r}")
    mine = {key.partition(".")[2]: value for key, value in asked.items() if key.startswith(f"{side}.")}
    if mine.pop("of", name) != name:
        mine = {}
    known = [option.name for option in FLOWS[name].options]
    for given in mine:
        if given not in known:
            raise ValueError(f"{side}.{given[:40]} is no option of {name}, which has {', '.join(known)}")
    try:
        return FLOWS[name].under(mine if side in asked else {**options, **mine})
    except ValueError as error:
        raise ValueError(f"{side}.{error}") from None
