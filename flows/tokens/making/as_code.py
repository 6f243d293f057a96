"""The code that makes this: a complete short Python program that makes the same token from the same claims.

It does just what was done here: PyJWT signs, joserfc encrypts. Keys are read from files and never stand in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from joserfc.jwk import OctKey

from flows.tokens.making.make import SALT, Made, Wanted

INDENT = "    "
USUAL = {"alg", "enc", "typ", "kid", "cty", "p2c"}  # members that an encrypted token’s header may have anywhere
WIDEST = 88  # characters of a list or an object that stays on one line
ITS_VALUES = ("claims =", "payload =", "header =", "headers =")  # blocks that hold what was typed, and no code
DUMPED = 'json.dumps(claims, separators=(",", ":"))'


def program(wanted: Wanted, made: Made) -> str:
    """The program as text. The files that it reads are `files(wanted)`; it prints the token."""
    body = [block for block in _body(wanted, made) if block]
    code = "\n".join(block for block in body if not block.startswith(ITS_VALUES))
    return "\n\n".join([*_head(wanted, code), *body]) + "\n"


def files(wanted: Wanted) -> dict[str, str]:
    """The files of keys that the program reads, each with what is to stand in it: "key" or "recipient", and which
    form of it, as a name of `fresh_key.Halves`."""
    found = {}
    if wanted.is_signed and wanted.key:
        found[_file("key", wanted.key.key)] = "private_jwk" if _is_secret(wanted.key.key) else "private_pem"
    if wanted.is_encrypted and wanted.recipient:
        secret = _is_secret(wanted.recipient.key)
        found[_file("recipient", wanted.recipient.key)] = "private_jwk" if secret else "public_pem"
    return found


def literal(value: Any, depth: int = 0, width: int = WIDEST) -> str:
    """A JSON value as Python writes it: on one line where that fits in `width`, else a line for each member."""
    inner = INDENT * (depth + 1)
    if isinstance(value, dict) and value:
        members = [f"{_quoted(name)}: {literal(each, depth + 1)}" for name, each in value.items()]
        start, end = "{}"
    elif isinstance(value, list) and value:
        members = [literal(each, depth + 1) for each in value]
        start, end = "[]"
    else:
        return _quoted(value) if isinstance(value, str) else repr(value)
    if sum(len(each) + 2 for each in members) <= width and not any("\n" in each for each in members):
        return f"{start}{', '.join(members)}{end}"
    return f"{start}\n" + "".join(f"{inner}{each},\n" for each in members) + INDENT * depth + end


def _quoted(text: str) -> str:
    """In double quotes; what does not print (a line break, a direction mark) as an escape."""
    return '"' + "".join(_ESCAPES.get(each) or (each if each.isprintable() else _escape(each)) for each in text) + '"'


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _is_secret(key: object) -> bool:
    return isinstance(key, OctKey)


def _file(name: str, key: object) -> str:
    return f"{name}.{'json' if _is_secret(key) else 'pem'}"


def _head(wanted: Wanted, code: str) -> Iterator[str]:
    """What must be installed, and what is imported: just what the program uses."""
    signs = wanted.kind != "encrypted"
    packages = [*(["'pyjwt[crypto]'"] if signs else []), *(["joserfc"] if wanted.is_encrypted else [])]
    standard = [f"import {name}" for name in ("base64", "hashlib", "json", "secrets") if f"{name}." in code]
    standard += ["from pathlib import Path"] if "Path(" in code else []
    others = ["import jwt"] if signs else []
    if wanted.is_encrypted and wanted.recipient:
        others += ["from joserfc import jwe", f"from joserfc.jwk import {type(wanted.recipient.key).__name__}"]
    yield f"# pip install {' '.join(packages)}"
    if standard:
        yield "\n".join(standard)
    yield "\n".join(others)


def _body(wanted: Wanted, made: Made) -> Iterator[str]:
    if wanted.kind == "sd-jwt":
        yield "\n" + ENCODED
    yield "\n".join(_keys(wanted))
    yield f"payload = {_payload(made)}" if made.claims is None else f"claims = {literal(made.claims, width=0)}"
    if wanted.kind == "sd-jwt":
        yield from _hide(made, wanted.decoys)
    if wanted.kind != "encrypted":
        yield from _sign(wanted, made)
    if wanted.is_encrypted:
        content = "token" if wanted.kind == "nested" else "payload" if made.claims is None else DUMPED
        yield f"header = {literal(made.encrypting)}"
        yield _encrypt(content, made.encrypting or {})
    shown = '"~".join([token, *(disclosures[name] for name in shown), ""])'
    yield f"print({shown if wanted.kind == 'sd-jwt' else 'token'})"


def _encrypt(content: str, header: dict[str, Any]) -> str:
    """The call that encrypts. A header with members that joserfc does not know needs a registry that lets them pass."""
    algorithms = 'algorithms=[header["alg"], header["enc"]]'
    if header.keys() <= USUAL:
        return f"token = jwe.encrypt_compact(\n{INDENT}header, {content}, recipient, {algorithms}\n)"
    return (
        f"registry = jwe.JWERegistry({algorithms}, strict_check_header=False)\n"
        f"token = jwe.encrypt_compact(header, {content}, recipient, registry=registry)"
    )


def _keys(wanted: Wanted) -> Iterator[str]:
    if wanted.is_signed and wanted.key:
        text = f'Path("{_file("key", wanted.key.key)}").read_text()'
        yield f"key = {f'jwt.PyJWK.from_json({text})' if _is_secret(wanted.key.key) else text}"
    if wanted.is_encrypted and wanted.recipient:
        text = f'Path("{_file("recipient", wanted.recipient.key)}").read_text()'
        text = f"json.loads({text})" if _is_secret(wanted.recipient.key) else text
        yield f"recipient = {type(wanted.recipient.key).__name__}.import_key({text})"


def _payload(made: Made) -> str:
    """What is no JSON object, as bytes."""
    return f"{_quoted(made.payload.decode())}.encode()"


def _sign(wanted: Wanted, made: Made) -> Iterator[str]:
    """The call that signs. PyJWT’s JWT wants a JSON object whose `iss` is a text; its JWS takes any bytes."""
    key, alg = ("key", wanted.alg) if wanted.is_signed else ('""', "none")
    header = {name: value for name, value in (made.signing or {}).items() if (name, value) != ("typ", "JWT")}
    if header:
        yield f"headers = {literal(header)}"
    given = f'{key}, algorithm="{alg}"{", headers=headers" if header else ""}'
    if made.claims is None:
        yield f"token = jwt.PyJWS().encode(payload, {given})"
    elif isinstance(made.claims.get("iss", ""), str):
        yield f"token = jwt.encode(claims, {given})"
    else:
        yield f"token = jwt.PyJWS().encode({DUMPED}.encode(), {given})"


ENCODED = """\
def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def digest(text):
    return encoded(hashlib.sha256(text.encode()).digest())
