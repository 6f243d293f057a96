"""What every party's endpoint is asked: the request's parameters read strictly, and the checks that all parties
share."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import Any

from werkzeug.wrappers import Request

from flows.checks import Finding, check, failed, passed
from flows.realm import Realm
from flows.wire import Fields, strict_fields

FORM = "application/x-www-form-urlencoded"


class Asked:
    """A request to a party of a realm. What a message refers to is a cached property; nothing here is changed by a
    check."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.environ: dict[str, Any] = request.environ
        self.realm: Realm = request.environ["tokenwalk.realm"]

    @property
    def switched_off(self) -> frozenset[str]:
        return self.realm.switched_off

    @cached_property
    def query_text(self) -> str:
        return str(self.environ.get("QUERY_STRING", ""))

    @cached_property
    def body_text(self) -> str:
        return self.request.get_data().decode("latin-1")

    @cached_property
    def query(self) -> dict[str, str]:
        """The query's parameters, the first of each name; empty if it is not UTF-8. A value that is empty counts as
        absent."""
        return _first(fields_of(self.query_text) or [])

    @cached_property
    def form(self) -> dict[str, str]:
        """The form's fields, likewise (RFC 6749 §3.2: a parameter without a value is as if it were not sent)."""
        return _first(fields_of(self.body_text) or [])

    @property
    def fields(self) -> Fields | None:
        """All parameters of this request, repeats kept: a POST's form, else the query. None if they are not UTF-8."""
        return fields_of(self.body_text if self.request.method == "POST" else self.query_text)


def fields_of(text: str) -> Fields | None:
    """Name and value of each parameter, in order; None where the text is not percent-encoded UTF-8."""
    try:
        return strict_fields(text) if text.isascii() else None
    except UnicodeDecodeError:
        return None


def _first(fields: Fields) -> dict[str, str]:
    return {name: value for name, value in reversed(fields) if value}


@check("invalid_request", "parameters that are no text", rfc="6749#appendix-B", status=400)
def parameters_are_text(ask: Asked) -> Finding:
    """Parameters are UTF-8 text. Bytes that are none could be read by two servers in two ways."""
    fields = ask.fields
    if fields is None:
        return failed(expected="UTF-8, percent-encoded", got="bytes that are not UTF-8")
    for name, value in fields:
        if any(ord(letter) < 0x20 or ord(letter) == 0x7F for letter in name + value):
            return failed(expected="letters that can be printed", got=f"a control character in {name!r}")
    return passed()


@check("invalid_request", "a parameter that comes twice", rfc="6749#section-3.1")
def no_parameter_is_repeated(ask: Asked) -> Finding:
    """A name sent twice would mean two things, and two readers could each take another."""
    sent = Counter(name for name, value in ask.fields or [] if value)  # one without a value counts as not sent
    twice = [name for name, times in sent.items() if times > 1]
    if twice:
        return failed(expected="each parameter at most once", got=f"more than once: {', '.join(twice)}")
    return passed()


@check("invalid_request", "a body that is no form", rfc="6749#section-4.1.3")
def body_is_a_form(ask: Asked) -> Finding:
    """A form in the body, and nothing else: a server that also took JSON or multipart would read one request in two
    ways."""
    sent = ask.request.headers.get("Content-Type", "")
    kind = sent.split(";")[0].strip().lower()
    return passed() if kind == FORM else failed(expected=FORM, got=sent or "no Content-Type")
