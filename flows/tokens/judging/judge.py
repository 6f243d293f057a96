"""A token judged: every rule's finding, and the verdict in a few words."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace

from flows.tokens.judging.claims import CLAIMS
from flows.tokens.judging.dangers import DANGERS, secret_is_not_known
from flows.tokens.judging.judged import Expected, Judged
from flows.tokens.judging.rules import Row, State, run
from flows.tokens.judging.sd_jwt import DISCLOSURES
from flows.tokens.judging.signature import SIGNATURE
from flows.tokens.judging.structure import STRUCTURE
from flows.tokens.read import Encrypted, Signed, Token
from flows.tokens.ring import Held, read_keys

__all__ = ["Expected", "Judgement", "judge"]

RULES = [*STRUCTURE, *SIGNATURE, secret_is_not_known, *CLAIMS, *DISCLOSURES, *DANGERS]
DEEPEST = 2  # tokens within tokens

BUT = {  # a rule that failed → how the verdict goes on after "Genuine, but"; the most telling first
    "key_is_strong": "its key is weak",
    "exp_has_not_passed": "expired",
    "nbf_has_come": "not valid yet",
    "proof_is_fresh": "too old",
    "key_binding_fits": "shown by somebody else",
    "disclosures_fit_their_digests": "with disclosures that are not the issuer’s",
    "iss_is_trusted": "from another issuer",
    "aud_is_expected": "meant for somebody else",
    "nonce_is_expected": "an answer to another question",
    "typ_is_expected": "another kind of token",
    "alg_is_allowed": "signed in a way that is not allowed",
    "crit_is_understood": "it asks for more than is known here",
    "payload_is_claims": "its payload can be read in two ways",
    "header_is_json": "its header can be read in two ways",
    "parts_are_base64url": "written in another way than it was signed",
    "required_claims_are_there": "incomplete",
    "texts_are_texts": "with a claim that is none",
}


@dataclass(frozen=True)
class Judgement:
    """The verdict in a few words and in a sentence, its state, and the rows of the checklist.

    `key` is the key that verified or opened it; `opened` what was inside an encrypted token, as bytes. `inner` is the
    token that was found there, or that binds an SD-JWT to its key, judged likewise.
    """

    state: State
    headline: str
    says: str
    profile: str
    rows: list[Row] = field(default_factory=list)
    key: Held | None = None
    opened: bytes | None = None
    inner: tuple[Signed | Encrypted, Judgement] | None = None

    @property
    def counts(self) -> Counter[State]:
        return Counter(row.finding.state for row in self.rows)


def judge(token: Signed | Encrypted, expected: Expected, depth: int = 0) -> Judgement:
    """Run every rule that applies to this kind of token. Never raises, never signs, never fetches."""
    judged = Judged(token, expected)
    rows = run(RULES, judged)
    inner = _inner(judged, depth)
    state, headline, says = _with_inner(judged, inner, *_verdict(judged, rows))
    opened = judged.opened.plaintext if judged.encrypted else None
    return Judgement(state, headline, says, judged.profile.name, rows, judged.key, opened, inner)


def _inner(judged: Judged, depth: int) -> tuple[Signed | Encrypted, Judgement] | None:
    """The token within an encrypted one (RFC 7519 §5.2), or the one that binds an SD-JWT (RFC 9901 §4.3)."""
    expected = judged.expected
    if judged.signed:
        binding = judged.signed.key_binding
        if binding is None or depth >= DEEPEST:
            return None
        within = replace(expected, keys=_keys_of_cnf(judged), profile="key-binding", iss="", algs=frozenset(), which=0)
        proof = judge(binding, within, depth + 1)
        if proof.state == "passed" and judged.key is None:
            says = "It fits the key named in `cnf`. Whether the issuer named that key is not verified."
            proof = replace(proof, state="not checked", headline="It fits, whatever that is worth", says=says)
        return binding, proof
    inside = judged.inside
    if inside is None or depth >= DEEPEST:
        return None
    within = replace(expected, profile="", which=0)
    judgement = judge(inside, within, depth + 1)
    if judgement.key is None:  # what opened the one outside need not be what signed the one inside
        others = tuple(held for held in expected.keys if held is not judged.opened.key)
        judgement = judge(inside, replace(within, keys=others), depth + 1)
    return inside, judgement


def _keys_of_cnf(judged: Judged) -> tuple[Held, ...]:
    """The public key that the issuer bound an SD-JWT to; a secret would be readable by everybody."""
    cnf = judged.claims.get("cnf")
    jwk = cnf.get("jwk") if isinstance(cnf, dict) else None
    held = read_keys(json.dumps(jwk))[0] if isinstance(jwk, dict) else ()
    return tuple(replace(each, called="the key named in `cnf`") for each in held if each.key.key_type != "oct")


def _with_inner(
    judged: Judged, inner: tuple[Token, Judgement] | None, state: State, headline: str, says: str
) -> tuple[State, str, str]:
    """The verdict, with what is within taken into account: what is inside, or came along as a proof, must hold too."""
    if inner is None:
        if judged.encrypted and judged.inside is not None:
            return "failed", headline, f"{says} Another token is inside, too deep to be read here."
        return state, headline, says
    within = inner[1]
    if within.state != "failed" or state == "failed":
        return state, headline, says
    if judged.signed:
        return (
            "failed",
            f"{headline}, but shown by somebody else",
            f"{says} The proof: {within.headline}. {within.says}",
        )
    return "failed", "Opened, but what is inside is refused", f"{says} Inside: {within.headline}. {within.says}"


def _verdict(judged: Judged, rows: list[Row]) -> tuple[State, str, str]:
    """The state, the few words and the sentence. What was never verified is never called genuine."""
    failed = {row.rule.name: row for row in rows if row.finding.state == "failed"}
    if judged.encrypted:
        return _verdict_encrypted(judged, failed)
    if "token_is_signed" in failed:
        return "failed", "Unsecured", "Nothing is signed, so anybody could have written this."
    if "secret_is_not_known" in failed:
        return "failed", "Anybody could have made it", _told(failed["secret_is_not_known"])
    if judged.key is None:
        return _verdict_unverified(judged, failed)
    genuine, by = "Genuine", f"Signed with {judged.key.called}."
    if judged.own_keys:
        genuine = "It fits its own key"
        by = "The key stands in its own header. Whether it is the right one, the access token says that comes with it."
    if not failed:
        unsure = [row.finding.of for row in rows if row.finding.state == "not checked" and row.finding.of]
        rest = f" Not checked: {', '.join(f'`{name}`' for name in unsure)}." if unsure else ""
        return "passed", genuine, by + rest
    name, but = _first(failed)
    return "failed", f"{genuine}, but {but}", f"{by} {_told(failed[name])}{_more(failed)}"


def _verdict_unverified(judged: Judged, failed: dict[str, Row]) -> tuple[State, str, str]:
    for name, headline in (
        ("parts_are_there", "Damaged"),
        ("header_is_json", "Damaged"),
        ("signature_verifies", "Not genuine"),
        ("key_fits", "Not verified"),
    ):
        if name in failed:
            return "failed", headline, _told(failed[name])
    says = "No key is at hand, so nothing here is proved. Anybody could have written it."
    if not failed:
        return "not checked", "Readable, but not verified", says
    name, but = _first(failed)
    return "failed", f"Not verified, and {but}", f"{_told(failed[name])}{_more(failed)} {says}"


def _verdict_encrypted(judged: Judged, failed: dict[str, Row]) -> tuple[State, str, str]:
    if judged.key is None:
        if failed:
            first = failed.get("content_opens") or next(iter(failed.values()))
            return "failed", "Does not open" if judged.keys else "Damaged", _told(first)
        return "not checked", "Closed", "It is encrypted: only its header can be read without the key."
    if failed:
        name, but = _first(failed)
        return "failed", f"Opened, but {but}", f"Opened with {judged.key.called}. {_told(failed[name])}{_more(failed)}"
    return "passed", "Opened", f"Opened with {judged.key.called}. The tag shows that nothing was changed."


def _first(failed: dict[str, Row]) -> tuple[str, str]:
    """The most telling of the rules that failed, and how the verdict tells it."""
    name = next((each for each in BUT if each in failed), next(iter(failed)))
    if name in ("exp_has_not_passed", "nbf_has_come") and not failed[name].finding.says.endswith(("passed", "come")):
        return name, "with a time that is none"
    return name, BUT.get(name, "to be refused")


def _more(failed: dict[str, Row]) -> str:
    return f" {len(failed) - 1} more failed." if len(failed) > 1 else ""


def _told(row: Row) -> str:
    return f"{row.finding.says}. {row.finding.more}".strip()
