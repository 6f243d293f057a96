"""What the decoder shows of one token: its encoded parts, its members explained, and what was inside of it."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flows.glossary import Entry, explain
from flows.pages import bit_view, lit
from flows.pages.lit import Carried, Pieces
from flows.pages.timeline import Timeline, timeline
from flows.tokens import json_text
from flows.tokens.json_text import JSONText, Member
from flows.tokens.judging.disclosures import Disclosed, disclose
from flows.tokens.judging.judge import Judgement
from flows.tokens.judging.profiles import PROFILES, guess
from flows.tokens.read import Encrypted, Header, Other, Part, Signed, Token, is_b64
from flows.tokens.times import TIMES, date, is_milliseconds, is_time, lasting

LONGEST_VALUE = 300  # characters; of a longer value the ends are shown, and the whole on demand
LONGEST_TOKEN = 2000  # characters; a longer one is shown in a window of its own
MOST_ROWS = 200  # members, or disclosures; all of them stand in the JSON
LONGEST_PRETTY, DEEPEST_PRETTY = 20_000, 30  # characters and brackets; beyond, indenting would swell the text
LONGEST_NAME = 10  # characters that the column of names has room for
_TAKEN = frozenset({"main", "menu", "keys", "said", "letters", "step"})  # names that something else on the page has
_LIKE_A_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,60}")  # the page's other names have a hyphen, which this has not
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u2064\u2066-\u206f\u3164\ufeff\uffa0\U000e0000-\U000e007f]"
)
LONGEST_SHOWN = 50_000  # characters of one text

STROKES = {  # a part → the class of its colour and stroke, and what the legend calls it
    "header": ("h", "header"),
    "payload": ("p", "payload"),
    "signature": ("s", "signature"),
    "encrypted_key": ("k", "encrypted key"),
    "iv": ("i", "initialization vector"),
    "ciphertext": ("p", "ciphertext"),
    "tag": ("s", "authentication tag"),
    "aad": ("d", "additional data"),
    "disclosure": ("d", "disclosures"),
    "key_binding": ("i", "key binding"),
}
_OWN = "No registered name: it means what its maker and its reader agreed on."
_APART = (
    "No registered name, but one that nobody else will choose: whoever owns what it begins with says what it means."
)
_UNREGISTERED = {  # header or payload → of a name that anybody may choose, and of one that is its maker's
    "header": (
        Entry(_OWN, "7515#section-4.3", "a private name"),
        Entry(_APART, "7515#section-4.2", "a public name"),
    ),
    "payload": (
        Entry(_OWN, "7519#section-4.3", "a private name"),
        Entry(_APART, "7519#section-4.2", "a public name"),
    ),
}
_COLLISION_RESISTANT = re.compile(r"[a-z][a-z0-9+.-]*://\S+|(?:urn|tag):\S+", re.I)  # RFC 7519 §2
_VERBS = {  # a claim → how its time is told while it is to come, and when it has passed
    "exp": ("expires", "expired"),
    "nbf": ("counts from", "counts since"),
    "iat": ("issued", "issued"),
    "auth_time": ("logged in", "logged in"),
    "updated_at": ("updated", "updated"),
    "toe": ("happened", "happened"),
}


@dataclass(frozen=True)
class Encoded:
    """One part as it stands in the token: its characters in pieces, and what stands before it."""

    style: str
    called: str
    pieces: Pieces
    before: str = ""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """One member: its address on the page, its value as it was written, a note in few words and one in more.

    `reads` is the value where it was written with escapes, `lit` its number among those that can be lit, 0 for none.
    """

    id: str
    name: str
    value: str
    reads: str
    lit: int
    note: str
    long: str
    rfc: str
    carried: Carried | None
    of: str
    whole: bool = True
    where: str = ""
    bad: bool = False

    @property
    def ends(self) -> tuple[str, str] | None:
        """How a long value begins and ends; None for one that is shown whole."""
        return None if len(self.value) <= LONGEST_VALUE else (self.value[:160], self.value[-40:])


@dataclass(frozen=True)
class Table:
    """A header or a payload: its members, and its JSON easy to read and as it was sent."""

    kind: str
    title: str
    small: str
    rows: tuple[Row, ...]
    pretty: str = ""
    sent: str = ""
    problems: tuple[str, ...] = ()
    text: str = ""  # what is no JSON object
    unlit: int = 0  # members that have no number left
    more: int = 0  # members that are not shown

    @property
    def has_long_names(self) -> bool:
        return any(len(row.name) > LONGEST_NAME for row in self.rows)


@dataclass(frozen=True)
class Decoded:
    """One token as the page shows it. `inside` is a token within it, or one that binds it to a key."""

    token: Signed | Encrypted
    judgement: Judgement
    title: str
    small: str
    rfc: str
    encoded: tuple[Encoded, ...]
    tables: tuple[Table, ...]
    problems: tuple[str, ...]
    time: Timeline | None
    choices: tuple[str, ...] = ()
    disclosed: Disclosed | None = None
    whole: str = ""
    bits: tuple[bit_view.Bits, ...] = ()
    inside: Decoded | None = None
    inside_title: str = ""
    prefix: str = field(default="")

    @property
    def legend(self) -> dict[str, str]:
        """Class → what is called so, in the order of the parts."""
        return {each.style: each.called for each in self.encoded if each.pieces}

    @property
    def is_long(self) -> bool:
        return len(self.token.text) > LONGEST_TOKEN

    @property
    def carried(self) -> Iterator[Row]:
        return (row for table in self.tables for row in table.rows if row.lit)


def decoded(
    token: Signed | Encrypted,
    judgement: Judgement,
    at: int,
    now: int,
    realm_now: int | None = None,
    which: int = 0,
    with_bits: bool = False,
    depth: int = 0,
) -> Decoded:
    """All that is shown of a token. `at` is the time that it is judged by: now, or its realm's."""
    prefix = "inside-" * depth
    header = _header(token, which)
    numbers = iter(range(1, lit.MOST + 1))
    own_names = token.payload.json.object.keys() if isinstance(token, Signed) and token.payload.json else ()
    head = _header_table(header, token, numbers, prefix, own_names)
    body, content = _body(token, header, judgement, numbers, at, prefix)
    tables = tuple(each for each in (head, body) if each)
    claims: Mapping[str, Any] = content.object if content and content.is_object else {}
    title, small, rfc = kind_of(token)
    found = disclose(token) if isinstance(token, Signed) and token.disclosures is not None and token.claims else None
    inside, inside_title = None, ""
    if judgement.inner:
        inside = decoded(*judgement.inner, at, now, realm_now, 0, with_bits, depth + 1)
        binds = isinstance(token, Signed)
        inside_title = "The proof of whoever shows it" if binds else "Inside it, a token of its own"
    return Decoded(
        token,
        judgement,
        title,
        small,
        rfc,
        tuple(_encoded(token, which, tables)),
        tables,
        token.problems,
        timeline(claims, now, realm_now),
        _choices(token),
        found,
        as_json(found.claims, 2 if len(token.text) < LONGEST_PRETTY else None) if found else "",
        tuple(bit_view.bits(STROKES[part.name][1], part) for part in _parts(token, which)) if with_bits else (),
        inside,
        inside_title,
        prefix,
    )


