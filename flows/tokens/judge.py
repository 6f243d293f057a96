"""A token judged: every rule's finding, and the verdict in a few words."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace

from flows.tokens import json_text
from flows.tokens.claims import CLAIMS
from flows.tokens.dangers import DANGERS
from flows.tokens.judged import Expected, Judged
from flows.tokens.read import Encrypted, Signed, read
from flows.tokens.ring import Held, read_keys
from flows.tokens.rules import Row, State, run
from flows.tokens.sd_jwt import DISCLOSURES
from flows.tokens.signature import SIGNATURE
from flows.tokens.structure import STRUCTURE

__all__ = ["Expected", "Judgement", "judge"]

RULES = [*STRUCTURE, *SIGNATURE, *CLAIMS, *DISCLOSURES, *DANGERS]
DEEPEST = 4  # tokens within tokens

BUT = {  # the one rule that failed → how the verdict goes on after "Genuine, but"
    "exp_has_not_passed": "expired",
    "nbf_has_come": "not valid yet",
    "aud_is_expected": "meant for somebody else",
    "iss_is_trusted": "from another issuer",
    "typ_is_expected": "another kind of token",
    "required_claims_are_there": "incomplete",
    "alg_is_allowed": "signed in a way that you do not allow",
    "crit_is_understood": "it asks for more than is known here",
    "nonce_is_expected": "an answer to another question",
    "parts_are_base64url": "written in another way than it was signed",
    "disclosures_fit_their_digests": "with disclosures that are not the issuer’s",
    "key_binding_fits": "shown by somebody else",
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
    state, headline, says = _verdict(judged, rows)
    opened = judged.opened.plaintext if judged.encrypted else None
    inner = _inner(judged, expected, depth)
    return Judgement(state, headline, says, judged.profile.name, rows, judged.key, opened, inner)


def _inner(judged: Judged, expected: Expected, depth: int) -> tuple[Signed | Encrypted, Judgement] | None:
    """The token within an encrypted one (RFC 7519 §5.2), or the one that binds an SD-JWT (RFC 9901 §4.3)."""
    if depth >= DEEPEST:
        return None
    if judged.signed:
        binding, cnf = judged.signed.key_binding, judged.claims.get("cnf")
        if binding is None:
            return None
        jwk = cnf.get("jwk") if isinstance(cnf, dict) else None
        keys = (
            tuple(replace(held, called="the key named in `cnf`") for held in read_keys(json.dumps(jwk))[0])
            if jwk
            else ()
        )
        within = replace(expected, keys=keys, profile="key-binding", iss="", algs=frozenset(), which=0)
        return binding, judge(binding, within, depth + 1)
    plaintext = judged.opened.plaintext
    text = plaintext.strip().decode("utf-8", "replace") if plaintext else ""
    if not _is_token(text):
        return None
    token = read(text)
    return token, judge(token, replace(expected, profile="", which=0), depth + 1)


def _is_token(text: str) -> bool:
    """Whether a decrypted text is itself a token: compact, or a JSON form."""
    if text.startswith("{"):
        held = json_text.read(text.encode("utf-8", "replace")).object
        return "ciphertext" in held or ("payload" in held and ("signature" in held or "signatures" in held))
    return text.startswith("eyJ") and text.count(".") in (2, 4) and not any(letter.isspace() for letter in text)


def _verdict(judged: Judged, rows: list[Row]) -> tuple[State, str, str]:
    """The state, the few words and the sentence. What was never verified is never called genuine."""
    failed = [row for row in rows if row.finding.state == "failed"]
    names = {row.rule.name for row in failed}
    first = f"{failed[0].finding.says}. {failed[0].finding.more}".strip() if failed else ""
    if judged.encrypted:
        return _verdict_encrypted(judged, failed, first)
    if "token_is_signed" in names:
        return "failed", "Unsecured", "Nothing is signed, so anybody could have written this."
    if "secret_is_not_known" in names:
        known = next(row for row in failed if row.rule.name == "secret_is_not_known")
        return "failed", "Anybody could have made it", f"{known.finding.says}. {known.finding.more}"
    if judged.key is None:
        return _verdict_unverified(judged, failed, names, first)
    by = f"Signed with {judged.key.called}."
    if judged.own_keys:
        by = "It fits the key in its own header. Whose key that is, the access token says that comes with it."
    if not failed:
        unsure = [row.finding.of for row in rows if row.finding.state == "not checked" and row.finding.of]
        rest = f" Not checked: {', '.join(f'`{name}`' for name in unsure)}." if unsure else ""
        return "passed", "Genuine", by + rest
    if len(failed) == 1 and failed[0].rule.name in BUT:
        return "failed", f"Genuine, but {BUT[failed[0].rule.name]}", f"{by} {first}"
    return (
        "failed",
        f"Genuine, but {len(failed)} checks failed" if len(failed) > 1 else "Genuine, but refused",
        f"{by} {first}",
    )


def _verdict_unverified(judged: Judged, failed: list[Row], names: set[str], first: str) -> tuple[State, str, str]:
    if names & {"parts_are_there", "header_is_json"}:
        return "failed", "Damaged", first
    if "signature_verifies" in names:
        return (
            "failed",
            "Not genuine",
            first if failed[0].rule.name == "signature_verifies" else _of("signature_verifies", failed),
        )
    if "key_fits" in names:
        return "failed", "Not verified", _of("key_fits", failed)
    says = "No key is at hand, so nothing here is proved. Anybody could have written it."
    if failed:
        return "failed", "Not verified, and already refused", f"{first} {says}"
    return "not checked", "Readable, but not verified", says


def _verdict_encrypted(judged: Judged, failed: list[Row], first: str) -> tuple[State, str, str]:
    if judged.key is None:
        if failed:
            return "failed", "Does not open" if judged.keys else "Damaged", first
        return "not checked", "Closed", "It is encrypted: only its header can be read without the key."
    if failed:
        return "failed", "Opened, but refused", f"Opened with {judged.key.called}. {first}"
    return "passed", "Opened", f"Opened with {judged.key.called}. The tag shows that nothing was changed."


def _of(name: str, failed: list[Row]) -> str:
    row = next(row for row in failed if row.rule.name == name)
    return f"{row.finding.says}. {row.finding.more}".strip()
