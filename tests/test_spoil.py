"""Every way to spoil a token: what becomes of it, who refuses it, and who is fooled, exactly where the page says so."""

from __future__ import annotations

import ast
import hmac
import inspect
import json
import re
import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwe
from joserfc import jws as joserfc_jws
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from jwcrypto import jwk as jwcrypto_jwk
from jwcrypto import jws as jwcrypto_jws
from made import ACCESS, EC, NOW, RSA, SECRET, disclosure, encoded, put_together
from spec_sections import heading

import flows
from flows.tokens import base64url
from flows.tokens.breaking import careless
from flows.tokens.breaking.careless import CARELESS, Answer, Knows, ask, careless_lines, careless_of, one_row
from flows.tokens.breaking.differs import compared, parts_of, told
from flows.tokens.breaking.spoil import WAYS, Kept, Made, Options, Spoiled, public_pem, spoil, why_not
from flows.tokens.finding.find import find
from flows.tokens.judging.common_secrets import common_secrets
from flows.tokens.judging.guesses import guesses
from flows.tokens.judging.judge import Expected, judge
from flows.tokens.judging.profiles import guess
from flows.tokens.read import Other, Signed, read
from flows.tokens.ring import Held

WEAK = b"changeme"
ED = OKPKey.generate_key("Ed25519")
SIGNED_WITH: dict[str, Any] = {
    "HS256": OctKey.import_key(SECRET),
    "RS256": RSA,
    "PS256": RSA,
    "ES256": EC,
    "EdDSA": ED,
}
ALGORITHMS = list(SIGNED_WITH)
MALLORY = json.dumps(ACCESS | {"sub": "mallory"}, indent=2)
ALL = [(way.name, variant) for way in WAYS.values() for variant in way.variants or {"": ""}]


def original(alg: str) -> str:
    """An access token, signed with that algorithm."""
    header = {"alg": alg, "typ": "at+jwt", "kid": "2026-11"}
    message = f"{encoded(header)}.{encoded(ACCESS)}"
    key = SIGNED_WITH[alg]
    private = key.raw_value if isinstance(key, OctKey) else key.private_key
    made = jwt.algorithms.get_default_algorithms()[alg].sign(message.encode(), private)
    return f"{message}.{base64url.encode(made)}"


def public(alg: str) -> Held:
    """What verifies it."""
    key = SIGNED_WITH[alg]
    shown = key if isinstance(key, OctKey) else type(key).import_key(key.as_dict(private=False))
    return Held("the key", shown, {"kid": "2026-11"}, str(ACCESS["iss"]))


def spoiled(text: str, way: str, variant: str = "", alg: str = "ES256", **options: Any) -> Made:
    if way == "edit":
        options.setdefault("payload", MALLORY)
    return spoil(read(text), way, Options(**{"variant": variant, "key": public(alg).key, "now": NOW, **options}))


def copy_of(text: str, way: str, variant: str = "", alg: str = "ES256", **options: Any) -> str:
    made = spoiled(text, way, variant, alg, **options)
    assert isinstance(made, Spoiled), made
    return made.text


def verdict(alg: str, text: str) -> str:
    """What a correct verifier says, that expects what the original was."""
    return judge(read(text), Expected(NOW, "access-token", (public(alg),))).headline


def asked(alg: str, way: str, variant: str, text: str) -> Answer:
    """What the careless verifier says that the page shows for that way."""
    verifier = careless_of(way, variant)
    assert verifier
    return ask(verifier, text, Knows(public(alg).key, NOW, frozenset({original(alg)})))


HEADLINES = {  # way and variant → what the correct verifier says; where it depends on the key, of HS256, RS256, others
    ("edit", ""): "Not genuine",
    ("flip_bit", ""): "Not genuine",
    ("cut_signature", ""): "Not genuine",
    ("alg_none", "none"): "Unsecured",
    ("alg_none", "None"): "Unsecured",
    ("alg_none", "NONE"): "Unsecured",
    ("alg_none", "nOnE"): "Unsecured",
    ("public_key_as_secret", ""): "Not verified",
    ("another_kid", "path"): "Anybody could have made it",
    ("another_kid", "query"): "Not verified",
    ("own_jwk", ""): "Not verified",
    ("stretch_exp", ""): "Not genuine",
    ("re_encode", "padding"): "Genuine, but written in another way than it was signed",
    ("re_encode", "last"): "Genuine, but written in another way than it was signed",
}
OF_SAME_KIND = {("another_kid", "query", "HS256"), ("own_jwk", "", "ES256")}
APPLY = [
    (alg, *each) for alg in ALGORITHMS for each in HEADLINES if (alg, each[0]) != ("HS256", "public_key_as_secret")
]


