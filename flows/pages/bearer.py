"""Bearer tokens: where one may stand in a request, and 401 beside 403. All that is shown was sent to the API."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template

from flows.calls import CALLS, Call, called
from flows.flow import Step
from flows.pages.journey import href_of
from flows.pages.lines import Line, request_lines
from flows.pages.refusal import Refused, refused
from flows.run import Exchange, Run
from flows.stage import Stage

# What the page lays side by side: (name of a call, why it is answered so).
PLACES = (
    ("header", "Out of the way of logs and histories, and every API has to take it here.", "6750#section-2.1"),
    ("form", "Out of the address, but only a POST has a form, and whoever looks for the token has to read the body.",
     "6750#section-2.2"),
    ("address", "Addresses are kept: in histories, in logs, in links that are passed on. OAuth 2.1 drops this way.",
     "6750#section-2.3"),
)  # fmt: skip
WHO_ARE_YOU = (
    ("nobody", "Nobody has asked yet who is calling. The answer says that a token is needed, and no error."),
    ("broken", "Something came, but it is no token of this server’s. The client may get another one and try again."),
    ("expired", "It was good ten minutes ago. A client that has a refresh token uses it now."),
)
YOU_MAY_NOT = (
    ("scope", "The token is good, and does not reach this far. Another one helps only if it has more scope."),
    ("person", "The token reaches this far; the person behind it does not. No token of his will help."),
)
ALLOWED = (("adds", "Both allow it: the scope is in the token, and the account may."),)


@dataclass(frozen=True)
class Shown:
    """One call as the page shows it: its request without the headers that every call has, and where all of it can be
    read."""

    call: Call
    says: str
    rfc: str
    exchange: Exchange
    href: str
    request: list[Line]
    challenge: str
    refusal: Refused | None


def pages(stage: Stage) -> Blueprint:
    """/bearer."""
    bearer = Blueprint("bearer", __name__)

    @bearer.get("/bearer")
    def show() -> str:
        sent = called(stage)

        def shown(name: str, says: str, rfc: str = "") -> Shown:
            return _shown(CALLS[name], says, rfc, *sent[name])

        return render_template(
            "bearer.html",
            places=[shown(*place) for place in PLACES],
            who_are_you=[shown(*each) for each in WHO_ARE_YOU],
            you_may_not=[shown(*each) for each in YOU_MAY_NOT],
            allowed=[shown(*each) for each in ALLOWED],
            twice=shown("twice", ""),
        )

    return bearer


def _shown(call: Call, says: str, rfc: str, run: Run, exchange: Exchange) -> Shown:
    step: Step = run.flow.named(exchange.step or "")
    return Shown(
        call,
        says,
        rfc,
        exchange,
        f"/runs/{run.id}{href_of(run, exchange)}",
        [
            line
            for line in request_lines(exchange.request, step.carries)
            if line.place != "in a header" or line.name == "authorization"
        ],
        next((value for name, value in exchange.response.headers if name == "WWW-Authenticate"), ""),
        refused(exchange),
    )