def kind_of(token: Signed | Encrypted) -> tuple[str, str, str]:
    """What kind of token it is, in which form, and the section that says so."""
    form = f"{token.form} form"
    if isinstance(token, Encrypted):
        return (
            "An encrypted token",
            f"JWE, {form}",
            "7516#section-3.1" if token.form == "compact" else "7516#section-7.2",
        )
    rfc = "7515#section-3.1" if token.form == "compact" else "7515#section-7.2"
    if token.detached:
        form += ", its payload beside it"
    if token.disclosures is not None:
        return "A token with disclosures", f"SD-JWT, {form}", "9901#section-4"
    if token.signatures and token.is_unsecured:
        return "An unsecured token", f"JWS, {form}", "7515#appendix-A.5"
    return "A signed token", f"JWS, {form}", rfc


def in_short(token: Token) -> str:
    """A token in a few words, to be told from others beside it: "access token (RFC 9068), `ES256`"."""
    if isinstance(token, Other):
        return token.kind
    alg = _header(token, 0).text("alg") or "no alg"
    if isinstance(token, Encrypted):
        return f"an encrypted token, `{alg}`"
    return f"{PROFILES[guess(token)].title}, `{alg}`"


def visible(text: str) -> str:
    """Text in which what cannot be seen, or turns the order of letters around, is written as an escape of JSON; of a
    text too long to be read, its beginning."""
    if len(text) > LONGEST_SHOWN:
        return f"{visible(text[:LONGEST_SHOWN])}… ({len(text):,} characters)"
    return text if text.isascii() and text.isprintable() else _UNSEEN.sub(lambda each: f"\\u{ord(each[0]):04x}", text)