def test_every_way_is_in_the_table() -> None:
    assert {*HEADLINES, ("weak_secret", "")} == set(ALL)


@pytest.mark.parametrize(("alg", "way", "variant"), APPLY)
def test_correct_verifier_refuses_what_was_spoiled_and_the_careless_one_is_fooled(
    alg: str, way: str, variant: str
) -> None:
    text = original(alg)
    assert verdict(alg, text) == "Genuine"
    copy = copy_of(text, way, variant, alg)
    expected = HEADLINES[way, variant]
    if way == "another_kid" and alg == "HS256" and variant == "query":
        expected = "Not verified"  # its `kid` names another key
    if way == "own_jwk" and alg == "ES256":
        expected = "Not genuine"  # the key at hand is of the same kind, and did not make this signature
    assert verdict(alg, copy) == expected
    sub = "mallory" if way == "edit" else "alice"
    assert asked(alg, way, variant, copy) == Answer(True, f"It lets in whoever sends this, as {sub}.")


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_careless_verifiers_are_fooled_by_their_own_kind_and_not_by_everything(alg: str) -> None:
    copies = {each: copy_of(original(alg), *each, alg) for a, *each in APPLY if a == alg for each in [tuple(each)]}
    unlocked = {("re_encode", "padding"), ("re_encode", "last")}  # the same signature, which is read leniently
    none = {("alg_none", each) for each in ("none", "None", "NONE", "nOnE")}
    mine = {("own_jwk", "")} if alg != "HS256" else set()
    fooled = {
        "verifies_what_is_signed": {("cut_signature", ""), *none} | unlocked,
        "believes_alg": none | unlocked,
        "forbids_none_by_its_letters": none - {("alg_none", "none")} | unlocked,
        "has_one_key_for_any_alg": ({("public_key_as_secret", "")} if mine else set()) | unlocked,
        "opens_the_file_that_kid_names": {("another_kid", "path")},
        "looks_kid_up_in_a_table": {("another_kid", "query")},
        "believes_the_key_in_the_header": {("own_jwk", "")},
        "knows_tokens_by_their_letters": unlocked,
        "only_decodes": set(copies),
        "looks_only_at_the_time": set(copies),
        "sees_a_signature": set(copies) - none - {("cut_signature", "")},
    }
    if alg == "HS256":
        fooled["has_one_key_for_any_alg"] = set()  # it has no public key
    knows = Knows(public(alg).key, NOW, frozenset({original(alg)}))
    found = {
        name: {each for each, text in copies.items() if ask(getattr(careless, name), text, knows).accepted}
        for name in fooled
    }
    assert found == fooled


UNSIGNED = {("only_decodes", "e30.e30."), ("verifies_what_is_signed", "e30.e30.")}


def test_every_careless_verifier_refuses_what_is_nothing() -> None:
    for verifier in CARELESS.values():
        for text in (
            "",
            ".",
            "..",
            "a.b.c",
            "e30.e30.",
            "W10.W10.W10",
            "~",
            "\udcff.x.y",
            f"{encoded([])}.{encoded([])}.x",
        ):
            if ask(verifier, text, Knows(now=NOW)).accepted:
                assert (verifier.__name__, text) in UNSIGNED


# other people's verifiers


def joserfc_accepts(alg: str, text: str) -> bool:
    try:
        joserfc_jws.deserialize_compact(text, public(alg).key, algorithms=[alg])
    except Exception:
        return False
    return True


def jwcrypto_accepts(alg: str, text: str) -> bool:
    try:
        token = jwcrypto_jws.JWS()
        token.allowed_algs = [alg]
        token.deserialize(text)
        token.verify(jwcrypto_jwk.JWK(**public(alg).key.as_dict()))
    except Exception:
        return False
    return True


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_joserfc_and_jwcrypto_refuse_all_but_another_spelling(alg: str) -> None:
    """“Some libraries read that all the same”, says the way `re_encode`: jwcrypto does."""
    text = original(alg)
    assert joserfc_accepts(alg, text) and jwcrypto_accepts(alg, text)
    copies = {each: copy_of(text, *each, alg) for a, *each in APPLY if a == alg for each in [tuple(each)]}
    assert {each for each in copies if joserfc_accepts(alg, copies[each])} == set()
    assert {each for each in copies if jwcrypto_accepts(alg, copies[each])} == {
        ("re_encode", "padding"),
        ("re_encode", "last"),
    }


