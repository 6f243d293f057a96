"""A message line by line: each parameter, header and JSON member on a line of its own, with the note that explains it.

The lines are read from the recorded bytes. What a line shows is what crossed; where that is percent-encoded or
base64, the
plain text stands under it.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote_plus, urlsplit

from flows import wire
from flows.followed import FOLLOWED
from flows.glossary import Entry, explain
from flows.story import PHOTOS_API


@dataclass(slots=True)
class Line:
    """One line: `key` is what names the value, `value` what crossed, `after` what closes it; `plain` is it decoded.

    `name` is the line's address on its page. `kind` and `name` are what the glossary knows it by; a line of punctuation
    has none. `part_of` is the header that it is a part of, "" for a whole line. `mark` is cut, changed or added where
    the learner did that to it, and `was` its value before. `place` is where in the message it stands, in words.
    `unseen`: whoever looks from one place cannot see it from there.
    """

    name: str
    key: str
    value: str = ""
    after: str = ""
    plain: str = ""
    kind: str = ""
    note: Entry | None = None
    value_note: Entry | None = None
    part_of: str = ""
    followed: str = ""
    mark: str = ""
    was: str = ""
    place: str = ""
    unseen: bool = False

    @property
    def blank(self) -> bool:
        return not (self.key or self.value or self.after)


def request_lines(request: wire.Request, carries: str) -> list[Line]:
    """The lines of a request; `carries` is the glossary's kind for its parameters."""
    lines = [
        *_placed(_request_line(request, carries), "in the address"),
        *_placed(_headers(request, ""), "in a header"),
        *_placed(_body(request, carries, carries), "in the body"),
    ]
    return _addressed(lines, "request")


def response_lines(response: wire.Response, answers: str) -> list[Line]:
    """The lines of a response; `answers` is the glossary's kind for what it brings."""
    status = Line("status", f"HTTP/1.1 {response.status} {response.reason}", kind="status")
    status = replace(status, note=explain("status", str(response.status)))
    headers, body = _headers(response, answers), _body(response, answers, answers)
    return _addressed([status, *_placed(headers, "in a header"), *_placed(body, "in the body")], "answer")


def marked(prepared: list[Line], sent: list[Line]) -> list[Line]:
    """The lines that were sent, with what the learner changed of the prepared ones; what was left out is among them."""
    before, now = {line.name: line for line in prepared}, {line.name for line in sent}
    made: list[Line] = []
    for line in sent:
        old = before.get(line.name)
        if old is None and not line.blank:
            made.append(replace(line, mark="added"))
        elif old is not None and old.value != line.value and line.name != "content-length":
            made.append(replace(line, mark="changed", was=old.value))
        else:
            made.append(line)
    for place, old in enumerate(prepared):
        if old.name not in now:
            ahead = {line.name for line in prepared[:place]}
            at = max((spot + 1 for spot, line in enumerate(made) if line.name in ahead), default=0)
            made.insert(at, replace(old, mark="cut"))
    return made


def _followed(name: str) -> str:
    return name if name in FOLLOWED else ""


def _addressed(lines: list[Line], side: str) -> list[Line]:
    """Give each line an address that no other line of the message has: its name, with the side for an answer's."""
    seen: dict[str, int] = {}
    for line in lines:
        name = line.name if side == "request" else f"{side}.{line.name}"
        seen[name] = seen.get(name, 0) + 1
        line.name = name if seen[name] == 1 else f"{name}.{seen[name]}"
    return lines


def _request_line(request: wire.Request, carries: str) -> Iterator[Line]:
    path, mark, query = request.target.partition("?")
    end = "" if mark else " HTTP/1.1"
    yield Line("method", "", f"{request.method} {path}{end}", kind="method", note=explain("method", request.method))
    if mark:
        lines = list(_parameters(query, carries, "?"))
        yield from lines[:-1]
        yield replace(lines[-1], after=" HTTP/1.1")


_PLACES = {"cookie": "in a cookie", "set-cookie": "as a cookie", "location": "in a redirect"}


def _placed(lines: Iterator[Line], place: str) -> Iterator[Line]:
    """The lines with where they stand: a header's own word for it, else the given one."""
    for line in lines:
        line.place = _PLACES.get(line.part_of or line.name, place)
        yield line


def _parameters(text: str, kind: str, first: str = "", part_of: str = "") -> Iterator[Line]:
    pairs = text.split("&")
    for place, pair in enumerate(pairs):
        name, equals, value = pair.partition("=")
        read, plain = unquote_plus(name), unquote_plus(value)
        is_verifier = read == "code_challenge" and "code_challenge_method=plain" in pairs  # RFC 7636 §4.2
        yield Line(
            read,
            (first if place == 0 else "&") + name + equals,
            value,
            plain=plain if plain != value else "",
            kind=kind,
            note=explain(kind, read),
            value_note=explain("error", plain) if read == "error" else explain("value", f"{read}={plain}"),
            part_of=part_of,
            followed="code_verifier" if is_verifier else _followed(read),
        )


def _headers(message: wire.Request | wire.Response, answers: str) -> Iterator[Line]:
    for name, value in message.headers:
        whole = Line(name.lower(), f"{name}: ", value, kind="header", note=explain("header", name))
        whole = replace(whole, value_note=explain("value", f"{name}={value}"))
        match name.lower():
            case "location":
                yield from _location(whole, value, answers)
            case "authorization":
                yield _authorization(whole, value)
            case "cookie":
                yield from _cookies(whole, value)
            case "set-cookie":
                yield from _set_cookie(whole, value)
            case "www-authenticate":
                yield from _challenge(whole, value)
            case _:
                yield whole
    yield Line("blank", "")


