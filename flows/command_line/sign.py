"""`tokenwalk sign`: make a token of claims and a key, or print the code that makes it."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

from flows.command_line.given import KEY_FILES, Unusable, file_or_text, file_text, keys, of_input, tell
from flows.tokens.making import as_code, fit
from flows.tokens.making.fresh_key import CONTENT, ENCRYPTING, SIGNING
from flows.tokens.making.make import Kind, Made, Wanted, make
from flows.tokens.making.typed_json import NotJSON, object_of, value_of
from flows.tokens.ring import Held

SIGN = """\
Make a token of CLAIMS: signed with --key, encrypted with --encrypt, or both.
The key signs, and is not verified with; `tokenwalk decode` does that.
"""
HOW = """\
CLAIMS is JSON, or the name of a file that holds it. Without it, or with -, it
is read from standard input. For example:
  tokenwalk key ES256 > key.pem
  tokenwalk sign '{"sub": "alice"}' --exp 5m --key key.pem

With --encrypt, --key is the key of whoever is to open the token. To sign it
first, give that key with --to, and the one that signs with --key.

exit status:
  0  a token was made
  2  it could not be made; the sentence on standard error says why
"""
UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
FORMS = {
    "private_pem": "the private key as PEM",
    "public_pem": "the public key as PEM",
    "private_jwk": "the secret as a JWK",
}
OPTIONS = {  # a field of what is wanted → the option that it comes from
    "key": "--key", "recipient": "--to", "alg": "--alg", "encrypt": "--encrypt", "enc": "--enc",
    "hide": "--hide", "decoys": "--decoys", "header": "--header",
}  # fmt: skip


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    sign = commands.add_parser(
        "sign",
        help="make a token",
        description=SIGN,
        epilog=HOW,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    sign.add_argument("claims", metavar="CLAIMS", nargs="?", help="the claims as JSON, or the name of a file")
    sign.add_argument("--alg", metavar="ALG", help="what signs, `none` for an unsecured token; else as the key says")
    sign.add_argument("--key", metavar="FILE", help="a private key or a secret: PEM, JWK, JWKS, or text")
    sign.add_argument("--header", metavar="JSON", default="", help="more members of the header")
    sign.add_argument("--typ", help="the kind of token; empty for none (default: JWT, and none with --text)")
    sign.add_argument("--kid", default="", help="the name of the key, where it has none of its own")
    for name, says in (("sub", "whom it is about"), ("aud", "whom it is for"), ("iss", "who issues it")):
        sign.add_argument(f"--{name}", help=f"{says}; goes before what CLAIMS says")
    sign.add_argument(
        "--exp", type=_lasting, metavar="TIME", help="it ends in 30s, 5m, 2h or 1d from now; sets iat too"
    )
    sign.add_argument("--text", action="store_true", help="CLAIMS is any text: that makes a JWS and no JWT")
    sign.add_argument("--encrypt", metavar="ALG", choices=ENCRYPTING, help="encrypt: how the key is encrypted")
    sign.add_argument("--enc", metavar="ENC", choices=CONTENT, default="A256GCM", help="and how the content is")
    sign.add_argument("--to", metavar="FILE", help="the key of whoever is to open it; --key then signs first")
    sign.add_argument("--hide", metavar="NAME", action="append", default=[], help="an SD-JWT: this claim is hidden")
    sign.add_argument("--show", metavar="NAME", action="append", default=[], help="and this hidden one is disclosed")
    sign.add_argument("--decoys", type=int, default=0, metavar="N", help="and so many digests stand for nothing")
    sign.add_argument("--code", action="store_true", help="print the Python code that makes it, and no token")
    sign.set_defaults(run=run)


def run(asked: argparse.Namespace, now: int) -> tuple[str, int]:
    """The token, or the code that makes it; and the exit status."""
    kind = _kind(asked)
    signers = _signers(asked.key) if asked.key and kind != "encrypted" else ()
    recipients = _held(asked.to or asked.key) if asked.encrypt and (asked.to or asked.key) else ()
    alg = asked.alg or _usual(signers)
    if asked.alg and asked.alg not in (*SIGNING, "none"):
        raise Unusable(f"{asked.alg[:40]!r} is no algorithm that signs; these do: {', '.join(SIGNING)}.")
    wanted = Wanted(
        kind,
        _claims(asked, now),
        asked.text,
        alg,
        _chosen(signers, lambda held: fit.to_sign(held, alg, asked.kid)),
        asked.encrypt or ENCRYPTING[0],
        asked.enc,
        _chosen(recipients, lambda held: fit.to_encrypt(held, asked.encrypt, asked.enc)),
        asked.typ if asked.typ is not None else "" if asked.text else "JWT",
        asked.kid,
        asked.header,
        tuple(asked.hide),
        tuple(asked.show),
        asked.decoys,
    )
    made = make(wanted)
    if not isinstance(made, Made):
        raise Unusable(" ".join(_said(each.field, each.says, asked) for each in made))
    also = [fit.also_reads(held, all_of) for held, all_of in ((wanted.key, signers), (wanted.recipient, recipients))
            if held]  # fmt: skip
    for note in (*made.notes, *filter(None, also)):
        tell("sign", note)
    if not asked.code:
        return made.text + "\n", 0
    for name, form in as_code.files(wanted).items():
        tell("sign", f"The code reads {name}: {FORMS[form]}.")
    return as_code.program(wanted, made), 0


def _kind(asked: argparse.Namespace) -> Kind:
    if asked.alg == "none":
        if asked.key or asked.encrypt or asked.hide:
            raise Unusable("An unsecured token (--alg none) has no key, is not encrypted and hides nothing.")
        return "unsecured"
    if asked.to and not asked.encrypt:
        raise Unusable("--to is the key of whoever opens it: say with --encrypt how it is to be encrypted.")
    if asked.encrypt:
        if asked.hide:
            raise Unusable("An SD-JWT (--hide) is not encrypted here: leave --encrypt out.")
        if asked.to and asked.key:
            return "nested"
        if asked.alg:
            raise Unusable("To sign and then encrypt it takes two keys: --key signs, --to is for whoever opens it.")
        return "encrypted"
    return "sd-jwt" if asked.hide or asked.show or asked.decoys else "signed"


def _held(given: str) -> tuple[Held, ...]:
    return keys(*file_or_text(given), "sign")


def _signers(given: str) -> tuple[Held, ...]:
    try:
        return _held(given)
    except Unusable as problem:
        raise Unusable(fit.told_to_sign(str(problem))) from None


def _chosen(held: Sequence[Held], misfit: Callable[[Held], str]) -> Held | None:
    return fit.choose(held, misfit)[0] if held else None


def _usual(held: Sequence[Held]) -> str:
    """The algorithm that a key says it is for, or the first that it may sign with."""
    for each in held:
        own = each.members.get("alg")
        if own in SIGNING:
            return str(own)
    by_kind = (alg for alg in ("ES256", "ES384", "ES512", "ES256K", "EdDSA", "RS256", "HS256") if held)
    return next((alg for alg in by_kind if any(not fit.to_sign(each, alg) for each in held)), _nearest(held))


def _nearest(held: Sequence[Held]) -> str:
    """An algorithm of the key’s kind, so that what is said is why that one does not fit."""
    return {"RSA": "RS256", "oct": "HS256", "OKP": "EdDSA"}.get(held[0].key.key_type, "ES256") if held else "ES256"


def _claims(asked: argparse.Namespace, now: int) -> str:
    """The claims as they were given, with those of the options in their places."""
    own: dict[str, Any] = {name: getattr(asked, name) for name in ("iss", "sub", "aud") if getattr(asked, name)}
    own |= {"iat": now, "exp": now + asked.exp} if asked.exp else {}
    nothing_more = asked.claims is None and own and sys.stdin.isatty()
    text = "{}" if nothing_more else _text(asked.claims, is_text=asked.text)
    if not own:
        return text
    if asked.text:
        raise Unusable("--text signs any text, so claims cannot be added to it.")
    try:
        return json.dumps({**object_of(text if text.strip() else "{}", "Claims"), **own}, ensure_ascii=False)
    except NotJSON as problem:
        raise Unusable(str(problem)) from None


def _text(given: str | None, *, is_text: bool) -> str:
    if given and given != "-" and len(given) < 1000 and "\0" not in given:
        if os.path.isfile(given):
            return file_text(given)
        if given.lower().endswith(KEY_FILES):
            raise Unusable(f"There is no file called {given}.")
        if not is_text and _is_name(given):
            raise Unusable(f"There is no file called {given}, and it is no JSON.")
    return of_input(given, "Type the claims as JSON, then press Ctrl+D.")


def _is_name(given: str) -> bool:
    """Whether it is rather the name of a file than JSON."""
    if given.lstrip()[:1] in ("{", "[", '"', ""):
        return False
    try:
        value_of(given, "Claims")
    except NotJSON:
        return True
    return False


def _lasting(written: str) -> int:
    found = re.fullmatch(r"([0-9]{1,9})([smhd]?)", written)
    if not found:
        raise argparse.ArgumentTypeError(f"must be a time like 30s, 5m, 2h or 1d, not {written[:40]!r}")
    return int(found[1]) * UNITS[found[2]]


def _said(field: str, says: str, asked: argparse.Namespace) -> str:
    """A sentence about a field, with the option that it is about."""
    if field == "recipient" and not asked.to:
        field = "key"
    option = OPTIONS.get(field)
    return f"{option}: {says}" if option and not says.startswith(("Header", "Claims")) else says
