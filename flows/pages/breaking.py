"""Break a token: a copy is spoiled, and judged by a correct verifier and by a careless one. Nothing of it is kept."""

from __future__ import annotations

import hmac
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from flask import Blueprint, Response, abort, make_response, render_template, request
from werkzeug.exceptions import RequestEntityTooLarge

from flows import recordings, wire
from flows.calls import called
from flows.grants import FLOWS
from flows.pages.checklist import Row, Source, rows, source_of_function
from flows.pages.decoded import STROKES
from flows.pages.decoder import MARKS
from flows.pages.from_run import FromRun
from flows.pages.journey import href_of
from flows.pages.keys_at_hand import keys_of, realm_of
from flows.pages.owner import owner
from flows.pages.posted import (
    LONGEST_TEXT,
    MOST_FORM,
    OF_RUN,
    Example,
    allow_a_long_form,
    excess,
    source_of,
    source_still_there,
)
from flows.pages.runs import is_mine, is_number
from flows.pages.thief import TRIES
from flows.realm import Realm
from flows.run import Exchange
from flows.stage import MOST_EXCHANGES, Stage
from flows.tokens import base64url
from flows.tokens.breaking import careless
from flows.tokens.breaking.differs import compared, parts_of, text_of, told
from flows.tokens.breaking.spoil import (
    FOOLED_ENCRYPTED,
    LONGEST,
    WAYS,
    Kept,
    Made,
    Options,
    Spoiled,
    Tries,
    Way,
    spoil,
    squeezed,
    why_not,
)
from flows.tokens.finding.find import find
from flows.tokens.judging.guesses import HASHES
from flows.tokens.judging.judge import Expected, Judgement, judge
from flows.tokens.judging.profiles import guess
from flows.tokens.read import Encrypted, Other, Part, Signed, Token, read
from flows.tokens.ring import Held, read_keys

WEAK = "secret"  # what the example is signed with; it stands in every list
BRINGS_NOTHING = "Only a bearer token that is one line of ASCII can be sent."

Pieces = list[tuple[str, bool]]  # characters, and whether they are new


@dataclass(frozen=True)
class Asked:
    """What the form holds. `copy` is the copy that the page showed, with `header` and `payload` as they were typed over
    it; `begin_header` and `begin_payload` are what was typed before, and what every way begins with."""

    pasted: str = ""
    key: str = ""
    way: str = ""
    variant: str = ""
    part: str = ""
    bit: str = ""
    copy: str = ""
    header: str = ""
    payload: str = ""
    begin_header: str = ""
    begin_payload: str = ""


@dataclass(frozen=True)
class Encoded:
    """One part as it stands in a token: its characters in pieces, and what stands before it."""

    style: str
    before: str
    pieces: Pieces


@dataclass(frozen=True)
class CarelessOne:
    """A careless verifier, what it said of the copy, its source, and the lines at which it is careless."""

    name: str
    says: str
    answer: careless.Answer
    source: Source | None
    lines: list[int]


@dataclass(frozen=True)
class Copy:
    """The copy, what was done, and what the two verifiers say of it."""

    way: Way
    variant: str
    text: str
    encoded: list[Encoded]
    says: str
    changed: int
    judgement: Judgement
    careless: CarelessOne | None
    fooled: str


@dataclass(frozen=True)
class Sent:
    """What the API of a run answered to the copy."""

    exchange: Exchange
    checks: list[Row]
    href: str


@dataclass(frozen=True)
class Shown:
    """What the page shows of a token and of its copy; `says` is a sentence where something could not be done."""

    found: str
    token: Token
    encoded: list[Encoded] = field(default_factory=list)
    judgement: Judgement | None = None
    parts: dict[str, Part] = field(default_factory=dict)
    ways: list[tuple[Way, str]] = field(default_factory=list)
    copy: Copy | None = None
    says: str = ""
    header: str = ""
    payload: str = ""
    begin_header: str = ""
    begin_payload: str = ""
    realm: Realm | None = None
    key_problems: tuple[str, ...] = ()
    may_send: bool = False
    crossed: int = 0
    sent: Sent | None = None
    tries: Tries | None = None