def test_whoever_has_the_weak_secret_is_fooled_whatever_verifies() -> None:
    text = jwt.encode(ACCESS, WEAK, algorithm="HS256")
    made = spoiled(text, "weak_secret")
    assert isinstance(made, Spoiled)
    assert made.secret == WEAK
    place = common_secrets().index(WEAK) + 1
    count = len(list(guesses(ACCESS, "")))
    told_ = re.sub(r"computed at [\d,]+ a second", "computed at N a second", made.says)
    assert told_ == (
        f"The secret is `changeme`: guess {place} of {count}. All {count} together were computed "
        "at N a second on this machine, with one thread. "
        '`sub` in the payload is `"mallory"`; it was `"alice"`. The signature is another one.'
    )
    assert read(made.text).claims == ACCESS | {"sub": "mallory"}  # type: ignore[union-attr]
    key = OctKey.import_key(WEAK)
    assert joserfc_jws.deserialize_compact(made.text, key, algorithms=["HS256"])
    judged = judge(read(made.text), Expected(NOW, keys=(Held("the secret", key, {}),)))
    assert judged.headline == "Anybody could have made it"
    knows = Knows(key, NOW)
    assert ask(careless.has_a_common_secret, made.text, knows).accepted
    assert not ask(careless.has_a_common_secret, text[:-4] + "AAAA", knows).accepted


def test_good_secret_is_not_found_and_the_sentence_says_how_many_were_tried() -> None:
    made = spoiled(original("HS256"), "weak_secret")
    assert isinstance(made, Kept)
    assert re.fullmatch(
        r"None of [\d,]+ guesses fits\. "
        r"They were tried at [\d,]+ a second on this machine, with one thread\.",
        made.says,
    )


# what each way does


def test_only_what_changed_is_told_and_marked() -> None:
    text = original("ES256")
    header, payload, _ = text.split(".")
    made = spoiled(text, "flip_bit", part="payload", bit=7)
    assert isinstance(made, Spoiled)
    assert made.says == (
        "Bit 7 of the payload is the other way: byte 0 was 7b (`{`) and is 7a (`z`). "
        "The payload can no longer be read as JSON. The signature is as it was."
    )
    assert made.changed == ((len(header) + 2, len(header) + 3),)
    cut = spoiled(text, "cut_signature")
    assert cut == Spoiled(f"{header}.{payload}.", "The signature is gone.", ())
    edited = spoiled(text, "edit", payload=json.dumps({**ACCESS, "sub": None, "scope": "all"}))
    assert isinstance(edited, Spoiled)
    assert edited.says == (
        '`sub` in the payload is `null`; it was `"alice"`. `scope` is new in the payload: `"all"`. '
        "The signature is as it was."
    )
    padded = spoiled(text, "re_encode", "padding")
    assert padded == Spoiled(
        f"{text}==",
        "The signature is written differently; its bytes are the same.",
        ((len(text), len(text) + 2),),
    )
    assert copy_of(text, "re_encode", "last")[:-1] == text[:-1]


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_marked_characters_are_just_those_that_differ(alg: str) -> None:
    text = original(alg)
    for a, way, variant in APPLY:
        if a != alg:
            continue
        made = spoiled(text, way, variant, alg)
        assert isinstance(made, Spoiled)
        assert made.changed == compared(text, made.text)
        assert all(0 <= start < end <= len(made.text) for start, end in made.changed)
        left = "".join(
            letter
            for place, letter in enumerate(made.text)
            if not any(start <= place < end for start, end in made.changed)
        )
        it = iter(text)
        assert all(letter in it for letter in left)  # what is not marked stands in the original, in that order


def test_a_year_is_added_to_exp_or_to_now_and_everything_else_stays_to_the_letter() -> None:
    text = put_together('{"alg":"ES256"}', f'{{ "exp" : {NOW - 5} , "n":1.50,"u":"\\u00e9" }}', b"x")
    copy = copy_of(text, "stretch_exp")
    assert base64url.decode(copy.split(".")[1]).data.decode() == f'{{"exp":{NOW + 31_536_000},"n":1.50,"u":"\\u00e9"}}'
    milliseconds = put_together({"alg": "ES256"}, {"exp": NOW * 1000}, b"x")
    assert read(copy_of(milliseconds, "stretch_exp")).claims == {"exp": (NOW + 31_536_000) * 1000}  # type: ignore[union-attr]


