"""A flow in numbers, and what it gives away to whom: counted in a recording, none of it known beforehand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from flows.pages.differences import where
from flows.pages.lines import request_lines, response_lines
from flows.pages.sightings import who_has_seen
from flows.recordings import own_story
from flows.run import Exchange, Run
from flows.seen import IN_THE_BROWSER, parameters_of, without_query

GIVEN_AWAY = ("password", "code", "code_verifier", "access_token", "refresh_token", "client_secret")


@dataclass(frozen=True)
class Seen:
    """Who saw a value, from left to right, and where in messages it stood, in words; both empty where it did not
    cross."""

    parties: tuple[str, ...]
    places: tuple[str, ...]


@dataclass(frozen=True)
class Counted:
    """The exchanges of a flow's own story, each of one kind: request or final where the RFC counts it, login, around.

    `before` is how many went before that story began. `to` is how many the browser sent, by receiver. `seen` are the
    values of GIVEN_AWAY.
    """

    run: Run
    before: int
    kinds: Mapping[Exchange, str]
    to: Mapping[str, int]
    seen: Mapping[str, Seen]

    @property
    def wire(self) -> int:
        return len(self.kinds)

    def of(self, kind: str) -> int:
        return list(self.kinds.values()).count(kind)

    def numbers(self, kind: str) -> list[int]:
        """The steps of that kind, by their numbers."""
        return [self.run.flow.number(each.step or "") for each, its in self.kinds.items() if its == kind]


def counted(recording: Run) -> Counted:
    """A recording in numbers."""
    run = own_story(recording)
    kinds = {each: kind_of(run, each) for each in run.walked}
    to = Counter(each.receiver for each in run.walked if each.sender in IN_THE_BROWSER)
    return Counted(run, len(recording.walked) - len(run.walked), kinds, to, given_away(run))


def kind_of(run: Run, exchange: Exchange) -> str:
    """Request or final where the RFC counts it; login where the browser goes to the authorization server beyond that,
    to log in, to ask again and to answer; else around."""
    counts = run.flow.named(exchange.step or "").counts
    login = exchange.sender == "browser" and exchange.receiver == "authorization_server"
    return counts or ("login" if login else "around")


def given_away(run: Run) -> dict[str, Seen]:
    """Value → who has seen it in a run, and where it stood."""
    known = who_has_seen(run, len(run.flow.main_line))
    places: dict[str, dict[str, None]] = {name: {} for name in GIVEN_AWAY}
    for exchange in run.walked:
        step = run.flow.named(exchange.step or "")
        lines = request_lines(exchange.request, step.carries) + response_lines(exchange.response, step.answers)
        for line in lines:
            if line.followed in places:
                places[line.followed][where(line)] = None
    return {
        name: Seen(tuple(party for party, by_channel in known.items() if any(name in of for of in by_channel.values())),
                   tuple(places[name]))
        for name in GIVEN_AWAY
    }  # fmt: skip


@dataclass(frozen=True)
class Question:
    """Where the authorization request and its response stand in a recording, by the numbers of their steps: each is
    handed to the browser in one answer, and brought by it in the next request."""

    handed: int
    asked: int
    answered: int
    brought: int


def question(run: Run) -> Question:
    """The two redirects of a code flow with a server."""
    number = {each: run.flow.number(each.step or "") for each in run.walked}
    asked = next(each for each in run.walked if run.flow.named(each.step or "").counts == "request")
    address = f"http://{asked.request.header('Host')}{asked.request.path}"
    handed = next(each for each in run.walked if without_query(each.location or "") == address)
    answered = next(each for each in run.walked if "code" in dict(parameters_of(each.location or "")))
    brought = next(each for each in run.walked if "code" in dict(each.request.query))
    return Question(*(number[each] for each in (handed, asked, answered, brought)))
