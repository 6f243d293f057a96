"""Eyes: what somebody could see of a run from one place, line by line, and so which secrets that place gives away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from flows.followed import SECRETS
from flows.pages.lines import Line, request_lines, response_lines
from flows.pages.outside import step_of
from flows.pages.sightings import Sighting, in_exchange
from flows.run import Exchange, Run
from flows.seen import IN_THE_BROWSER, address_bar

NO_SECRETS = ("state", "code_challenge")  # public halves: alone they open nothing
SESSIONS = ("snapbox_session", "photoprint_session")


@dataclass(frozen=True)
class Eye:
    """One place to look from: `name` stands in the address, `title` on the page; `says` is what is seen there."""

    name: str
    title: str
    says: str
    rfc: str


EYES = {
    eye.name: eye
    for eye in (
        Eye(
            "wire",
            "On the wire, without TLS",
            "Somebody in the same café, or at any router on the way. Without TLS every byte of every message can be "
            "read there, and changed. With TLS nothing can, but for which hosts talk to each other.",
            "6750#section-5.3",
        ),
        Eye(
            "browser",
            "In the browser and its history",
            "Whoever sits down at Alice’s browser later, or has an extension or a script in its pages. The history "
            "keeps addresses, with all that stands in them; the cookies are there too; and what one script sends and "
            "gets, others can get at.",
            "9700#section-4.3",
        ),
        Eye(
            "log",
            "In the log of the client’s server",
            "A web server writes down the first line of each request that it gets, and somebody reads the log: an "
            "operator, a log service, a thief. What stands behind a # never gets there.",
            "9700#section-4.2",
        ),
        Eye(
            "client",
            "In the client itself",
            "Whoever breaks into the client, or wrote it. It has what the client keeps, sends and is answered.",
            "9700#section-2.4",
        ),
        Eye(
            "authorization_server",
            "At the authorization server",
            "Snapbox’s own accounts server. It sees what it is sent and what it gives out. It has to be trusted with "
            "that; it is the one place that has to be.",
            "6749#section-1.1",
        ),
    )
}


def sees(eye: str, client: str, exchange: Exchange, line: Line, side: str) -> bool:
    """Whether a line of a message can be seen from there.

    `client` is the party that speaks for the client, `side` is request or answer.
    """
    if exchange.step is None:
        return False
    is_address = line.place == "in the address" or line.name == "method"
    leads = "location" in (line.part_of, line.name.removeprefix("answer."))
    by_script = exchange.sender == "script" and not _is_page(exchange)  # a page that it opens, it cannot read
    match eye:
        case "wire":
            return True
        case "browser":
            is_cookie = (line.part_of or line.name.removeprefix("answer.")) in ("cookie", "set-cookie")
            return by_script or (exchange.sender in IN_THE_BROWSER and (is_address or leads or is_cookie))
        case "log":
            return exchange.receiver == "client" and side == "request" and is_address
        case "client":
            if client == "script":
                return by_script or (exchange.sender == "script" and is_address)
            return client in (exchange.sender, exchange.receiver)
    return exchange.receiver == "authorization_server"


@lru_cache(maxsize=4096)
def _seen_lines(eye: str, client: str, exchange: Exchange, carries: str, answers: str) -> frozenset[str]:
    sides = (
        ("request", request_lines(exchange.request, carries)),
        ("answer", response_lines(exchange.response, answers)),
    )
    return frozenset(line.name for side, lines in sides for line in lines if sees(eye, client, exchange, line, side))


def seen_lines(eye: str, run: Run, exchange: Exchange) -> frozenset[str]:
    """The names of the lines of an exchange that can be seen from there; empty where none can."""
    step = step_of(run, exchange)
    return _seen_lines(eye, run.flow.client_party, exchange, step.carries, step.answers)


@dataclass(frozen=True)
class Glimpse:
    """A secret that can be seen from there: where it stood last, or None where it was kept and did not cross."""

    value: str
    at: Sighting | None


def got(eye: str, run: Run, number: int) -> dict[str, Glimpse]:
    """The secrets that could be seen from there, up to and with the step of that number, by their names."""
    found = {name: Glimpse(value, None) for name, value in _kept(run).items()} if eye == "client" else {}
    for exchange in run.walked:
        step = step_of(run, exchange)
        if run.flow.number(step.name) > number:
            continue
        for sighting in _seen(eye, run, exchange):
            if sighting.name in (*SECRETS, *SESSIONS):
                found[sighting.name] = Glimpse(sighting.value, sighting)
    order = [*SECRETS, *SESSIONS]
    return {name: found[name] for name in order if name in found and name not in NO_SECRETS}


def _seen(eye: str, run: Run, exchange: Exchange) -> Sequence[Sighting]:
    """The values in an exchange that can be seen from there. A script reads the address that its page was opened at."""
    if eye == "client" and run.flow.client_party == "script" and exchange.receiver == "client":
        return _in_the_address_bar(run, exchange)
    step, visible = step_of(run, exchange), seen_lines(eye, run, exchange)
    return [each for each in in_exchange(exchange, step.carries, step.answers) if each.line in visible]


def _kept(run: Run) -> dict[str, str]:
    """What a client knows without a message: its own secret, and the code_verifier that it made."""
    kept = {}
    if secret := run.realm.clients[run.flow.client_id].secret:
        kept["client_secret"] = secret
    if run.walked and run.flow.has("redeem_code") and run.options.get("pkce") != "off":
        kept["code_verifier"] = run.secret("code_verifier")
    return kept


def _in_the_address_bar(run: Run, page: Exchange) -> tuple[Sighting, ...]:
    """What a script finds there when its page is opened: what stood in the redirect that led to it."""
    led = [each for each in run.walked if each.position < page.position and each.location]
    if not led:
        return ()
    step = step_of(run, led[-1])
    crossed = in_exchange(led[-1], step.carries, step.answers)
    return tuple(each for each in crossed if each.place == "in a redirect")


def eyes_of(run: Run) -> list[Eye]:
    """The places from which there is something to see in this flow."""
    lacking = {"log"} if not run.flow.client_has_server else set()
    lacking |= {"browser"} if "browser" not in run.flow.parties else set()
    return [eye for eye in EYES.values() if eye.name not in lacking]


def log_of(run: Run, party: str) -> Iterator[str]:
    """What a web server writes into its log of the requests to a party, in the common log format."""
    for exchange in run.walked:
        if exchange.receiver == party:
            at = datetime.fromtimestamp(exchange.at, UTC)
            request, response = exchange.request, exchange.response
            line = f'"{request.method} {request.target} HTTP/1.1" {response.status} {len(response.body)}'
            yield f"127.0.0.1 - - [{at:%d/%b/%Y:%H:%M:%S +0000}] {line}"


def history_of(run: Run) -> list[str]:
    """The addresses that the browser of a run went to, fragments included, in their order."""
    found = []
    for place, exchange in enumerate(run.walked, 1):
        if exchange.sender in IN_THE_BROWSER and exchange.request.method == "GET" and _is_page(exchange):
            found.append(address_bar(run.back_at(place)) if exchange.sender == "browser" else _url(exchange))
    return found


def _is_page(exchange: Exchange) -> bool:
    return (exchange.request.header("Accept") or "").startswith("text/html")


def _url(exchange: Exchange) -> str:
    return f"http://{exchange.request.header('Host')}{exchange.request.target}"
