"""Whether a key may make something: sign with an algorithm, or encrypt for its owner; and which of several does.

The size is a reason here (RFC 7518 §3.2, §3.3): a token may be judged whatever it was made with, but none is made weak.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from flows.tokens import decrypt, json_text, verify
from flows.tokens.read import Header
from flows.tokens.ring import AnyKey, Held, named

LEAST_RSA = 2048  # bits
LOOKS_RANDOM = 16  # bytes, from which on a secret that reads as hex or base64url is likely one
AGREEING = ("P-256", "P-384", "P-521", "X25519", "X448")  # curves for ECDH-ES that are offered
_ENCRYPTING = {"encrypt", "wrapKey", "deriveKey", "deriveBits"}  # values of `key_ops` that let a key encrypt
_OPENING = {"decrypt", "unwrapKey"}  # and those of a private key, whose public half may encrypt
_KINDS = {"oct": "a secret", "RSA": "an RSA key", "EC": "an EC key", "OKP": "an OKP key"}


def choose(keys: Sequence[Held], misfit: Callable[[Held], str]) -> tuple[Held, str]:
    """The first key that fits, and ""; where none does, the first, and why not."""
    whys = [(held, misfit(held)) for held in keys]
    return next((each for each in whys if not each[1]), whys[0])


def also_reads(held: Held, keys: Sequence[Held]) -> str:
    """That a secret taken as text may have been meant as bytes, as a sentence; "" where it does not look so. `keys`
    are all its readings. Many a word is base64url; one of 16 bytes and more, with digits and both cases, looks it."""
    if not isinstance(held.key, OctKey) or held.called != "the secret, as text":
        return ""
    text = held.key.raw_value.decode("utf-8", "replace")
    looks_mixed = all(any(map(of, text)) for of in (str.isdigit, str.islower, str.isupper))
    for each in keys:
        form = each.called.removeprefix("the secret, read as ")
        size = len(each.key.raw_value) if isinstance(each.key, OctKey) else 0
        if size >= LOOKS_RANDOM and (form == "hex" or (form.startswith("base64") and looks_mixed)):
            return f"The secret was read as text; it also looks like {size} bytes of {form}."
    return ""


def told_to_sign(says: str) -> str:
    """A sentence about what is no key, to whoever signs: there a public key is no way out."""
    return says.replace(", or give the public key", "")


def to_sign(held: Held, alg: str, kid: str = "") -> str:
    """Why this key must not sign with `alg`, as a sentence; "" where it may. `kid` is what the header will say."""
    members = {name: value for name, value in held.members.items() if name != "key_ops"}
    header = json_text.read(json.dumps({"kid": kid} if kid else {}).encode())
    why = verify.misfit(replace(held, members=members), Header(None, (("header", header),)), alg)
    if why:
        return why
    if not held.key.is_private:
        return "It is a public key: it verifies, and only the private half signs."
    why = _operations(held, {"sign"}, "`sign`")
    if why:
        return why
    known, key = verify.SIGNING_ALGORITHMS[alg], held.key
    if isinstance(key, OctKey) and len(key.raw_value) * 8 < known.bits:
        has = f"this has {len(key.raw_value)}"
        return f"{alg} needs a secret of at least {known.bits // 8} bytes (RFC 7518 §3.2); {has}."
    if isinstance(key, RSAKey):
        return _short_rsa(key, alg, "§3.5" if alg.startswith("PS") else "§3.3")
    return " ".join(verify.weaknesses(held, alg))


def to_encrypt(held: Held, alg: str, enc: str, kid: str = "") -> str:
    """Why nothing can be encrypted for this key with `alg` and `enc`, as a sentence; "" where it can."""
    model: Any = decrypt.ALGORITHMS[alg]
    key = held.key
    if key.key_type not in model.key_types:
        return f"It is {_KINDS[key.key_type]}, and {alg} takes {' or '.join(_KINDS[each] for each in model.key_types)}."
    if isinstance(key, OctKey) and not alg.startswith("PBES2"):
        bits = decrypt.ENCRYPTIONS[enc].cek_size if alg == "dir" else model.key_size
        if len(key.raw_value) * 8 != bits:
            what = f"{enc}, used directly," if alg == "dir" else alg
            section = "§4.5" if alg == "dir" else "§4.7" if "GCM" in alg else "§4.4"
            has = f"this has {len(key.raw_value)}"
            return f"{what} needs a secret of just {bits // 8} bytes (RFC 7518 {section}); {has}."
    if isinstance(key, RSAKey):
        why = _short_rsa(key, alg, "§4.3")
        if why:
            return why
    if isinstance(key, ECKey | OKPKey) and key.curve_name not in AGREEING:
        return f"It is on the curve {key.curve_name}, and {alg} takes {', '.join(AGREEING[:-1])} or {AGREEING[-1]}."
    needed = _ENCRYPTING | (_OPENING if key.is_private else set())
    why = _operations(held, needed, "`encrypt`, `wrapKey` or `deriveKey`")
    return why or _purpose(held.members, alg, enc, kid)


def public(key: AnyKey) -> AnyKey:
    """Its public half; a secret has none, and is given back as it is."""
    if isinstance(key, OctKey) or not key.is_private:
        return key
    half: Any = key.public_key
    return type(key)(half, half)


def _short_rsa(key: RSAKey, alg: str, section: str) -> str:
    bits = key.raw_value.key_size
    if bits >= LEAST_RSA:
        return ""
    return f"{alg} needs an RSA key of at least {LEAST_RSA:,} bits (RFC 7518 {section}); this has {bits:,}."


def _operations(held: Held, needed: set[str], says: str) -> str:
    operations = held.members.get("key_ops")
    if operations is None:
        return ""
    if not isinstance(operations, list):
        return "Its `key_ops` are no list, so what it may be used for is not said."
    if not any(isinstance(each, str) and each in needed for each in operations):
        return f"Its `key_ops` do not hold {says}."
    return ""


def _purpose(members: dict[str, Any], alg: str, enc: str, kid: str) -> str:
    """What the key's own JWK says it is for (RFC 7517 §4.2 to §4.5)."""
    if "use" in members and members["use"] != "enc":
        return f"Its `use` is {named(members['use'])}, and encrypting needs `enc`."
    if "alg" in members and members["alg"] != alg and not (alg == "dir" and members["alg"] == enc):
        return f"Its `alg` is {named(members['alg'])}, and the token's is to be `{alg}`."
    if kid and members.get("kid") is not None and members["kid"] != kid:
        return f"Its `kid` is {named(members['kid'])}, and the header is to name {named(kid)}."
    return ""
