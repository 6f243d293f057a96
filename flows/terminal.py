"""A judged token in a terminal: what was found, what it says, what was checked, and the verdict.

Whatever came from a token is escaped before it is shown, so that no token can send the terminal a command.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flows.as_it_saw import short
from flows.glossary import explain
from flows.sections import label
from flows.tokens.finding.find import Found
from flows.tokens.json_text import Member
from flows.tokens.judging.disclosures import disclose
from flows.tokens.judging.judge import Judgement
from flows.tokens.judging.profiles import PROFILES
from flows.tokens.judging.rules import Row, State
from flows.tokens.read import Encrypted, Other, Part, Signed, Token
from flows.tokens.times import date, is_time, lasting

MARKS: dict[State, str] = {"passed": "✓", "failed": "✗", "warning": "!", "not checked": "–"}
COLOURS = {"passed": "32", "failed": "31", "warning": "33", "not checked": "2", "soft": "2", "strong": "1"}
NARROWEST = 40
VALUES = 14  # characters of a value after which the notes stand below each other
VERBS = {  # a time → what happens then
    "exp": "ends",
    "nbf": "good from",
    "iat": "made",
    "auth_time": "logged in",
    "updated_at": "changed",
    "toe": "happened",
}


@dataclass(frozen=True)
class Screen:
    """How wide it is, whether it shows colours, and the time by which distances are told, in seconds."""

    width: int
    colours: bool
    now: int

    def paint(self, text: str, as_what: str) -> str:
        code = COLOURS.get(as_what, "")
        return f"\x1b[{code}m{text}\x1b[0m" if self.colours and code and text else text

    def wrap(self, text: str, indent: int = 0, as_what: str = "") -> Iterator[str]:
        """Lines of at most the screen's width; a word that is longer is broken."""
        width = max(self.width, NARROWEST) - indent
        for line in textwrap.wrap(harmless(text), width, break_on_hyphens=False):
            yield " " * indent + self.paint(line, as_what)


def harmless(text: str) -> str:
    """The text with all that does not print (control characters, direction marks, …) as an escape."""
    return "".join(each if each.isprintable() else _escape(each) for each in text)


def _escape(character: str) -> str:
    return f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08x}"


def show(screen: Screen, called: str, found: Found, judgements: Sequence[Judgement]) -> Iterator[str]:
    """The lines for one token, `called` so in the first of them. There is a judgement for each of its signatures."""
    yield from screen.wrap(where(found, called), as_what="soft")
    for problem in found.problems:
        yield from screen.wrap(f"{MARKS['warning']} {problem}", as_what="warning")
    yield ""
    if isinstance(found.token, Other):
        yield from _other(screen, found.token)
    for which, judgement in enumerate(judgements):
        assert not isinstance(found.token, Other)
        yield from _judged(screen, found.token, judgement, which)


def where(found: Found, called: str) -> str:
    left_out = f" Left out: {', '.join(short(each) for each in found.struck)}." if found.struck else ""
    return f"{called}, {found.where}.{left_out}"


def kind(token: Token) -> str:
    if isinstance(token, Other):
        return token.kind[:1].upper() + token.kind[1:]
    if isinstance(token, Encrypted):
        return f"An encrypted token (JWE, {token.form} form)"
    if token.disclosures is not None:
        return "A signed token with disclosures (SD-JWT)"
    return f"{'An unsecured' if token.is_unsecured else 'A signed'} token (JWS, {token.form} form)"


def _judged(screen: Screen, token: Signed | Encrypted, judgement: Judgement, which: int) -> Iterator[str]:
    many = isinstance(token, Signed) and len(token.signatures) > 1
    yield screen.paint(kind(token) + (f", signature {which + 1}" if many else ""), "strong")
    yield from screen.wrap(f"Judged as: {PROFILES[judgement.profile].title}", as_what="soft")
    yield ""
    yield from _members(screen, "Header", "jose header", _header(token, which))
    if isinstance(token, Signed):
        yield from _payload(screen, token)
    else:
        yield from _sealed(screen, token, judgement)
    yield from _checks(screen, judgement)
    if judgement.inner:
        yield ""
        yield screen.paint("Within it", "strong")
        yield from _judged(screen, *judgement.inner, 0)


def _header(token: Signed | Encrypted, which: int) -> Sequence[Member]:
    entries = token.signatures if isinstance(token, Signed) else token.recipients
    return entries[min(which, len(entries) - 1)].header.members if entries else ()


def _payload(screen: Screen, token: Signed) -> Iterator[str]:
    if token.payload.json and token.payload.json.is_object:
        yield from _members(screen, "Payload", "claim", token.payload.json.members)
    else:
        yield from _bytes(screen, "Payload", token.payload)
    if token.disclosures is None:
        return
    disclosed = disclose(token)
    yield screen.paint("Disclosed", "strong") + f", and {disclosed.withheld} kept back"
    yield from _rows(
        screen, [(each.place or "(in no place)", _as_json(each.disclosure.value), "") for each in disclosed.placed]
    )
    yield ""


