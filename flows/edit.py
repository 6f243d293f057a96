"""A change to a message before it is sent, as operations: they can be applied to the same step prepared anew.

An operation says where (query, header or form), which name, the how-manyeth of that name, and its new value; None
leaves it out, and one beyond the last adds. One whose `where` is "order" names the part, and its value is the places of
that part's fields, after all other operations, in their new order: "1 0 2". A message changed as raw text has one
operation that holds all of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import quote_plus

from flows import wire

Where = Literal["query", "header", "form", "method", "path", "order", "raw"]
FIELDS: tuple[Where, ...] = ("query", "header", "form")
MOST_FIELDS = 200  # of one part, that are told one by one


@dataclass(frozen=True)
class Edit:
    """One operation. `nth` counts from 0 among those of the same name."""

    where: Where
    name: str
    value: str | None
    nth: int = 0


Edits = Callable[[wire.Request], list[Edit]]


def without(where: Where, *names: str) -> Edits:
    """Leave fields out."""
    return lambda _: [Edit(where, name, None) for name in names]


def with_value(where: Where, name: str, value: str) -> Edits:
    """Give a field another value, or add it."""
    return lambda _: [Edit(where, name, value)]


def with_other(where: Where, name: str) -> Edits:
    """Change the last letter of a field's value."""

    def change(prepared: wire.Request) -> list[Edit]:
        value = dict(fields_of(prepared, where)).get(name, "")
        return [Edit(where, name, value[:-1] + ("B" if value.endswith("A") else "A"))]

    return change


def twice(where: Where, name: str) -> Edits:
    """Send a field a second time, with the same value."""
    return lambda prepared: [Edit(where, name, dict(fields_of(prepared, where)).get(name, ""), nth=1)]


def once_more(_: wire.Request) -> list[Edit]:
    """Nothing is changed: the same request again."""
    return []


def fields_of(request: wire.Request, where: Where) -> wire.Fields:
    """The fields of one part of a request, in order."""
    if where == "header":
        return list(request.headers)
    if where == "query":
        return list(request.query)
    return list(request.form) if request.content_type == "application/x-www-form-urlencoded" else []


def apply(request: wire.Request, edits: Iterable[Edit]) -> bytes:
    """The raw message after the edits. Content-Length follows a form that was changed, unless it was itself edited."""
    edits = list(edits)
    for edit in edits:
        if edit.where == "raw":
            return (edit.value or "").encode("utf-8")
        if edit.where == "method":
            request = replace(request, method=edit.value or "")
        elif edit.where == "path":
            mark = "?" if "?" in request.target else ""
            request = replace(request, target=(edit.value or "") + mark + request.target.partition("?")[2])
        elif edit.where == "order":
            part: Where = edit.name  # type: ignore[assignment]
            request = _with_fields(request, part, _ordered(fields_of(request, part), edit.value or ""))
        else:
            request = _with_fields(request, edit.where, _edited(fields_of(request, edit.where), edit))
    if any(edit.where == "form" for edit in edits) and not any(edit.name.lower() == "content-length" for edit in edits):
        length = str(len(request.body))
        lines = [(k, length if k.lower() == "content-length" else v) for k, v in request.headers]
        if request.body and request.header("Content-Length") is None:
            lines.append(("Content-Length", length))
        request = replace(request, headers=tuple(lines))
    return request.raw()


def _edited(fields: wire.Fields, edit: Edit) -> wire.Fields:
    places = [place for place, (name, _) in enumerate(fields) if name == edit.name]
    if edit.nth >= len(places):
        return fields if edit.value is None else [*fields, (edit.name, edit.value)]
    place = places[edit.nth]
    kept = [] if edit.value is None else [(edit.name, edit.value)]
    return [*fields[:place], *kept, *fields[place + 1 :]]


def _ordered(fields: wire.Fields, order: str) -> wire.Fields:
    """The fields in that order; as they are where the order is for another number of them."""
    places = [int(place) for place in order.split()]
    return [fields[place] for place in places] if sorted(places) == list(range(len(fields))) else fields


def _with_fields(request: wire.Request, where: Where, fields: wire.Fields) -> wire.Request:
    if where == "header":
        return replace(request, headers=tuple(fields))
    text = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in fields)
    if where == "query":
        return replace(request, target=request.path + (f"?{text}" if text else ""))
    return replace(request, body=text.encode())