"""
DISCLOSED = f"""\
disclosures = {{
    name: encoded(json.dumps([encoded(secrets.token_bytes({SALT})), name, claims.pop(name)]).encode())
    for name in hidden
}}
digests = [digest(each) for each in disclosures.values()]"""


def _hide(made: Made, decoys: int) -> Iterator[str]:
    """Claims become disclosures, and their digests stand in the payload (RFC 9901 §4.2)."""
    yield (
        f"hidden = {literal([each.name for each in made.hidden])}\n"
        f"shown = {literal([each.name for each in made.hidden if each.is_shown])}"
    )
    more = f"\ndigests += [digest(secrets.token_hex(32)) for _ in range({decoys})]  # decoys" if decoys else ""
    digests = 'claims["_sd"] = sorted(digests)\n' if made.hidden or decoys else ""
    yield f'{DISCLOSED}{more}\n{digests}claims["_sd_alg"] = "sha-256"'


def is_repeatable(wanted: Wanted) -> bool:
    """Whether the program prints the very same token: where nothing random goes in (RFC 7518 §3, RFC 8037 §3.1)."""
    if wanted.is_encrypted or (wanted.kind == "sd-jwt" and (wanted.hide or wanted.decoys)):
        return False
    return wanted.kind == "unsecured" or wanted.alg.startswith(("HS", "RS", "Ed"))