def _header(token: Signed | Encrypted, which: int) -> Header:
    """The header of the signature that was chosen, or of the first recipient."""
    each: Sequence[Any] = token.signatures if isinstance(token, Signed) else token.recipients
    return each[which if which < len(each) else 0].header if each else Header(None)


def _parts(token: Signed | Encrypted, which: int) -> list[Part]:
    protected = _header(token, which).protected
    head = [protected] if protected else []
    if isinstance(token, Signed):
        chosen = token.signatures[which if which < len(token.signatures) else 0 :][:1]
        return [*head, token.payload, *(each.signature for each in chosen)]
    keys = [each.encrypted_key for each in token.recipients[:1]]
    return [*head, *keys, token.iv, token.ciphertext, token.tag, *([token.aad] if token.aad else [])]


def _encoded(token: Signed | Encrypted, which: int, tables: tuple[Table, ...]) -> Iterator[Encoded]:
    """The parts as they stand in the token, with the names that a JSON form gives them."""
    compact = token.form == "compact"
    by_kind = {table.kind: table for table in tables}
    for place, part in enumerate(_parts(token, which)):
        style, called = STROKES[part.name]
        table = by_kind.get(part.name)
        places = [(row.lit, row.carried) for row in table.rows if row.lit and row.carried] if table else []
        before = ("." if place else "") if compact else {"header": "protected"}.get(part.name, part.name)
        yield Encoded(style, called, lit.pieces(part, places), before, part.problems)
    if isinstance(token, Signed) and token.disclosures is not None:
        for each in token.disclosures:
            problems = (each.problem,) if each.problem else ()
            yield Encoded(*STROKES["disclosure"], [(each.encoded, 0)], "~", problems)
        binding = [(token.key_binding.text, 0)] if token.key_binding else []
        yield Encoded(*STROKES["key_binding"], binding, "~")


def _header_table(
    header: Header, token: Signed | Encrypted, numbers: Iterator[int], prefix: str, taken: Collection[str]
) -> Table | None:
    small = "how it is signed" if isinstance(token, Signed) else "how it is encrypted"
    protected = header.protected
    if protected is None and not header.others:
        return None
    read = protected.json if protected else None
    own = read.members[:MOST_ROWS] if read else ()
    places: list[Carried] = lit.carried(protected, own) if protected else []
    rows = list(_rows(own, places, "header", numbers, prefix, taken=taken))
    for where, other in header.others:
        rows += _rows(
            other.members[:MOST_ROWS], [], "header", iter(()), prefix, taken=taken, where=where, start=len(rows)
        )
    problems = (read.problems if read else ()) + (protected.problems if protected else ())
    return _table("header", "Header", small, rows, read, problems)


def _body(
    token: Signed | Encrypted, header: Header, judgement: Judgement, numbers: Iterator[int], now: int, prefix: str
) -> tuple[Table | None, JSONText | None]:
    """The payload, or what was inside; and its JSON, where it is JSON."""
    if isinstance(token, Signed):
        part = token.payload
        small = "what it says; anyone who holds it can read it"
        places = []
        if part.json and not token.detached:
            places = lit.carried(part, part.json.members[:MOST_ROWS], plain=not is_b64(header))
        content, data, problems = part.json, part.data, part.problems
    elif judgement.opened is None or (judgement.inner and judgement.inner[0]):
        return None, None
    else:
        small, places, problems = "what was inside, now open", [], ()
        data = judgement.opened
        content = json_text.read(data) if data.lstrip()[:1] == b"{" else None
    if content is None or not (content.is_object or content.members):
        told = (content.problems if content else ()) + problems
        return Table("payload", "Payload", small, (), problems=told, text=_as_text(data)), None
    rows = list(_rows(content.members[:MOST_ROWS], places, "payload", numbers, prefix, now=now))
    return _table("payload", "Payload", small, rows, content, content.problems + problems), content


def _table(
    kind: str, title: str, small: str, rows: list[Row], read: JSONText | None, problems: tuple[str, ...]
) -> Table:
    unlit = sum(1 for row in rows if row.carried and not row.lit)
    if read is None:
        return Table(kind, title, small, tuple(rows), problems=problems, unlit=unlit)
    pretty = "{\n" + ",\n".join(f"  {_name(each)}: {_indented(each)}" for each in read.members) + "\n}"
    more = max(0, len(read.members) - MOST_ROWS)
    return Table(kind, title, small, tuple(rows), visible(pretty), visible(read.text), problems, unlit=unlit, more=more)


