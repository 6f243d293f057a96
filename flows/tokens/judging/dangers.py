"""Rules that warn: what is allowed by the letter, and has fooled somebody (RFC 8725)."""

from __future__ import annotations

import re

from flows.tokens.judging.judged import Judged
from flows.tokens.judging.rules import Finding, failed, not_checked, passed, rule, warning
from flows.tokens.read import Signed
from flows.tokens.times import is_milliseconds, is_time, lasting
from flows.tokens.verify import weaknesses

LONGEST_READ = 100_000  # characters of a payload that are searched for what should not be in it
A_DAY = 86_400

_PERSONAL_NAMES = """
name given_name family_name middle_name nickname preferred_username email phone_number phone birthdate upn
unique_name ipaddr date_of_birth dob gender address street_address postal_code picture ssn social_security_number
passport passport_number national_id tax_id iban ip ip_address
"""
_SECRET_NAMES = """
password passwd pwd passphrase secret client_secret api_key apikey private_key pin cvv credit_card card_number
access_token refresh_token session session_id connection_string db_password
"""
PERSONAL, SECRET = frozenset(_PERSONAL_NAMES.split()), frozenset(_SECRET_NAMES.split())
_NAME = re.compile(r'"([A-Za-z_-]{2,30})"\s{0,9}:')
_DIGITS = re.compile(r"(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d.])")
_NUMBER = re.compile(r":\s{0,9}\d{13}(?=[,\s}])")  # a time in milliseconds, and not a card
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{2,63}")

TRAVELS_ALONG = {
    "jwk": "a key",
    "jku": "the address of keys",
    "x5u": "the address of a certificate",
    "x5c": "a certificate",
}


@rule("8725#section-3.5")
def secret_is_not_known(judged: Judged) -> Finding | None:
    """Whoever guesses the secret can sign anything. Guessing is quick, and lists of common secrets are public."""
    if judged.guess is None:
        return None
    if not judged.guess.of:
        return not_checked("whether the secret is a common one", "The token is too long to try many.")
    if judged.guess.secret is None:
        return passed(f"Its secret is none of {judged.guess.of} common ones")
    told = f"`{judged.guess.secret.decode('utf-8', 'replace')}`" if judged.guess.secret else "empty"
    more = f"Found at guess {judged.guess.number} of {judged.guess.of}: anybody can sign such tokens."
    return failed(f"Its secret is {told}", more)


@rule("7518#section-3.2")
def key_is_strong(judged: Judged) -> Finding | None:
    """A secret shorter than the hash can be guessed faster than the hash can be broken; a short RSA key be factored."""
    if judged.key is None:
        return None
    weak = " ".join(weaknesses(judged.key, judged.alg))
    section = "7518#section-3.2" if judged.alg.startswith("HS") else "7518#section-3.3"
    return failed("The key is weak", weak, rfc=section) if weak else None


@rule("8725#section-3.10")
def key_does_not_travel_along(judged: Judged) -> Finding | None:
    """A key that comes with the token is the forger’s, if the token is. A key must be known beforehand."""
    found = [name for name in TRAVELS_ALONG if name in judged.header.object]
    if judged.profile.name == "dpop-proof":
        found = [name for name in found if name != "jwk"]  # there it must: the access token says which key is meant
    if not found:
        return None
    named = " and ".join(f"{TRAVELS_ALONG[name]} (`{name}`)" for name in found)
    return warning(
        f"It brings {named} along", "A forger would do so too. This page shows it and fetches nothing.", of=found[0]
    )


@rule("8725#section-3.10")
def kid_is_plain(judged: Judged) -> Finding | None:
    """A `kid` is looked up somewhere: in a file, in a database. Whoever writes the header may aim at that place."""
    kid = judged.header.object.get("kid")
    if kid is None:
        return None
    if not isinstance(kid, str):
        return failed("`kid` is no text", of="kid", rfc="7515#section-4.1.4")
    aims = {
        "a path": ".." in kid or kid.startswith("/") or "\\" in kid,
        "an address": "://" in kid and not kid.startswith(("did:", "urn:")),
        "a database query": bool(re.search(r"['\"`;]|--", kid)),
        "a command": bool(re.search(r"[|&$<>]", kid)),
        "control characters": any(ord(letter) < 32 for letter in kid),
    }
    like = [what for what, is_so in aims.items() if is_so]
    if like:
        return warning(f"`kid` looks like {like[0]}", "It may aim at whatever looks the key up.", of="kid")
    if len(kid) > 256:
        return warning(f"`kid` has {len(kid):,} characters", "It only names a key.", of="kid")
    return None


@rule("7519#section-12")
def payload_holds_nothing_private(judged: Judged) -> Finding | None:
    """Anybody who holds the token can read its payload: the browser, a proxy, a log. It is signed, not hidden."""
    if judged.signed is None or judged.content is None:
        return None
    text = judged.content.text[:LONGEST_READ]
    names = {name.lower() for name in _NAME.findall(text)}
    secret, personal = sorted(names & SECRET), sorted(names & PERSONAL)
    if any(_is_card_number(digits) for digits in _DIGITS.findall(_NUMBER.sub("", text))):
        secret.append("a card number")
    if "PRIVATE KEY-----" in text:
        secret.append("a private key")
    if not personal and _MAIL.search(text):
        personal = ["an e-mail address"]
    if not secret and not personal:
        return None
    told = [f"It may hold a secret: {_listed(secret)}"] if secret else []
    told += [f"It holds personal data: {_listed(personal)}"] if personal else []
    return warning(told[0], " ".join([*(f"{each}." for each in told[1:]), "Anybody who holds the token can read it."]))