def _as_json(value: Any) -> str:
    try:
        return short(json.dumps(value, ensure_ascii=False))
    except RecursionError:
        return "(nested too deep to be shown)"


def _sealed(screen: Screen, token: Encrypted, judgement: Judgement) -> Iterator[str]:
    if judgement.opened is None:
        yield from screen.wrap(f"The content is {len(token.ciphertext.data):,} bytes, encrypted.", as_what="soft")
        yield ""
    elif not judgement.inner:
        yield from _bytes(screen, "Content, decrypted", Part("content", "", judgement.opened))


def _bytes(screen: Screen, title: str, part: Part) -> Iterator[str]:
    yield screen.paint(title, "strong")
    yield from screen.wrap(short(part.data.decode("utf-8", "backslashreplace")) or "(empty)", 2)
    yield ""


def _members(screen: Screen, title: str, kind: str, members: Sequence[Member]) -> Iterator[str]:
    yield screen.paint(title, "strong")
    yield from _rows(screen, [(member.name, short(member.text), note(screen, kind, member)) for member in members])
    yield ""


def note(screen: Screen, kind: str, member: Member) -> str:
    """A few words on a member: what its value means, or what it means itself; a time as a date and a distance."""
    entries = explain("value", f"{member.name}={member.value}"), explain(kind, member.name)
    says = next((entry.short for entry in entries if entry and entry.short), "")
    if member.name not in VERBS or not is_time(member.value):
        return says.replace("`", "")
    away = member.value - screen.now
    distance = "now" if not int(away) else f"in {lasting(away)}" if away > 0 else f"{lasting(away)} ago"
    return f"{VERBS[member.name]} {date(member.value)}, {distance}"


def _rows(screen: Screen, rows: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    """Name, value and note: beside each other where they fit, else the note below the value."""
    if not rows:
        yield from screen.wrap("(nothing)", 2, "soft")
        return
    names = min(max(len(harmless(name)) for name, _, _ in rows), 20)
    for name, value, says in rows:
        name, value = harmless(short(name)), harmless(value)
        begin = 2 + names + 2
        if len(name) > names:
            yield from screen.wrap(name, 2)
            name = ""
        lead = "  " + name.ljust(names) + "  "
        if begin + max(len(value), VALUES) + 2 + len(says) <= max(screen.width, NARROWEST):
            yield (lead + value.ljust(VALUES) + "  " + screen.paint(says, "soft")).rstrip()
            continue
        for line in screen.wrap(value, begin):
            yield lead + line[begin:]
            lead = " " * begin
        yield from screen.wrap(says, begin, "soft")


def _checks(screen: Screen, judgement: Judgement) -> Iterator[str]:
    counts = ", ".join(f"{judgement.counts[state]} {state}" for state in MARKS if judgement.counts[state])
    yield screen.paint("Checks", "strong")
    yield from screen.wrap(f"{counts}:", 2, "soft")
    for row in judgement.rows:
        yield from _check(screen, row)
    yield ""
    mark = MARKS[judgement.state]
    lead, *more = screen.wrap(judgement.headline, 2)
    yield screen.paint(f"{mark} {lead.strip()}", judgement.state)
    yield from more
    yield from screen.wrap(judgement.says, 2)


def _check(screen: Screen, row: Row) -> Iterator[str]:
    """The mark, the word unless it passed, what was found, the section; and the rest of it unless it passed."""
    state = row.finding.state
    word = "" if state == "passed" else f"{state}: "
    section = label(row.rfc)
    lines = list(screen.wrap(f"{word}{row.finding.says}", 4))
    beside = max(screen.width, NARROWEST) - len(lines[-1]) - len(section)
    lines[0] = f"  {screen.paint(MARKS[state], state)} {lines[0][4:]}"
    if beside >= 2:
        lines[-1] += " " * beside + screen.paint(section, "soft")
    else:
        lines.append(" " * (max(screen.width, NARROWEST) - len(section)) + screen.paint(section, "soft"))
    yield from lines
    if state != "passed":
        yield from screen.wrap(row.finding.more, 4, "soft")


def _other(screen: Screen, token: Other) -> Iterator[str]:
    yield screen.paint(harmless(kind(token)), "strong")
    yield from screen.wrap(token.says)
    yield from _rows(screen, [(name, short(value), "") for name, value in token.facts]) if token.facts else ()
    for problem in token.problems:
        yield from screen.wrap(f"{MARKS['warning']} {problem}", as_what="warning")