def pages(stage: Stage) -> Blueprint:
    """/break."""
    breaking = Blueprint("breaking", __name__)
    breaking.add_app_template_global(ways_to_begin_with)

    @breaking.get("/break")
    def show() -> Response:
        """The empty state; or a token of a recording, which the address names and does not carry."""
        if not request.args:
            return _page(stage, Asked())
        try:
            source = source_of(stage.runs, request.args)
        except LookupError as error:
            abort(404, str(error))
        return _page(stage, Asked(source.text), source)

    @breaking.post("/break")
    def break_it() -> Response:
        allow_a_long_form()
        try:
            asked = _asked()
        except RequestEntityTooLarge:
            return _page(stage, Asked(), too_long=request.content_length or MOST_FORM)
        if size := excess(asked.pasted):
            return _page(stage, asked, too_long=size)
        source = source_still_there(stage.runs, asked.pasted)
        if asked.way == "edit" and "payload" not in request.form:  # from the decoder, where there is nothing to type in
            return _page(stage, replace(asked, way=""), source, is_to_edit=True)
        return _page(stage, asked, source)

    @breaking.post("/break/send")
    def send() -> Response:
        """Send the copy to the API of the run that the token is from, as anybody could, from outside the walk. The form
        says how much had crossed, so that a second click shows the first one's answer."""
        allow_a_long_form()
        try:
            asked = _asked()
        except RequestEntityTooLarge:
            return _page(stage, Asked(), too_long=request.content_length or MOST_FORM)
        source = source_still_there(stage.runs, asked.pasted)
        crossed = request.form.get("crossed", "")
        if source is None:
            abort(400, "The form must name the run that this token is from, and the exchange that brought it.")
        if not owner() or not is_mine(source.run.owner):
            abort(403, "This run was started in another browser. Branch off a run of your own to send to its API.")
        if not is_number(crossed):
            abort(400, "The form must say after how many exchanges it was looked at.")
        if not _is_bearer(asked.copy):
            abort(400, BRINGS_NOTHING)
        if len(source.run.exchanges) >= MOST_EXCHANGES:
            abort(409, f"This run holds {MOST_EXCHANGES} exchanges and takes no more. Branch off another one.")
        with stage.runs.moving(source.run.id):
            if len(stage.runs.find(source.run.id).exchanges) == int(crossed):
                shows_it = TRIES["access_token"].prepare(source.run, {"access_token": asked.copy})
                try:
                    wire.call(stage.entry, shows_it.raw())
                except wire.NotHTTP:
                    abort(409, "This copy is no value that a message could carry, so it cannot be sent.")
        way = asked.way if asked.way in WAYS else "edit"
        return _page(stage, replace(asked, way=way), source_still_there(stage.runs, asked.pasted), sent_at=int(crossed))

    return breaking


def ways_to_begin_with(token: Token) -> list[Way]:
    """The ways that the decoder offers for a token: the simplest ones; none for what is not broken here."""
    usual = ("edit", "flip_bit", "cut_signature", "alg_none")
    simple = [WAYS[name] for name in usual if not why_not(token, name, Options())]
    has_a_pair = (
        isinstance(token, Signed) and len(simple) == len(usual) and token.signatures[0].header.text("alg") not in HASHES
    )
    return [*simple, WAYS["public_key_as_secret"]] if has_a_pair else simple


def _asked() -> Asked:
    form = request.form
    if "made" in form:
        return Asked(_weakly_signed())
    asked = Asked(**{name: form.get(name, "") for name in Asked.__dataclass_fields__})
    if "again" in form:
        return Asked(asked.pasted, asked.key)
    return replace(asked, variant=form.get(f"variant-{asked.way}", asked.variant))


def _page(
    stage: Stage,
    asked: Asked,
    source: FromRun | None = None,
    too_long: int = 0,
    sent_at: int | None = None,
    is_to_edit: bool = False,
) -> Response:
    shown = _shown(stage, asked, source, sent_at) if asked.pasted.strip() and not too_long else None
    page = render_template(
        "break.html",
        asked=asked,
        shown=shown,
        source=source,
        too_long=too_long,
        nothing=bool(asked.pasted.strip()) and not shown and not too_long,
        LONGEST_TEXT=LONGEST_TEXT,
        MARKS=MARKS,
        OF_RUN=OF_RUN,
        is_to_edit=is_to_edit,
        is_mine=bool(source and owner() and is_mine(source.run.owner)),
        examples=[] if shown else list(_examples(stage)),
    )
    return make_response(page.encode("utf-8", "replace"), 413 if too_long else 200)


