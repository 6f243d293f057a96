"""The keys at hand: read from what was pasted (a secret, PEM, a certificate, a JWK, a JWKS), each with a name.

Nothing here raises, fetches, or says anything of what a private key or a secret consists of.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa, x448, x25519
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key
from cryptography.x509.oid import NameOID
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from flows.tokens import base64url, json_text
from flows.tokens.read import Header

AnyKey = ECKey | OctKey | OKPKey | RSAKey

LONGEST_TEXT = 64_000  # bytes
MOST_KEYS = 100
LARGEST_PRIVATE = 8_192  # bits; a larger one costs a second a time
LARGEST_MODULUS = 16_384  # bits; OpenSSL verifies with no larger one

CURVES: dict[str, type[ec.EllipticCurve]] = {
    "P-256": ec.SECP256R1,
    "P-384": ec.SECP384R1,
    "P-521": ec.SECP521R1,
    "secp256k1": ec.SECP256K1,
}
_OKP: dict[str, tuple[Any, Any, int]] = {  # curve → the public and the private class, and bytes of either half
    "Ed25519": (ed25519.Ed25519PublicKey, ed25519.Ed25519PrivateKey, 32),
    "Ed448": (ed448.Ed448PublicKey, ed448.Ed448PrivateKey, 57),
    "X25519": (x25519.X25519PublicKey, x25519.X25519PrivateKey, 32),
    "X448": (x448.X448PublicKey, x448.X448PrivateKey, 56),
}
_PURPOSE = ("kid", "use", "key_ops", "alg")
_MARK = re.compile(r"-----(BEGIN|END) ([A-Z0-9 ]{1,40})-----")
_ENCRYPTED = (
    "is encrypted with a passphrase, which is not asked for here: "
    "decrypt it first (`openssl pkey -in key.pem`), or give the public key."
)


@dataclass(frozen=True)
class Held:
    """A key and what it is called where it is named ("the secret, read as base64url"; "key 2 of the JWKS").

    `members` are the members of its JWK that say what it may be used for: kid, use, key_ops, alg. `issuer` is the
    issuer it belongs to, "" where that is not known.
    """

    called: str
    key: AnyKey
    members: dict[str, Any]
    issuer: str = ""


class NoKey(ValueError):
    """What was to be a key is none; the message is a sentence that says why."""


def read_keys(text: str, kind: str = "") -> tuple[tuple[Held, ...], tuple[str, ...]]:
    """The keys in a text, and a sentence for each thing in it that is none or is odd. Never raises.

    `kind` is how a secret is to be read: "text", "hex", "base64url", or "" for whatever fits (text first).
    """
    size = len(_bytes(text))
    if size > LONGEST_TEXT:
        return (), (f"The key is {size / 1000:,.0f} kB of text; at most {LONGEST_TEXT // 1000} kB are read.",)
    keys: list[Held] = []
    problems: list[str] = []
    for each in _read(text, kind):
        if isinstance(each, str):
            problems.append(each)
        elif len(keys) == MOST_KEYS:
            problems.append(f"It holds more than {MOST_KEYS} keys; the first {MOST_KEYS} are read.")
            break
        else:
            keys.append(each)
        if len(problems) == MOST_KEYS:
            problems.append("The rest of it is left unread.")
            break
    return tuple(keys), tuple(problems)


def held_in_header(header: Header) -> tuple[Held, ...]:
    """The key that a token brings along as `jwk` (RFC 7515 §4.1.3). Whoever made the token chose it."""
    jwk = header.object.get("jwk")
    found = _one(jwk, "the key in the header, `jwk`") if isinstance(jwk, dict) else ()
    return tuple(each for each in found if isinstance(each, Held))


def of_jwk(members: dict[str, Any], whose: str = "the JWK") -> tuple[AnyKey, tuple[str, ...]]:
    """The key that a JWK's members make (RFC 7517 §4), and what is odd about it; NoKey where they make none."""
    kty = members.get("kty")
    if not isinstance(kty, str):
        raise NoKey(f"{_upper(whose)} has no `kty`." if kty is None else f"Member `kty` of {whose} is no text.")
    makers: dict[str, Callable[[_JWK], AnyKey]] = {"oct": _oct, "RSA": _rsa, "EC": _ec, "OKP": _okp}
    make = makers.get(kty)
    if not make:
        raise NoKey(f"{_upper(whose)} has the `kty` {named(kty)}, which is not known here.")
    jwk = _JWK(members, whose)
    try:
        key = make(jwk)
    except NoKey:
        raise
    except Exception:  # whatever the library says of such numbers
        raise NoKey(f"The members of {whose} make no {kty} key.") from None
    return key, tuple(jwk.notes)