def of_raw(prepared: wire.Request, text: str) -> list[Edit]:
    """The edits that make this raw text of a prepared message; one that holds the whole text where no others do."""
    raw = text.encode()
    try:
        request = wire.parse_request(raw)
    except wire.NotHTTP:
        return [] if raw == prepared.raw() else [Edit("raw", "", text)]
    if any(len(fields_of(request, where)) > MOST_FIELDS for where in FIELDS):
        return [Edit("raw", "", text)]
    edits = between(prepared, {where: fields_of(request, where) for where in FIELDS})
    if request.method != prepared.method:
        edits.append(Edit("method", "", request.method))
    if request.path != prepared.path:
        edits.append(Edit("path", "", request.path))
    return edits if apply(prepared, edits) == raw else [Edit("raw", "", text)]


def moved(edits: Sequence[Edit], old: str, new: str) -> list[Edit]:
    """The edits for another realm: what was written may hold a realm’s name, in an address, which is another there."""
    return [replace(edit, value=edit.value.replace(old, new)) if edit.value else edit for edit in edits]


def between(prepared: wire.Request, wanted: dict[Where, wire.Fields]) -> list[Edit]:
    """The edits that make the wanted fields of the prepared ones, in the wanted order."""
    found: list[Edit] = []
    for where in FIELDS:
        had, have = _by_name(fields_of(prepared, where)), _by_name(wanted.get(where, []))
        for name in dict.fromkeys([*had, *have]):
            old, new = had.get(name, []), have.get(name, [])
            for nth in reversed(range(max(len(old), len(new)))):
                value = new[nth] if nth < len(new) else None
                if nth >= len(old) or old[nth] != value:
                    found.append(Edit(where, name, value, nth))
    found = _added_in_order(found)
    for where in FIELDS:
        made = fields_of(prepared, where)
        for edit in found:
            made = _edited(made, edit) if edit.where == where else made
        if where in wanted and made != wanted[where]:
            found.append(Edit("order", where, _order(made, wanted[where])))
    return found


def _order(made: wire.Fields, wanted: wire.Fields) -> str:
    """The places of the wanted fields among those that were made."""
    left = list(enumerate(made))
    places = []
    for field in wanted:
        at = next(place for place, (_, each) in enumerate(left) if each == field)
        places.append(str(left.pop(at)[0]))
    return " ".join(places)


def _added_in_order(edits: list[Edit]) -> list[Edit]:
    """What is left out or changed comes first, from the last to the first; what is added comes in its order."""
    return sorted(edits, key=lambda edit: edit.nth if edit.value is not None else -edit.nth - 1_000_000)


def _by_name(fields: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in fields:
        found.setdefault(name, []).append(value)
    return found


def described(edits: Sequence[Edit]) -> str:
    """How many lines were changed, in words: "1 line changed by you"."""
    if any(edit.where == "raw" for edit in edits):
        return "written by you as raw text"
    count = len(Counter((edit.where, edit.name, edit.nth) for edit in edits))
    return f"{count} {'line' if count == 1 else 'lines'} changed by you"


def told(prepared: wire.Request, edits: Sequence[Edit]) -> str:
    """What was changed, as sentences with names in backticks: "You left out `code_verifier`."."""
    if any(edit.where == "raw" for edit in edits):
        return "You wrote the request as raw text."
    said: dict[str, list[str]] = {}
    for edit in edits:
        said.setdefault(_verb(prepared, edit), []).append(f"`{short_name(edit.name or edit.value or '')}`")
    return " ".join(f"You {verb} {_listed(names)}." for verb, names in said.items())


def short_name(name: str) -> str:
    """A name as a sentence can hold it."""
    name = name.replace("`", "´")
    return name if len(name) <= 60 else f"{name[:60]}… ({len(name):,} characters)"


def _verb(prepared: wire.Request, edit: Edit) -> str:
    if edit.where in ("method", "path"):
        return "sent it as" if edit.where == "method" else "sent it to"
    if edit.where == "order":
        return "put in another order the fields of the"
    had = sum(name == edit.name for name, _ in fields_of(prepared, edit.where))
    if edit.value is None:
        return "left out" if had else "left out, though there was none,"
    if edit.nth < had:
        return "changed"
    return "sent once more" if had else "added"


def _listed(names: Sequence[str]) -> str:
    names = list(dict.fromkeys(names))
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