def _shown(stage: Stage, asked: Asked, source: FromRun | None, sent_at: int | None) -> Shown | None:
    finds = find(asked.pasted)
    if not finds.tokens:
        return None
    found = finds.tokens[0]
    token = found.token
    cannot = why_not(token, "flip_bit", Options())
    if isinstance(token, Other) or cannot:
        return Shown(found.text, token, says=cannot)
    realm = realm_of(stage.runs.store, token)
    given, problems = read_keys(asked.key) if asked.key.strip() else ((), ())
    held = (*given, *(keys_of(realm.store, realm.name) if realm else ()))
    now = realm.now() if realm else int(time.time())
    expected = Expected(now, guess(token), held)
    judgement = judge(token, expected)
    key = judgement.key or (held[0] if held else None)
    begin = {name: _begun(token, asked, name) for name in ("header", "payload")}
    options = Options(
        begin["header"], begin["payload"], asked.part or "signature", None, asked.variant, key.key if key else None, now
    )
    made: Made | None = None
    if sent_at is not None:
        made = Spoiled(asked.copy, told(token, read(asked.copy)), compared(token.text, asked.copy))
    elif asked.way:
        made = _made(token, asked, options)
    copy = _copy(token, asked, made, expected, key) if isinstance(made, Spoiled) else None
    run = source.run if source else None
    shown = read(copy.text) if copy else None
    return Shown(
        found.text,
        token,
        _encoded(token.text),
        judgement,
        parts_of(token),
        [(way, why_not(token, way.name, options)) for way in WAYS.values()],
        copy,
        made.says if isinstance(made, Kept) else "",
        _field(token, shown, "header", begin["header"]),
        _field(token, shown, "payload", begin["payload"]),
        begin["header"],
        begin["payload"],
        realm,
        problems,
        bool(copy and run and _is_bearer(copy.text) and owner() and is_mine(run.owner)),
        len(run.exchanges) if run else 0,
        _sent(source, copy, sent_at) if source and copy and sent_at is not None else None,
        made.tries if made else None,
    )


def _made(token: Token, asked: Asked, options: Options) -> Made:
    bit = asked.bit.strip()
    if asked.way == "flip_bit" and bit and not is_number(bit):
        return Kept(f"Which bit? A number, counted from 0, and not {bit[:20]!r}.")
    return spoil(token, asked.way, replace(options, bit=int(bit) if is_number(bit) else None))


def _begun(token: Signed | Encrypted, asked: Asked, name: str) -> str:
    """What a way begins with: what was typed, now or before; "" for what the token has.

    The fields show the copy. Where they are as the page showed them, nothing was typed over it.
    """
    before: str = getattr(asked, f"begin_{name}")
    typed: str = getattr(asked, name)
    shown = _field(token, read(asked.copy) if asked.copy else None, name, before)
    return before if not typed.strip() or squeezed(_lines(typed)) == squeezed(_lines(shown)) else typed


def _field(token: Token, copy: Token | None, name: str, begun: str) -> str:
    """What the field for a header or a payload shows: the JSON of the copy. Without one, or where the copy's can no
    longer be read: what it began with."""
    of = parts_of(copy).get(name) if copy else None
    if of and of.json and of.json.is_object and not of.json.problems:
        return _one_a_line(of)
    old = parts_of(token).get(name)
    return begun or (_one_a_line(old) if old else "")


def _one_a_line(of: Part) -> str:
    """A header or a payload with one member a line, each as it was written."""
    if of.json is None or not of.json.is_object or of.json.problems:
        return text_of(of)
    members = ",\n".join(f"  {json.dumps(each.name, ensure_ascii=False)}: {each.text}" for each in of.json.members)
    return f"{{\n{members}\n}}" if members else "{}"


def _lines(text: str) -> str:
    """A browser posts CR LF where a page has LF."""
    return text.replace("\r\n", "\n")