def of_der(der: bytes) -> tuple[str, AnyKey] | None:
    """What a key or a certificate in DER is called, and its key; None if it is neither. NoKey if it cannot be used."""
    for called, load in (
        ("public key", load_der_public_key),
        ("private key", _private_of_der),
        ("certificate", x509.load_der_x509_certificate),
    ):
        try:
            loaded: Any = load(der)
            if isinstance(loaded, x509.Certificate):
                return f"certificate's key{_subject(loaded)}", _of_native(loaded.public_key())
            return called, _of_native(loaded)
        except NoKey:
            raise
        except TypeError:  # no passphrase was given
            raise NoKey(f"The private key {_ENCRYPTED}") from None
        except Exception:  # no such thing, or a broken one: a parser has many ways to say so
            continue
    return None


def named(value: object) -> str:
    """A name that somebody else chose, as a sentence may hold it: on one line, cut, in backquotes."""
    text = re.sub(r"[\x00-\x1f\x7f`\u2028\u2029]", " ", json_text.printable(str(value)))
    return f"`{text if len(text) <= 60 else text[:60] + '…'}`"


def _read(text: str, kind: str) -> Iterator[Held | str]:
    text = text.removeprefix("\ufeff")
    bare = text.strip()
    if not bare:
        return
    if kind:
        yield from _secret(text, kind)
    elif bare[0] in "{[":
        yield from _in_json(bare)
    elif "-----BEGIN" in bare:
        yield from _in_pem(bare, "the PEM")
    else:
        yield from _bare_der(bare) or _secret(text, kind)


