"""Every published example of RFC 7515 to 7519, 7520, 7638, 7797 and 8037, read by the decoder's own functions.

Each verifies or opens with its published key and gives its published text; and with any one character altered, it does
not, or, where only bits change that belong to no byte, reading says so.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from joserfc._rfc7518.derive_key import derive_key_for_concat_kdf
from joserfc.jwk import ECKey, OKPKey

from flows.tokens.base64url import ALPHABET
from flows.tokens.decrypt import opened
from flows.tokens.finding.find import find
from flows.tokens.judging.judge import Expected, judge
from flows.tokens.read import Encrypted, Header, Part, Signed, read
from flows.tokens.ring import Held, of_der, read_keys
from flows.tokens.verify import choose

FOLDER = Path(__file__).parent / "vectors"
COOKBOOK = FOLDER / "rfc7520-cookbook"
EXAMPLES: dict[str, Any] = {
    each["id"]: each for each in json.loads((FOLDER / "rfc_examples.json").read_text())["examples"]
}
Path_ = tuple[str | int, ...]  # where a value stands in a JSON form


@dataclass(frozen=True)
class Case:
    """One example in one form, and for one of its signatures or recipients: `which` counts them from 0."""

    name: str
    token: str | dict[str, Any]
    key: str
    payload: bytes
    which: int = 0
    detached: bytes | None = None

    @property
    def text(self) -> str:
        return written(self.token)


def written(token: str | dict[str, Any]) -> str:
    return token if isinstance(token, str) else json.dumps(token)


def cookbook() -> Iterator[Case]:
    """Every file of the cookbook that holds a token, in every form it comes in."""
    for path in sorted(COOKBOOK.glob("*/*.json")):
        if path.parent.name != "jwk":
            yield from of_cookbook(f"{path.parent.name} {path.stem.split('.')[0]}", json.loads(path.read_text()))
    nested = json.loads((COOKBOOK / "6.nesting_signatures_and_encryption.json").read_text())
    yield from of_cookbook("6 inner", nested["sign"])
    yield from of_cookbook("6 outer", nested["encrypt"])


def of_cookbook(name: str, example: dict[str, Any]) -> Iterator[Case]:
    given = example["input"]
    payload = given.get("payload", given.get("plaintext")).encode()
    keys = given["key"] if isinstance(given.get("key"), list) else [given.get("key", given.get("pwd"))]
    for form, token in example["output"].items():
        is_detached = "detached" in example.get("title", "").lower()
        for which, key in enumerate(keys):
            called = f"{name} {form}{f' {which + 1}' if len(keys) > 1 else ''}"
            yield Case(called, token, written(key), payload, which, payload if is_detached else None)


def of_rfcs() -> Iterator[Case]:
    """Every example of rfc_examples.json that holds a token that verifies or opens."""
    for name, example in EXAMPLES.items():
        if "token" not in example or example.get("alg") == "none":
            continue
        detached = example.get("detached_payload_utf8")
        payload = detached or example.get("payload_utf8") or example.get("plaintext_utf8")
        keys = [{**key, "kid": kid} for kid, key in example.get("keys", {}).items()]
        if "key" in example and isinstance(example["token"], dict) and "header" in example["token"]:
            keys = [{**example["key"], "kid": example["token"]["header"]["kid"]}]
        for which, key in enumerate(keys or [example.get("key") or example["password_utf8"]]):
            bare = payload.encode() if payload else b""
            called = f"{name}{f' {which + 1}' if len(keys) > 1 else ''}"
            yield Case(called, example["token"], written(key), bare, which, detached.encode() if detached else None)


CASES = [*cookbook(), *of_rfcs()]
by_name = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def keys_of(case: Case) -> tuple[Held, ...]:
    keys, problems = read_keys(case.key)
    assert not problems
    return keys


def outcome(case: Case, token: str | dict[str, Any], detached: bytes | None, keys: tuple[Held, ...]) -> bytes | None:
    """The payload if the signature verifies, the plaintext if it opens; None if not."""
    parsed = read(written(token), detached)
    if isinstance(parsed, Encrypted):
        return opened(parsed, keys).plaintext
    if case.which >= len(parsed.signatures):
        return None
    signature = parsed.signatures[case.which]
    verified = choose(keys, parsed, signature, signature.header.text("alg"))
    return parsed.payload.data if verified.key else None


@by_name
def test_example_verifies_or_opens_and_gives_the_published_text(case: Case) -> None:
    keys = keys_of(case)
    parsed = read(case.text, case.detached)
    assert not parsed.problems
    assert not problems_in(parsed)
    found = outcome(case, case.token, case.detached, keys)
    assert found is not None
    published = EXAMPLES.get(case.name, {}).get("plaintext_json")
    if case.payload:
        assert found == case.payload
    elif case.name == "rfc7519-A.2":
        inner = read(found.decode())
        assert isinstance(inner, Signed)
        key, _ = read_keys(json.dumps(EXAMPLES["rfc7519-A.2"]["inner_key"]))
        assert choose(key, inner, inner.signatures[0], "RS256").key == key[0]
        assert inner.claims == published
    else:
        assert json.loads(found) == published


NO_CRIT = {"rfc7797 4 json", "rfc7797 4 json_flat"}  # made before RFC 7797 §6 asked for `crit`; they verify
BEFORE = 1_300_819_000  # the published claims expire at 1300819380


@by_name
def test_example_is_found_when_pasted_and_judged_good(case: Case) -> None:
    [found] = find(f"Look at this:\n{case.text}\n").tokens
    token = read(found.text, case.detached)
    extra = EXAMPLES["rfc7519-A.2"]["inner_key"] if case.name == "rfc7519-A.2" else None
    keys = keys_of(case) + (read_keys(json.dumps(extra))[0] if extra else ())
    judgement = judge(token, Expected(BEFORE, keys=keys, which=case.which))
    if case.name in NO_CRIT:
        assert judgement.headline == "Genuine, but it asks for more than is known here"
        assert judgement.says.startswith("Signed with the JWK. `b64` is used, and `crit` does not name it.")
    else:
        assert (judgement.state, judgement.headline in ("Genuine", "Opened")) == ("passed", True), judgement.says


@by_name
def test_one_altered_character_makes_it_fail(case: Case) -> None:
    keys = keys_of(case)
    assert len(list(alterations(case))) >= 12
    for where, token, detached in alterations(case):
        if outcome(case, token, detached, keys) is not None:
            assert said_twice_spelled(read(written(token), detached)), where


def alterations(case: Case) -> Iterator[tuple[str, str | dict[str, Any], bytes | None]]:
    """(where, the token with one character altered, what travels beside it)."""
    if case.detached:
        for at in places(len(case.detached)):
            changed = bytearray(case.detached)
            changed[at] ^= 1
            yield f"payload beside it, {at}", case.token, bytes(changed)
    if isinstance(case.token, str):
        start = 0
        for number, part in enumerate(case.token.split(".")):
            for at in places(len(part)):
                for changed_text in altered(part, at):
                    token = case.token[:start] + changed_text + case.token[start + len(part) :]
                    yield f"part {number + 1}, {at}", token, case.detached
            start += len(part) + 1
        return
    for path, value in strings(case.token):
        lists = [step for step in path if isinstance(step, int)]
        if path[-1] in ("jku", "cty") or (lists and lists[0] != case.which):
            continue  # it stands where nothing protects it; or it is of another signature or recipient
        for at in places(len(value)):
            for changed_text in altered(value, at):
                yield f"{path}, {at}", replaced(case.token, path, changed_text), case.detached


def places(length: int) -> list[int]:
    return sorted({0, length // 4, length // 2, 3 * length // 4, length - 1}) if length else []


def altered(text: str, at: int) -> Iterator[str]:
    """The text with the character there altered: in its highest bit and in its lowest."""
    for bit in (32, 1):
        number = ALPHABET.find(text[at])
        other = ALPHABET[number ^ bit] if number >= 0 else chr(ord(text[at]) ^ bit)
        yield text[:at] + other + text[at + 1 :]


def strings(value: Any, path: Path_ = ()) -> Iterator[tuple[Path_, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict | list):
        for step, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from strings(each, (*path, step))


def replaced(value: Any, path: Path_, by: str) -> Any:
    if not path:
        return by
    copied = dict(value) if isinstance(value, dict) else list(value)
    copied[path[0]] = replaced(value[path[0]], path[1:], by)
    return copied


def problems_in(token: Signed | Encrypted) -> list[str]:
    return [problem for part in parts(token) for problem in part.problems]


def said_twice_spelled(token: Signed | Encrypted) -> bool:
    return any("two spellings" in problem for problem in problems_in(token))


def parts(token: Signed | Encrypted) -> Iterator[Part]:
    headers: list[Header]
    if isinstance(token, Signed):
        headers = [each.header for each in token.signatures]
        yield from (token.payload, *(each.signature for each in token.signatures))
    else:
        headers = [each.header for each in token.recipients]
        yield from (token.iv, token.ciphertext, token.tag, *(each.encrypted_key for each in token.recipients))
        yield from (token.aad,) if token.aad else ()
    yield from (header.protected for header in headers if header.protected)


def test_all_published_tokens_are_here_and_altered_often_enough() -> None:
    assert len(EXAMPLES) == 29
    assert len(list(cookbook())) == 73
    assert len(list(of_rfcs())) == 21
    forms = Counter((type(token).__name__, token.form) for token in (read(case.text, case.detached) for case in CASES))
    assert forms == {
        ("Signed", "compact"): 16,
        ("Signed", "flattened JSON"): 12,
        ("Signed", "general JSON"): 15,
        ("Encrypted", "compact"): 17,
        ("Encrypted", "flattened JSON"): 18,
        ("Encrypted", "general JSON"): 16,
    }
    assert sum(1 for case in CASES for _ in alterations(case)) == 4066


@pytest.mark.parametrize("name", ["rfc7515-A.5", "rfc7515-E"])
def test_unsecured_examples_are_read_and_never_verify(name: str) -> None:
    token = read(EXAMPLES[name]["token"])
    assert isinstance(token, Signed)
    assert token.is_unsecured
    assert token.payload.data.decode() == EXAMPLES[name].get("payload_utf8", "FAIL")
    keys, _ = read_keys("any secret")
    verified = choose(keys, token, token.signatures[0], "none")
    assert verified.key is None
    assert verified.tried == ((keys[0], "There is no signature."),)


def test_detached_example_without_its_payload_does_not_verify() -> None:
    example = EXAMPLES["rfc7515-F"]
    token = read(example["token"])
    assert isinstance(token, Signed)
    keys, _ = read_keys(json.dumps(example["key"]))
    assert choose(keys, token, token.signatures[0], "HS256").key is None


@pytest.mark.parametrize(
    ("name", "kids", "types"),
    [
        ("rfc7517-A.1", ["1", "2011-04-29"], ["EC", "RSA"]),
        ("rfc7517-A.2", ["1", "2011-04-29"], ["EC", "RSA"]),
        ("rfc7517-A.3", [None, "HMAC key used in JWS A.1 example"], ["oct", "oct"]),
    ],
)
def test_key_sets_are_read_whole(name: str, kids: list[str], types: list[str]) -> None:
    keys, problems = read_keys(json.dumps(EXAMPLES[name]["jwks"]))
    assert problems == ()
    assert [held.members.get("kid") for held in keys] == kids
    assert [held.key.key_type for held in keys] == types
    assert [held.key.is_private for held in keys] == [name != "rfc7517-A.1"] * 2


@pytest.mark.parametrize("path", sorted((COOKBOOK / "jwk").iterdir()), ids=lambda path: path.stem)
def test_keys_of_the_cookbook_are_read_whole(path: Path) -> None:
    jwk = json.loads(path.read_text())
    (held,), problems = read_keys(path.read_text())
    assert problems == ()
    assert held.called == f"the JWK, kid `{jwk['kid']}`"
    assert {**held.key.as_dict(private=held.key.is_private), **held.members} == jwk


def test_certificate_in_a_jwk_holds_the_same_key() -> None:
    jwk = EXAMPLES["rfc7517-B"]["jwk"]
    (held,), problems = read_keys(json.dumps(jwk))
    assert problems == ()
    found = of_der(base64.b64decode(jwk["x5c"][0]))
    assert found
    assert found[0] == "certificate's key (CN=Brian Campbell)"
    assert found[1].as_dict() == held.key.as_dict()


@pytest.mark.parametrize("name", ["rfc7638-3.1", "rfc8037-A.3"])
def test_thumbprints_are_the_published_ones(name: str) -> None:
    (held,), _ = read_keys(json.dumps(EXAMPLES[name]["jwk"]))
    assert held.key.thumbprint() == EXAMPLES[name]["thumbprint_sha256"]


def test_key_agreement_of_rfc_7518_appendix_c_gives_the_published_key() -> None:
    example = EXAMPLES["rfc7518-C"]
    (ours,), _ = read_keys(json.dumps(example["recipient_private"]))
    (theirs,), _ = read_keys(json.dumps(example["ephemeral_private"]))
    assert isinstance(ours.key, ECKey) and isinstance(theirs.key, ECKey)
    shared = ours.key.exchange_derive_key(theirs.key)
    header = {name: example[name] for name in ("alg", "enc", "apu", "apv")}
    derived = derive_key_for_concat_kdf(shared, header, 128, None)
    assert base64.urlsafe_b64encode(derived).rstrip(b"=").decode() == example["derived_key_b64u"]


def test_key_agreement_of_rfc_8037_gives_the_published_secret() -> None:
    example = EXAMPLES["rfc8037-A.6"]
    (ephemeral,), _ = read_keys(json.dumps(example["ephemeral_private"]))
    (bob,), _ = read_keys(json.dumps(example["recipient_public"]))
    assert isinstance(ephemeral.key, OKPKey) and isinstance(bob.key, OKPKey)
    assert ephemeral.key.exchange_derive_key(bob.key).hex() == example["shared_secret_hex"]
