"""The token decoder: whatever was pasted, all of it at once, judged. It is posted, and neither stored nor logged."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache, partial

from flask import Blueprint, Response, abort, make_response, render_template, request
from markupsafe import Markup, escape
from werkzeug.exceptions import RequestEntityTooLarge

from flows import recordings
from flows.calls import called
from flows.grants import FLOWS
from flows.pages import from_run
from flows.pages.checklist import source_of_function
from flows.pages.decoded import MOST_ROWS, Decoded, as_json, decoded, in_short, visible
from flows.pages.from_run import FromRun
from flows.pages.keys_at_hand import keys_of_issuer, realm_of
from flows.pages.posted import (
    KINDS,
    LONGEST_TEXT,
    MOST_FORM,
    Example,
    allow_a_long_form,
    excess,
    source_of,
    source_still_there,
)
from flows.pages.runs import is_number
from flows.realm import Realm
from flows.run import Run
from flows.stage import Stage
from flows.tokens import json_text
from flows.tokens.finding.find import Finds, Found, find
from flows.tokens.judging.judge import Expected, Judgement, judge
from flows.tokens.judging.profiles import PROFILES, guess
from flows.tokens.judging.rules import RULES
from flows.tokens.read import Encrypted, Header, Other, Signed, Token, read
from flows.tokens.ring import Held, read_keys
from flows.tokens.times import is_milliseconds, is_time, lasting

LONGEST_LEEWAY = 86_400
CLOCKS_DIFFER = 60  # seconds, from which on a realm's time and now are told apart
FIELDS = ("pasted", "key", "iss", "aud", "nonce", "algs", "detached", "view", "at")
ASKED_IN = {"iss_is_trusted": "iss", "aud_is_expected": "aud", "nonce_is_expected": "nonce"}  # a rule → its field
HINTS = {"iss": "whom do you trust?", "aud": "who are you?", "nonce": "which one did you send?"}
MANY = {"warning": "warnings"}  # how a state is called where there is more, or less, than one
MARKS = {"passed": "passed", "failed": "failed", "warning": "warning", "not checked": "unchecked"}
NOT_USABLE = {
    "piece of a token",
    "piece of JSON in base64",
    "name of a key",
}  # of what is found, that which nobody takes
ON_THIS_MACHINE = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True)
class Asked:
    """What the form holds. `told` are sentences about fields that could not be taken as they are."""

    pasted: str = ""
    key: str = ""
    key_file: str = ""
    key_kind: str = ""
    profile: str = ""
    iss: str = ""
    aud: str = ""
    nonce: str = ""
    algs: str = ""
    detached: str = ""
    view: str = ""
    at: str = ""
    token: int = 0
    which: int = 0
    leeway: int = 0
    told: tuple[str, ...] = ()

    @property
    def of(self) -> str:
        """Which text this is. What was chosen for one is not carried over to another, whatever its line breaks."""
        return hashlib.sha256(" ".join(self.pasted.split()).encode("utf-8", "replace")).hexdigest()[:16]

    @property
    def allowed(self) -> frozenset[str]:
        return frozenset(self.algs.replace(",", " ").split())


@dataclass(frozen=True)
class Shown:
    """What was found and what is shown of it.

    Where a realm has a clock of its own, `clocks` are the two to judge by, ("realm" or "now", in words), and `other` is
    the verdict by the one that was not chosen.
    """

    finds: Finds
    found: Found | None = None
    decoded: Decoded | None = None
    realm: Realm | None = None
    clocks: tuple[tuple[str, str], ...] = ()
    other: Judgement | None = None
    live: str = ""
    held: tuple[Held, ...] = ()
    key_problems: tuple[str, ...] = field(default=())

    @property
    def other_kind(self) -> Other | None:
        return self.found.token if self.found and isinstance(self.found.token, Other) else None

    @property
    def says(self) -> str:
        """What is said aloud: what was found, and the verdict."""
        verdict = f"{self.decoded.judgement.headline}. {self.decoded.judgement.says}" if self.decoded else ""
        return f"{self.finds.says} {verdict}".replace("`", "")


def pages(stage: Stage) -> Blueprint:
    """/decode."""
    decoder = Blueprint("decoder", __name__)
    decoder.add_app_template_filter(say)
    decoder.add_app_template_filter(visible)
    decoder.add_app_template_filter(as_json)

    @decoder.get("/decode")
    def show() -> Response:
        """The empty state; or a token of a recording, which the address names and does not carry."""
        if not request.args.keys() & {"run", "exchange", "value"}:
            told = ("No address takes a token here: paste it. A link can carry one behind `#token=` only.",)
            return _page(stage, Asked(told=told if request.args else ()))
        try:
            source = source_of(stage.runs, request.args)
        except LookupError as error:
            abort(404, str(error))
        asked = Asked(source.named, view=request.args.get("view", ""), at=request.args.get("at", ""))
        return _page(stage, asked, source)

    @decoder.post("/decode")
    def decode() -> Response:
        allow_a_long_form()
        try:
            asked = _asked()
        except RequestEntityTooLarge:
            return _page(stage, Asked(), too_long=request.content_length or MOST_FORM)
        if size := excess(asked.pasted):
            return _page(stage, asked, too_long=size)
        return _page(stage, asked, source_still_there(stage.runs, asked.pasted))

    @decoder.get("/decode/rules/<name>")
    def code(name: str) -> str:
        """Why a rule is there, and the code that decides it."""
        rule = RULES.get(name)
        if rule is None:
            abort(404, f"There is no rule called {name[:60]!r}.")
        return render_template("rule.html", rule=rule, source=source_of_function(rule.decide))

    return decoder


@lru_cache(maxsize=128)
def why(name: str) -> Markup:
    """What a row of the checklist unfolds: why the rule is there, and the way to its code."""
    return Markup(
        '<div class="because"><p>{}</p><div hx-morph-skip><a class="code-link" href="/decode/rules/{name}" '
        'hx-get="/decode/rules/{name}" hx-target="closest div" hx-swap="innerHTML" hx-select="#the-code">'
        "The code of {name}</a></div></div>"
    ).format(say(RULES[name].reason), name=name)


def say(text: str) -> Markup:
    """A sentence with `names`. Unlike prose it is kept nowhere: it may hold something of what was pasted."""
    pieces = str(escape(visible(text))).split("`")
    if len(pieces) % 2:
        pieces[1::2] = [f"<code>{name}</code>" for name in pieces[1::2]]
        return Markup("".join(pieces))
    return Markup("`".join(pieces))


def _asked() -> Asked:
    form, told = request.form, []
    leeway = form.get("leeway", "").strip() or "0"
    if not is_number(leeway) or int(leeway) > LONGEST_LEEWAY:
        told.append(f"The leeway is a number of seconds, at most {LONGEST_LEEWAY:,}; it was taken as 0.")
        leeway = "0"
    numbers = {name: form.get(name, "0") for name in ("token", "which")}
    profile, kind = form.get("as", ""), form.get("key_kind", "")
    views = form.getlist("view")
    upload = request.files.get("key_file")
    asked = Asked(
        **{name: form.get(name, "") for name in FIELDS if name != "view"},
        view=views[-1] if views else "",
        profile=profile if profile in PROFILES else "",
        key_kind=kind if kind in KINDS else "",
        key_file=upload.read().decode("utf-8", "replace") if upload else "",
        token=int(numbers["token"]) if is_number(numbers["token"]) else 0,
        which=int(numbers["which"]) if is_number(numbers["which"]) else 0,
        leeway=int(leeway),
        told=tuple(told),
    )
    return asked if form.get("of", asked.of) == asked.of else replace(asked, profile="", at="", token=0, which=0)


def _page(stage: Stage, asked: Asked, source: FromRun | None = None, too_long: int = 0) -> Response:
    shown = _shown(stage, asked, source) if asked.pasted.strip() and not too_long else None
    page = render_template(
        "decoder.html",
        asked=asked,
        shown=shown,
        source=source,
        too_long=too_long,
        LONGEST_TEXT=LONGEST_TEXT,
        examples=[] if shown or too_long else list(_examples(stage)),
        machine=_machine(),
        PROFILES=PROFILES,
        guess=guess,
        in_short=in_short,
        why=why,
        MOST_ROWS=MOST_ROWS,
        ON_THIS_MACHINE=ON_THIS_MACHINE,
        KINDS=KINDS,
        ASKED_IN=ASKED_IN,
        HINTS=HINTS,
        MANY=MANY,
        MARKS=MARKS,
    )
    return make_response(page.encode("utf-8", "replace"), 413 if too_long else 200)


def _shown(stage: Stage, asked: Asked, source: FromRun | None) -> Shown:
    finds = find(asked.pasted)
    if not finds.tokens:
        return Shown(finds)
    found = finds.tokens[asked.token if asked.token < len(finds.tokens) else 0]
    now = int(time.time())
    token, *spelled = _with_payload(found.token, found.text, asked)
    if isinstance(token, Other):
        return Shown(finds, found, live="" if source else _live(token, now))
    realm = realm_of(stage.runs.store, token)
    given = [read_keys(text, asked.key_kind) for text in (asked.key, asked.key_file) if text.strip()]
    held = tuple(key for keys, _ in given for key in keys)
    own_time = realm.clock if realm else None
    by_realm = own_time is not None and asked.at != "now"
    at = own_time if own_time is not None and by_realm else now
    expected = Expected(
        at,
        asked.profile,
        held,
        asked.allowed,
        asked.iss.strip(),
        asked.aud.strip(),
        asked.nonce.strip(),
        asked.leeway,
        asked.which,
        partial(keys_of_issuer, stage.runs.store),
    )
    judgement = judge(token, expected)
    for each in spelled:  # a form posts CR LF where the payload may have LF
        if judgement.key is None and not isinstance(each, Other) and (again := judge(each, expected)).key:
            token, judgement = each, again
    clocks: tuple[tuple[str, str], ...] = ()
    other = None
    if own_time is not None and abs(own_time - now) >= CLOCKS_DIFFER:
        clocks = (("realm", f"its realm’s time, {_face(own_time, now)}"), ("now", f"now, {_face(now, now)}"))
        other = judge(token, replace(expected, now=now if by_realm else own_time))
    return Shown(
        finds,
        found,
        decoded(token, judgement, at, now, own_time, asked.which, asked.view == "bytes"),
        realm,
        clocks,
        other,
        "" if realm or source else _live(token, now, judgement),
        held,
        tuple(problem for _, problems in given for problem in problems),
    )


def _face(at: int, now: int) -> str:
    """A time of day, with its date where that is not today's."""
    then, today = (datetime.fromtimestamp(each, UTC) for each in (at, now))
    return f"{then:%H:%M:%S}" if then.date() == today.date() else f"{then.day} {then:%b, %H:%M:%S}"