def _bytes(text: str) -> bytes:
    """UTF-8; what a command line could not decode becomes the bytes that it was."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _upper(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


# a secret


def _secret(text: str, kind: str) -> Iterator[Held | str]:
    """A secret as each kind reads it, the same bytes once."""
    seen: set[bytes] = set()
    for called, secret in _readings(text, kind):
        if secret and secret not in seen:
            seen.add(secret)
            yield Held(called, OctKey(secret, secret), {})
    if not seen:
        yield {
            "hex": "The secret is not hexadecimal: two digits a byte, 0 to 9 and a to f.",
            "base64url": "The secret is no base64url: letters, digits, `-` and `_`.",
        }.get(kind, "The secret is empty.")


def _readings(text: str, kind: str) -> Iterator[tuple[str, bytes]]:
    if kind in ("", "text"):
        lines = text.replace("\r\n", "\n")  # a browser posts CR LF where a file has LF
        yield "the secret, as text", _bytes(lines.rstrip("\n"))
        yield "the secret, as text with the line break at its end", _bytes(lines)
        yield "the secret, as text with CR LF", _bytes(text.rstrip("\r\n"))
    if kind in ("", "hex"):
        digits = re.sub(r"[\s:]", "", text).removeprefix("0x")
        if len(digits) % 2 == 0 and re.fullmatch("[0-9A-Fa-f]+", digits):
            yield "the secret, read as hex", bytes.fromhex(digits)
    if kind in ("", "base64url"):
        encoded = "".join(text.split())
        secret = _of_base64(encoded)
        if secret:
            yield f"the secret, read as {'base64' if set('+/=') & set(encoded) else 'base64url'}", secret


def _of_base64(text: str) -> bytes | None:
    """The bytes of base64url, of standard base64, padded or not; None for anything else."""
    if not re.fullmatch(r"[A-Za-z0-9_+/-]+={0,2}", text) or len(text.rstrip("=")) % 4 == 1:
        return None
    return base64url.decode(text).data


# PEM and DER


def _in_pem(text: str, where: str, kid: str = "") -> Iterator[Held | str]:
    """Every block of a PEM text (RFC 7468): keys, and certificates for their keys."""
    blocks = [block for block in _blocks(text) if block[0] != "EC PARAMETERS"]
    if not blocks:
        yield f"There is no whole `-----BEGIN …-----` line in {where}."
    members = {"kid": kid} if kid else {}
    for at, (label, body, is_closed) in enumerate(blocks, 1):
        among = "" if len(blocks) == 1 else f", block {at}"
        whose = f"{named(label)} in {where}{among}"
        try:
            if label == "ENCRYPTED PRIVATE KEY" or ("Proc-Type:" in body and "ENCRYPTED" in body):
                raise NoKey(f"The private key in {where}{among} {_ENCRYPTED}")
            if label == "OPENSSH PRIVATE KEY":
                raise NoKey(f"{whose} is in OpenSSH's own format, which is not read here.")
            der = _of_base64("".join(re.sub(r"\\[nr]", " ", body).split()))
            if der is None:
                raise NoKey(f"{whose} is no base64 between its first and its last line.")
            found = of_der(der)
            if not found and not is_closed:
                raise NoKey(f"{whose} is cut off: there is no `-----END` line.")
            if not found:
                raise NoKey(f"{whose} is no key, no certificate, or a broken one.")
            yield Held(f"the {found[0]} in {where}{among}" + _kid(members), found[1], members)
        except NoKey as problem:
            yield str(problem)


def _blocks(text: str) -> Iterator[tuple[str, str, bool]]:
    """Label, what stands between, and whether the end is marked. Looks at each mark once."""
    label, start = "", 0
    for mark in _MARK.finditer(text):
        if label:
            yield label, text[start : mark.start()], mark[1] == "END"
        label, start = (mark[2], mark.end()) if mark[1] == "BEGIN" else ("", 0)
    if label:
        yield label, text[start:], False


def _bare_der(text: str) -> list[Held | str]:
    """A public key or certificate as base64 without its PEM lines, as an issuer's page or an `x5c` shows it."""
    der = _of_base64("".join(text.split()))
    if not der or der[0] != 0x30:
        return []
    try:
        found = of_der(der)
    except NoKey as problem:
        return [str(problem)]
    return [Held(f"the {found[0]}, read from bare base64", found[1], {})] if found else []


def _private_of_der(der: bytes) -> Any:
    """Checking that an RSA key's factors are primes would take seconds; `_of_native` checks that they belong."""
    return load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)


def _subject(certificate: x509.Certificate) -> str:
    try:
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return f" (CN={named(names[0].value)[1:-1]})" if names else ""
    except Exception:  # a subject that cannot be read is not needed
        return ""


def _of_native(raw: Any) -> AnyKey:
    """A key object as the ring holds it; NoKey for kinds that JOSE has no use for."""
    if isinstance(raw, rsa.RSAPublicKey):
        numbers = raw.public_numbers()
        return _rsa_public(numbers.n, numbers.e, "the key")
    if isinstance(raw, rsa.RSAPrivateKey):
        private = raw.private_numbers()
        public = private.public_numbers
        _rsa_public(public.n, public.e, "the key")
        return _rsa_private(public.n, public.e, private.d, private.p, private.q, "the key")
    if isinstance(raw, ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey):
        if not isinstance(raw.curve, tuple(CURVES.values())):
            raise NoKey(f"The key is on the curve {named(raw.curve.name)}, which JOSE does not use.")
        return ECKey(raw, raw)
    for public_class, private_class, _ in _OKP.values():
        if isinstance(raw, public_class | private_class):
            return OKPKey(raw, raw)
    raise NoKey(f"It is a key of a kind that JOSE does not use ({type(raw).__name__.removesuffix('Key')}).")


# JSON


