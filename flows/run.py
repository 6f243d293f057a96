"""Step, flow and run: the vocabulary, and what comes next. No Flask import.

A step is a request that a party prepares and the reason for it. It does no I/O and reads only what its sender has seen.
A run is one learner's walk through a flow: what was sent, in order. All else is derived from it.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from html.parser import HTMLParser
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from flows import wire
from flows.checks import Verdict
from flows.edit import Edit, Edits, once_more
from flows.realm import Realm, derive
from flows.story import Client


class NotSeen(LookupError):
    """A step asked for something that its sender has not seen."""


@dataclass(frozen=True)
class Step:
    """One request of a flow; the docstring of `prepare` is its reason, shown to learners.

    `at` is the path on the receiver that it meets. `counts` is "request" or "final" where the RFC counts it among the
    flow's messages, and "" for what happens around them. `label` stands on its arrow, `button` on what sends it. A step
    `instead_of` another has its number; one that `hears` a parameter is meant where the address that leads to it has
    one. `carries` and `answers` name the glossary's kinds for the parameters it sends and for those that come back.
    """

    name: str
    title: str
    label: str
    button: str
    sender: str
    receiver: str
    at: str
    rfc: str
    prepare: Callable[[Seen], wire.Request]
    counts: str = ""
    carries: str = ""
    answers: str = ""
    instead_of: str = ""
    hears: str = ""
    ends: bool = False

    @property
    def reason(self) -> str:
        return inspect.cleandoc(self.prepare.__doc__ or "")

    @property
    def channel(self) -> str:
        """Who can read the message on its way, in words."""
        if self.sender == "outside":
            return "nobody in the story sent this"
        if self.sender != "browser":
            return "back channel: the browser never sees it"
        if self.carries.startswith("authorization re"):
            return "front channel: through the browser, where it can be read and changed"
        return "between the browser and this server only"


@dataclass(frozen=True)
class Way:
    """One way to break a step: what is changed, and what that tries. Without edits it is sent once more as it is."""

    name: str
    tries: str
    edits: Edits

    @property
    def repeats(self) -> bool:
        """Whether it tries the same once more, which makes sense only after a first time."""
        return self.edits is once_more


@dataclass(frozen=True)
class Flow:
    """The steps of one grant, what it is for, and when not to use it."""

    name: str
    title: str
    group: str
    purpose: str
    not_for: str
    rfcs: tuple[str, ...]
    steps: list[Step] = field(default_factory=list)
    ways: dict[str, tuple[Way, ...]] = field(default_factory=dict)

    def break_it(self, step: Step, *ways: Way) -> None:
        """Name the ways to break a step, where the step is written."""
        self.ways[step.name] = ways

    def step(self, title: str, **more: Any) -> Callable[[Callable[[Seen], wire.Request]], Step]:
        """Add a step; the decorated function prepares its request."""

        def add(prepare: Callable[[Seen], wire.Request]) -> Step:
            made = Step(prepare.__name__, title, prepare=prepare, **more)
            self.steps.append(made)
            return made

        return add

    @cached_property
    def main_line(self) -> list[Step]:
        """The steps without those that stand in for another."""
        return [step for step in self.steps if not step.instead_of]

    @cached_property
    def _by_name(self) -> dict[str, tuple[int, Step]]:
        places = {step.name: place for place, step in enumerate(self.main_line, 1)}
        return {step.name: (places[step.instead_of or step.name], step) for step in self.steps}

    def number(self, name: str) -> int:
        """The place of a step in the story, from 1; one that stands in for another shares its number."""
        return self._by_name[name][0]

    def named(self, name: str) -> Step:
        return self._by_name[name][1]


@dataclass(frozen=True)
class Exchange:
    """One request and its response, as bytes, as a party received and gave them, with the checks it ran.

    `step` is None for what came from outside. `at` is the realm's time in seconds. Where a learner changed the request
    before it was sent, `edits` says how, and `prepared_bytes` is what the sender would have sent.
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
    options: Mapping[str, str]
    seed: bytes
    owner: str
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

    def secret(self, name: str) -> str:
        """A value that only the client knows, from the run's seed: 43 characters."""
        return derive(self.seed, "client", name)

    def seen_by(self, party: str) -> Seen:
        return Seen(self, party)

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
        last = self.walked[-1]
        if self.flow.named(last.step or "").ends:
            return []
        leads = self._leads()
        done = self.flow.number(last.step or "")
        for step in self.flow.main_line[done:]:
            meets = self.realm.address(step.receiver) + step.at
            if meets in leads if step.sender == "browser" else self._goes_on(step):
                choices = [step, *(other for other in self.flow.steps if other.instead_of == step.name)]
                led_by = {name for name, _ in wire.lenient_fields(urlsplit(last.location or "").query)}
                meant = [choice for choice in choices if choice.hears in led_by]
                return meant or [choice for choice in choices if not choice.hears]
        return []

    def _goes_on(self, step: Step) -> bool:
        """Whether a party other than the browser can go on with a step: it is the very next, and all it needs came."""
        last = self.walked[-1]
        follows = self.flow.number(step.name) == self.flow.number(last.step or "") + 1
        if not follows or last.refused or last.response.status >= 400:
            return False
        try:
            self.prepare(step)
        except NotSeen:
            return False
        return True

    def prepare(self, step: Step) -> wire.Request:
        """The request of a step, as its sender would send it now; NotSeen where it lacks something for it."""
        try:
            return step.prepare(self.seen_by(step.sender))
        except (LookupError, TypeError) as error:
            raise error if isinstance(error, NotSeen) else NotSeen(f"the answers hold no {error}") from error

    def _leads(self) -> set[str]:
        """The addresses, without query, that the last answer to the browser leads to."""
        answered = next((e for e in reversed(self.walked) if e.sender == "browser"), None)
        if answered is None:
            return set()
        urls = [form.action for form in answered.forms]
        if answered.location:
            urls.append(answered.location)
        return {url.partition("?")[0].partition("#")[0] for url in urls}


