"""Verifiers that are careless on purpose, each in a way that was found in real code. Learners see their source.

Nothing but the page that breaks tokens may import this module, and a test holds it to that. No library would be as
careless as these, so they compute by hand. They fetch nothing and open nothing.
"""

from __future__ import annotations

import hmac
import inspect
import json
import posixpath
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from joserfc.jwk import OctKey

from flows.tokens import base64url, json_text
from flows.tokens.breaking.spoil import public_pem
from flows.tokens.judging.guesses import HASHES
from flows.tokens.ring import AnyKey, of_jwk
from flows.tokens.verify import SIGNING_ALGORITHMS

Claims = dict[str, Any]


@dataclass(frozen=True)
class Knows:
    """What a verifier has: its key, the time, and the tokens that were taken back."""

    key: AnyKey | None = None
    now: int = 0
    taken_back: frozenset[str] = frozenset()


Careless = Callable[[str, Knows], Claims | None]


@dataclass(frozen=True)
class Answer:
    """Whether a careless verifier took the token, and what it says."""

    accepted: bool
    says: str


def ask(careless: Careless, token: str, knows: Knows) -> Answer:
    """What it really says of these characters. It may stumble over them; then it has refused."""
    try:
        claims = careless(token, knows)
    except Exception as stumbled:  # whatever careless code does not expect
        return Answer(False, f"It stumbled: {type(stumbled).__name__}. It could not read what it wanted to believe.")
    if claims is None:
        return Answer(False, "It looked, and said no.")
    sub = claims.get("sub")
    called = f", as {json_text.printable(sub)}" if isinstance(sub, str) else ""
    return Answer(True, f"It lets in whoever sends this{called}.")


# the verifiers: None is a no


def only_decodes(token: str, knows: Knows) -> Claims | None:
    """It wanted to know who is calling, and read it."""
    # careless: nobody looks at the signature
    return claims_of(token)


def sees_a_signature(token: str, knows: Knows) -> Claims | None:
    """It asks for all three parts."""
    header, payload, signature = parts_of(token)
    if not header or not payload or not signature:
        return None
    # careless: a signature is there, but does it fit?
    return claims_of(token)


def verifies_what_is_signed(token: str, knows: Knows) -> Claims | None:
    """It has to do with tokens that are signed, and with some that are not."""
    _, _, signature = parts_of(token)
    # careless: no signature, nothing to verify
    if signature and not fits(token, knows.key):
        return None
    return claims_of(token)


def believes_alg(token: str, knows: Knows) -> Claims | None:
    """It does what the header says."""
    alg = header_of(token)["alg"]
    # careless: the token decides how it is checked
    if alg.lower() == "none":
        return claims_of(token)
    return claims_of(token) if fits(token, knows.key) else None


def forbids_none_by_its_letters(token: str, knows: Knows) -> Claims | None:
    """It has heard of `none`."""
    alg = header_of(token)["alg"]
    # careless: other letters, the same algorithm
    if alg == "none":
        return None
    return believes_alg(token, knows)


def has_one_key_for_any_alg(token: str, knows: Knows) -> Claims | None:
    """It knows one key, and several algorithms."""
    key = public_pem(knows.key)
    # careless: the token decides what the key is taken for
    if header_of(token)["alg"] == "HS256":
        return claims_of(token) if hmac_fits(token, key) else None
    return claims_of(token) if fits(token, knows.key) else None


def opens_the_file_that_kid_names(token: str, knows: Knows) -> Claims | None:
    """Its keys are files, and `kid` is the name of one."""
    # careless: `..` leads out of that folder
    path = posixpath.normpath("/srv/keys/" + header_of(token)["kid"])
    secret = FILES[path]  # stands in for reading the file: nothing is opened here
    return claims_of(token) if hmac_fits(token, secret) else None


def looks_kid_up_in_a_table(token: str, knows: Knows) -> Claims | None:
    """Its keys are in a database, and `kid` is a column."""
    kid = header_of(token)["kid"]
    # careless: the token becomes a part of the query
    row = one_row(f"SELECT secret FROM keys WHERE kid = '{kid}'")
    return claims_of(token) if row and hmac_fits(token, row[0].encode()) else None


def believes_the_key_in_the_header(token: str, knows: Knows) -> Claims | None:
    """It finds a key in the header, and verifies with it."""
    # careless: whoever wrote the token brought it along
    key, _ = of_jwk(header_of(token)["jwk"])
    return claims_of(token) if fits(token, key) else None