def _in_json(text: str) -> Iterator[Held | str]:
    whole = json_text.read(_bytes(text))
    for problem in whole.problems:
        yield f"It begins like JSON, but is not quite JSON. {problem}"
    for name in whole.repeated:
        yield f"{named(name)} stands twice in one object; the last one counts."
    found = False
    value = {each.name: each.value for each in whole.members if each.whole} if whole.is_object else whole.value
    for each in _set(value, "the list") if isinstance(value, list) else _in_value(value, ""):
        found = True
        yield each
    if not found and whole.problems:
        yield "If it is a secret, have it read as text."
    elif not found and isinstance(value, dict) and "jwks_uri" in value:
        yield "There is no key in this JSON, only the address `jwks_uri`, which is not fetched: paste what is there."
    elif not found:
        yield "There is no key in this JSON: a JWK has a member `kty`, a JWKS a list `keys`."


def _in_value(value: Any, path: str) -> Iterator[Held | str]:
    """Keys in JSON, a few objects deep: a JWK (`jwk`, `cnf`), a JWKS (`jwks`), PEM by its kid."""
    where = f" in {named(path)}" if path else ""
    if isinstance(value, dict) and isinstance(value.get("keys"), list):
        yield from _set(value["keys"], f"the JWKS{where}")
    elif isinstance(value, dict) and "kty" in value:
        yield from _one(value, f"the JWK{where}")
    elif isinstance(value, dict | list) and path.count(".") < 5:
        for name, each in value.items() if isinstance(value, dict) else enumerate(value, 1):
            if isinstance(each, str) and "-----BEGIN" in each:
                yield from _in_pem(each, f"the PEM in {named(name)}", json_text.printable(str(name)))
            else:
                yield from _in_value(each, f"{path}.{name}" if path else str(name))


def _set(entries: list[Any], called: str) -> Iterator[Held | str]:
    """The keys of a JWKS. One that cannot be used is left out, and the others stay (RFC 7517 §5)."""
    if not entries:
        yield f"{_upper(called)} is empty."
    for at, entry in enumerate(entries, 1):
        for each in _one(entry, f"key {at} of {called}"):
            yield f"{each} It is left out." if isinstance(each, _Broken) else each


class _Broken(str):
    """A sentence that says why something is no key."""


def _one(entry: Any, called: str) -> Iterator[Held | str]:
    if not isinstance(entry, dict):
        yield _Broken(f"{_upper(called)} is no JSON object.")
        return
    try:
        key, notes = of_jwk(entry, called)
    except NoKey as problem:
        yield _Broken(problem)
        return
    members = {name: entry[name] for name in _PURPOSE if name in entry}
    yield Held(called + _kid(members), key, members)
    yield from notes


def _kid(members: dict[str, Any]) -> str:
    return f", kid {named(members['kid'])}" if members.get("kid") else ""


@dataclass
class _JWK:
    """A JWK while it is read: its members, whose they are, and what was odd about them."""

    members: dict[str, Any]
    whose: str
    notes: list[str] = field(default_factory=list)

    def bytes(self, name: str) -> bytes:
        """The bytes of a member; base64url that is only badly written is read, and the notes say so."""
        value = self.members.get(name)
        if not isinstance(value, str):
            raise NoKey(f"Member `{name}` of {self.whose} is {'missing' if value is None else 'no text'}.")
        encoded = "".join(value.split())
        if encoded != value:
            self.notes.append(f"Member `{name}` of {self.whose} holds spaces or line breaks; they are left out.")
        if not value or _of_base64(encoded) is None:
            raise NoKey(f"Member `{name}` of {self.whose} is {'no base64url' if value else 'empty'}.")
        decoded = base64url.decode(encoded)
        self.notes += [f"Member `{name}` of {self.whose}: {problem}" for problem in decoded.problems]
        return decoded.data

    def number(self, name: str) -> int:
        return int.from_bytes(self.bytes(name), "big")

    def curve(self, known: Any) -> str:
        crv = self.members.get("crv")
        if not isinstance(crv, str) or crv not in known:
            said = "no `crv`" if crv is None else f"the `crv` {named(crv)}, which is not known here"
            raise NoKey(f"{_upper(self.whose)} has {said}.")
        return crv

    def serves_as_public(self, why: str) -> None:
        self.notes.append(f"{_upper(self.whose)} serves as a public key only: {why}.")


def _oct(jwk: _JWK) -> OctKey:
    secret = jwk.bytes("k")
    return OctKey(secret, secret)