def test_what_was_typed_is_where_every_forgery_begins() -> None:
    text = original("ES256")
    for way in ("alg_none", "public_key_as_secret", "another_kid", "own_jwk"):
        copy = copy_of(text, way, payload=MALLORY, header='{"alg": "ES256", "typ": "at+jwt", "x": [1, "a b"]}')
        token = read(copy)
        assert isinstance(token, Signed) and token.claims == ACCESS | {"sub": "mallory"}
        header = token.signatures[0].header.object
        assert header["x"] == [1, "a b"] and header["typ"] == "at+jwt"
        assert asked("ES256", way, "none" if way == "alg_none" else "path", copy).accepted


def test_spaces_alone_are_no_change_and_what_is_no_json_is_taken_as_it_is() -> None:
    text = original("ES256")
    pretty = json.dumps(ACCESS, indent=4).replace("\n", "\r\n")
    says = "Nothing was changed yet. Change something in the header or the payload, then press this again."
    assert spoiled(text, "edit", payload=pretty) == Kept(says)
    assert spoiled(text, "edit", payload="") == Kept(says)
    copy = copy_of(text, "edit", payload='{"sub": "mal\\"lory x", ')
    assert base64url.decode(copy.split(".")[1]).data == b'{"sub":"mal\\"lory x",'
    assert verdict("ES256", copy) == "Not genuine"
    assert not asked("ES256", "edit", "", copy).accepted


