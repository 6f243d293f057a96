"""What a JWT is, and what it is not: told with a token that Snapbox issued in a recorded walk.

That walk is the refresh token flow, because it goes on after the end: one token runs out in it, and another is given
back and used all the same. From the second one's claims this page makes two things at each visit, a copy with one
letter changed and an encrypted token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template
from joserfc import jwe
from joserfc.jwk import ECKey

from flows.glossary import explain
from flows.grants import FLOWS
from flows.pages.journey import href_of
from flows.pages.token_panel import distance, in_words
from flows.realm import Realm, SigningKey
from flows.recordings import recordings
from flows.run import Exchange, Run
from flows.stage import Stage
from flows.tokens import base64url, jws
from flows.tokens.json_text import Member
from flows.tokens.read import Encrypted, Part, Signed, read

FLOW = FLOWS["refresh_token"]
CHANGED = "sub"  # the claim in which a letter is changed
WINDOW = 10  # characters of the token shown on either side of the change


@dataclass(frozen=True)
class Moment:
    """An exchange of a recorded walk, and where all of it can be read."""

    exchange: Exchange
    href: str


@dataclass(frozen=True)
class Judged:
    """A token as the realm's key judges it: one claim as it stands there, and the characters of the payload about it.

    `characters` are those before, those in which the copy differs, and those after. `key` is the kid of the key that
    verifies the signature, None if none does.
    """

    claim: str
    characters: tuple[str, str, str]
    key: str | None


@dataclass(frozen=True)
class Sealed:
    """An encrypted token, its parts as (name, characters), and what its key gives back when it opens it."""

    token: Encrypted
    parts: list[tuple[str, str]]
    opened: bytes


def pages(stage: Stage) -> Blueprint:
    """/jwt."""
    jwt = Blueprint("what_is_a_jwt", __name__)

    @jwt.get("/jwt")
    def show() -> str:
        run, opaque = recordings(stage, [FLOW.under({}), FLOW.under({"token": "opaque"})])
        issued = moment(run, "refresh")
        token = signed(issued.exchange.json["access_token"])
        header, payload = token.signatures[0].header, token.payload
        assert header.protected is not None and payload.json is not None  # Snapbox made it
        said, now = payload.json.object, run.realm.now()
        return render_template(
            "what_is_a_jwt.html",
            token=token,
            header=header.members,
            claims=payload.json.members,
            notes=notes("jose header", header.members) | notes("claim", payload.json.members),
            issued=issued,
            decoder=f"/decode?run={run.id}&exchange={issued.exchange.position}&value=access_token",
            judged=side_by_side(token, signed(changed(token)), run.realm),
            distances={name: distance(said[name] - now) for name in ("iat", "nbf", "exp")},
            now=in_words(now, now).removesuffix(", now"),
            ends=in_words(said["exp"], now),
            sealed=seal(payload.data),
            over=moment(run, "use_old_token"),
            given_back=moment(run, "give_back"),
            after=moment(run, "use_revoked_token"),
            opaque=moment(opaque, "refresh").exchange.json["access_token"],
            opaque_after=moment(opaque, "use_revoked_token"),
        )

    return jwt


def notes(kind: str, members: Sequence[Member]) -> dict[str, str]:
    """Name → what its value means in a few words, or what it means itself where the value says no more than itself."""
    found: dict[str, str] = {}
    for member in members:
        entries = explain("value", f"{member.name}={member.value}"), explain(kind, member.name)
        found[member.name] = next((entry.short for entry in entries if entry and entry.short), "")
    return found


def moment(run: Run, step: str) -> Moment:
    exchange = next(each for each in run.walked if each.step == step)
    return Moment(exchange, f"/runs/{run.id}{href_of(run, exchange)}")


def signed(text: str) -> Signed:
    token = read(text)
    assert isinstance(token, Signed)
    return token


def changed(token: Signed) -> str:
    """The token with the last letter of one claim exchanged, and everything else as it was."""
    data, last = token.payload.data, _claim(token.payload).end - 2
    letter = b"a" if data[last : last + 1] != b"a" else b"e"
    header, _, signature = token.text.split(".")
    return f"{header}.{base64url.encode(data[:last] + letter + data[last + 1 :])}.{signature}"


def side_by_side(token: Signed, copy: Signed, realm: Realm) -> tuple[Judged, Judged]:
    """Both, each verified now; what differs in them is found by comparing them."""
    pair = token.payload.encoded, copy.payload.encoded
    apart = [place for place, (one, other) in enumerate(zip(*pair, strict=True)) if one != other]
    start, end = apart[0], apart[-1] + 1
    one, other = (
        Judged(
            each.payload.data[(claim := _claim(each.payload)).start : claim.end].decode(),
            (encoded[start - WINDOW : start], encoded[start:end], encoded[end : end + WINDOW]),
            next((key.kid for key in realm.signing_keys if _verifies(each, key)), None),
        )
        for each, encoded in zip((token, copy), pair, strict=True)
    )
    return one, other


def seal(claims: bytes) -> Sealed:
    """Encrypt claims for a key made on the spot (RFC 7516), and open them again with it."""
    key = ECKey.generate_key("P-256")
    text = jwe.encrypt_compact({"alg": "ECDH-ES+A256KW", "enc": "A256GCM"}, claims, key)
    token = read(text)
    assert isinstance(token, Encrypted)
    names = ("header", "encrypted key", "initialization vector", "ciphertext", "tag")
    opened = jwe.decrypt_compact(text, key).plaintext
    return Sealed(token, list(zip(names, text.split("."), strict=True)), opened or b"")


def _claim(payload: Part) -> Member:
    """The claim that is changed in the copy, with its place in the bytes."""
    assert payload.json is not None
    return next(member for member in payload.json.members if member.name == CHANGED)


def _verifies(token: Signed, key: SigningKey) -> bool:
    return jws.signature_verifies(token.text, key.key, key.alg)