def _rsa(jwk: _JWK) -> RSAKey:
    n, e = jwk.number("n"), jwk.number("e")
    public = _rsa_public(n, e, jwk.whose)
    if "d" not in jwk.members:
        return public
    if "oth" in jwk.members or not {"p", "q"} <= jwk.members.keys():
        jwk.serves_as_public("a private one is used with its two primes, `p` and `q`")
        return public
    try:
        return _rsa_private(n, e, jwk.number("d"), jwk.number("p"), jwk.number("q"), jwk.whose)
    except NoKey:
        jwk.serves_as_public("its `d`, `p` and `q` do not belong to its `n` and `e`")
        return public


def _rsa_public(n: int, e: int, whose: str) -> RSAKey:
    bits = n.bit_length()
    if bits > LARGEST_MODULUS:
        raise NoKey(f"The modulus of {whose} has {bits:,} bits; at most {LARGEST_MODULUS:,} are accepted.")
    if n % 2 == 0:
        raise NoKey(f"The modulus of {whose} is even, so it is no product of two large primes.")
    if not 3 <= e < n or e % 2 == 0:
        raise NoKey(f"The exponent of {whose} is {'even' if e % 2 == 0 else 'out of range'}, so it is no RSA key.")
    public = rsa.RSAPublicNumbers(e, n).public_key()
    return RSAKey(public, public)


def _rsa_private(n: int, e: int, d: int, p: int, q: int, whose: str) -> RSAKey:
    """Whether `p` and `q` are primes is not looked at: that takes seconds, and only this key would suffer."""
    if n.bit_length() > LARGEST_PRIVATE:
        raise NoKey(f"The private key of {whose} has {n.bit_length():,} bits; at most {LARGEST_PRIVATE:,} are used.")
    if p < 3 or q < 3 or p == q or p * q != n or d >= n or e * d % (p - 1) != 1 or e * d % (q - 1) != 1:
        raise NoKey(f"The private numbers of {whose} do not belong together.")
    numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), rsa.RSAPublicNumbers(e, n))
    private = numbers.private_key(unsafe_skip_rsa_key_validation=True)
    return RSAKey(private, private)


def _ec(jwk: _JWK) -> ECKey:
    crv = jwk.curve(CURVES)
    curve = CURVES[crv]()
    size = (curve.key_size + 7) // 8
    halves = jwk.bytes("x"), jwk.bytes("y")
    for name, half in zip("xy", halves, strict=True):
        if len(half) != size:
            says = f"has {len(half)} bytes, where {crv} has {size}"
            jwk.notes.append(f"Member `{name}` of {jwk.whose} {says} (RFC 7518 6.2.1).")
    x, y = (int.from_bytes(half, "big") for half in halves)
    try:
        public = ec.EllipticCurvePublicNumbers(x, y, curve).public_key()
    except ValueError:
        raise NoKey(f"The point (`x`, `y`) of {jwk.whose} does not lie on {crv}.") from None
    if "d" not in jwk.members:
        return ECKey(public, public)
    d = jwk.number("d")
    private = ec.derive_private_key(d, curve) if 0 < d < curve.group_order else None
    if not private or private.public_key().public_numbers() != public.public_numbers():
        jwk.serves_as_public("its `d` does not belong to its `x` and `y`")
        return ECKey(public, public)
    return ECKey(private, private)


def _okp(jwk: _JWK) -> OKPKey:
    crv = jwk.curve(_OKP)
    public_class, private_class, size = _OKP[crv]
    x = jwk.bytes("x")
    if len(x) != size:
        raise NoKey(f"Member `x` of {jwk.whose} has {len(x)} bytes, where {crv} has {size}.")
    public = public_class.from_public_bytes(x)
    if "d" not in jwk.members:
        return OKPKey(public, public)
    d = jwk.bytes("d")
    private = private_class.from_private_bytes(d) if len(d) == size else None
    if not private or private.public_key().public_bytes_raw() != x:
        jwk.serves_as_public("its `d` does not belong to its `x`")
        return OKPKey(public, public)
    return OKPKey(private, private)