class Seen:
    """A run as one party has seen it: asking for anything else raises NotSeen."""

    def __init__(self, run: Run, party: str) -> None:
        self._run = run
        self._party = party
        self.realm = run.realm

    @property
    def metadata(self) -> dict[str, Any]:
        """What the client was told about the authorization server when it was set up."""
        return self._run.realm.metadata

    @property
    def client(self) -> Client:
        """The client's own registration: its client_id, its secret, its redirect URIs."""
        if self._party != "client":
            raise NotSeen(f"{self._party} asked for what only the client knows of itself")
        return self._run.realm.clients["photoprint"]

    def address(self, party: str) -> str:
        return self._run.realm.address(party)

    def secret(self, name: str) -> str:
        if self._party != "client":
            raise NotSeen(f"{name} is the client's secret, and {self._party} asked for it")
        return self._run.secret(name)

    def received(self, step: Step) -> wire.Request:
        """What arrived at this party in that step."""
        if step.receiver != self._party:
            raise NotSeen(f"{step.name} went to {step.receiver}, not to {self._party}")
        return self._latest(step).request

    def answer_to(self, step: Step) -> Exchange:
        """The exchange in which this party was answered."""
        if step.sender != self._party:
            raise NotSeen(f"{step.name} was sent by {step.sender}, not by {self._party}")
        return self._latest(step)

    def _latest(self, step: Step) -> Exchange:
        number = self._run.flow.number(step.name)
        exchange = self._run.exchange_at(number)
        if exchange is None:
            raise NotSeen(f"{step.name} has not been sent yet")
        return exchange

    def led_to(self, address: str) -> str:
        """The last Location at that address, its query included, that an answer sent this party to."""
        for exchange in reversed(self._run.walked):
            if exchange.sender == self._party and (exchange.location or "").partition("?")[0] == address:
                return exchange.location or ""
        raise NotSeen(f"no answer led to {address} yet")

    def get(self, url: str) -> wire.Request:
        """What a browser sends when it goes to an address: with the cookies that belong there."""
        return wire.get(url, ("Accept", "text/html"), *self._cookies(url))

    def submit(self, form: Form, **filled: str) -> wire.Request:
        """What a browser sends when a form is submitted: its hidden fields, and what was filled in or pressed."""
        return wire.post(form.action, {**form.hidden, **filled}, ("Accept", "text/html"), *self._cookies(form.action))

    def _cookies(self, url: str) -> list[tuple[str, str]]:
        jar: dict[str, str] = {}
        target = urlsplit(url)
        for exchange in self._run.walked:
            if exchange.sender != "browser" or exchange.request.header("Host") != target.netloc:
                continue
            for name, value in exchange.response.headers:
                if name.lower() == "set-cookie":
                    jar |= _kept(value, target.path)
        return [("Cookie", "; ".join(f"{name}={value}" for name, value in jar.items()))] if jar else []


def _kept(set_cookie: str, path: str) -> dict[str, str]:
    """The cookie of a Set-Cookie header, if its Path covers this one (RFC 6265 §5.1.4)."""
    try:
        cookies = SimpleCookie(set_cookie)
    except CookieError:
        return {}
    return {
        name: morsel.value
        for name, morsel in cookies.items()
        if path == morsel["path"] or path.startswith(morsel["path"].rstrip("/") + "/")
    }


@dataclass(frozen=True)
class Form:
    """A form of an HTML page: where it is sent, and the fields that a person does not fill in."""

    action: str
    hidden: dict[str, str]


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        have = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(have.get("action", ""), {}))
        elif tag == "input" and have.get("type") == "hidden" and self.found:
            self.found[-1].hidden[have.get("name", "")] = have.get("value", "")


def forms_of(page: str) -> list[Form]:
    """The forms of an HTML page, in order."""
    parser = _Forms()
    parser.feed(page)
    return parser.found