def test_bits_are_counted_from_the_first_of_each_part() -> None:
    text = original("ES256")
    for part, data in parts_of(read(text)).items():
        bits = len(data.data) * 8
        for bit in (0, bits // 2, bits - 1):
            flipped = parts_of(read(copy_of(text, "flip_bit", part=part, bit=bit)))[part].data
            differs = int.from_bytes(flipped) ^ int.from_bytes(data.data)
            assert differs == 1 << (bits - 1 - bit)
        assert spoiled(text, "flip_bit", part=part, bit=bits) == Kept(
            f"The {part} has {bits:,} bits, counted from 0; there is no bit {bits:,}."
        )
    assert spoiled(text, "flip_bit", part="tag") == Kept(
        "It has no part that is called `tag`: header, payload, signature."
    )


@pytest.mark.parametrize(
    ("text", "way", "says"),
    [
        ("ES256", "weak_secret", "It is signed with `ES256`; no secret made this signature."),
        ("HS256", "public_key_as_secret", "It is signed with a secret already; there is no public key."),
        (put_together({"alg": "none"}, ACCESS), "alg_none", "It is unsecured already."),
        (put_together({"alg": "none"}, ACCESS), "cut_signature", "There is no signature in it."),
        (put_together({"alg": "none"}, ACCESS), "re_encode", "There is no signature in it."),
        (put_together({"alg": "HS256"}, ACCESS), "weak_secret", "There is no signature in it."),
        (put_together({"alg": "ES256"}, {}, b"x"), "stretch_exp", "There is no `exp` in it that could be moved."),
        (
            put_together({"alg": "ES512"}, ACCESS, b"x" * 132),
            "re_encode",
            "The bytes of its signature fill their characters, so there is one spelling only.",
        ),
        (
            put_together({"alg": "ES256", "typ": "dpop+jwt", "jwk": {}}, ACCESS, b"x"),
            "own_jwk",
            "A DPoP proof has to bring its key; the access token says which key that may be.",
        ),
        (
            put_together({"alg": "ES256", "b64": False, "crit": ["b64"]}, "", b"x"),
            "edit",
            "Its payload is not base64url-encoded (`b64`), which is not broken here.",
        ),
        (json.dumps({"payload": "", "signature": ""}), "edit", "Only the compact form is broken here."),
        (f"e30.{'a' * 70_000}.x", "edit", "It has 70,006 characters; at most 64,000 are broken here."),
        ("ES256", "pull its leg", "There is no way to spoil a token that is called `pull its leg`."),
        (
            "a.a.a.a.a",
            "edit",
            "It is encrypted: whatever is changed, the tag no longer fits. One bit is enough to see that.",
        ),
    ],
)  # fmt: skip
def test_way_that_does_not_apply_says_so_and_leaves_the_token(text: str, way: str, says: str) -> None:
    alg = text if text in SIGNED_WITH else "ES256"
    assert spoiled(original(text) if text in SIGNED_WITH else text, way, "", alg) == Kept(says)


def test_without_a_public_key_or_with_too_much_typed_it_says_so() -> None:
    token = read(original("ES256"))
    assert spoil(token, "public_key_as_secret", Options()) == Kept(
        "The public key is not known here. Give it, and this can be tried."
    )
    assert spoil(token, "edit", Options(payload="x" * 64_001)) == Kept(
        "What was typed is longer than 64,000 characters."
    )
    assert why_not(Other("abc", "opaque", ""), "edit", Options()) == (
        "It has no parts: a changed one is just another value, which nobody gave out."
    )


def test_public_key_as_secret_is_the_pem_as_its_file_has_it() -> None:
    copy = copy_of(original("RS256"), "public_key_as_secret", alg="RS256")
    pem = public_pem(public("RS256").key)
    assert pem.startswith(b"-----BEGIN PUBLIC KEY-----\n") and pem.endswith(b"-----END PUBLIC KEY-----\n")
    message, _, signature = copy.rpartition(".")
    assert base64url.decode(signature).data == hmac.digest(pem, message.encode(), "sha256")
    with pytest.raises(ValueError, match="there is no public key"):
        public_pem(OctKey.import_key(SECRET))


# encrypted, with disclosures


def encrypted() -> tuple[str, OctKey]:
    key = OctKey.generate_key(256)
    header = {"alg": "dir", "enc": "A256GCM"}
    return jwe.encrypt_compact(header, json.dumps({"sub": "alice"}).encode(), key), key


@pytest.mark.parametrize("part", ["header", "iv", "ciphertext", "tag"])
def test_tag_notices_every_bit_of_an_encrypted_token_and_whoever_leaves_it_out_does_not(part: str) -> None:
    text, key = encrypted()
    held = Held("the key", key, {})
    assert judge(read(text), Expected(NOW, keys=(held,))).headline == "Opened"
    copy = copy_of(text, "flip_bit", part=part, bit=79 if part == "ciphertext" else 7)  # a letter of the name
    assert judge(read(copy), Expected(NOW, keys=(held,))).headline in ("Does not open", "Damaged")
    verifier = careless_of("flip_bit", "encrypted")
    assert verifier is careless.decrypts_without_the_tag
    answer = ask(verifier, copy, Knows(key, NOW))
    assert answer.accepted == (part != "iv")


def test_disclosures_stay_behind_the_spoiled_part() -> None:
    shown = disclosure("salt", "name", "Alice")
    text = f"{original('ES256')}~{shown}~"
    for way, variant in ALL:
        if way not in ("weak_secret",):
            assert copy_of(text, way, variant).endswith(f"~{shown}~")


# what holds of all


def test_every_way_says_what_it_does_and_cites_a_section_that_exists() -> None:
    for way in WAYS.values():
        assert heading(way.rfc), way.name
        assert way.says.endswith(".") and way.fooled.endswith(".") and way.needed.endswith("."), way.name
        assert way.fooled.split(" ")[0] in ("Whoever", "Everybody")
        for text in (way.says, way.fooled, way.needed):
            assert text.count("`") % 2 == 0 and "!" not in text
    assert [
        way.name for way in WAYS.values() if not all(careless_of(way.name, v) for v in way.variants or {"": ""})
    ] == []


def test_every_careless_verifier_marks_its_careless_line_and_is_short() -> None:
    for verifier in CARELESS.values():
        lines, first = inspect.getsourcelines(verifier)
        marked = careless_lines(verifier)
        assert len(marked) == 2 and first < marked[0] < first + len(lines), verifier.__name__
        assert lines[marked[1] - first].strip() and "# careless" not in lines[marked[1] - first]
        assert len(lines) <= 10


TOKENS = st.one_of(
    st.sampled_from([original(alg) for alg in ALGORITHMS]),
    st.sampled_from([encrypted()[0], f"{original('ES256')}~{disclosure('s', 'n', 1)}~"]),
    st.text(alphabet='abAB01-_.~={}" \u00e9\ud7ff', max_size=60),
    st.builds(put_together, st.text(max_size=30), st.text(max_size=30), st.binary(max_size=5)),
    st.builds(
        partial(put_together, {"alg": "HS256"}),
        st.dictionaries(st.text(max_size=5), st.one_of(st.none(), st.floats(), st.text(max_size=5)), max_size=3),
        st.binary(max_size=5),
    ),
)


@settings(max_examples=300, deadline=None)
@given(
    TOKENS,
    st.sampled_from([*WAYS, "other"]),
    st.text(max_size=6) | st.sampled_from(["none", "path", "query", "padding", "last"]),
    st.text(max_size=30),
    st.text(max_size=30),
    st.sampled_from(["header", "payload", "signature", "tag", ""]),
    st.integers(-5, 5000),
    st.sampled_from([None, *(public(alg).key for alg in ALGORITHMS)]),
)
def test_nothing_that_is_spoiled_raises(
    text: str, way: str, variant: str, header: str, payload: str, part: str, bit: int, key: Any
) -> None:
    for token in (read(text), *(each.token for each in find(text).tokens)):
        made = spoil(token, way, Options(header, payload, part, bit, variant, key, NOW))
        assert made == Kept(made.says, made.tries) if isinstance(made, Kept) else read(made.text)
        if isinstance(made, Spoiled):
            assert told(token, read(made.text)) in made.says
            judge(read(made.text), Expected(NOW, guess(token) if not isinstance(token, Other) else ""))
            verifier = careless_of(way, variant)
            if verifier:
                ask(verifier, made.text, Knows(key, NOW))


# nobody else may be careless


def imported(module: Path) -> Iterator[str]:
    """Every module of ours that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names)


def modules() -> dict[str, Path]:
    package = Path(flows.__file__).parent
    found = {}
    for file in package.rglob("*.py"):
        parts = file.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def test_only_the_page_that_breaks_tokens_imports_careless_code() -> None:
    home = Path(flows.__file__).parents[1]
    everything = {**modules(), "app": home / "app.py"}
    who = {name for name, file in everything.items() if "flows.tokens.breaking.careless" in imported(file)}
    assert who == {"flows.pages.breaking"}
    text = {
        name
        for name, file in everything.items()
        if re.search(r"careless_of|import_module|__import__", file.read_text())
    }
    assert text == {"flows.pages.breaking", "flows.tokens.breaking.careless"}


def test_no_party_can_reach_careless_code() -> None:
    ours = modules()
    reached = {name for name in ours if re.match(r"flows\.(authorization_server|resource_server|client)\b", name)}
    assert len(reached) > 5
    while True:
        more = {each for name in reached for each in imported(ours[name]) if each in ours} - reached
        if not more:
            break
        reached |= more
    assert "flows.tokens.jws" in reached
    assert {"flows.tokens.breaking.careless", "flows.tokens.breaking.spoil", "flows.pages.breaking"} & reached == set()


def test_the_careless_database_answers_what_was_injected_and_nothing_more() -> None:
    assert one_row("SELECT secret FROM keys WHERE kid = '' UNION SELECT 'mine'") == ("mine",)
    for query in (
        "SELECT load_extension('x') FROM keys",
        "SELECT hex(zeroblob(1000000000)) FROM keys",
        "ATTACH '/tmp/x' AS y",
        "SELECT 1; SELECT 2",
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n WHERE x < 0",
        "SELECT 1 FROM "
        + ", ".join(f"(VALUES {', '.join(['(1)'] * 40)}) a{each}" for each in range(6))
        + " WHERE "
        + " + ".join(f"a{each}.column1" for each in range(6))
        + " < 0",
        "PRAGMA database_list",
        "DELETE FROM keys",
    ):
        with pytest.raises((sqlite3.Error, sqlite3.Warning)):
            one_row(query)


def test_the_careless_file_is_one_of_a_list_and_no_file_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.open", None)
    for kid in ("/etc/passwd", "../../etc/passwd", "../../dev/zero", "2026-11"):
        header = {"alg": "HS256", "kid": kid}
        message = f"{encoded(header)}.{encoded(ACCESS)}"
        text = f"{message}.{base64url.encode(hmac.digest(b'', message.encode(), 'sha256'))}"
        assert ask(careless.opens_the_file_that_kid_names, text, Knows()) == Answer(
            False, "It stumbled: KeyError. It could not read what it wanted to believe."
        )


def test_keys_are_of_the_kinds_that_are_compared_here() -> None:
    assert [type(public(alg).key) for alg in ALGORITHMS] == [OctKey, RSAKey, RSAKey, ECKey, OKPKey]
