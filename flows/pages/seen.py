"""Who has seen what: which party took part in an exchange that carried a value. Derived from the recording alone."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from flows.run import Exchange, Run
from flows.story import PARTIES
from flows.wire import lenient_fields

FOLLOWED = ("password", "state", "code_challenge", "code_verifier", "code", "access_token")


def who_has_seen(run: Run, number: int) -> dict[str, list[str]]:
    """Party → names of the values it has seen, in the order of FOLLOWED, up to and with the step of that number."""
    seen: dict[str, set[str]] = {party: set() for party in PARTIES}
    for exchange in run.walked:
        if run.flow.number(exchange.step or "") <= number:
            carried = set(carried_by(exchange))
            seen[exchange.sender] |= carried
            seen[exchange.receiver] |= carried
    return {party: [name for name in FOLLOWED if name in names] for party, names in seen.items()}


def carried_by(exchange: Exchange) -> Iterator[str]:
    """The names of the values that crossed in an exchange, in its request or in its answer."""
    request, answer = exchange.request, exchange.response
    yield from (name for name, _ in request.query)
    if request.content_type == "application/x-www-form-urlencoded":
        yield from (name for name, _ in request.form)
    if (request.header("Authorization") or "").startswith("Bearer "):
        yield "access_token"
    if exchange.location:
        yield from (name for name, _ in lenient_fields(urlsplit(exchange.location).query))
    if answer.content_type == "application/json" and isinstance(exchange.json, dict):
        yield from exchange.json