def looks_only_at_the_time(token: str, knows: Knows) -> Claims | None:
    """It wants no expired tokens."""
    claims = claims_of(token)
    # careless: anybody could have written that `exp`
    if knows.now >= claims["exp"]:
        return None
    return claims


def knows_tokens_by_their_letters(token: str, knows: Knows) -> Claims | None:
    """It has a list of tokens that were taken back, and this one is on it."""
    # careless: the same token has another spelling
    if token in knows.taken_back:
        return None
    return claims_of(token) if fits(token, knows.key) else None


def has_a_common_secret(token: str, knows: Knows) -> Claims | None:
    """It verifies as it should."""
    assert isinstance(knows.key, OctKey)
    # careless: it stands in a list, and so anybody has it
    secret = knows.key.raw_value
    return claims_of(token) if hmac_fits(token, secret) else None


def decrypts_without_the_tag(token: str, knows: Knows) -> Claims | None:
    """It has the key (`dir`, A128GCM to A256GCM), and decrypts."""
    assert isinstance(knows.key, OctKey)
    # careless: the tag is never looked at
    _, _, iv, ciphertext, _ = map(decoded, token.split("."))
    mode = CTR(iv + (2).to_bytes(4, "big"))  # which is all of GCM but the tag
    plaintext = Cipher(AES(knows.key.raw_value), mode).decryptor().update(ciphertext)
    return an_object(plaintext)


# what they are made of


def parts_of(token: str) -> list[str]:
    return token.partition("~")[0].split(".")


def decoded(part: str) -> bytes:
    """Without a look at padding or at bits that belong to no byte."""
    return base64url.decode(part).data


def an_object(text: bytes) -> Claims:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise TypeError("it is no object")
    return value


def header_of(token: str) -> dict[str, Any]:
    return an_object(decoded(parts_of(token)[0]))


def claims_of(token: str) -> Claims:
    return an_object(decoded(parts_of(token)[1]))


def signing_input(token: str) -> bytes:
    return ".".join(parts_of(token)[:2]).encode()


def hmac_fits(token: str, secret: bytes) -> bool:
    made = hmac.digest(secret, signing_input(token), HASHES[header_of(token)["alg"]])
    return hmac.compare_digest(made, decoded(parts_of(token)[2]))


def fits(token: str, key: AnyKey | None) -> bool:
    """Whether the key made the signature."""
    if key is None:
        return False
    alg = SIGNING_ALGORITHMS[header_of(token)["alg"]]
    return alg.kty == key.key_type and bool(
        alg.computes.verify(signing_input(token), key.public_key, decoded(parts_of(token)[2]))
    )


FILES = {"/dev/null": b""}


def one_row(query: str) -> tuple[str] | None:
    """The first row that a query finds in a table of one key. It is a real query, on a database of its own in memory
    that holds nothing else, reads nothing else, calls no function and is stopped soon."""
    database = sqlite3.connect(":memory:")
    try:
        database.execute("CREATE TABLE keys (kid TEXT, secret TEXT)")
        database.execute("INSERT INTO keys VALUES ('2026-11', hex(randomblob(16)))")
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 10_000)
        may = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ)
        database.set_authorizer(lambda action, *_: sqlite3.SQLITE_OK if action in may else sqlite3.SQLITE_DENY)
        database.set_progress_handler(lambda: 1, 100_000)
        found: tuple[str] | None = database.execute(query).fetchone()
        return found
    finally:
        database.close()


# which of them is fooled by which way

CARELESS: dict[str, Careless] = {
    "edit": only_decodes,
    "flip_bit": sees_a_signature,
    "flip_bit/encrypted": decrypts_without_the_tag,
    "cut_signature": verifies_what_is_signed,
    "alg_none": forbids_none_by_its_letters,
    "alg_none/none": believes_alg,
    "public_key_as_secret": has_one_key_for_any_alg,
    "another_kid/path": opens_the_file_that_kid_names,
    "another_kid/query": looks_kid_up_in_a_table,
    "own_jwk": believes_the_key_in_the_header,
    "stretch_exp": looks_only_at_the_time,
    "re_encode": knows_tokens_by_their_letters,
    "weak_secret": has_a_common_secret,
}


def careless_of(way: str, variant: str = "") -> Careless | None:
    """The verifier that a way of spoiling is meant for; None for none."""
    return CARELESS.get(f"{way}/{variant}") or CARELESS.get(way)


def careless_lines(careless: Careless) -> list[int]:
    """The lines of its file at which it is careless, with the comment above that says why."""
    lines, first = inspect.getsourcelines(careless)
    said = [number for number, line in enumerate(lines, first) if "# careless:" in line]
    return [each for number in said for each in (number, number + 1)]
