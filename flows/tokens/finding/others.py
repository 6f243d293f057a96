"""Tokens that are no JOSE: PASETO, macaroons, SAML, opaque ones, credentials; and what can be known of each.

An opaque token is a reference. What it stands for, only its issuer can tell (RFC 7662 §2).
"""

from __future__ import annotations

import math
import re
from itertools import pairwise

from flows.as_it_saw import short
from flows.tokens import base64url, json_text
from flows.tokens.finding import macaroon, saml
from flows.tokens.finding.budget import Budget
from flows.tokens.read import Other

_INTROSPECTION = "7662#section-2"
_NOT_IN_IT = "Whose it is, what it allows and when it ends is not in it. Only who issued it can tell."
_ASK = f"{_NOT_IN_IT[:-1]}: an API asks at the introspection endpoint."
_PREFIXES: tuple[tuple[str, str, str], ...] = (  # (how it looks, who issues it, what it is there)
    (r"ghp_[A-Za-z0-9]{36,251}", "GitHub", "personal access token (classic)"),
    (r"github_pat_[A-Za-z0-9_]{36,255}", "GitHub", "personal access token (fine-grained)"),
    (r"gho_[A-Za-z0-9]{36,251}", "GitHub", "OAuth access token"),
    (r"ghu_[A-Za-z0-9]{36,251}", "GitHub", "access token of a GitHub App for a user"),
    (r"ghs_[A-Za-z0-9]{36,251}", "GitHub", "access token of a GitHub App's installation"),
    (r"ghr_[A-Za-z0-9]{36,251}", "GitHub", "refresh token"),
    (r"xoxb-[A-Za-z0-9-]{10,250}", "Slack", "bot token"),
    (r"xoxp-[A-Za-z0-9-]{10,250}", "Slack", "user token"),
    (r"xox[aers]-[A-Za-z0-9-]{10,250}", "Slack", "token"),
    (r"xapp-[A-Za-z0-9-]{10,250}", "Slack", "app-level token"),
    (r"glpat-[A-Za-z0-9_.-]{20,300}", "GitLab", "personal access token"),
    (r"ya29\.[A-Za-z0-9_-]{20,2000}", "Google", "OAuth access token"),
    (r"1//[A-Za-z0-9_-]{20,500}", "Google", "OAuth refresh token"),
    (r"sk_live_[A-Za-z0-9]{16,250}", "Stripe", "secret API key, for real money"),
    (r"sk_test_[A-Za-z0-9]{16,250}", "Stripe", "secret API key, for tests"),
    (r"(?:AKIA|ASIA)[A-Z2-7]{16}", "AWS", "access key ID: the name of a key, no secret by itself"),
    (r"sk-ant-[A-Za-z0-9_-]{20,250}", "Anthropic", "API key"),
    (r"sk-[A-Za-z0-9_-]{20,250}", "OpenAI, or one who took over its prefix", "API key"),
    (r"npm_[A-Za-z0-9]{36,100}", "npm", "access token"),
    (r"pypi-[A-Za-z0-9_-]{50,2000}", "PyPI", "API token"),
    (r"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{30,64}", "SendGrid", "API key"),
)
_KNOWN = tuple((re.compile(looks), issuer, what) for looks, issuer, what in _PREFIXES)
_OKTA = re.compile(r"00[A-Za-z0-9_-]{40}")
PREFIXED = re.compile(rf"(?<![A-Za-z0-9_\-])(?:{'|'.join(looks for looks, _, _ in _PREFIXES)})(?![A-Za-z0-9_])")
PREFIX_WORDS = (
    "gh",
    "github_pat_",
    "xox",
    "xapp-",
    "glpat-",
    "ya29.",
    "1//",
    "sk_",
    "AKIA",
    "ASIA",
    "sk-",
    "npm_",
    "pypi-",
    "SG.",
)
PASETO = re.compile(r"(?<![A-Za-z0-9_\-.])v[1-4]\.(?:local|public)\.[A-Za-z0-9_\-]*(?:\.[A-Za-z0-9_\-]*)?")
MACAROON = re.compile(r"(?<![A-Za-z0-9_\-+/])(?:MDA|Ag[EI])[A-Za-z0-9_\-+/]{20,}={0,2}")
SAML = re.compile(r"(?<![A-Za-z0-9_\-+/])(?:PHNhbW|PD94bW|PFJlc3|PEFzc2)[A-Za-z0-9+/_\-\r\n]{100,}={0,2}")

_KINDS = str.maketrans({each: "9" if each.isdigit() else "a" if each.islower() else "A" for each in base64url.ALPHABET})
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_UUIDS = {  # version → how it is made, bits that can be random (RFC 9562)
    "1": ("version 1: a time and a machine's address", 0),
    "4": ("version 4: random", 122),
    "7": ("version 7: a time, then random", 74),
}
_PASETO = {  # version → (algorithm of local, of public, bytes of a signature)
    "v1": ("AES-256-CTR with HMAC-SHA-384", "RSA-PSS with SHA-384", 256),
    "v2": ("XChaCha20-Poly1305", "Ed25519", 64),
    "v3": ("AES-256-CTR with HMAC-SHA-384", "ECDSA on P-384 with SHA-384", 96),
    "v4": ("XChaCha20 with BLAKE2b", "Ed25519", 64),
}


