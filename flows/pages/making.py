"""Make a token: claims, a header and a key are typed, and a token is made of them. Nothing is verified on this page.

Nothing is kept either. A key made here travels back and forth in the form, so that the next press uses it again.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from flask import Blueprint, Response, make_response, render_template, request
from werkzeug.exceptions import RequestEntityTooLarge

from flows.pages.decoded import STROKES
from flows.pages.owner import owner
from flows.pages.posted import KINDS as WRITTEN_AS
from flows.pages.posted import LONGEST_TEXT, MOST_FORM, allow_a_long_form
from flows.pages.runs import is_number
from flows.realm import Realm, sandbox
from flows.stage import Stage
from flows.tokens.making import as_code, carry, fit, fresh_key
from flows.tokens.making.fresh_key import CONTENT, ENCRYPTING, SIGNING, Halves, halves, sizes
from flows.tokens.making.make import KINDS, MOST_CLAIMS, MOST_DECOYS, Kind, Made, Problem, Wanted, make, too_many
from flows.tokens.making.typed_json import NotJSON, object_of, value_of
from flows.tokens.ring import Held, read_keys

MOST_ROWS = 100  # claims that stand in a table; more are written as JSON
FORMS = {"table": "Table", "json": "JSON", "text": "Any text"}
PERSON = "alice"
LIFETIME = 300  # seconds
FILLS = {  # a button → the claim that it fills in, and what the button says
    "iss": ("iss", "the issuer"),
    "sub": ("sub", "Alice"),
    "aud": ("aud", "its API"),
    "iat": ("iat", "now"),
    "nbf": ("nbf", "now"),
    "exp": ("exp", "in 5 minutes"),
    "jti": ("jti", "a new UUID"),
}
TYPS = ("JWT", "at+jwt", "dpop+jwt", "logout+jwt", "secevent+jwt", "dc+sd-jwt", "kb+jwt")
SENTENCES = {  # a kind → what it is for
    "signed": "Anybody can read it, and nobody can change it unnoticed.",
    "encrypted": "Only whoever has the key can read it.",
    "nested": "Who wrote it can be checked by whoever can open it.",
    "sd-jwt": "Its holder chooses which claims to show.",
    "unsecured": "No key and no signature. Nobody should take it.",
}


@dataclass(frozen=True)
class Asked:
    """What the form holds. `rows` are claims as (name, JSON); `fresh` and `fresh_recipient` are thumbprints of keys
    that were made here and travel in the form."""

    kind: Kind = "signed"
    written: str = "table"
    rows: tuple[tuple[str, str], ...] = ()
    claims: str = ""
    typ: str = "JWT"
    kid: str = ""
    header: str = ""
    alg: str = "ES256"
    size: str = ""
    key: str = ""
    key_kind: str = ""
    fresh: str = ""
    encrypt: str = "ECDH-ES+A256KW"
    enc: str = "A256GCM"
    recipient_size: str = ""
    recipient: str = ""
    recipient_kind: str = ""
    fresh_recipient: str = ""
    hide: tuple[str, ...] = ()
    show: tuple[str, ...] = ()
    decoys: str = "0"
    realm: str = ""

    @property
    def is_signed(self) -> bool:
        return Wanted(self.kind).is_signed

    @property
    def is_encrypted(self) -> bool:
        return Wanted(self.kind).is_encrypted


@dataclass(frozen=True)
class KeyShown:
    """A key with all that can be written down of it. `is_fresh` says that it was made here."""

    role: str
    title: str
    halves: Halves
    is_fresh: bool
    kid: str


@dataclass(frozen=True)
class Result:
    """A token as the page shows it: its parts as (style, called, characters, what stands before), its keys, the code.

    `opens` is the key that verifies or opens it, as the decoder takes it; "" where it is not at hand.
    """

    made: Made
    parts: tuple[tuple[str, str, str, str], ...]
    keys: tuple[KeyShown, ...]
    code: str
    files: Mapping[str, str]
    is_repeatable: bool
    opens: str


@dataclass
class Page:
    """A form and what is said about it, while it is worked on. `beside` is what should be known of a field, though it
    is in nothing's way; `told_of_keys` is of keys made for a token, and told once there is one."""

    asked: Asked
    problems: list[Problem]
    told: list[str]
    told_of_keys: list[str] = field(default_factory=list)
    beside: list[Problem] = field(default_factory=list)
    result: Result | None = None

    def of(self, *fields: str) -> list[str]:
        """The sentences about these fields."""
        return [each.says for each in self.problems if each.field in fields]

    def known_of(self, name: str) -> list[str]:
        return [each.says for each in self.beside if each.field == name]

    @property
    def says(self) -> str:
        """What is said aloud."""
        if self.result:
            made = self.result.made
            says = f"A token was made: {KINDS[made.kind].lower()}, {len(made.text):,} characters."
            beside = [each.says for each in self.beside]
            return " ".join([says, *made.notes, *beside, *self.told]).replace("`", "")
        return " ".join([*(each.says for each in self.problems), *self.told]).replace("`", "")


