"""Rules for the algorithm, the key and the signature; and for opening what is encrypted."""

from __future__ import annotations

from joserfc.jwk import RSAKey

from flows.as_it_saw import short
from flows.tokens.judging.judged import Judged
from flows.tokens.judging.rules import Finding, failed, not_checked, passed, rule
from flows.tokens.ring import Held
from flows.tokens.verify import CHANGED, SIGNING_ALGORITHMS, misfit


@rule("8725#section-3.2")
def token_is_signed(judged: Judged) -> Finding | None:
    """With `none` there is no signature: anybody could have written all of it. Some libraries once accepted that."""
    if judged.signed is None or judged.alg.lower() != "none":
        return None
    spelled = "" if judged.alg == "none" else f" Spelled `{judged.alg}`, to get past a filter that compares letters."
    signature = judged.signature.signature.encoded if judged.signature else ""
    more = "Anybody could have written this." + spelled
    if signature:
        more += " It carries a signature all the same, which proves nothing."
    return failed("`alg` is `none`: nothing is signed", more, of="alg")


@rule("8725#section-3.1")
def alg_is_allowed(judged: Judged) -> Finding | None:
    """Whoever forges a token also writes its header. So the verifier decides on the algorithm, not the token."""
    alg, allowed = judged.alg, judged.expected.algs
    if alg.lower() == "none":
        return None
    if not alg:
        given = judged.header.object.get("alg")
        return failed("There is no `alg`" if given is None else "`alg` is no text", of="alg", rfc="7515#section-4.1.1")
    if judged.encrypted:
        enc = judged.header.text("enc")
        if not enc:
            return failed("There is no `enc`", of="enc", rfc="7516#section-4.1.2")
        if allowed and not {alg, enc} <= allowed:
            more = f"Allowed: {', '.join(sorted(allowed))}."
            return failed(f"`{alg}` with `{enc}` is not what you allow", more, of="alg")
        return passed(f"Encrypted with `{enc}`, its key with `{alg}`", of="enc", rfc="7516#section-4.1.2")
    if judged.profile.name in ("dpop-proof", "key-binding") and alg.startswith("HS"):
        section = "9449#section-4.2" if judged.profile.name == "dpop-proof" else "9901#section-4.3"
        return failed(f"`{alg}` uses a shared secret; a proof needs a key pair", of="alg", rfc=section)
    if allowed:
        if alg in allowed:
            return passed(f"`{alg}` is one that you allow", of="alg")
        return failed(f"`{alg}` is not one that you allow", f"Allowed: {', '.join(sorted(allowed))}.", of="alg")
    if alg in SIGNING_ALGORITHMS:
        return passed(f"`{alg}` is an algorithm for signatures", of="alg")
    return failed(f"`{alg}` is no signature algorithm that is known here", of="alg")


@rule("7517#section-4.2")
def key_fits(judged: Judged) -> Finding | None:
    """A key is made for one use and one algorithm. Used for another, even a good key proves nothing."""
    if judged.signed is None or judged.alg.lower() == "none":
        return None
    if not judged.keys and judged.profile.name == "dpop-proof":
        return failed("Its header brings no key that can be used", of="jwk", rfc="9449#section-4.2")
    if not judged.keys:
        return None if judged.guess and judged.guess.secret is not None else not_checked("no key to verify with")
    fitting = [held for held in judged.keys if not misfit(held, judged.header, judged.alg)]
    used = judged.verified.key or (fitting[0] if fitting else None)
    if used is None:
        return failed("None of the keys fits" if len(judged.keys) > 1 else "The key does not fit", _why_not(judged))
    return passed(f"The key fits: {_described(used)}", f"It is {used.called}.")


@rule("7515#section-5.2")
def signature_verifies(judged: Judged) -> Finding | None:
    """Only whoever has the key could have made this signature. If it fits, nobody has changed a character since."""
    if judged.signed is None or judged.signature is None or judged.alg.lower() == "none":
        return None
    if not judged.signature.signature.encoded:
        return failed("The signature is missing", "It was cut off, masked, or never made.")
    if judged.verified.key:
        return passed("The signature fits these characters", f"Verified with {judged.verified.key.called}.")
    if judged.length_is_wrong:
        return failed("The signature has the wrong length", judged.length_is_wrong)
    if judged.guess and judged.guess.secret is not None:
        return passed("The signature fits, with a secret that was guessed")
    if not judged.keys:
        return not_checked("the signature, for want of a key")
    fitting = [(held, why) for held, why in judged.verified.tried if not misfit(held, judged.header, judged.alg)]
    if not fitting:
        return not_checked("the signature: no key fits")
    held, why = fitting[0]
    called = f"{held.called[:1].upper()}{held.called[1:]}"
    if len(fitting) > 1:
        return failed("The signature does not fit", f"None of {len(fitting)} keys made it, or it was changed since.")
    more = (
        f"{called} did not make it, or it was changed since." if why == CHANGED else f"Tried with {held.called}. {why}"
    )
    return failed("The signature does not fit", more)


@rule("7516#section-5.2")
def content_opens(judged: Judged) -> Finding | None:
    """Only the key opens it, and its tag shows that nothing was changed on the way."""
    if judged.encrypted is None:
        return None
    if not judged.keys:
        return not_checked("what is inside, for want of a key")
    opened = judged.opened
    if opened.key:
        return passed("The key opens it, and the tag fits", f"Opened with {opened.key.called}.")
    if not opened.tried:
        return failed("It does not open", "It is for nobody: there is no recipient in it.")
    held, why = opened.tried[0]
    tries = "" if len(opened.tried) == 1 else f" So with {len(opened.tried) - 1} more."
    return failed("It does not open", f"With {held.called}: {why}{tries}")


def _why_not(judged: Judged) -> str:
    """Of up to three keys, why each of them is not used for this signature."""
    kid = judged.header.text("kid")
    others = [str(held.members.get("kid", "")) for held in judged.keys]
    if kid and len(others) > 1 and all(others) and kid not in others:
        named = ", ".join(f"`{short(each)}`" for each in others[:5]) + (" and more" if len(others) > 5 else "")
        return f"The token names `{short(kid)}`; there are {named}."
    told = [f"{held.called[:1].upper()}{held.called[1:]}: {why}" for held, why in judged.verified.tried]
    rest = f" So with {len(told) - 3} more." if len(told) > 3 else ""
    return " ".join(told[:3]) + rest


def _described(held: Held) -> str:
    """What kind of key it is, and what it is said to be for."""
    kinds = {"oct": "a secret", "RSA": "RSA", "EC": "EC", "OKP": "OKP"}
    curve = getattr(held.key, "curve_name", "")
    size = f"RSA, {held.key.raw_value.key_size} bits" if isinstance(held.key, RSAKey) else ""
    says = curve or size or kinds[held.key.key_type]
    use = held.members.get("use")
    return f"{says}, `use`: {use}" if isinstance(use, str) else says


SIGNATURE = [token_is_signed, alg_is_allowed, key_fits, signature_verifies, content_opens]