def _rows(
    members: Sequence[Member],
    places: Sequence[Carried],
    kind: str,
    numbers: Iterator[int],
    prefix: str,
    *,
    taken: Collection[str] = (),
    now: int | None = None,
    where: str = "",
    start: int = 0,
) -> Iterator[Row]:
    """The members in their order. `taken` are names that another row is to have as its address."""
    glossary = {"header": "jose header", "payload": "claim"}[kind]
    seen = {*_TAKEN, *taken}
    for place, member in enumerate(members, start + 1):
        entry = explain(glossary, member.name) or _unregistered(kind, member.name)
        of_value = explain("value", f"{member.name}={member.value}") if isinstance(member.value, str) else None
        at = places[place - 1 - start] if place - 1 - start < len(places) else None
        own_name = _LIKE_A_NAME.fullmatch(member.name) and member.name not in seen
        seen.add(member.name)
        timed, bad = _in_words(member.name, member.value, now) if now is not None else ("", False)
        shown = of_value if of_value and of_value.short else entry
        yield Row(
            prefix + (member.name if own_name else f"{kind}-{place}"),
            visible(member.name),
            visible(member.text),
            visible(member.value) if isinstance(member.value, str) and "\\u" in member.text and member.whole else "",
            next(numbers, 0) if at else 0,
            timed or shown.short or shown.says,
            entry.says if not of_value else f"{entry.says} {of_value.says}",
            shown.spec,
            at,
            kind,
            member.whole,
            where,
            bad,
        )


def _unregistered(kind: str, name: str) -> Entry:
    private, public = _UNREGISTERED[kind]
    return public if _COLLISION_RESISTANT.fullmatch(name) else private


def _in_words(name: str, value: object, now: int) -> tuple[str, bool]:
    """A time among the claims in words, and whether it is none: "expired 15:25:00 UTC, 1 min 12 s ago"."""
    if name not in TIMES:
        return "", False
    if is_milliseconds(value):
        assert isinstance(value, int | float)
        return f"in milliseconds; {date(value / 1000)} is meant", True
    if not is_time(value):
        return "no time: a number of seconds is meant", True
    then, today = (datetime.fromtimestamp(int(each), UTC) for each in (value, now))
    day = "" if then.date() == today.date() else f"{then.day} {then:%b %Y}, "
    verb = _VERBS.get(name, ("", ""))[value <= now]
    lasts = lasting(value - now)
    return f"{verb} {day}{then:%H:%M:%S} UTC, {f'in {lasts}' if value > now else f'{lasts} ago'}", False


def _choices(token: Signed | Encrypted) -> tuple[str, ...]:
    """The signatures of a general JSON form, each by its algorithm and its key's name; empty where there is one."""
    if not isinstance(token, Signed) or len(token.signatures) < 2:
        return ()
    named = ((each.header.text("alg") or "no alg", each.header.text("kid")) for each in token.signatures)
    return tuple(visible(f"{alg}, kid {kid}" if kid else alg) for alg, kid in named)


def _as_text(data: bytes) -> str:
    """Bytes that are no JSON object: as text where they are text, else as hex."""
    if not data:
        return ""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        shown = data[:512].hex(" ")
        return f"{shown} … ({len(data):,} bytes)" if len(data) > 512 else shown
    return visible(text)


def _name(member: Member) -> str:
    return json.dumps(member.name, ensure_ascii=False)


def _indented(member: Member) -> str:
    if not member.whole or not isinstance(member.value, dict | list) or not member.value:
        return member.text
    if len(member.text) > LONGEST_PRETTY or _depth(member.text) > DEEPEST_PRETTY:
        return member.text
    return as_json(member.value, 2).replace("\n", "\n  ")


def _depth(text: str) -> int:
    """How deep a value is nested; brackets in strings are counted too."""
    depth = deepest = 0
    for bracket in re.findall(r"[\[\]{}]", text):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def as_json(value: object, indent: int | None = None) -> str:
    """A value that was read, written as JSON again."""
    try:
        return json.dumps(value, ensure_ascii=False, indent=indent)
    except (ValueError, RecursionError, TypeError):
        return "nested too deep to be written here"