def _with_payload(token: Token, text: str, asked: Asked) -> list[Token]:
    """The token with the payload that travelled beside it, where it has none of its own (RFC 7515 Appendix F): with
    line breaks as they are mostly written, then as they were posted, then without the last one."""
    if not isinstance(token, Signed) or not asked.detached or token.payload.encoded:
        return [token]
    lines = asked.detached.replace("\r\n", "\n")
    spelled = dict.fromkeys((lines, asked.detached, lines.rstrip("\n")))
    return [read(text, each.encode("utf-8", "replace")) for each in spelled]


def _live(token: Token, now: int, judgement: Judgement | None = None) -> str:
    """Of a token from elsewhere that may still work: why it may; "" for one that cannot."""
    if not _is_whole(token):
        return ""
    if isinstance(token, Encrypted) and judgement and judgement.inner:
        return _live(judgement.inner[0], now, judgement.inner[1])
    claims = token.claims if isinstance(token, Signed) else None
    if isinstance(token, Encrypted) and judgement and judgement.opened:
        claims = json_text.read(judgement.opened).object
    if claims is None:
        return "Whether it still works cannot be seen from outside."
    exp = claims.get("exp")
    if not is_time(exp) or is_milliseconds(exp):
        return "Nothing in it says when it ends, so it may still work." if claims and "exp" not in claims else ""
    return f"It still counts, for another {lasting(exp - now)}." if exp > now else ""


