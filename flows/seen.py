"""What one party has seen of a run: all that a step may read when it prepares its request. No Flask import.

It does no I/O. Asking for what the sender has not seen raises NotSeen, so that who-has-seen-what is not only drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flows import wire
from flows.flow import Chosen, Step
from flows.story import PHOTOS_API, Client

if TYPE_CHECKING:
    from flows.run import Exchange, Run


IN_THE_BROWSER = ("browser", "script")


class NotSeen(LookupError):
    """A step asked for something that its sender has not seen."""


class Stops(NotSeen):
    """A sender that decides for itself does not go on; the message says why, in whole sentences."""


class NothingCame(Stops):
    """It believes the answer, but finds nothing in it to go on with."""


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
    def options(self) -> Chosen:
        """What was chosen for this walk."""
        return self._run.flow.chosen

    @property
    def client(self) -> Client:
        """The client's own registration: its client_id, its secret, its redirect URIs."""
        flow = self._run.flow
        if self._party != flow.client_party:
            raise NotSeen(f"{self._party} asked for what only the client knows of itself")
        return self._run.realm.clients[flow.client_id]

    @property
    def own_client(self) -> Client:
        """How the photos API is registered, to ask about tokens."""
        if self._party != "resource_server":
            raise NotSeen(f"{self._party} asked for what only the API knows of itself")
        return self._run.realm.clients[PHOTOS_API]

    def address(self, party: str) -> str:
        return self._run.realm.address(party)

    def secret(self, name: str) -> str:
        if self._party != self._run.flow.client_party:
            raise NotSeen(f"{name} is the client's secret, and {self._party} asked for it")
        return self._run.secret(name)

    def received(self, step: Step) -> wire.Request:
        """What arrived at this party in that step."""
        step = self._of_this_run(step)
        if step.receiver != self._party:
            raise NotSeen(f"{step.name} went to {step.receiver}, not to {self._party}")
        return self._latest(step).request

    def answer_to(self, step: Step) -> Exchange:
        """The exchange in which this party was answered: the last one that brought it anything, since a later refusal
        takes nothing out of its hands. What a script sends, its browser sends for it."""
        step = self._of_this_run(step)
        if step.sender != self._party and (self._party, step.sender) != ("browser", "script"):
            raise NotSeen(f"{step.name} was sent by {step.sender}, not by {self._party}")
        attempts = self._run.attempts_at(self._run.flow.number(step.name))
        good = (each for each in reversed(attempts) if not each.refused and each.response.status < 400)
        return next(good, None) or self._latest(step)

    def _of_this_run(self, step: Step) -> Step:
        if not self._run.flow.has(step.name):
            raise NotSeen(f"{step.name} is no step of this walk")
        return self._run.flow.named(step.name)

    def _latest(self, step: Step) -> Exchange:
        number = self._run.flow.number(step.name)
        exchange = self._run.exchange_at(number)
        if exchange is None:
            raise NotSeen(f"{step.name} has not been sent yet")
        return exchange

    def led_to(self, address: str) -> str:
        """The last Location at that address, its query and fragment included, that an answer sent this party to."""
        for exchange in reversed(self._run.walked):
            mine = exchange.sender in IN_THE_BROWSER if self._party == "browser" else exchange.sender == self._party
            if mine and without_query(exchange.location or "") == address:
                return exchange.location or ""
        raise NotSeen(f"no answer led to {address} yet")

    def form(self, address: str) -> Form:
        """The form of the last page that has one for that address."""
        if self._party != "browser":
            raise NotSeen(f"{self._party} asked for a page that only the browser sees")
        for exchange in reversed(self._run.walked):
            if exchange.sender in IN_THE_BROWSER:
                for form in exchange.forms:
                    if form.action == address:
                        return form
        raise NotSeen(f"no page with a form for {address} has come yet")

    def address_bar(self) -> str:
        """What stands in the browser's address bar, with the fragment, which never crosses the wire."""
        if self._party not in ("browser", "script"):
            raise NotSeen(f"{self._party} asked for what only the browser sees")
        return address_bar(self._run)

    def get(self, url: str) -> wire.Request:
        """What a browser sends when it goes to an address: with the cookies that belong there."""
        return wire.get(url, ("Accept", "text/html"), *self._cookies(url))

    @property
    def origin(self) -> tuple[str, str]:
        """The Origin header that a browser adds where a script asks another origin (RFC 6454 §7)."""
        return ("Origin", "/".join(self.address("client").split("/")[:3]))

    def submit(self, form: Form, **filled: str) -> wire.Request:
        """What a browser sends when a form is submitted: its hidden fields, and what was filled in or pressed."""
        return wire.post(form.action, {**form.hidden, **filled}, ("Accept", "text/html"), *self._cookies(form.action))

    def _cookies(self, url: str) -> list[tuple[str, str]]:
        jar: dict[str, str] = {}
        target = urlsplit(url)
        for exchange in self._run.walked:
            if exchange.sender not in IN_THE_BROWSER or exchange.request.header("Host") != target.netloc:
                continue
            for name, value in exchange.response.headers:
                if name.lower() == "set-cookie":
                    jar |= _kept(value, target.path)
        return [("Cookie", "; ".join(f"{name}={value}" for name, value in jar.items()))] if jar else []


def without_query(url: str) -> str:
    """An address up to its query or fragment."""
    return url.partition("?")[0].partition("#")[0]


def parameters_of(url: str) -> wire.Fields:
    """Name and value of each parameter in an address, in its query or in its fragment."""
    parts = urlsplit(url)
    return wire.lenient_fields(parts.query) + wire.lenient_fields(parts.fragment)


def address_bar(run: Run) -> str:
    """Where the browser of a run is, fragment included; NotSeen where it has gone nowhere yet."""
    gone = [exchange for exchange in run.walked if exchange.sender == "browser"]
    if not gone:
        raise NotSeen("the browser has not gone anywhere yet")
    url = f"http://{gone[-1].request.header('Host')}{gone[-1].request.target}"
    led = [each.location for each in run.walked if each.position < gone[-1].position and each.location]
    return next((each for each in reversed(led) if each.partition("#")[0] == url), url)


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
