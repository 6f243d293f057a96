"""Encrypted tokens opened with the keys at hand, within limits: rounds of PBES2, bytes after decompression, time.

The parts are taken as sent and joined here; joserfc's algorithms compute (RFC 7516 §5.2). Its own entry points would
write the header anew before checking the tag, and refuse much of what is to be shown.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from joserfc.jwe import CompactEncryption, JWERegistry
from joserfc.jwe import Recipient as ItsRecipient
from joserfc.jwk import ECKey, OctKey, OKPKey

from flows.tokens import base64url
from flows.tokens.read import Encrypted, Header, Recipient
from flows.tokens.ring import CURVES, Held, NoKey, named, of_jwk

MOST_KEYS = 100
MOST_RECIPIENTS = 100
LONGEST = 0.3  # seconds, after which no further key is tried
MOST_ROUNDS = {"PBES2-HS256+A128KW": 1_000_000, "PBES2-HS384+A192KW": 400_000, "PBES2-HS512+A256KW": 400_000}
LARGEST_PLAINTEXT = 250_000  # bytes that compressed content may become

ALGORITHMS = JWERegistry.algorithms["alg"]
ENCRYPTIONS = JWERegistry.algorithms["enc"]

_KINDS = {"oct": "a secret", "RSA": "an RSA key", "EC": "an EC key", "OKP": "an OKP key"}
_OPENING = {"decrypt", "unwrapKey", "deriveKey", "deriveBits"}  # values of `key_ops` that let a key open something
_ANOTHER = "another key, or something was changed"


@dataclass(frozen=True)
class Opened:
    """What was inside, and the key and the recipient (from 0) that opened it; None where none did.

    `tried` are the keys that did not, each with why, once for each recipient.
    """

    plaintext: bytes | None
    key: Held | None
    recipient: int | None
    tried: tuple[tuple[Held, str], ...] = ()


class _Refused(ValueError):
    """Something is not as it must be; the message is a sentence."""


def opened(token: Encrypted, keys: Sequence[Held]) -> Opened:
    """Try each key on each recipient, the keys that `kid` names first. Never raises."""
    tried: list[tuple[Held, str]] = []
    until = perf_counter() + LONGEST
    rounds = 0
    several = len(token.recipients) > 1
    for number, recipient in enumerate(token.recipients[:MOST_RECIPIENTS]):
        header = recipient.header
        kid, most_rounds = header.text("kid"), MOST_ROUNDS.get(header.text("alg"), 0)
        for held in sorted(keys, key=lambda each: not kid or each.members.get("kid") != kid)[:MOST_KEYS]:
            try:
                _check(token, header)
                _check_key(held, header)
                asked = header.object["p2c"] if most_rounds else 0
                if perf_counter() > until or (rounds and rounds + asked > most_rounds):
                    raise _Refused("It was not tried: the keys before it took too long.")
                rounds += asked
                return Opened(_open(token, recipient, held), held, number, tuple(tried))
            except _Refused as refused:
                why = str(refused)
            except Exception:  # the library has many ways to say no
                why = f"It does not open with this key: {_ANOTHER}."
            tried.append((held, f"Recipient {number + 1}: {why}" if several else why))
            if len(tried) == MOST_KEYS:
                return Opened(None, None, None, tuple(tried))
    return Opened(None, None, None, tuple(tried))


def misfit(held: Held, header: Header) -> str:
    """Why this key must not be used to open this, as a sentence; "" where it fits."""
    try:
        _check_key(held, header)
    except _Refused as refused:
        return str(refused)
    return ""


def _check(token: Encrypted, header: Header) -> None:
    """What no key could mend: the algorithms, `crit`, and members that have no such value."""
    alg, enc = header.text("alg"), header.text("enc")
    for name, value, known in (("alg", alg, ALGORITHMS), ("enc", enc, ENCRYPTIONS)):
        if not value:
            raise _Refused(f"The header says no `{name}`, so how it was encrypted is not known.")
        if value not in known:
            raise _Refused(f"The `{name}` {named(value)} is not known here.")
    _check_crit(header)
    bits = ENCRYPTIONS[enc].iv_size
    if len(token.iv.data) * 8 != bits:
        raise _Refused(f"The initialization vector has {len(token.iv.data)} bytes, and {enc} takes {bits // 8}.")
    length = 16 if enc.endswith("GCM") else ENCRYPTIONS[enc].cek_size // 16
    if len(token.tag.data) != length:
        raise _Refused(f"The authentication tag has {len(token.tag.data)} bytes, and {enc} makes {length}.")
    if alg.endswith("GCMKW"):
        _check_bytes(header, "iv", 12)
        _check_bytes(header, "tag", 16)
    if alg.startswith("PBES2"):
        _check_bytes(header, "p2s")
        _check_rounds(header.object.get("p2c"), MOST_ROUNDS[alg])
    if alg.startswith("ECDH-ES"):
        for name in {"apu", "apv"} & header.object.keys():
            _check_bytes(header, name)


def _check_crit(header: Header) -> None:
    """Nothing that `crit` could name is understood here, so all that use it are refused (RFC 7516 §4.1.13)."""
    if "crit" in header.object:
        crit = header.object["crit"]
        says = ", ".join(named(each) for each in crit[:3]) if isinstance(crit, list) and crit else "nothing"
        raise _Refused(f"`crit` names {says}: a reader that does not understand that must refuse the token.")
    if "zip" not in header.object:
        return
    protected = header.protected.json.object if header.protected and header.protected.json else {}
    if "zip" not in protected:
        raise _Refused("`zip` stands outside the protected header, where it must not be believed.")
    if header.object["zip"] != "DEF":
        raise _Refused(f"The `zip` {named(header.object['zip'])} is not known here; `DEF` is.")


def _check_bytes(header: Header, name: str, length: int = 0) -> None:
    value = header.object.get(name)
    if not isinstance(value, str):
        raise _Refused(f"`{name}` in the header is {'missing' if value is None else 'no text'}.")
    decoded = base64url.decode(value)
    if decoded.problems:
        raise _Refused(f"`{name}` in the header is no base64url. {decoded.problems[0]}")
    if length and len(decoded.data) != length:
        raise _Refused(f"`{name}` in the header has {len(decoded.data)} bytes, and must have {length}.")


def _check_rounds(p2c: object, most: int) -> None:
    if p2c is None:
        raise _Refused("`p2c`, the count of rounds, is missing in the header.")
    if isinstance(p2c, str) and p2c.isdigit():
        raise _Refused("`p2c`, the count of rounds, is a text or far too long a number.")
    if not isinstance(p2c, int) or isinstance(p2c, bool) or p2c < 1:
        raise _Refused("`p2c`, the count of rounds, is no positive whole number.")
    if p2c > most:
        asked = f"{p2c:,}" if p2c < 10**15 else "an enormous number of"
        raise _Refused(f"`p2c` asks for {asked} rounds; at most {most:,} are computed here: half a second's work.")


def _check_key(held: Held, header: Header) -> None:
    alg, enc, key = header.text("alg"), header.text("enc"), held.key
    model: Any = ALGORITHMS.get(alg)
    if not model:
        raise _Refused(f"The `alg` {named(alg)} is not known here.")
    if key.key_type not in model.key_types:
        takes = " or ".join(_KINDS[kty] for kty in model.key_types)
        raise _Refused(f"It is {_KINDS[key.key_type]}, and `{alg}` takes {takes}.")
    if not key.is_private:
        raise _Refused("It is a public key: it can encrypt, and only the private key opens.")
    if isinstance(key, OctKey):
        bits = ENCRYPTIONS[enc].cek_size if alg == "dir" and enc in ENCRYPTIONS else model.key_size
        if bits and not alg.startswith("PBES2") and len(key.raw_value) * 8 != bits:
            says = f"`{enc}`, used directly," if alg == "dir" else f"`{alg}`"
            raise _Refused(f"The secret has {len(key.raw_value) * 8} bits, and {says} takes {bits}.")
    if isinstance(key, ECKey | OKPKey):
        _check_curve(key, header.object.get("epk"))
    _check_purpose(held.members, alg, enc, header.object.get("kid"))


def _check_curve(key: ECKey | OKPKey, epk: object) -> None:
    if key.curve_name not in (*CURVES, "X25519", "X448"):
        raise _Refused(f"It is on the curve {key.curve_name}, which is for signatures.")
    if not isinstance(epk, dict):
        raise _Refused("The header has no `epk`, the sender's part of the key agreement.")
    try:
        theirs, _ = of_jwk(epk, "`epk`")
    except NoKey as problem:
        raise _Refused(str(problem)) from None
    curve = getattr(theirs, "curve_name", theirs.key_type)
    if curve != key.curve_name:
        raise _Refused(f"It is on the curve {key.curve_name}, and the sender's `epk` is on {curve}.")


def _check_purpose(members: dict[str, Any], alg: str, enc: str, kid: object) -> None:
    """What the key's own JWK says it is for (RFC 7517 §4.2 to §4.5)."""
    if "use" in members and members["use"] != "enc":
        raise _Refused(f"Its `use` is {named(members['use'])}, and opening needs `enc`.")
    operations = members.get("key_ops")
    if operations is not None and not isinstance(operations, list):
        raise _Refused("Its `key_ops` are no list, so what it may be used for is not said.")
    if operations is not None and not any(each in _OPENING for each in operations if isinstance(each, str)):
        raise _Refused("Its `key_ops` hold nothing that opens: `decrypt`, `unwrapKey` or `deriveKey`.")
    if "alg" in members and members["alg"] != alg and not (alg == "dir" and members["alg"] == enc):
        raise _Refused(f"Its `alg` is {named(members['alg'])}, and the token's is `{alg}`.")
    if kid is not None and members.get("kid") is not None and members["kid"] != kid:
        raise _Refused(f"Its `kid` is {named(members['kid'])}, and the token names {named(kid)}.")


