"""Rules for how a token is built: its parts, its characters, its JSON, and extensions that must be understood."""

from __future__ import annotations

from flows.tokens.judging.judged import Judged
from flows.tokens.judging.rules import Finding, failed, passed, rule, warning
from flows.tokens.read import Part, is_b64

UNDERSTOOD = {"b64"}  # extensions that this page knows (RFC 7797)


@rule("7515#section-7.1")
def parts_are_there(judged: Judged) -> Finding | None:
    """A signed token is a header, a payload and a signature. Whatever was cut off on the way cannot be checked."""
    token = judged.signed
    if token is None:
        return None
    section = "7515#section-7.1" if token.form == "compact" else "7515#section-7.2"
    if token.problems:
        return failed("It is not whole", " ".join(token.problems), rfc=section)
    if not token.signatures:
        return failed("There is no signature in it", rfc=section)
    if token.form == "compact":
        json_parts = "two of them JSON" if token.payload.json else "the first of them JSON"
        beside = ", the payload beside it" if token.detached else ""
        return passed(f"Three parts, {json_parts}{beside}", rfc=section)
    count = len(token.signatures)
    return passed(f"A payload and {count} signature{'s' if count != 1 else ''}, as JSON", rfc=section)


@rule("7516#section-7.1")
def five_parts_are_there(judged: Judged) -> Finding | None:
    """An encrypted token is a header, an encrypted key, an initialization vector, a ciphertext and a tag."""
    token = judged.encrypted
    if token is None:
        return None
    section = "7516#section-7.1" if token.form == "compact" else "7516#section-7.2"
    if token.problems:
        return failed("It is not whole", " ".join(token.problems), rfc=section)
    count = len(token.recipients)
    if not count:
        return failed("There is no recipient in it", rfc=section)
    if token.form == "compact":
        return passed("Five parts, the first of them JSON", rfc=section)
    return passed(f"For {count} recipient{'s' if count != 1 else ''}, as JSON", rfc=section)


@rule("7515#section-2")
def parts_are_base64url(judged: Judged) -> Finding | None:
    """One way to write each byte, and no other: where two readers take one spelling for two things, one is fooled."""
    wrong = [f"{_called(each)}: {problem}" for each in _parts(judged) for problem in each.problems]
    if wrong:
        return failed("Not all of it is base64url", " ".join(wrong))
    return passed("All parts are base64url, without padding")


@rule("7515#section-4")
def header_is_json(judged: Judged) -> Finding:
    """The header says how to read all the rest. It must be one JSON object, and each of its names stand there once."""
    header = judged.header
    if header.protected is None and not header.others:
        return failed("There is no header")
    read = header.protected.json if header.protected else None
    if header.protected and (read is None or not read.is_object):
        return failed("The header is no JSON object", " ".join(read.problems if read else ()))
    if read and read.problems:
        return failed("The header’s JSON is damaged", " ".join(read.problems))
    if header.repeated:
        named = ", ".join(f"`{name}`" for name in header.repeated)
        return failed(f"{named} stands twice in the header", "One reader takes the first, another the last.")
    return passed("The header is JSON, each name once")


@rule("7519#section-7.2")
def payload_is_claims(judged: Judged) -> Finding | None:
    """The payload of a JWT is one JSON object. If a name stands there twice, two readers can read two things."""
    read = judged.content
    if judged.encrypted and judged.opened.plaintext is None:
        return None
    if judged.profile.name == "jws" or (judged.encrypted and read is None):
        return None
    if read is None or not read.is_object:
        return failed("The payload is no JSON object", "So it is a JWS, but no JWT.")
    if read.problems:
        return failed("The payload’s JSON is damaged", " ".join(read.problems))
    if read.repeated:
        named = ", ".join(f"`{name}`" for name in read.repeated)
        more = "One reader takes the first, another the last."
        return failed(f"{named} stands twice in the payload", more, of=read.repeated[0], rfc="7519#section-4")
    return passed("The payload is JSON, each name once")


@rule("7515#section-4.1.11")
def crit_is_understood(judged: Judged) -> Finding | None:
    """`crit` names extensions that change the meaning of the token. Whoever does not know one must refuse it."""
    if "b64" in judged.header.object and judged.signed and (wrong := _wrong_b64(judged)):
        return wrong
    if "crit" not in judged.header.object:
        return None
    named = judged.header.object["crit"]
    if not isinstance(named, list) or not named or not all(isinstance(each, str) for each in named):
        return failed("`crit` is no list of names", of="crit")
    if len(set(named)) < len(named):
        return failed("`crit` names one extension twice", of="crit")
    missing = [each for each in named if each not in judged.header.object]
    if missing:
        return failed(f"`crit` names `{missing[0]}`, which is not in the header", of="crit")
    protected = judged.header.protected
    if protected is None or protected.json is None or "crit" not in protected.json.object:
        return failed("`crit` stands outside the protected header, where anybody can change it", of="crit")
    unknown = [each for each in named if each not in UNDERSTOOD or judged.encrypted]
    if unknown:
        return failed(f"`crit` names `{unknown[0]}`, which is not known here", "So it must be refused.", of="crit")
    return passed("All that `crit` names is understood", of="crit")


@rule("7515#section-10.7")
def alg_is_protected(judged: Judged) -> Finding | None:
    """In a JSON form a header may stand outside of what is signed. Then anybody on the way can change it."""
    outside = {member.name for _, other in judged.header.others for member in other.members}
    if not outside:
        return None
    if "alg" in outside and judged.signed:
        return warning("`alg` stands outside of what is signed", "Anybody on the way can change it.", of="alg")
    named = ", ".join(f"`{name}`" for name in sorted(outside)[:4])
    return warning(f"Not protected: {named}", "It stands outside of what is signed or authenticated.")


def _wrong_b64(judged: Judged) -> Finding | None:
    """What is wrong with `b64`, which says how the payload is to be read (RFC 7797)."""
    protected = judged.header.protected
    own = protected.json.object if protected and protected.json else {}
    if "b64" not in own:
        return failed(
            "`b64` stands outside the protected header, where anybody can change it", of="b64", rfc="7797#section-3"
        )
    if not isinstance(own["b64"], bool):
        return failed("`b64` is neither true nor false", of="b64", rfc="7797#section-3")
    crit = own.get("crit")
    if not isinstance(crit, list) or "b64" not in crit:
        says = "`b64` is used, and `crit` does not name it"
        return failed(says, "A reader that does not know it would check another text.", of="b64", rfc="7797#section-6")
    if not own["b64"] and judged.profile.name != "jws":
        return failed("A JWT’s payload must be encoded: `b64` may not be false", of="b64", rfc="7797#section-7")
    return None


def _parts(judged: Judged) -> list[Part]:
    own = [judged.header.protected] if judged.header.protected else []
    if judged.signed:
        payload = [] if judged.signed.detached or not is_b64(judged.header) else [judged.signed.payload]
        return own + payload + ([judged.signature.signature] if judged.signature else [])
    token = judged.encrypted
    assert token
    keys = [each.encrypted_key for each in token.recipients]
    return own + keys + [token.iv, token.ciphertext, token.tag] + ([token.aad] if token.aad else [])


def _called(part: Part) -> str:
    return {
        "encrypted_key": "Encrypted key",
        "iv": "Initialization vector",
        "tag": "Authentication tag",
        "aad": "Additional data",
    }.get(part.name, part.name.capitalize())


STRUCTURE = [
    parts_are_there,
    five_parts_are_there,
    parts_are_base64url,
    header_is_json,
    payload_is_claims,
    crit_is_understood,
    alg_is_protected,
]