def _location(whole: Line, value: str, answers: str) -> Iterator[Line]:
    """The address up to its parameters, and they; those of a fragment stand behind the #."""
    before, hash_, fragment = value.partition("#")
    before, mark, query = before.partition("?")
    yield replace(whole, value=before)
    if mark:
        kind = "authorization request" if urlsplit(value).path.endswith("/authorize") else answers
        yield from _parameters(query, kind, "?", part_of="location")
    if hash_:
        yield from _parameters(fragment, "token in the fragment", "#", part_of="location")


def _authorization(whole: Line, value: str) -> Line:
    scheme, _, credentials = value.partition(" ")
    whole = replace(whole, key=f"{whole.key}{scheme} ", value=credentials)
    whole = replace(whole, value_note=explain("authorization scheme", scheme))
    if scheme == "Bearer":
        return replace(whole, followed="access_token")
    try:
        plain = base64.b64decode(credentials, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return whole
    return replace(whole, plain=plain, followed="api_secret" if plain.startswith(f"{PHOTOS_API}:") else "client_secret")


def _cookies(whole: Line, value: str) -> Iterator[Line]:
    for place, pair in enumerate(value.split("; ")):
        name, equals, kept = pair.partition("=")
        yield Line(
            name if place else "cookie",
            (whole.key if place == 0 else "; ") + name + equals,
            kept,
            kind="cookie",
            note=explain("cookie", name),
            part_of="cookie" if place else "",
            followed=_followed(name),
        )


def _set_cookie(whole: Line, value: str) -> Iterator[Line]:
    pair, *attributes = value.split("; ")
    name, equals, kept = pair.partition("=")
    followed = _followed(name)
    yield replace(
        whole, key=f"{whole.key}{name}{equals}", value=kept, value_note=explain("cookie", name), followed=followed
    )
    for attribute in attributes:
        name, equals, set_to = attribute.partition("=")
        note, value_note = explain("cookie attribute", name), explain("value", attribute)
        yield Line(
            name, f"; {name}{equals}", set_to, kind="cookie attribute", note=note, value_note=value_note,
            part_of="set-cookie",
        )  # fmt: skip


def _challenge(whole: Line, value: str) -> Iterator[Line]:
    scheme, _, rest = value.partition(" ")
    yield replace(whole, key=f"{whole.key}{scheme}", value="", value_note=explain("authorization scheme", scheme))
    for place, pair in enumerate(rest.split(", ")):
        name, equals, set_to = pair.partition("=")
        note = explain("challenge", name)
        value_note = explain("error", set_to.strip('"')) if name == "error" else None
        yield Line(
            name, (", " if place else " ") + name + equals, set_to, kind="challenge", note=note, value_note=value_note,
            part_of="www-authenticate",
        )  # fmt: skip


def _body(message: wire.Request | wire.Response, form_kind: str, json_kind: str) -> Iterator[Line]:
    text = message.body.decode("utf-8", "replace")
    if not text:
        return
    if message.content_type == "application/x-www-form-urlencoded":
        yield from _parameters(text, form_kind)
    elif message.content_type == "application/json":
        try:
            lines = list(_json(json.loads(text), json_kind))
        except (ValueError, RecursionError):
            lines = [Line("body", "", text)]
        yield from lines
    elif message.content_type == "text/html":
        yield from _page(text)
    else:
        yield Line("body", "", text)


_HIDDEN = re.compile(r'(\s*<input type="hidden" name="([^"]+)" value=")([^"]*)(".*)')


def _page(text: str) -> Iterator[Line]:
    """The lines of a page that carry what the browser will send back; of the others, how many there are."""
    lines = text.splitlines()
    carrying = [found for found in map(_HIDDEN.fullmatch, lines) if found]
    for before, name, value, after in (found.groups() for found in carrying):
        note = explain("login form", name) or explain("consent form", name)
        yield Line(name, before.strip(), value, after, kind="hidden field", note=note, followed=_followed(name))
    others = len(lines) - len(carrying)
    yield Line("page", "", "", f"… {others} {'more ' if carrying else ''}lines of HTML")


def _json(value: Any, kind: str) -> Iterator[Line]:
    """JSON as it is usually written, a member a line. A name is explained where it first stands."""
    explained: set[str] = set()

    def write(name: str, key: str, value: Any, indent: str, comma: str) -> Iterator[Line]:
        note = explain(kind, name) if name and name not in explained else None
        explained.add(name)
        if isinstance(value, dict | list) and value:
            opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
            yield Line(name or "body", indent + key, "", opening, kind=kind if name else "", note=note)
            items = list(value.items()) if isinstance(value, dict) else [("", each) for each in value]
            for place, (inner, each) in enumerate(items):
                inner_key = f"{json.dumps(inner, ensure_ascii=False)}: " if isinstance(value, dict) else ""
                yield from write(inner, inner_key, each, indent + "  ", "," if place < len(items) - 1 else "")
            yield Line("closing", "", "", indent + closing + comma)
            return
        value_note = explain("error", value) if name == "error" and isinstance(value, str) else None
        value_note = value_note or explain("value", f"{name}={value}")
        quoted = isinstance(value, str)
        shown = json.dumps(value, ensure_ascii=False)
        yield Line(
            name or "item",
            indent + key + ('"' if quoted else ""),
            shown[1:-1] if quoted else shown,
            ('"' if quoted else "") + comma,
            kind=kind if name else "",
            note=note,
            value_note=value_note,
            followed=_followed(name),
        )

    yield from write("", "", value, "", "")