def pages(stage: Stage) -> Blueprint:
    """/make."""
    making = Blueprint("making", __name__)

    @making.get("/make")
    def show() -> Response:
        return _answer(stage, Page(_start(int(time.time())), [], []))

    @making.post("/make")
    def press() -> Response:
        allow_a_long_form()
        try:
            form = request.form
        except RequestEntityTooLarge:
            too_long = Problem("claims", f"What was sent is larger than {MOST_FORM // 1_000_000} MB. Nothing was made.")
            return _answer(stage, Page(_start(int(time.time())), [too_long], []), 413)
        if "from" in form:
            return _answer(stage, _carried(form["from"], form.get("content")))
        page = Page(_asked(), [], [])
        if len(page.asked.rows) > MOST_ROWS:
            _out_of_table(page)
        if page.problems:
            return _answer(stage, page, 413)
        if max(map(len, (page.asked.claims, *(value for _, value in page.asked.rows))), default=0) > LONGEST_TEXT:
            page.problems.append(Problem("claims", f"The claims are longer than {LONGEST_TEXT:,} characters."))
            return _answer(stage, page, 413)
        _do(stage, page, form.get("do", ""))
        return _answer(stage, page)

    return making


def _start(now: int) -> Asked:
    """Claims that make sense as they are, from now on. They name nobody of this app, whose keys are not to be had."""
    claims = {"iss": "https://issuer.example", "sub": PERSON, "aud": "https://api.example", "iat": now}
    return Asked(rows=_rows({**claims, "exp": now + LIFETIME}))


def _answer(stage: Stage, page: Page, status: int = 200) -> Response:
    asked = page.asked
    text = render_template(
        "make.html",
        page=page,
        asked=asked,
        rows=[*asked.rows, *([] if asked.rows else [("", "")])],
        names=_names(asked),
        realms=list(_realms(stage)),
        KINDS=KINDS,
        SENTENCES=SENTENCES,
        FORMS=FORMS,
        FILLS=FILLS,
        TYPS=TYPS,
        SIGNING=SIGNING,
        ENCRYPTING=ENCRYPTING,
        CONTENT=CONTENT,
        WRITTEN_AS=WRITTEN_AS,
        MOST_DECOYS=MOST_DECOYS,
        sizes=sizes,
    )
    return make_response(text, status)


def _asked() -> Asked:
    """The form as it was sent. What cannot be chosen is taken as the usual; what was typed stays as it is."""
    form = request.form
    kinds: tuple[Kind, ...] = get_args(Kind)
    one_of: dict[str, Sequence[str]] = {"alg": SIGNING, "encrypt": ENCRYPTING, "enc": CONTENT, "written": tuple(FORMS)}
    one_of |= {"key_kind": tuple(WRITTEN_AS), "recipient_kind": tuple(WRITTEN_AS)}
    usual = Asked()
    chosen = {name: form.get(name, "") for name in one_of}
    typed = ("claims", "typ", "kid", "header", "size", "key", "fresh", "recipient_size", "recipient", "fresh_recipient",
             "decoys", "realm")  # fmt: skip
    rows = zip(form.getlist("name"), form.getlist("value"), strict=False)
    return Asked(
        kind=next((kind for kind in kinds if kind == form.get("kind")), "signed"),
        rows=tuple((name.strip(), value.strip()) for name, value in rows),
        hide=tuple(form.getlist("hide")),
        show=tuple(form.getlist("show")),
        **{name: value if value in one_of[name] else getattr(usual, name) for name, value in chosen.items()},
        **{name: form.get(name, "") for name in typed},
    )


