"""Rules for an SD-JWT: disclosures that fit their digests, and the proof of whoever shows it."""

from __future__ import annotations

from flows.tokens.judging.disclosures import HASHES, Placed, digest_of, presented, sd_alg_of
from flows.tokens.judging.judged import Judged
from flows.tokens.judging.rules import Finding, expected, failed, not_checked, passed, rule


@rule("9901#section-7.1")
def disclosures_fit_their_digests(judged: Judged) -> Finding | None:
    """The issuer signed digests. A disclosure counts only if its digest is among them, or anybody could add claims."""
    token = judged.signed
    if token is None or token.disclosures is None:
        return None
    if token.claims is None:
        return failed("There is no payload to hold the disclosures against")
    if sd_alg_of(token) not in HASHES:
        named = sd_alg_of(token) or token.claims.get("_sd_alg")
        return failed(
            f"`_sd_alg` is `{named}`, which is not known here", "So no disclosure can be held against it.", of="_sd_alg"
        )
    found = judged.disclosed
    broken = [each for each in found.placed if each.disclosure.problem]
    if broken:
        return failed(f"{_count(broken, 'disclosure')} cannot be read", broken[0].disclosure.problem)
    astray = [each for each in found.placed if not each.place]
    if found.problems:
        return failed("The disclosures do not fit", " ".join(found.problems[:3]))
    if astray:
        named = astray[0].disclosure.name or "an element of an array"
        return failed(f"{_count(astray, 'disclosure')} without a digest in the payload", f"The first: `{named}`.")
    if not found.placed:
        return passed("Nothing is disclosed", f"{found.withheld} digests stay closed.")
    return passed(
        f"{_count(found.placed, 'disclosure')}, each with its digest", f"{found.withheld} digests stay closed."
    )


@rule("9901#section-7.3")
def key_binding_fits(judged: Judged) -> Finding | None:
    """Whoever shows it signs what is shown with the key that the issuer named. So a copy is of no use to a thief."""
    token = judged.signed
    if token is None or token.disclosures is None or token.claims is None:
        return None
    bound = isinstance(judged.claims.get("cnf"), dict)
    if token.key_binding is None:
        return not_checked("key binding", "It is bound to a key, and no proof came along.", of="cnf") if bound else None
    if not bound:
        return failed("A proof came along, and the issuer named no key", rfc="9901#section-4.1.2")
    wanted = digest_of(presented(token), sd_alg_of(token))
    if not wanted:
        return failed("The proof cannot be held against a hash that is not known here", of="cnf")
    got = (token.key_binding.claims or {}).get("sd_hash")
    if got != wanted:
        return failed("`sd_hash` is of another presentation", expected(wanted, got), of="cnf", rfc="9901#section-4.3.1")
    return passed("The proof is about just these disclosures", "Its signature is judged below.", of="cnf")


def _count(things: list[Placed] | tuple[Placed, ...], of_what: str) -> str:
    return f"{len(things)} {of_what}{'s' if len(things) != 1 else ''}"


DISCLOSURES = [disclosures_fit_their_digests, key_binding_fits]
