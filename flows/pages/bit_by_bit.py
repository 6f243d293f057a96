"""Bit by bit: one token, from its bytes to its characters, and its signature as it is computed. It is kept nowhere."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from flask import Blueprint, Response, abort, make_response, render_template, request
from werkzeug.exceptions import RequestEntityTooLarge

from flows import recordings
from flows.grants import FLOWS
from flows.pages.decoded import STROKES
from flows.pages.from_run import FromRun
from flows.pages.keys_at_hand import keys_of, realm_of
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
from flows.stage import Stage
from flows.tokens import base64url
from flows.tokens.by_hand import LONGEST_TOKEN, worked
from flows.tokens.by_hand.bit_by_bit import (
    BYTES,
    Change,
    Window,
    changed,
    next_letter,
    parts,
    suggested,
    text_of,
    window,
)
from flows.tokens.by_hand.signed_anew import can_sign, signed_anew
from flows.tokens.by_hand.steps import HALVES, Worked
from flows.tokens.finding.find import find
from flows.tokens.read import Encrypted, Other, Part, Signature, Signed, read, signing_input
from flows.tokens.ring import Held, read_keys
from flows.tokens.verify import Verified, choose, misfit

TEXTS = ("pasted", "key", "detached", "part", "how", "letter", "edited", "seen", "signing")
CHUNK = BYTES * 4 // 3  # characters of a window
MOST_CHUNKS = 40
LONGEST_WHOLE = 40  # bytes of a value that are shown at once


@dataclass(frozen=True)
class Asked:
    """What the form holds. `at` is a byte of the part, from 0; `position` a letter of the payload, from 1.

    `how` says what was changed last: "letter" by its number, or "text", all of it. `seen` is which token it was about.
    `signing` is the key to sign with, which is never the one to check with unless it was given as both.
    """

    pasted: str = ""
    key: str = ""
    key_kind: str = ""
    detached: str = ""
    which: int = 0
    part: str = ""
    at: int = 0
    how: str = ""
    position: int = 0
    letter: str = ""
    edited: str = ""
    seen: str = ""
    signing: str = ""
    remake: bool = False


@dataclass(frozen=True)
class Chunk:
    """Some characters of a part, with the byte that they begin at; and whether they are the window that is shown."""

    at: int
    text: str
    is_now: bool


@dataclass(frozen=True)
class Remade:
    """The signature of the token made once more, and one over the changed payload; None where that cannot be done."""

    again: bytes
    changed: bytes | None

    def differing(self, sent: bytes) -> int:
        """How many characters of the second are others than those of the one in the token."""
        one, other = base64url.encode(sent), base64url.encode(self.changed or b"")
        return sum(1 for pair in zip(one, other, strict=False) if pair[0] != pair[1]) + abs(len(one) - len(other))


@dataclass(frozen=True)
class Shown:
    """What the page shows of a token: its parts and a window of one, its signature, and what a change does to it."""

    text: str
    says: str
    parts: dict[str, Part]
    part: str
    window: Window | None
    chunks: tuple[Chunk, ...]
    signed: Signed | None = None
    signature: Signature | None = None
    worked: Worked | None = None
    verified: Verified = field(default_factory=lambda: Verified(None))
    realm: Realm | None = None
    key_problems: tuple[str, ...] = ()
    payload: str | None = None
    change: Change | None = None
    after: Verified = field(default_factory=lambda: Verified(None))
    letter: str = ""
    position: int = 0
    remade: Remade | None = None
    cannot_sign: str = ""
    token_id: str = ""

    @property
    def agrees(self) -> bool:
        """Whether the library that verifies came to what was worked out."""
        return not self.worked or self.worked.fits is None or self.worked.fits == bool(self.verified.key)


def pages(stage: Stage) -> Blueprint:
    """/bits."""
    bits = Blueprint("bit_by_bit", __name__)
    bits.add_app_template_filter(hexed)
    bits.add_app_template_filter(as_text)

    @bits.get("/bits")
    def show() -> Response:
        """The empty state; or a token of a recording, which the address names and does not carry."""
        if not request.args:
            return _page(stage, Asked())
        try:
            source = source_of(stage.runs, request.args)
        except LookupError as error:
            abort(404, str(error))
        return _page(stage, Asked(source.text), source)

    @bits.post("/bits")
    def work_out() -> Response:
        allow_a_long_form()
        try:
            asked = _asked()
        except RequestEntityTooLarge:
            return _page(stage, Asked(), too_long=request.content_length or MOST_FORM)
        if size := excess(asked.pasted):
            return _page(stage, asked, too_long=size)
        return _page(stage, asked, source_still_there(stage.runs, asked.pasted))

    return bits


def hexed(data: bytes) -> str:
    """Bytes in hexadecimal, four together so that a line may break between; a few of them one by one."""
    return data.hex(" ", -4 if len(data) > 4 else 1) if data else ""


def as_text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _asked() -> Asked:
    form = request.form
    last = {name: (form.getlist(name) or [""])[-1] for name in Asked.__dataclass_fields__}
    numbers = {name: int(last[name]) if is_number(last[name]) else 0 for name in ("which", "at", "position")}
    asked = Asked(
        **{name: last[name] for name in TEXTS},
        which=numbers["which"],
        at=numbers["at"],
        position=numbers["position"],
        key_kind=last["key_kind"] if last["key_kind"] in KINDS else "",
        remake=bool(last["remake"]),
    )
    pressed = form.getlist("part")
    return replace(asked, at=0) if len(pressed) > 1 and pressed[0] != pressed[-1] else asked


def _page(stage: Stage, asked: Asked, source: FromRun | None = None, too_long: int = 0) -> Response:
    shown, problem = None, ""
    if asked.pasted.strip() and not too_long:
        shown, problem = _shown(stage, asked)
    page = render_template(
        "bits.html",
        asked=asked,
        shown=shown,
        problem=problem,
        source=source,
        too_long=too_long,
        examples=[] if shown else _examples(stage),
        made=None if shown else _made(),
        KINDS=KINDS,
        STROKES=STROKES,
        HALVES=HALVES,
        LONGEST_TEXT=LONGEST_TEXT,
        LONGEST_WHOLE=LONGEST_WHOLE,
        LONGEST_TOKEN=LONGEST_TOKEN,
        encode=base64url.encode,
    )
    return make_response(page.encode("utf-8", "replace"), 413 if too_long else 200)


def _shown(stage: Stage, asked: Asked) -> tuple[Shown | None, str]:
    """What is shown of the first token in what was pasted; or a sentence that says why there is nothing."""
    finds = find(asked.pasted)
    if not finds.tokens:
        return None, finds.says
    found = finds.tokens[0]
    token = found.token
    if isinstance(token, Other):
        return None, f"This is no JWT: {token.kind}. {token.says}"
    if isinstance(token, Signed) and asked.detached and not token.payload.encoded:
        token = read(found.text, asked.detached.encode("utf-8", "replace"))
    token_id = hashlib.sha256(found.text.encode("utf-8", "replace")).hexdigest()[:16]
    if asked.seen != token_id:
        asked = replace(asked, part="", at=0, how="", position=0, letter="", edited="", remake=False)
    of = parts(token, asked.which)
    part = asked.part if asked.part in of else next(iter(of), "")
    one = window(of[part], asked.at) if part else None
    many = "" if len(finds.tokens) == 1 else f" There are {len(finds.tokens)} tokens in it; this is the first."
    shown = Shown(
        found.text, many.strip(), of, part, one, _chunks(of[part], one) if part and one else (), token_id=token_id
    )
    if isinstance(token, Encrypted):
        return shown, ""
    if not token.signatures:
        return replace(shown, signed=token), ""
    realm = realm_of(stage.runs.store, token)
    held, problems = read_keys(asked.key, asked.key_kind) if asked.key.strip() else ((), ())
    keys = (*held, *(keys_of(realm.store, realm.name) if realm else ()))
    signature = token.signatures[asked.which if asked.which < len(token.signatures) else 0]
    alg = signature.header.text("alg")
    verified = choose(keys, token, signature, alg)
    steps = worked(token, signature, alg, verified)
    shown = replace(
        shown,
        signed=token,
        signature=signature,
        verified=verified,
        worked=steps,
        realm=realm,
        key_problems=problems,
    )
    return (_with_change(shown, asked, token, signature, alg, keys) if len(found.text) <= LONGEST_TOKEN else shown), ""


def _with_change(
    shown: Shown, asked: Asked, token: Signed, signature: Signature, alg: str, keys: Sequence[Held]
) -> Shown:
    """The payload with a letter changed, or as it was typed; judged, and signed anew where that was asked for."""
    text = text_of(token)
    if text is None:
        return shown
    at = min(asked.position, len(text)) - 1 if asked.position else suggested(token)
    letter = asked.letter if asked.position and asked.letter else next_letter(text[at])
    new = text[:at] + letter + text[at + 1 :]
    if asked.how == "text":
        new = _with_the_same_line_breaks(asked.edited, text)
    held = shown.worked.key if shown.worked else None
    change = changed(token, signature, alg, new, held.key if held else None)
    after = choose(keys, change.token, signature, alg) if change else Verified(None)
    remade, cannot_sign = _remade(asked, token, change, signature, alg) if asked.remake else (None, "")
    return replace(
        shown,
        payload=text,
        change=change,
        after=after,
        letter=letter,
        position=at + 1,
        remade=remade,
        cannot_sign=cannot_sign,
    )


def _remade(
    asked: Asked, token: Signed, change: Change | None, signature: Signature, alg: str
) -> tuple[Remade | None, str]:
    """Signed anew with the key that was given to sign with; or a sentence that says why it is not."""
    half = "the secret" if alg.startswith("HS") else "a private key"
    if not asked.signing.strip():
        return None, f"To sign, {half} would be needed here. The key to check with is never signed with."
    given, problems = read_keys(asked.signing)
    why = problems[0] if problems else ""
    for held in given:
        why = misfit(held, signature.header, alg)
        if why:
            continue
        if not can_sign(held):
            why = "This is a public key, which can only check. To sign, its private half would be needed."
            continue
        again = signed_anew(held, alg, signing_input(token, signature))
        if again is None:
            return None, "This key cannot sign here: it is too long, or broken."
        return Remade(again, signed_anew(held, alg, signing_input(change.token, signature)) if change else None), ""
    return None, why or "There is no key in this."


def _with_the_same_line_breaks(edited: str, text: str) -> str:
    """A browser posts every line break as CR LF, whatever the payload had."""
    bare = edited.replace("\r\n", "\n")
    return bare.replace("\n", "\r\n") if "\r\n" in text else bare


def _chunks(part: Part, shown: Window) -> tuple[Chunk, ...]:
    """The part's characters, as many as a window has together; about the window where there are too many."""
    letters = part.encoded or base64url.encode(part.data)
    count = -(-len(part.data) // BYTES)
    now = shown.at // BYTES
    first = max(0, min(now - MOST_CHUNKS // 2, count - MOST_CHUNKS))
    return tuple(
        Chunk(at * BYTES, letters[at * CHUNK : (at + 1) * CHUNK], at == now)
        for at in range(first, min(count, first + MOST_CHUNKS))
    )


def _examples(stage: Stage) -> list[Example]:
    """An access token of a recorded walk for each algorithm that a realm can sign with."""
    flow = FLOWS["authorization_code"]
    says = {
        "ES256": "By a point on a curve, P-256. As the first flow brings it.",
        "RS256": "By one large power. The oldest, and still the commonest.",
        "EdDSA": "By a point on another curve, Ed25519. Nothing in it is left to chance.",
    }
    walks = recordings.recordings(stage, [flow.under({} if alg == "ES256" else {"alg": alg}) for alg in says])
    found = []
    for (alg, what), run in zip(says.items(), walks, strict=True):
        at = next(each.position for each in run.walked if each.step == "redeem_code")
        found.append(Example(f"Signed with {alg}", what, f"/bits?run={run.id}&exchange={at}&value=access_token"))
    return found


def _made() -> tuple[str, str]:
    """A token with HS256 and its secret, both made now: no party of this app signs with a secret that two share."""
    now, secret = int(time.time()), secrets.token_urlsafe(32)
    claims = {"iss": "https://issuer.example", "sub": "alice", "iat": now, "exp": now + 300}
    members = ({"alg": "HS256", "typ": "JWT"}, claims)
    message = ".".join(base64url.encode(json.dumps(each, separators=(",", ":")).encode()) for each in members)
    (held,), _ = read_keys(secret, "text")
    signature = signed_anew(held, "HS256", message.encode())
    return f"{message}.{base64url.encode(signature or b'')}", secret