def _do(stage: Stage, page: Page, pressed: str) -> None:
    """What the button says that was pressed; without one, the form is only shown anew."""
    _quote(page)
    what, _, which = pressed.partition(":")
    if what == "written" and which in FORMS:
        _write_as(page, which)
    elif what == "row":
        page.asked = replace(page.asked, rows=(*page.asked.rows, ("", "")))
    elif what == "remove" and is_number(which):
        page.asked = replace(page.asked, rows=page.asked.rows[: int(which)] + page.asked.rows[int(which) + 1 :])
    elif what == "fill" and which in FILLS:
        realms = dict(_realms(stage))
        realm = next((each for each in realms if each.name == page.asked.realm), next(iter(realms)))
        _fill(page, FILLS[which][0], _known(realm, which))
    elif what == "fresh":
        _keys(page, make_for=which)
        page.told += page.told_of_keys
    elif what == "make":
        _make(page)


# claims: in a table, as JSON, or any text


def _quote(page: Page) -> None:
    """A value in the table that is a bare word becomes a text: `alice`, `"alice"`."""
    rows = []
    for name, value in page.asked.rows:
        if value and value[0] not in '{["':
            try:
                value_of(value, name)
            except NotJSON:
                value = json.dumps(value, ensure_ascii=False)
                page.told.append(f"`{name or 'a claim'}` was taken as a text; texts stand in quotes.")
        rows.append((name, value))
    page.asked = replace(page.asked, rows=tuple(rows))


def _typed(page: Page) -> str | None:
    """The claims as one text; None where the table holds what is none, and the page then says so."""
    if page.asked.written != "table":
        return page.asked.claims
    members, found = [], len(page.problems)
    first: dict[str, int] = {}
    for at, (name, value) in enumerate(page.asked.rows, 1):
        if not name and not value:
            continue
        if name and first.setdefault(name, at) != at:
            says = f"the name `{name[:60]}` stands in row {first[name]} already; one reader takes the first"
            problem = Problem("claims", f"Claims, row {at}: {says}, another the last. Keep one of them.")
            page.problems.append(problem)
        if not name:
            page.problems.append(Problem("claims", f"A claim with the value `{value[:40]}` has no name."))
        elif not value:
            says = f'Claim `{name}` has no value. `""` is an empty text, and `null` is nothing.'
            page.problems.append(Problem("claims", says))
        else:
            try:
                value_of(value, f"Claim `{name}`")
            except NotJSON as problem:
                page.problems.append(Problem("claims", str(problem)))
        members.append(f"  {json.dumps(name, ensure_ascii=False)}: {value}")
    return None if len(page.problems) > found else "{\n" + ",\n".join(members) + "\n}" if members else "{}"


def _write_as(page: Page, written: str) -> None:
    """The same claims in another form. Where they cannot be written so, they stay, and the page says why."""
    asked = page.asked
    text = _typed(page)
    if text is None or written == asked.written:
        return
    if written == "table":
        try:
            claims = object_of(text, "Claims")
        except NotJSON as problem:
            page.problems.append(Problem("claims", str(problem)))
            return
        if len(claims) > MOST_ROWS:
            page.told.append(f"{len(claims):,} claims are too many for a table; they stay as JSON.")
            return
        page.asked = replace(asked, written=written, rows=_rows(claims), claims="")
    else:
        page.asked = replace(asked, written=written, rows=(), claims=text)


def _out_of_table(page: Page) -> None:
    """More claims than stand in a table are written as JSON; more than are made are told by their number."""
    rows = [row for row in page.asked.rows if row != ("", "")]
    members = (f"  {json.dumps(name, ensure_ascii=False)}: {value}" for name, value in rows)
    page.asked = replace(page.asked, written="json", rows=(), claims="{\n" + ",\n".join(members) + "\n}")
    page.told.append(f"{len(rows):,} claims are too many for a table; they are written as JSON.")
    if len(rows) > MOST_CLAIMS:
        page.problems.append(Problem("claims", too_many(len(rows))))


