"""How a signature is computed, step by step, with a token's own values: each number worked out here, from the formulas.

Only the checking is done: what a verifier computes, with a public key or with a shared secret. Nothing here signs, and
nothing decides: `flows.tokens.verify` does, by a library, and a page says whether the two agree.
"""

from __future__ import annotations

from flows.tokens.by_hand import ecdsa, eddsa, hmac_sha2, rsa
from flows.tokens.by_hand.steps import Asked, Step, Stopped, Worked, hash_step, signed_step
from flows.tokens.read import Header, Signature, Signed, signing_input
from flows.tokens.ring import Held, named
from flows.tokens.verify import SIGNING_ALGORITHMS, Verified, misfit

LONGEST_TOKEN = 64_000  # characters; of a longer one only the hash is computed

_WAYS = {"HS": hmac_sha2.steps, "RS": rsa.steps_pkcs1, "PS": rsa.steps_pss, "ES": ecdsa.steps, "Ed": eddsa.steps}
_HASHED_FIRST = {"RS": ("h", rsa.PKCS1), "PS": ("h", rsa.PSS), "ES": ("z", ecdsa.ECDSA)}


def worked(token: Signed, signature: Signature, alg: str, verified: Verified) -> Worked:
    """The steps of this signature, as far as they can be taken. Never raises."""
    if alg.lower() == "none":
        return Worked(alg, (), None, "`alg` is `none`: nothing was computed, and there is nothing to check.")
    if alg not in SIGNING_ALGORITHMS:
        says = f"{named(alg)} is no signature algorithm that is known here." if alg else "The header names no `alg`."
        return Worked(alg, (), None, says)
    held, why_none = fitting(verified, signature.header, alg)
    asked = Asked(alg, signing_input(token, signature), signature.signature.data, held.key if held else None)
    steps = [signed_step(asked)]
    if len(token.text) > LONGEST_TOKEN:
        if alg[:2] in _HASHED_FIRST:
            steps.append(hash_step(asked, *_HASHED_FIRST[alg[:2]]))
        size = f"{len(token.text):,} characters, and above {LONGEST_TOKEN:,}"
        return Worked(alg, tuple(steps), None, f"The token has {size} the rest is not worked out here.", held)
    if not asked.signature:
        return Worked(alg, tuple(steps), False, "There is no signature: it was cut off, or never made.", held)
    try:
        steps.extend(_WAYS[alg[:2]](asked))
    except Stopped as stopped:
        return Worked(alg, tuple(steps), stopped.fits, str(stopped), held)
    return Worked(alg, tuple(steps), _fits(steps), why_none, held)


def fitting(verified: Verified, header: Header, alg: str) -> tuple[Held | None, str]:
    """The key that verified, or else the first that was tried and is for this; and why there is none."""
    if verified.key:
        return verified.key, ""
    for held, _ in verified.tried:
        if not misfit(held, header, alg):
            return held, ""
    if not verified.tried:
        return None, ""
    held, why = verified.tried[0]
    return None, f"{held.called[:1].upper()}{held.called[1:]} is not used. {why}"


def _fits(steps: list[Step]) -> bool | None:
    if any(step.missing for step in steps):
        return None
    return all(each.are_equal for each in steps[-1].compared)