def named(text: str, budget: Budget | None = None) -> Other | None:
    """What a text is by its form, if that is known: PASETO, macaroon, SAML, or one with a prefix that tells."""
    if PASETO.fullmatch(text):
        return _paseto(text)
    for looks, issuer, what in _KNOWN:
        if looks.fullmatch(text):
            return _prefixed(text, issuer, what)
    if MACAROON.fullmatch(text):
        return _macaroon(text)
    return saml_message(text, budget) if SAML.fullmatch(text) or text.lstrip().startswith("<") else None


def opaque(text: str, name: str = "") -> Other:
    """A value that says nothing by itself; `name` is the parameter that it came in, as `code`."""
    if version := _UUID.fullmatch(text):
        made, bits = _UUIDS.get(version[1], (f"version {version[1]}", 122))
        made_so = (("form", f"UUID, {made}"), ("random", f"at most {bits} bits"))
        return Other(text, _called(name), f"It is a UUID, and says nothing by itself. {_ASK}", _INTROSPECTION, made_so)
    form, bits = _form(text)
    facts = (("form", form), ("length", f"{len(text)} characters"), ("random", f"at most {bits} bits"))
    if name == "code":
        says = (
            "It is a code: a reference, good once and for a short time, that a client exchanges for tokens at the "
            "token endpoint. Only the server that issued it knows what it stands for."
        )
        return Other(text, _called(name), says, "6749#section-1.3.1", (*facts, *_ours(text)))
    if name == "refresh_token":
        says = (
            "It is a refresh token: a reference that only the authorization server reads. It goes nowhere but to the "
            "token endpoint."
        )
        return Other(text, _called(name), says, "6749#section-1.5", (*facts, *_ours(text)))
    issuer = (("perhaps issued by", "Okta: its API tokens look so"),) if _OKTA.fullmatch(text) else ()
    says = f"It is opaque: characters that refer to something. {_ASK}"
    return Other(text, _called(name), says, _INTROSPECTION, (*facts, *issuer, *_ours(text)))


def basic(encoded: str) -> Other | None:
    """A user name and a password (RFC 7617); the password is told nowhere. None for what does not hold a colon."""
    decoded = base64url.decode(encoded).data
    if b":" not in decoded:
        return None
    user, _, password = decoded.decode("utf-8", "replace").partition(":")
    if not json_text.printable(user).isprintable():
        return None
    return Other(
        f"Basic, for the user name {short(user)}",
        "credentials",
        "These are credentials and no token: a user name and a password, or a client's `client_id` and secret. base64 "
        "hides nothing; who sees this line can sign in.",
        "7617#section-2",
        (("user name", short(user)), ("password", f"{len(password)} characters, not shown")),
    )


def saml_message(text: str, budget: Budget | None = None) -> Other | None:
    """A SAML message in XML, base64 or deflated base64; None for none, and for one more than the budget allows."""
    budget = budget or Budget()
    found = saml.xml_of(text, budget)
    if not found:
        return None
    xml, packed = found
    root, facts, problems = saml.facts(xml, budget)
    packing = (("packed as", packed),) if packed else ()
    return Other(
        text,
        f"SAML {root or 'message'}",
        "It is SAML: XML, readable by anyone, with a signature of its own kind, which is not checked here.",
        "7522#section-3",
        (*packing, *((name, short(value)) for name, value in facts)),
        problems,
    )


def piece(text: str, readable: str) -> Other:
    """What is left of a token of which nothing can be told but some readable text."""
    return Other(
        text,
        "piece of a token",
        "It looks like a piece out of a token: base64url, with JSON in it whose beginning is lost.",
        "7515#section-7.1",
        (("what can be read", short(readable)),),
    )


def is_random(text: str) -> bool:
    """Whether it looks like drawn characters: no word, no name, no address. Kinds of letters change often in those."""
    if len(text) < 16 or not re.fullmatch(r"[A-Za-z0-9_\-.~+/=|:%!*]+", text) or "://" in text:
        return False
    if _UUID.fullmatch(text) or re.fullmatch(r"[0-9a-f]{32,}|[0-9A-F]{32,}", text):
        return True
    letters = re.sub(r"[^A-Za-z0-9]+", "", text)[:500]
    kinds = letters.translate(_KINDS)
    changes = sum(one != next_one for one, next_one in pairwise(kinds))
    if "9" not in kinds or len(letters) * 4 < len(text[:500]) * 3:
        return False
    both_cases = "a" in kinds and "A" in kinds
    share = (0.35 if len(letters) > 40 else 0.4) if both_cases else 0.25
    return changes >= (len(letters) - 1) * share and len(letters) >= (14 if both_cases else 20)


def _called(name: str) -> str:
    return {"code": "authorization code", "refresh_token": "refresh token", "device_code": "device code"}.get(
        name, "opaque token"
    )