def _is_whole(token: Token) -> bool:
    """Whether anybody could take it as it is: nothing of it is missing, and what is to be JSON is JSON."""
    if isinstance(token, Other):
        return token.kind not in NOT_USABLE
    if token.problems:
        return False
    if isinstance(token, Encrypted):
        headers = [each.header for each in token.recipients]
        return bool(headers and token.ciphertext.data) and all(map(_is_read, headers))
    claims, signatures = token.payload.json, token.signatures
    if claims is None or not claims.is_object or claims.problems or not signatures or token.is_unsecured:
        return False
    return all(each.signature.data and _is_read(each.header) for each in signatures)


def _is_read(header: Header) -> bool:
    read = header.protected.json if header.protected else None
    return bool(header.text("alg")) and not (read and read.problems)


def _examples(stage: Stage) -> Iterator[Example]:
    """Tokens from recordings that pages show anyway."""
    jwt, opaque = recordings.recordings(
        stage, [FLOWS["authorization_code"].under(o) for o in ({}, {"token": "opaque"})]
    )
    calls = called(stage)

    def example(title: str, says: str, run: Run, value: str, position: int) -> Example:
        return Example(title, says, from_run.address(run, run.exchanges[position], value))

    for run, kind in ((jwt, "jwt"), (opaque, "opaque")):
        position = next(each.position for each in run.walked if each.step == "redeem_code")
        if kind == "jwt":
            yield example("An access token", "A JWT, as the first flow brings it.", run, "access_token", position)
            expired, broken = calls["expired"], calls["broken"]
            yield example("An expired one", "Good ten minutes ago.", expired[0], "access_token", expired[1].position)
            yield example(
                "One with a letter changed", "Who notices, and by what?", broken[0], "access_token", broken[1].position
            )
            yield example("A refresh token", "Opaque: nothing to read.", run, "refresh_token", position)
        else:
            yield example("An opaque access token", "It says nothing by itself.", run, "access_token", position)


def _machine() -> str:
    """The host that reads what is pasted, as the address has it."""
    return request.host.rpartition(":")[0] or request.host