def _open(token: Encrypted, recipient: Recipient, held: Held) -> bytes:
    """The plaintext. The header and the additional data are authenticated as they were sent (RFC 7516 §5.2)."""
    enc: Any = ENCRYPTIONS[recipient.header.text("enc")]
    cek = _content_key(recipient, held, enc)
    protected = recipient.header.protected
    authenticated = (protected.encoded if protected else "").encode("utf-8", "replace")
    if token.aad:
        authenticated += b"." + token.aad.encoded.encode("utf-8", "replace")
    try:
        content: bytes = enc.decrypt(token.ciphertext.data, token.tag.data, cek, token.iv.data, authenticated)
    except Exception:
        raise _Refused(f"The authentication tag does not fit: {_ANOTHER}.") from None
    return _inflated(content) if "zip" in recipient.header.object else content


def _content_key(recipient: Recipient, held: Held, enc: Any) -> bytes:
    """The key that encrypts the content: agreed on, sent encrypted, or the shared one itself (RFC 7518 §4)."""
    alg, key = recipient.header.text("alg"), recipient.encrypted_key.data
    model: Any = ALGORITHMS[alg]
    its = ItsRecipient(CompactEncryption(dict(recipient.header.object)), None, held.key)  # it may write into the header
    its.encrypted_key = key
    if alg in ("dir", "ECDH-ES") and key:
        raise _Refused(f"There is an encrypted key, and with `{alg}` there must be none.")
    if alg == "dir":
        agreed: bytes = model.compute_cek(enc.cek_size, its)
        return agreed
    try:
        if alg == "ECDH-ES":
            cek = model.decrypt_agreed_upon_key(enc, its)
        elif alg.startswith("ECDH-ES+"):
            cek = model.unwrap_cek_with_auk(key, model.decrypt_agreed_upon_key(enc, its))
        else:
            cek = model.decrypt_cek(its)
    except Exception:
        raise _Refused(f"The encrypted key in the token does not open: {_ANOTHER}.") from None
    if len(cek) * 8 != enc.cek_size:
        raise _Refused(f"The encrypted key in the token opens to none that `{enc.name}` takes: {_ANOTHER}.")
    return bytes(cek)


def _inflated(content: bytes) -> bytes:
    """DEFLATE undone (RFC 7516 §4.1.3): all of it or nothing."""
    inflating = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        plaintext = inflating.decompress(content, LARGEST_PLAINTEXT + 1)
    except zlib.error:
        said = "zlib's own header stands before it" if content[:1] == b"\x78" else "it is no DEFLATE"
        raise _Refused(f"It opens, but what is inside cannot be decompressed: {said}.") from None
    if len(plaintext) > LARGEST_PLAINTEXT:
        raise _Refused(f"It opens, but decompresses to more than {LARGEST_PLAINTEXT // 1000} kB, which is refused.")
    if not inflating.eof:
        raise _Refused("It opens, but what is compressed inside breaks off before its end.")
    return plaintext