def _form(text: str) -> tuple[str, int]:
    """The alphabet that its characters are from, and how many bits so many of them can hold."""
    if re.fullmatch(r"[0-9]+", text):
        return "digits", math.floor(len(text) * math.log2(10))
    if re.fullmatch(r"[0-9a-f]+|[0-9A-F]+", text):
        return "hexadecimal", len(text) * 4
    if re.fullmatch(r"[A-Za-z0-9]+", text):
        return "letters and digits", math.floor(len(text) * math.log2(62))
    bare = text.rstrip("=")
    if re.fullmatch(r"[A-Za-z0-9_\-]+|[A-Za-z0-9+/]+", bare) and len(bare) % 4 != 1:
        return "base64" if re.search("[+/=]", text) else "base64url", len(bare) * 6 // 8 * 8
    return "characters of several kinds", math.floor(len(text) * math.log2(max(2, len(set(text)), 64)))


def _ours(text: str) -> tuple[tuple[str, str], ...]:
    """This app's codes and opaque tokens are an HMAC-SHA-256 in base64url."""
    if not re.fullmatch(r"[A-Za-z0-9_\-]{43}", text) or base64url.decode(text).problems:
        return ()
    return (("holds", "exactly 32 bytes, as a SHA-256 has; the codes and opaque tokens of this app look so too"),)


def _prefixed(text: str, issuer: str, what: str) -> Other:
    facts: tuple[tuple[str, str], ...] = (("issued by", issuer), ("what it is there", what))
    if issuer == "AWS":
        says = "It is the ID of an access key at AWS. Requests are signed with a secret that belongs to it."
        return Other(text, "name of a key", says, "", facts)
    inner = macaroon.read(base64url.decode(text.removeprefix("pypi-")).data) if issuer == "PyPI" else None
    if inner:
        says = "It is a token of PyPI, and behind the prefix a macaroon: its caveats say what it is limited to."
        return Other(text, "macaroon", says, "", facts + _packets(inner), _not_whole(inner))
    says = f"Its prefix says that it is issued by {issuer}: {what}. {_NOT_IN_IT}"
    return Other(text, "opaque token", says, "", (*facts, ("length", f"{len(text)} characters")))


def _macaroon(text: str) -> Other | None:
    read = macaroon.read(base64url.decode(text).data)
    if not read:
        return None
    return Other(
        text,
        "macaroon",
        "It is a macaroon: a bearer token whose caveats, readable here, limit what it allows. Whoever holds it can add "
        "caveats and take none away; only its issuer can check its signature, an HMAC with a key that it keeps.",
        "",
        (("version", str(read.version)), *_packets(read)),
        _not_whole(read),
    )


def _packets(read: macaroon.Packets) -> tuple[tuple[str, str], ...]:
    def told(name: str, data: bytes) -> str:
        if name == "signature":
            return f"{len(data)} bytes"
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return f"{len(data)} bytes: {data[:32].hex()}"
        return short(text) if text.isprintable() else f"{len(data)} bytes: {data[:32].hex()}"

    return tuple((name, told(name, data)) for name, data in read.packets)


def _not_whole(read: macaroon.Packets) -> tuple[str, ...]:
    return () if read.whole else ("It is not whole: something is cut off, or does not belong.",)


def _paseto(text: str) -> Other:
    version, purpose, body, *rest = text.split(".")
    local, public, length = _PASETO[version]
    decoded = base64url.decode(body)
    facts: list[tuple[str, str]] = [("version", version), ("purpose", purpose)]
    problems = list(decoded.problems)
    if purpose == "local":
        facts += [("algorithm", local), ("encrypted", f"{len(decoded.data)} bytes, nonce and tag included")]
        says = "It is a PASETO, encrypted with a shared key. Without the key nothing of it can be read but the footer."
    else:
        message, signature = decoded.data[:-length], decoded.data[-length:]
        if len(decoded.data) <= length:
            problems.append(f"A signature alone has {length} bytes; this has {len(decoded.data)}: it is cut off.")
            message, signature = decoded.data, b""
        facts += [("algorithm", public), ("signature", f"{len(signature)} bytes, not verified here")]
        facts += _claims(message)
        says = "It is a PASETO, signed: readable by anyone. Its signature is not verified here."
    if rest and rest[0]:
        facts.append(("footer", _readable(base64url.decode(rest[0]).data)))
    return Other(text, f"PASETO {version}.{purpose}", says, "", tuple(facts), tuple(problems))


def _claims(message: bytes) -> list[tuple[str, str]]:
    """The members of a payload in JSON, up to where it goes wrong; else the payload as it is."""
    read = json_text.read(message)
    if not read.members:
        return [("payload", _readable(message))]
    shown = read.members[:100]
    return [(each.name, short(each.value if isinstance(each.value, str) else each.text)) for each in shown]


def _readable(data: bytes) -> str:
    text = data.decode("utf-8", "replace")
    return short(text) if text.isprintable() else f"{len(data)} bytes: {data[:32].hex()}"
