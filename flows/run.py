"""Exchange and run: what was sent, in order, and what comes next. No Flask import.

A run is one learner's walk through a flow under its options. All else is derived from what it recorded.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from flows import wire
from flows.checks import Verdict
from flows.edit import Edit
from flows.flow import Chosen, Flow, Step
from flows.realm import Realm, derive
from flows.seen import IN_THE_BROWSER, Form, NothingCame, NotSeen, Seen, Stops, forms_of, parameters_of, without_query


@dataclass(frozen=True)
class Exchange:
    """One request and its response, as bytes, as a party received and gave them, with the checks it ran.

    `step` is None for what came from outside. `at` is the realm's time in seconds. Where a learner changed the request
    before it was sent, `edits` says how, and `prepared_bytes` is what the sender would have sent. `within` is the
    position of the exchange during which its receiver sent this one.
    """

    position: int
    step: str | None
    sender: str
    receiver: str
    request_bytes: bytes
    response_bytes: bytes
    verdicts: tuple[Verdict, ...]
    at: int
    microseconds: int
    edits: tuple[Edit, ...] = ()
    prepared_bytes: bytes | None = None
    within: int | None = None

    def __hash__(self) -> int:
        return hash((self.position, self.request_bytes, self.response_bytes))

    @cached_property
    def request(self) -> wire.Request:
        return wire.recorded_request(self.request_bytes)

    @cached_property
    def response(self) -> wire.Response:
        return wire.recorded_response(self.response_bytes)

    @property
    def refused(self) -> Verdict | None:
        """The verdict that refused, or None."""
        return next((verdict for verdict in self.verdicts if verdict.state == "failed"), None)

    @property
    def location(self) -> str | None:
        return self.response.header("Location")

    @cached_property
    def forms(self) -> list[Form]:
        if self.response.content_type != "text/html":
            return []
        return forms_of(self.response.body.decode("utf-8", "replace"))

    @cached_property
    def json(self) -> Any:
        """The answer's JSON; NotSeen where there is none."""
        try:
            return json.loads(self.response.body)
        except (ValueError, RecursionError):
            raise NotSeen(f"the answer to {self.step} is no JSON") from None