@rule("6750#section-5.3")
def lifetime_is_short(judged: Judged) -> Finding | None:
    """Whoever finds a bearer token can use it until it expires. So an hour is better than a day."""
    exp, iat = judged.claims.get("exp"), judged.claims.get("iat")
    if judged.content is None or judged.profile.name in ("dpop-proof", "key-binding", "jws", "sd-jwt"):
        return None
    if exp is None and "exp" not in judged.profile.claims and judged.claims:
        return warning("It never expires: there is no `exp`", "Stolen once, it is good for ever.")
    if not is_time(exp) or is_milliseconds(exp):
        return None
    start = iat if is_time(iat) else judged.claims.get("nbf")
    lasts = exp - (start if is_time(start) else judged.now)
    if lasts > A_DAY:
        return warning(f"It is good for {lasting(lasts)}", "A stolen one works that long.", of="exp")
    return None


@rule("8414#section-2")
def iss_is_https(judged: Judged) -> Finding | None:
    """Over plain http, anybody on the way can answer with keys of their own."""
    iss = judged.claims.get("iss")
    if not isinstance(iss, str) or not iss.startswith("http://"):
        return None
    ours = judged.key is not None and judged.key.issuer == iss
    return warning("`iss` is http, not https", "Fine in this laboratory; nowhere else." if ours else "", of="iss")


@rule("8725#section-2.3")
def encrypted_is_signed(judged: Judged) -> Finding | None:
    """What is encrypted with a public key anybody can write: it hides, and proves nothing about who wrote it."""
    if judged.encrypted is None or not judged.alg.startswith(("RSA", "ECDH")):
        return None
    if judged.opened.plaintext is None:
        return not_checked("whether what is inside is signed")
    if isinstance(judged.inside, Signed) and not judged.inside.is_unsecured:
        return passed("A signed token is inside", rfc="7519#section-11.2")
    return warning(
        "It is encrypted with a public key, and not signed", "Anybody who has that key could write it.", of="alg"
    )


@rule("7519#section-5.2")
def cty_is_true(judged: Judged) -> Finding | None:
    """`cty` says what kind of content is inside, so that a token within a token is treated as one."""
    said = judged.header.text("cty").lower() in ("jwt", "application/jwt")
    if judged.encrypted is None or judged.opened.plaintext is None or said == (judged.inside is not None):
        return None
    if said:
        return failed("`cty` says that a token is inside, and there is none", of="cty")
    return warning("A token is inside, and `cty` does not say so", of="cty")


@rule("8725#section-3.2")
def encryption_is_up_to_date(judged: Judged) -> Finding | None:
    """RSA encryption of the old kind can be undone by asking a server often enough whether a text decrypts."""
    if judged.encrypted is None or judged.alg != "RSA1_5":
        return None
    return warning("`RSA1_5` is to be avoided", "`RSA-OAEP` takes its place.", of="alg")


@rule("8725#section-3.6")
def nothing_was_compressed(judged: Judged) -> Finding | None:
    """Compressed first and encrypted then, the length tells something about the content."""
    if judged.encrypted is None or "zip" not in judged.header.object:
        return None
    return warning("It was compressed before it was encrypted", "Its length may tell what is inside.", of="zip")


@rule("7518#section-4.8.1.2")
def password_is_hashed_often(judged: Judged) -> Finding | None:
    """A password is guessed the faster, the less often it is hashed; and a huge count keeps the reader busy."""
    count = judged.header.object.get("p2c")
    if judged.encrypted is None or not judged.alg.startswith("PBES2"):
        return None
    if isinstance(count, bool) or not isinstance(count, int):
        return failed("`p2c` is no number", of="p2c")
    if count < 1000:
        return warning(f"`p2c` is only {count}", "At least 1,000 are asked for, and today far more.", of="p2c")
    return passed(f"The password is hashed {count:,} times", of="p2c")


def _is_card_number(digits: str) -> bool:
    """Whether the check digit fits (ISO/IEC 7812, Luhn)."""
    numbers = [int(digit) for digit in digits if digit.isdigit()]
    if len(set(numbers)) < 2:
        return False
    doubled = [number * 2 if place % 2 else number for place, number in enumerate(reversed(numbers))]
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


def _listed(names: list[str]) -> str:
    told = ", ".join(name if " " in name else f"`{name}`" for name in names[:4])
    return told + (f" and {len(names) - 4} more" if len(names) > 4 else "")


DANGERS = [
    key_is_strong,
    key_does_not_travel_along,
    kid_is_plain,
    payload_holds_nothing_private,
    lifetime_is_short,
    iss_is_https,
    encrypted_is_signed,
    cty_is_true,
    encryption_is_up_to_date,
    nothing_was_compressed,
    password_is_hashed_often,
]