def _rows(claims: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((name, json.dumps(value, ensure_ascii=False)) for name, value in claims.items())


def _names(asked: Asked) -> list[str]:
    """The names of the claims, as far as they can be read: what can be hidden in an SD-JWT."""
    if asked.written == "table":
        return list(dict.fromkeys(name for name, _ in asked.rows if name))
    try:
        return list(object_of(asked.claims, "Claims"))[:MOST_ROWS]
    except NotJSON:
        return list(asked.hide)[:MOST_ROWS]


def _realms(stage: Stage) -> Iterator[tuple[Realm, str]]:
    """The realms whose values can be filled in, each with what it is called."""
    yield sandbox(stage.runs.store), "the sandbox"
    last = stage.runs.last_of(owner())
    if last:
        yield last.realm, f"your last run, {last.realm.name}"


def _known(realm: Realm, name: str) -> str | int:
    """What a claim says in a realm, by its clock."""
    now = realm.now()
    known: dict[str, str | int] = {"iss": realm.issuer, "sub": PERSON, "aud": realm.audience, "exp": now + LIFETIME}
    return known.get(name, str(uuid.uuid4()) if name == "jti" else now)


def _fill(page: Page, name: str, value: str | int) -> None:
    asked = page.asked
    if asked.written == "table":
        free = next((at for at, row in enumerate(asked.rows) if row[0] == name), None)
        free = next((at for at, row in enumerate(asked.rows) if row == ("", "")), None) if free is None else free
        rows = list(asked.rows)
        rows[slice(free, None if free is None else free + 1)] = (
            [*rows, (name, json.dumps(value))] if free is None else [(name, json.dumps(value))]
        )
        page.asked = replace(asked, rows=tuple(rows))
        return
    try:
        claims = object_of(asked.claims or "{}", "Claims")
    except NotJSON as problem:
        page.problems.append(Problem("claims", str(problem)))
        return
    text = json.dumps({**claims, name: value}, indent=2, ensure_ascii=False)
    page.asked = replace(asked, claims=text)


def _carried(text: str, content: str | None) -> Page:
    """A form with what a token says, to be made anew with another key. `content` is what an encrypted one held."""
    taken, told = carry.carry(text, content)
    asked = Asked(
        kind=taken.kind,
        written="table",
        typ=taken.typ,
        kid=taken.kid,
        header=taken.header,
        alg=taken.alg,
        encrypt=taken.encrypt,
        enc=taken.enc,
        hide=taken.hide,
        show=taken.show,
    )
    if taken.is_text or len(taken.claims) > LONGEST_TEXT:
        return Page(replace(asked, written="text", claims=taken.claims), [], list(told))
    page = Page(replace(asked, written="json", claims=taken.claims), [], list(told))
    _write_as(page, "table")
    page.problems.clear()
    return page


# keys


@dataclass(frozen=True)
class _Role:
    """A key of the form: who it is for, the fields that say how it is to be, and why one does not fit."""

    field: str
    alg: str
    size: str
    kid: str


def _roles(asked: Asked) -> Iterator[_Role]:
    if asked.is_signed:
        yield _Role("key", asked.alg, asked.size, asked.kid)
    if asked.is_encrypted:
        kid = asked.kid if asked.kind == "encrypted" else ""
        yield _Role("recipient", asked.encrypt, asked.recipient_size, kid)


def _keys(page: Page, make_for: str = "") -> dict[str, Held]:
    """The keys that are used, by field. One that is not there yet, or was made here and does not fit, is made anew."""
    found = {}
    for role in _roles(page.asked):
        text = str(getattr(page.asked, role.field))
        if make_for and role.field != make_for:
            continue
        if make_for or not text.strip():
            found[role.field] = _fresh(page, role, "A fresh key was made")
            continue
        kind = getattr(page.asked, f"{role.field}_kind")
        held, problems = read_keys(text, kind)
        if not held:
            says = " ".join(problems) or "There is no key in it."
            says = fit.told_to_sign(says) if role.field == "key" else says
            page.problems.append(Problem(role.field, says))
            continue
        page.told += problems
        found[role.field] = _chosen(page, role, held)
    return found


def _chosen(page: Page, role: _Role, held: Sequence[Held]) -> Held:
    """The key that fits. One that was made here takes the name that was typed, and gives way to another algorithm."""
    marked = "fresh" if role.field == "key" else "fresh_recipient"
    if held[0].key.thumbprint() == getattr(page.asked, marked):
        own = held[0]
        if role.kid and own.members.get("kid") != role.kid:
            own = replace(own, members={**own.members, "kid": role.kid})
            page.asked = replace(page.asked, **{role.field: halves(own).private_jwk})  # type: ignore[arg-type]
        own = replace(own, called="the key made here")
        if not _misfit(page.asked, role, own):
            return own
        return _fresh(page, role, "The key made before does not fit, so a fresh one was made")
    chosen, why = fit.choose(held, lambda each: _misfit(page.asked, role, each))
    also = fit.also_reads(chosen, held)
    if also and not why:
        page.beside.append(Problem(role.field, f"{also} Above is chosen how it is written."))
    return chosen


def _misfit(asked: Asked, role: _Role, held: Held) -> str:
    if role.field == "key":
        return fit.to_sign(held, role.alg, role.kid)
    return fit.to_encrypt(held, role.alg, asked.enc, role.kid)


def _fresh(page: Page, role: _Role, says: str) -> Held:
    size = role.size if role.size in sizes(role.alg) else ""
    held = fresh_key.fresh(role.alg, size, enc=page.asked.enc, kid=role.kid)
    marked = "fresh" if role.field == "key" else "fresh_recipient"
    written: dict[str, Any] = {role.field: halves(held).private_jwk, marked: held.key.thumbprint()}
    page.asked = replace(page.asked, **{**written, f"{role.field}_kind": ""})
    page.told_of_keys.append(f"{says}, for {role.alg}. It is not kept: it stands in this page alone.")
    return held


# the token


def _make(page: Page) -> None:
    """The token, or what is in its way; then no key is made either, and the form stays as it was."""
    as_sent = page.asked
    text = _typed(page)
    keys = _keys(page)
    asked = page.asked
    decoys = asked.decoys.strip() or "0"
    wanted = Wanted(
        asked.kind,
        text or "{}",
        asked.written == "text",
        asked.alg,
        keys.get("key"),
        asked.encrypt,
        asked.enc,
        keys.get("recipient"),
        asked.typ.strip(),
        asked.kid.strip(),
        asked.header,
        tuple(name for name in asked.hide if name in _names(asked)),
        asked.show,
        int(decoys) if is_number(decoys) else -1,
    )
    made = make(wanted)
    if isinstance(made, Made) and not page.problems:
        page.result = _result(page.asked, wanted, made)
        page.told += page.told_of_keys
        return
    page.asked = as_sent
    known = {each.field for each in page.problems}
    if not isinstance(made, Made):
        page.problems += [each for each in made if each.field not in known]


def _result(asked: Asked, wanted: Wanted, made: Made) -> Result:
    used = [("key", wanted.key, asked.fresh)] if wanted.is_signed else []
    used += [("recipient", wanted.recipient, asked.fresh_recipient)] if wanted.is_encrypted else []
    titles = {"key": "The key that signs", "recipient": "The key of whoever opens it"}
    shown = tuple(
        KeyShown(role, titles[role], halves(held), held.key.thumbprint() == fresh, str(held.members.get("kid", "")))
        for role, held, fresh in used
        if held
    )
    opens = [_opens(held, role) for role, held, _ in used if held]
    return Result(
        made,
        tuple(_parts(made.text)),
        shown,
        as_code.program(wanted, made),
        as_code.files(wanted),
        as_code.is_repeatable(wanted),
        fresh_key.jwks(opens) if len(opens) > 1 else json.dumps(opens[0]) if opens and opens[0] else "",
    )


def _opens(held: Held, role: str) -> dict[str, Any]:
    """The half that verifies, or the one that opens; a secret is both."""
    if role == "recipient" and not held.key.is_private:
        return {}
    private = role == "recipient" or held.key.key_type == "oct"
    members = fresh_key.jwk(held, private=private)
    return {name: value for name, value in members.items() if name != "key_ops"}


def _parts(text: str) -> Iterator[tuple[str, str, str, str]]:
    """The parts of a compact token, each with the colour that the decoder gives it."""
    token, *disclosures = text.split("~")
    encoded = token.split(".")
    names = ("header", "payload", "signature") if len(encoded) == 3 else (
        "header", "encrypted_key", "iv", "ciphertext", "tag"
    )  # fmt: skip
    for name, each in zip(names, encoded, strict=True):
        yield *STROKES[name], each, "." if name != "header" else ""
    for each in disclosures:
        yield *STROKES["disclosure"], each, "~"