def _copy(token: Signed | Encrypted, asked: Asked, made: Spoiled, expected: Expected, key: Held | None) -> Copy:
    way = WAYS[asked.way]
    variant = asked.variant if asked.variant in way.variants else next(iter(way.variants), "")
    encrypted = isinstance(token, Encrypted)
    copy = read(made.text)
    return Copy(
        way,
        variant,
        made.text,
        _encoded(made.text, made.changed),
        made.says,
        sum(end - start for start, end in made.changed),
        judge(copy, expected),
        _careless(token, made, way.name, "encrypted" if encrypted else variant, expected.now, key),
        FOOLED_ENCRYPTED if encrypted else way.fooled,
    )


def _careless(
    token: Signed | Encrypted, made: Spoiled, way: str, variant: str, now: int, key: Held | None
) -> CarelessOne | None:
    """The careless verifier for this way, asked what it says of these very characters."""
    verifier = careless.careless_of(way, variant)
    if verifier is None:
        return None
    held = read_keys(made.secret.decode("utf-8", "replace"), "text")[0] if made.secret and not key else ()
    knows = careless.Knows(held[0].key if held else key.key if key else None, now, frozenset({token.text}))
    return CarelessOne(
        verifier.__name__,
        (verifier.__doc__ or "").strip(),
        careless.ask(verifier, made.text, knows),
        source_of_function(verifier),
        careless.careless_lines(verifier),
    )


def _encoded(text: str, changed: tuple[tuple[int, int], ...] = ()) -> list[Encoded]:
    """The parts of a compact token with their colours, cut where what is new begins or ends."""
    signed = text.partition("~")[0].count(".") < 4
    names = ["header", "payload", "signature"] if signed else ["header", "encrypted_key", "iv", "ciphertext", "tag"]
    found = []
    for place, match in enumerate(re.finditer(r"(^|[.~])([^.~]*)", text)):
        name = names[place] if place < len(names) and match[1] != "~" else "disclosure"
        found.append(Encoded(STROKES[name][0], match[1], _pieces(text, match.start(2), match.end(2), changed)))
    return found


def _pieces(text: str, start: int, end: int, changed: tuple[tuple[int, int], ...]) -> Pieces:
    pieces: Pieces = []
    at = start
    for first, last in changed:
        if first >= end or last <= start:
            continue
        if first > at:
            pieces.append((text[at:first], False))
        pieces.append((text[max(first, at) : min(last, end)], True))
        at = min(last, end)
    return [*pieces, (text[at:end], False)] if at < end else pieces


def _is_bearer(text: str) -> bool:
    """Whether a header can carry it."""
    return bool(text) and len(text) <= LONGEST and text.isascii() and text.isprintable() and " " not in text


def _sent(source: FromRun, copy: Copy, position: int) -> Sent | None:
    """The exchange at that position, if it is the one that this copy made; None where something else had crossed."""
    if position >= len(source.run.exchanges):
        return None
    exchange = source.run.exchanges[position]
    if exchange.request.header("Authorization") != f"Bearer {copy.text}":
        return None
    return Sent(exchange, rows(exchange.verdicts), f"/runs/{source.run.id}{href_of(source.run, exchange)}")


def _examples(stage: Stage) -> Iterator[Example]:
    """Tokens from recordings that pages show anyway."""
    (jwt,) = recordings.recordings(stage, [FLOWS["authorization_code"].under({})])
    at = next(each for each in jwt.walked if each.step == "redeem_code")
    yield Example("An access token", "As the first flow brings it, signed with ES256.", _address(jwt.id, at))
    expired, late = called(stage)["expired"]
    yield Example("An expired one", "Good ten minutes ago. Can it be made good again?", _address(expired.id, late))


def _address(run: str, exchange: Exchange) -> str:
    return f"/break?run={run}&exchange={exchange.position}&value=access_token"


def _weakly_signed() -> str:
    """A token of an issuer that took the first secret that came to mind, made now."""
    now = int(time.time())
    claims = {"iss": "https://issuer.example", "sub": "alice", "iat": now, "exp": now + 300}
    parts = ({"alg": "HS256", "typ": "JWT"}, claims)
    message = ".".join(base64url.encode(json.dumps(each, separators=(",", ":")).encode()) for each in parts)
    return f"{message}.{base64url.encode(hmac.digest(WEAK.encode(), message.encode(), 'sha256'))}"