@dataclass(frozen=True)
class Run:
    """One walk: its flow, its realm, its seed, and the exchanges so far."""

    id: str
    realm: Realm
    flow: Flow
    seed: bytes
    owner: str
    shared: bool
    touched_at: int
    exchanges: tuple[Exchange, ...]

    @cached_property
    def walked(self) -> list[Exchange]:
        """The exchanges that are steps of the flow, without what came from outside."""
        return [exchange for exchange in self.exchanges if exchange.step]

    def attempts_at(self, number: int) -> list[Exchange]:
        """Every exchange of the step with that number, in order: a step may be sent more than once."""
        return [exchange for exchange in self.walked if self.flow.number(exchange.step or "") == number]

    def exchange_at(self, number: int) -> Exchange | None:
        """The latest exchange of the step with that number, or None if it has not been walked."""
        return next((e for e in reversed(self.walked) if self.flow.number(e.step or "") == number), None)

    def first_tried(self, step: Step) -> int | None:
        """How many exchanges had been walked when a step was first sent, None where it was not. One that was sent
        within another can be sent by itself only after it."""
        for place, each in enumerate(self.walked):
            if each.step == step.name:
                return place if each.within is None else place + 1
        return None

    def secret(self, name: str) -> str:
        """A value that only the client knows, from the run's seed: 43 characters."""
        return derive(self.seed, "client", name)

    def seen_by(self, party: str) -> Seen:
        return Seen(self, party)

    @property
    def options(self) -> Chosen:
        return self.flow.chosen

    @property
    def may_be_sent(self) -> set[str]:
        """The names of the steps that can be sent now: those that come next, and those that were sent before."""
        return {step.name for step in self.next_steps} | {exchange.step or "" for exchange in self.walked}

    def back_at(self, position: int) -> Run:
        """The run as it was when that many exchanges had been walked."""
        if position >= len(self.walked):
            return self
        first = self.walked[position].position
        return replace(self, exchanges=tuple(each for each in self.exchanges if each.position < first))

    @cached_property
    def next_steps(self) -> list[Step]:
        """The steps that can come next, the usual one first: what the last answer leads to.

        A browser goes where an answer sent it (a Location, a form's action). Another party goes on with the very next
        step, if the last one was answered well and gave it what that needs. A refusal with nowhere to go moves nothing.
        """
        if not self.walked:
            return self.flow.steps[:1]
        last, done = self._came_to
        if self.flow.named(last.step or "").ends:
            return []
        leads = self._leads()
        for step in self.flow.main_line[done:]:
            meets = self.realm.address(step.receiver) + step.at
            if (meets in leads and self._has_what_it_needs(step)) if step.sender == "browser" else self._goes_on(step):
                choices = [step, *(other for other in self.flow.steps if other.instead_of == step.name)]
                led_by = self._heard(last.location or "")
                meant = [choice for choice in choices if choice.hears in led_by]
                return meant or [choice for choice in choices if not choice.hears]
        return []

    def _heard(self, url: str) -> set[str]:
        """The names of the parameters that the client gets from an address: a server never gets the fragment."""
        if self.flow.client_party != "script":
            url = url.partition("#")[0]
        return {name for name, _ in parameters_of(url)}

    def _goes_on(self, step: Step) -> bool:
        """Whether a party other than the browser can go on with a step: it is the very next, and all it needs came."""
        return self._is_its_turn(step) and self._has_what_it_needs(step)

    def _has_what_it_needs(self, step: Step) -> bool:
        try:
            self.prepare(step)
        except NotSeen:
            return False
        return True

    @cached_property
    def _came_to(self) -> tuple[Exchange, int]:
        """The last exchange that a step of the walk made, and its number or that of the last one within it."""
        last = next(each for each in reversed(self.walked) if not self.flow.named(each.step or "").within)
        done = self.flow.number(last.step or "")
        while self.flow.main_line[done : done + 1] and self.flow.main_line[done].within == last.step:
            done += 1
        return last, done

    def _is_its_turn(self, step: Step) -> bool:
        """Whether it is the very next, after an answer that was good or a refusal that belongs to the story."""
        last, done = self._came_to
        refusal = last.refused.check if last.refused else ""
        told = self.flow.named(last.step or "").is_refused_by(refusal)
        good = told if refusal else last.response.status < 400
        before = self.attempts_at(self.flow.number(last.step or ""))  # what an earlier one brought is still there
        good = good or any(not each.refused and each.response.status < 400 for each in before)
        return good and self.flow.number(step.name) == done + 1

    @property
    def stops(self) -> str:
        """Why the sender of the very next step does not send it, in its own words; "" where it gave none."""
        if not self.walked or self.next_steps:
            return ""
        ends = self.flow.named(self._came_to[0].step or "").ends  # there, nothing to go on with is the story itself
        for step in self.flow.main_line[self._came_to[1] :][:1]:
            if self._is_its_turn(step):
                try:
                    self.prepare(step)
                except Stops as error:
                    return "" if ends and isinstance(error, NothingCame) else str(error)
                except NotSeen:
                    return ""
        return ""

    def moved_before(self, position: int) -> int:
        """By how many seconds the clock was moved just before that exchange: a step alone takes one second."""
        walked = self.walked
        if not 0 < position < len(walked) or walked[position].within is not None:
            return 0
        step = self.flow.named(walked[position].step or "")
        first = all(each.step != step.name for each in walked[:position])
        return walked[position].at - walked[position - 1].at - 1 - (step.later if first else 0)

    @property
    def moved_since(self) -> int:
        """By how many seconds the clock was moved since the last step."""
        return self.realm.now() - self.walked[-1].at - 1 if self.walked and self.realm.clock is not None else 0

    def prepare(self, step: Step) -> wire.Request:
        """The request of a step, as its sender would send it now; NotSeen where it lacks something for it."""
        try:
            return step.prepare(self.seen_by(step.sender))
        except (LookupError, TypeError) as error:
            raise error if isinstance(error, NotSeen) else NotSeen(f"the answers hold no {error}") from error

    def _leads(self) -> set[str]:
        """The addresses, without query, that the last answer to the browser leads to."""
        answered = next((e for e in reversed(self.walked) if e.sender in IN_THE_BROWSER), None)
        if answered is None:
            return set()
        urls = [form.action for form in answered.forms]
        if answered.location:
            urls.append(answered.location)
        return {without_query(url) for url in urls}
