"""Tokens are found in whatever is pasted: clean, with where they stood, what was left out, and what was set right."""

import base64
import json
import time
import zlib
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from spec_sections import SPEC

from flows.tokens import base64url
from flows.tokens.finding.find import Found, find
from flows.tokens.read import Encrypted, Other, Signed

VECTORS = SPEC.parent / "vectors"


def part(held: dict[str, Any]) -> str:
    return base64url.encode(json.dumps(held, separators=(",", ":")).encode())


HEADER = part({"alg": "ES256", "kid": "2026-11", "typ": "at+jwt"})
CLAIMS = part({"iss": "https://as.example", "sub": "alice", "exp": 1795447500})
SIGNATURE = base64url.encode(bytes(range(150, 214)))
TOKEN = f"{HEADER}.{CLAIMS}.{SIGNATURE}"
SECOND = f"{HEADER}.{part({'iss': 'https://as.example', 'sub': 'bob'})}.{SIGNATURE}"
JWE = f"{part({'alg': 'dir', 'enc': 'A256GCM'})}..AAAAAAAAAAAAAAAA.BBBBBBBB.CCCCCCCCCCCCCCCCCCCCCA"
DISCLOSURE = base64url.encode(b'["salt", "given_name", "Alice"]')
BINDING = f"{part({'alg': 'ES256', 'typ': 'kb+jwt'})}.{CLAIMS}.{SIGNATURE}"
FLATTENED = {"payload": CLAIMS, "protected": HEADER, "signature": SIGNATURE}
GENERAL = {"payload": CLAIMS, "signatures": [{"protected": HEADER, "signature": SIGNATURE, "header": {"kid": "1"}}]}
JSON_JWE = {"protected": part({"enc": "A256GCM"}), "encrypted_key": "aa", "iv": "aa", "ciphertext": "ab", "tag": "aa"}


def only(pasted: str) -> Found:
    found = find(pasted).tokens
    assert len(found) == 1, [each.text for each in found]
    return found[0]


def wrapped(every: int, with_: str) -> str:
    return with_.join(TOKEN[at : at + every] for at in range(0, len(TOKEN), every))


def test_a_bare_token_is_found_by_itself() -> None:
    found = find(TOKEN)
    assert found.says == "Found 1 token, by itself."
    assert found.tokens[0].text == TOKEN
    assert isinstance(found.tokens[0].token, Signed) and found.tokens[0].token.claims == json.loads(
        base64url.decode(CLAIMS).data
    )
    assert (found.tokens[0].struck, found.tokens[0].problems, found.keys_text, found.pasted) == ((), (), "", TOKEN)


@pytest.mark.parametrize(
    ("pasted", "where", "struck"),
    [
        (f"Authorization: Bearer {TOKEN}", "in a header line", ("Authorization: Bearer",)),
        (f"authorization: bearer {TOKEN}\r\nAccept: */*", "in a header line", ("authorization: bearer",)),
        (f"BEARER {TOKEN}", "after the word `BEARER`", ("BEARER",)),
        (f"DPoP: {TOKEN}", "in a header line, `DPoP`", ("DPoP:",)),
        (
            f"curl -H 'Authorization: Bearer {TOKEN}' https://api.example/photos",
            "in a curl command, in its Authorization header",
            ("Authorization: Bearer",),
        ),
        (
            f'curl https://api.example \\\n  --header "Authorization: DPoP {TOKEN}"',
            "in a curl command, in its Authorization header",
            ("Authorization: DPoP",),
        ),
        (
            f"curl -d grant_type=x -d assertion={TOKEN} https://as.example/token",
            "in a curl command, in its form, as `assertion`",
            ("assertion=",),
        ),
        (
            f"https://app.example/cb#state=1&access_token={TOKEN}&token_type=Bearer",
            "in the fragment of an address, as `access_token`",
            ("access_token=",),
        ),
        (f"#id_token={TOKEN}&state=1", "in the fragment of an address, as `id_token`", ("id_token=",)),
        (
            f"https://as.example/authorize?client_id=a&request={TOKEN}",
            "in the query of an address, as `request`",
            ("request=",),
        ),
        (f"grant_type=x&client_assertion={TOKEN}", "in a form, as `client_assertion`", ("client_assertion=",)),
        (json.dumps({"a": [{"id_token": TOKEN}]}), "in JSON, as `id_token`", ()),
        (f'the answer was {{"id_token":"{TOKEN}", and more', "in JSON, as `id_token`", ()),
        (f"Cookie: a=b; session={TOKEN}; c=d", "in a cookie, `session`", ("session=",)),
        (f"Set-Cookie: session={TOKEN}; HttpOnly; Secure", "in a cookie, `session`", ("session=",)),
        (
            f'<input type="hidden" name="id_token" value="{TOKEN}">',
            "in a field of an HTML form, `id_token`",
            ('name="id_token" value="',),
        ),
        (f"export TOKEN={TOKEN}", "as the value of `TOKEN`", ("TOKEN=",)),
        (f"Here it is: {TOKEN}. Thanks a lot", "in a longer text", (".",)),
        (f"log:\n\n{TOKEN} expired", "on line 3", ()),
        (f'"{TOKEN}",', "by itself", ('"', '",')),
        (f"https://app.example/reset/{TOKEN}/confirm", "in a longer text", ("/confirm",)),
    ],
)
def test_where_it_stood_is_said(pasted: str, where: str, struck: tuple[str, ...]) -> None:
    found = only(pasted)
    assert (found.text, found.where, found.struck) == (TOKEN, where, struck)


@pytest.mark.parametrize(
    ("pasted", "struck"),
    [
        (wrapped(64, "\n"), ("3 line breaks",)),
        (wrapped(20, "\r\n") + "\r\n", ("11 line breaks",)),
        (wrapped(70, "\n    "), ("3 line breaks", "12 spaces")),
        ("> " + wrapped(64, "\n> "), (">", "3 line breaks", "3 spaces")),
        (wrapped(70, "\\n"), ("\\n",)),
        (wrapped(70, "\\\n"), ("\\", "3 line breaks")),
        (wrapped(40, " "), ("5 spaces",)),
        (wrapped(70, "\u200b"), ("3 zero-width spaces",)),
        (wrapped(130, "\u00ad"), ("1 soft hyphen",)),
        ('"' + wrapped(120, '" +\n  "') + '"', ('"', "3 spaces", "+", "1 line break")),
    ],
)
def test_what_stands_within_it_is_left_out_and_said(pasted: str, struck: tuple[str, ...]) -> None:
    found = only(pasted)
    assert (found.text, found.struck) == (TOKEN, struck)


@pytest.mark.parametrize(
    "words", [" is my token", "\nThanks", "\n\nThanks,\nBob", " and2 more", "\n-- \nBob", "' -H 'A: b"]
)
def test_words_that_follow_are_no_part_of_it(words: str) -> None:
    assert only(TOKEN + words).text == TOKEN
    assert only(wrapped(64, "\n") + words).text == TOKEN


def test_several_are_found_in_order_and_each_once() -> None:
    found = find(f"{SECOND}\n{TOKEN}\n{SECOND}\n{JWE}")
    assert [each.text for each in found.tokens] == [SECOND, TOKEN, JWE]
    assert [each.where for each in found.tokens] == ["on line 1", "on line 2", "on line 4"]
    assert found.says == "Found 3 tokens: choose one."


def test_a_token_response_gives_all_its_tokens() -> None:
    found = find(json.dumps({"access_token": "mF_9.B5f-4.1JqM", "token_type": "Bearer", "id_token": TOKEN}, indent=1))
    assert [(each.text, each.where) for each in found.tokens] == [
        ("mF_9.B5f-4.1JqM", "in JSON, as `access_token`"),
        (TOKEN, "in JSON, as `id_token`"),
    ]


def test_json_within_a_string_of_json_is_looked_into() -> None:
    assert only(json.dumps({"body": json.dumps({"id_token": TOKEN})})).text == TOKEN


def test_standard_base64_becomes_base64url_and_is_said() -> None:
    assert "-" in TOKEN and "_" in TOKEN
    found = only(TOKEN.replace("-", "+").replace("_", "/") + "==")
    assert found.text == TOKEN
    assert found.problems == (
        "Padding (`=`) was left out: base64url in a token has none.",
        "It came in standard base64: `+` and `/` were made `-` and `_`, for base64url was meant.",
    )


def test_percent_encoding_is_undone_and_said() -> None:
    pasted = "https://as.example/?next=" + quote(f"https://app.example/#access_token={TOKEN.replace('.', '%2E')}", "")
    found = only(pasted)
    assert (found.text, found.where) == (TOKEN, "in the fragment of an address, as `access_token`")
    assert found.problems == ("Percent-encoding was undone (`%252E` for `.`).",)


@pytest.mark.parametrize(
    ("pasted", "says"),
    [
        (f"?a=%2F&request={TOKEN.replace('.', '%2e')}", "Percent-encoding was undone (`%2e` for `.`)."),
        (f"?a=%2F&request={TOKEN.replace('_', '%5F')}", "Percent-encoding was undone (`%5F` for `_`)."),
        (f"{TOKEN[:70]}%0A{TOKEN[70:]}", "Percent-encoding was undone (`%0A` for a line break)."),
        (TOKEN.replace("_", "\\u005f"), "JSON's escapes were undone (`\\u005f` for `_`)."),
        (TOKEN.replace("_", "&amp;lowbar;"), "HTML's entities were undone (`&amp;lowbar;` for `_`)."),
    ],
)
def test_the_encoding_that_was_undone_is_named_as_it_stood_in_the_token(pasted: str, says: str) -> None:
    found = only(pasted)
    assert (found.text, found.problems) == (TOKEN, (says,))


def test_entities_of_html_are_undone_and_said() -> None:
    found = only(f"{{&quot;id_token&quot;:&quot;{TOKEN.replace('.', '&#46;')}&quot;}}")
    assert (found.text, found.where) == (TOKEN, "in JSON, as `id_token`")
    assert found.problems == ("HTML's entities were undone (`&#46;` for `.`).",)


@pytest.mark.parametrize("held", [FLATTENED, GENERAL, JSON_JWE])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_token_in_json_form_is_found_alone_within_json_and_within_a_string(held: dict[str, Any], indent: int) -> None:
    text = json.dumps(held, indent=indent)
    assert only(text).text == text
    for around in (
        json.dumps({"x": [{"y": held}]}, indent=indent),
        f'He said "look: {text}',
        json.dumps({"x": text, "z": 1}),
    ):
        assert json.loads(only(around).text) == held


def test_the_kinds_are_told_apart() -> None:
    assert [type(only(each).token) for each in (TOKEN, JWE)] == [Signed, Encrypted]
    forms = [only(json.dumps(each)).token for each in (FLATTENED, GENERAL, JSON_JWE)]
    assert [(type(each), getattr(each, "form", "")) for each in forms] == [
        (Signed, "flattened JSON"),
        (Signed, "general JSON"),
        (Encrypted, "flattened JSON"),
    ]


@pytest.mark.parametrize(
    "token",
    [
        f"{TOKEN}~{DISCLOSURE}~{DISCLOSURE}~",
        f"{TOKEN}~",
        f"{TOKEN}~{DISCLOSURE}~{BINDING}",
    ],
)
def test_an_sd_jwt_keeps_its_tildes_also_when_it_is_wrapped(token: str) -> None:
    assert only(token).text == token
    assert only(token.replace("~", "~\n") + "\nThanks").text == token
    assert only(f"{token} is it").text == token


def test_a_token_after_an_sd_jwt_is_another_one() -> None:
    assert [each.text for each in find(f"{TOKEN}~{DISCLOSURE}~\n{SECOND}").tokens] == [f"{TOKEN}~{DISCLOSURE}~", SECOND]


def test_more_disclosures_than_can_be_shown_are_cut_and_said() -> None:
    found = only(TOKEN + f"~{DISCLOSURE}" * 1000 + "~")
    assert found.text == TOKEN + f"~{DISCLOSURE}" * 500 + "~"
    assert found.problems == ("Only its first 500 disclosures were read.",)


@pytest.mark.parametrize("length", [8, 10, len(HEADER), len(HEADER) + 1, len(HEADER) + 20, len(TOKEN) - 1])
def test_what_is_cut_off_is_found_as_far_as_it_goes(length: int) -> None:
    assert only(TOKEN[:length]).text == TOKEN[:length]
    assert only(f"Bearer {TOKEN[:length]} and so on").text == TOKEN[:length]


def test_an_unsecured_token_keeps_its_last_dot() -> None:
    token = f"{part({'alg': 'none'})}.{CLAIMS}."
    assert only(token).text == token
    assert only(f"{token}\nThanks").text == token
    assert only(f"It is {token}. Thanks").text == token


def test_a_token_that_was_shortened_is_said_to_be() -> None:
    found = only(f"{TOKEN[:30]}...")
    assert (found.text, found.struck) == (TOKEN[:30], ("...",))
    assert found.problems == ("It was shortened: dots stand for the rest.",)


IN_HEADER, IN_PAYLOAD, IN_SIGNATURE = 15, len(HEADER) + 10, len(TOKEN) - 20
ELLIPSES = ["...", "....", ".......", "\u2026"]


@pytest.mark.parametrize("dots", ELLIPSES)
@pytest.mark.parametrize("cut", [IN_HEADER, IN_PAYLOAD, IN_SIGNATURE])
@pytest.mark.parametrize("after", ["", " and so on", '"}', "(truncated)", " [120 chars more]"])
def test_dots_for_the_rest_of_a_token_are_no_parts_of_it(dots: str, cut: int, after: str) -> None:
    found = only(TOKEN[:cut] + dots + after)
    assert isinstance(found.token, Signed) and found.text == TOKEN[:cut]
    assert found.struck[-1].startswith(dots) or '"}' in after
    assert found.problems == ("It was shortened: dots stand for the rest.",)


@pytest.mark.parametrize("dots", ELLIPSES)
@pytest.mark.parametrize("cut", [IN_HEADER, IN_PAYLOAD, IN_SIGNATURE])
def test_dots_for_a_piece_of_a_token_are_left_out(dots: str, cut: int) -> None:
    found = only(TOKEN[:cut] + dots + TOKEN[cut + 8 :])
    assert isinstance(found.token, Signed) and found.text == TOKEN[:cut] + TOKEN[cut + 8 :]
    assert found.struck == ("1 ellipsis",)
    assert found.problems == ("It was shortened: dots stand for a piece of it.",)


@pytest.mark.parametrize("dots", ELLIPSES)
def test_dots_for_the_beginning_of_a_token_are_left_out(dots: str) -> None:
    found = only(f"Bearer {dots}{TOKEN[12:]} and so on")
    assert (found.text, found.where, found.struck) == (TOKEN[12:], "after the word `Bearer`", (dots,))
    assert found.problems == ("The beginning of it is lost: the first part cannot be a header.",)


def test_a_dot_and_dots_after_a_payload_are_its_joint_and_an_ellipsis() -> None:
    found = only(f"{HEADER}.{CLAIMS}....")
    assert (found.text, found.struck) == (f"{HEADER}.{CLAIMS}.", ("...",))
    found = only(f"{HEADER}.{CLAIMS}....{SIGNATURE[-9:]}")
    assert (found.text, found.struck) == (f"{HEADER}.{CLAIMS}.{SIGNATURE[-9:]}", ("1 ellipsis",))


def test_dots_after_a_whole_token_stand_for_nothing_of_it() -> None:
    found = only(f"It is {TOKEN}... and so on")
    assert (found.text, found.struck, found.problems) == (TOKEN, ("...",), ())


@pytest.mark.parametrize("token", [f"{HEADER}..{SIGNATURE}", JWE, JWE.replace("BBBBBBBB", "")])
def test_two_dots_in_a_row_are_joints(token: str) -> None:
    found = only(f"Bearer {token}")
    assert (found.text, found.problems) == (token, ())


@pytest.mark.parametrize(
    "mask",
    [
        "***",
        "*" * 43,
        "\u2022\u2022\u2022",
        "[SIGNATURE]",
        "[...]",
        "<redacted>",
        "<signature removed>",
        "{signature}",
        "[FILTERED]",
        "xxxxx",
        "X" * 43,
        "REDACTED",
        "your-signature",
    ],
)
@pytest.mark.parametrize("after", ["", " and2 more", "\nThanks", '"'])
def test_a_signature_that_was_masked_is_struck_through_and_said(mask: str, after: str) -> None:
    found = only(f"Authorization: Bearer {HEADER}.{CLAIMS}.{mask}{after}")
    assert found.text == f"{HEADER}.{CLAIMS}."
    assert found.struck == ("Authorization: Bearer", *(['"'] if after == '"' else []), mask)
    assert found.problems == ("Its signature was masked.",)


def test_what_is_left_of_a_masked_signature_stays() -> None:
    for masked in (f"***{SIGNATURE[-5:]}", f"{SIGNATURE[:5]}***"):
        found = only(f"{HEADER}.{CLAIMS}.{masked}")
        assert found.text == f"{HEADER}.{CLAIMS}.{masked.replace('*', '')}"
        assert found.problems == ("Its signature was masked.",)
    assert only(f"{HEADER}.{CLAIMS}.xxxxx\u2026(truncated)").struck == ("xxxxx", "\u2026(truncated)")
    assert only(f"{HEADER}.{CLAIMS}.xxx...xxx").problems == ("Its signature was masked.",)


def test_a_tag_after_an_unsecured_token_masks_nothing() -> None:
    assert only(f"{part({'alg': 'none'})}.{CLAIMS}.<br>").problems == ()


@pytest.mark.parametrize("lost", [1, 5, len(HEADER) - 10])
def test_a_token_whose_first_characters_are_lost_is_known_by_its_payload(lost: int) -> None:
    found = only(TOKEN[lost:])
    assert found.text == TOKEN[lost:]
    assert isinstance(found.token, Signed) and found.token.claims and found.token.claims["sub"] == "alice"
    assert found.problems == ("The beginning of it is lost: the first part cannot be a header.",)


def test_a_token_whose_beginning_is_lost_is_not_said_to_stand_among_strays() -> None:
    assert only(f'"{TOKEN[5:]}",').struck == ()


def test_a_payload_without_a_header_is_read_as_a_payload() -> None:
    found = only(f"{CLAIMS}.{SIGNATURE}")
    assert found.text == f".{CLAIMS}.{SIGNATURE}"
    assert found.problems == ("The header is lost: it begins with the payload, so a dot was put in front of it.",)
    assert isinstance(found.token, Signed) and found.token.claims and found.token.claims["sub"] == "alice"


def test_a_piece_out_of_a_payload_shows_what_can_be_read() -> None:
    found = only(f"{CLAIMS[6:]}.{SIGNATURE}")
    assert isinstance(found.token, Other) and found.token.kind == "piece of a token"
    assert found.token.facts == (("what can be read", '":"https://as.example","sub":"alice","exp":1795447500}'),)


def test_a_payload_that_is_not_encoded_is_found_with_its_spaces() -> None:
    token = f"{part({'alg': 'HS256', 'b64': False, 'crit': ['b64']})}.It is +/= a secret.{SIGNATURE[:43]}"
    assert only(f"Bearer {token}").text == token


PEM = "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----"
JWK = '{"kty":"EC","crv":"P-256","x":"a","y":"b"}'
JWKS = '{"keys":[{"kty":"oct","k":"eyJhbGciOiJub25lIn0"}]}'


@pytest.mark.parametrize("key", [PEM, JWK, JWKS])
def test_a_key_is_no_token_and_is_handed_on(key: str) -> None:
    found = find(key)
    says = "This is a key, and no token. Paste a token first: then there is a field for its key."
    assert (found.tokens, found.keys_text, found.says) == ((), key, says)


def test_a_key_within_words_is_told_likewise() -> None:
    assert find("It is the one that I made for you yesterday:\n" * 9 + JWK).says == (
        "There is a key in this, and no token. Paste a token first: then there is a field for its key."
    )


def test_a_key_beside_a_token_is_handed_on_too() -> None:
    found = find(f"{TOKEN}\n{PEM}")
    assert [each.text for each in found.tokens] == [TOKEN]
    assert (found.keys_text, found.says) == (
        PEM,
        "Found 1 token, on line 1. A key is beside it, and is not used: whether to trust it is for you to say.",
    )


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("pasted", "where"),
    [
        (f"kind: Secret\ndata:\n  token: {in_base64(TOKEN)}\ntype: Opaque", "as the value of `token`"),
        (json.dumps({"data": {"token": in_base64(TOKEN)}}), "in JSON, as `token`"),
        (in_base64(TOKEN), "by itself"),
        (in_base64(TOKEN + "\n"), "by itself"),
        (base64.encodebytes(TOKEN.encode()).decode(), "by itself"),
        (base64.encodebytes(TOKEN.encode()).decode() + "Thanks,\nBob", "on line 1"),
        (f"TOKEN={base64url.encode(TOKEN.encode())}", "as the value of `TOKEN`"),
        (f"Authorization: Bearer {in_base64(TOKEN)}", "in a header line"),
        (in_base64(f"Bearer {TOKEN}"), "after the word `Bearer`"),
        (in_base64(f"Authorization: Bearer {TOKEN}"), "in a header line"),
        (in_base64(json.dumps({"access_token": TOKEN, "scope": "photos.read"})), "in JSON, as `access_token`"),
        (in_base64(json.dumps({"auths": {"registrytoken": TOKEN}}, indent=2)), "in JSON, as `registrytoken`"),
    ],
)
def test_a_token_in_base64_is_found(pasted: str, where: str) -> None:
    found = only(pasted)
    assert (found.text, found.where) == (TOKEN, f"{where}, in base64")


def test_all_tokens_within_one_base64_are_found_in_order() -> None:
    held = in_base64(json.dumps({"access_token": "2YotnFZFEjr1zCsicMWpAA", "id_token": TOKEN}))
    found = find(f"{SECOND}\n{held}").tokens
    assert [each.text for each in found] == [SECOND, "2YotnFZFEjr1zCsicMWpAA", TOKEN]


def test_base64_is_undone_once_and_only_where_nothing_else_is_found() -> None:
    assert isinstance(only(in_base64(in_base64(TOKEN))).token, Other)
    claims = part({"iss": "https://as.example", "act": TOKEN})
    assert only(claims).text == f".{claims}"
    assert only(f"{HEADER}.{claims}.{SIGNATURE}").text == f"{HEADER}.{claims}.{SIGNATURE}"
    words = "The token service answers to Bearer tokens, and to nothing else in the world."
    assert all(isinstance(each.token, Other) for each in find(in_base64(words)).tokens)


def test_so_much_in_base64_is_looked_through_and_no_more() -> None:
    found = find("\n".join(f"t: {in_base64(TOKEN)}" for _ in range(500)))
    assert [each.text for each in found.tokens] == [TOKEN]
    assert found.says.endswith("There is too much here to look through: only its beginning was.")


def logged(first: str = "") -> str:
    lines = [TOKEN[at : at + 64] for at in range(0, len(TOKEN), 64)]
    return "".join(
        f"2026-11-24T09:10:{second:02}Z | orders-1 | {first if not second else ''}{line}\n"
        for second, line in enumerate(lines)
    )


@pytest.mark.parametrize("first", ["", "Authorization: Bearer ", "token="])
@pytest.mark.parametrize(
    "after", ["", "2026-11-24T09:10:44Z | orders-1 | Started in 3 ms\n", "2026-11-24T09:10:44Z x\n"]
)
def test_lines_of_a_log_that_each_begin_alike_are_joined(first: str, after: str) -> None:
    found = only(logged(first) + after)
    assert found.text == TOKEN
    assert found.struck[-2:] == ("2026-11-24T09:10:01Z | orders-1 |", "3 line breaks")


@pytest.mark.parametrize("after", ["Started", "started in 3 ms", "GET /photos", "orders-1"])
def test_the_next_line_of_a_log_is_no_part_of_a_token_that_is_cut_off(after: str) -> None:
    line = "2026-11-24T09:10:02Z | orders-1 | "
    assert only(f"{line}{TOKEN[:90]}\n{line}{after}\n").text == TOKEN[:90]


def test_tokens_on_lines_of_a_log_are_several() -> None:
    line = "2026-11-24T09:10:02Z | orders-1 | "
    found = find("\n".join(line + each for each in (TOKEN[:90], SECOND, TOKEN))).tokens
    assert [each.text for each in found] == [TOKEN[:90], SECOND, TOKEN]


def test_claims_are_no_token() -> None:
    found = find('{"iss":"https://as.example","sub":"alice"}')
    assert found.tokens == ()
    assert found.says == (
        "These are claims, and no token: what a payload says, without a header and a signature to check."
    )


def test_a_header_written_out_is_no_token() -> None:
    found = find('{"alg":"ES256","typ":"JWT"}')
    assert found.tokens == ()
    assert found.says == (
        "This is a token's header written out, and no token: the payload and the signature are missing."
    )


def test_credentials_are_named_and_their_password_is_told_nowhere() -> None:
    found = find("Authorization: Basic cGhvdG9wcmludDpodW50ZXIyMg==")
    assert found.says == "There is no token in this, but credentials: `Basic` carries a user name and a password."
    told = repr(found.tokens)
    assert "photoprint" in told and "hunter22" not in told and "cGhvdG9" not in told


@pytest.mark.parametrize(
    "words",
    [
        "The quick brown fox jumps over the lazy dog.",
        "A JWT begins with eyJ and has two dots.",
        "We use Basic authentication and Bearer tokens; token: something, code: 404, code=invalid_request.",
        "Authorization: Bearer $TOKEN",
        "Authorization: Bearer YOUR_ACCESS_TOKEN",
        "https://app.example/photos?page=2&code=200",
        "{'error': 'invalid_token'}",
        "HelloWorldProgramIsNice",
        "tokenwalk-0.1.0-py3-none-any.whl",
        "def find(pasted: str) -> Finds:\n    return Finds(pasted, ())",
    ],
)
def test_words_are_no_token(words: str) -> None:
    found = find(words)
    assert found.tokens == ()
    assert found.says.startswith("Nothing in this looks like a token. A JWT begins with `eyJ`")


def test_nothing_is_said_to_be_nothing() -> None:
    assert find(" \n").says == "Nothing was pasted yet: a token will do, or anything that holds one."


def test_fifty_tokens_are_told_and_the_others_counted() -> None:
    found = find("\n".join(f"{HEADER}.{part({'sub': str(at)})}.{SIGNATURE}" for at in range(80)))
    assert len(found.tokens) == 50
    assert found.says.startswith("Found the first 50 tokens, and about ")


def examples() -> list[Any]:
    """Every published token, in whichever form it has."""
    held = [
        each["token"] for each in json.loads((VECTORS / "rfc_examples.json").read_text())["examples"] if "token" in each
    ]
    for path in sorted((VECTORS / "rfc7520-cookbook").rglob("*.json")):
        output = json.loads(path.read_text()).get("output") or {}
        if isinstance(output, dict):
            held += [output[name] for name in ("compact", "json", "json_flat") if output.get(name)]
    return held


def test_every_published_token_is_found_in_every_wrapping() -> None:
    published = examples()
    assert len(published) > 50
    for each in published:
        text = each if isinstance(each, str) else json.dumps(each, indent=2)
        assert only(text).text == text
        if isinstance(each, dict) or " " in each:
            continue
        lines = "\n    ".join(each[at : at + 72] for at in range(0, len(each), 72))
        spaced = " ".join(each[at : at + 50] for at in range(0, len(each), 50))
        for pasted in (
            f"Authorization: Bearer {each}",
            f"{lines}\n\nRegards, Bob",
            f"{spaced} is it",
            f'{{"a":"{each}"}}',
        ):
            assert only(pasted).text == each, pasted


MEGABYTE = 1_000_000
REPEATED = [
    "a.", '"', "{", "}", "{}", '{"', '{"iss":', "eyJ", "eyJ ", "eyJ\n", "~", "%25", " ", "\n", "\\", '\\"', "=", "-",
    "é", f"{HEADER}.", f"{HEADER} ", f"{HEADER}\n", f"{TOKEN} ", "Bearer a1B2c3D4e5F6g7H8 ", "?code=ab1&",
    "Cookie: a=b;", "Basic YTpi ", "MDAxxxxxxxxxxxxxxxxxxxxxxxxxx ", "PHNhbW", "<Response urn:oasis:names:tc:SAML>",
    "-----BEGIN PUBLIC KEY-----", "v4.public.", "&amp;", "\\u003d", "\u200b", "name=", "token:", "-H 'Authorization: ",
    "...", "eyJ...", f"{HEADER}....", f"{HEADER}.{CLAIMS}.***", f"{HEADER}.{CLAIMS}.[", f"{TOKEN[:90]}\n2026 | a | ",
    base64.b64encode(TOKEN.encode()).decode() + " ", base64.b64encode(TOKEN.encode()).decode(), "QUJD\n",
]  # fmt: skip


@pytest.mark.parametrize("unit", REPEATED)
def test_a_megabyte_of_anything_takes_no_time(unit: str) -> None:
    for pasted in (unit * (MEGABYTE // len(unit)), f"{HEADER}.{unit * (MEGABYTE // len(unit))}"):
        before = time.process_time()
        found = find(pasted)
        assert time.process_time() - before < 20  # it does not hang; tests/bench.py says how fast it is
        assert len(found.tokens) <= 50


def deflated(elements: int) -> str:
    """A SAML message as an address carries it."""
    xml = b'<Response xmlns="urn:oasis:names:tc:SAML:2.0:protocol">' + b'<a b="c"/>' * elements + b"</Response>"
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.b64encode(compressor.compress(xml) + compressor.flush()).decode()


COSTLY = {
    "SAML that inflates": f"SAMLResponse={deflated(90_000)} " * 250,
    "much SAML": f"SAMLRequest={deflated(500)}&" * 4000,
    "begins in a row": ".eyJ" * 249_000,
    "begins before a long run": "~eyJ" * 1500 + "a" * 900_000,
    "tokens of two parts, all of which end together": "=eyJhIjoxfQ" * 80_000 + ".aaa",
    "deep JSON in which more begins": ("=eyJhIjpb" * 440 + ".aaaa ") * 250,
    "one token on many lines": "a\n" * 250_000 + f"{TOKEN}\n" * 2500,
    "codes of a command": "curl -b code=abcd_\t" * 49_000,
    "codes of a cookie": "Cookie: x;code=a1bcd " * 43_000,
    "cookies that are words": "Cookie: "
    + "a=aaaaaaaaaaaaaaaaaaaa;" * 800
    + ("\nCookie: " + "a=aaaaaaaaaaaaaaaaaaaa;" * 800) * 50,
    "words after Bearer": "Bearer authorization-server " * 35_000,
    "PASETO in base64": (base64.b64encode(b"v2.local.A " * 81).decode() + " ") * 800,
}


@pytest.mark.parametrize("name", COSTLY)
def test_a_megabyte_of_what_is_looked_at_again_and_again_takes_no_time(name: str) -> None:
    pasted = COSTLY[name][:MEGABYTE]
    before = time.process_time()
    found = find(pasted)
    assert time.process_time() - before < 20  # it does not hang; tests/bench.py says how fast it is
    assert len(found.tokens) <= 2


def test_saml_is_read_up_to_a_limit_and_no_further() -> None:
    pasted = "\n".join(f"SAMLResponse={deflated(19_000 + at)}" for at in range(9))
    found = find(pasted)
    assert [each.where for each in found.tokens] == ["as the value of `SAMLResponse`"] * 2
    assert found.says == "Found 2 tokens: choose one. There is too much here to look through: only its beginning was."


def test_what_was_looked_through_in_part_only_is_told_where_nothing_was_found() -> None:
    assert find(COSTLY["begins in a row"]).says == (
        "Nothing in this looks like a token. There is too much here to look through: only its beginning was."
    )


def test_what_stands_behind_many_words_with_a_name_is_found_still() -> None:
    assert only("code=404 code: x " * 9000 + "https://app.example/cb?code=a1B2c3D4e5F6").text == "a1B2c3D4e5F6"


SOUP = st.lists(
    st.sampled_from([
        TOKEN, HEADER, CLAIMS, SIGNATURE, JWE, DISCLOSURE, BINDING, PEM, json.dumps(FLATTENED), json.dumps(GENERAL),
        "Authorization: ", "Bearer ", "Basic cGhvdG8=", "Cookie: a=", "curl -H '", "https://a.example/#",
        "access_token=", "&", "?code=", "~", ".", "..", "\n", "\r\n", " ", '"', "'", "\\", "\\n", "%2E", "%25",
        "&quot;", "{", "}", "[",
        ",", '{"iss":', '"payload":', '"kty":', "v4.public.", "MDAx", "AgEI", "pypi-AgEI", "PHNhbWx", "<Response ",
        "...", "....", "***", "[SIGNATURE]", "xxxxx", "ZXlK", "2026 | a | ", base64.b64encode(TOKEN.encode()).decode(),
        "urn:oasis:names:tc:SAML", "eyJ", "eyJ\u200b", "\ud800", "\u00ad", "…", "=", "+", "/", "00", "1//", "sk-",
        "ghp_",
    ])
    | st.text(max_size=12),
    max_size=12,
).map("".join)  # fmt: skip


@given(SOUP | st.text(max_size=200))
@example("eyJ" + "\ud800" * 9)
def test_no_text_raises(pasted: str) -> None:
    found = find(pasted)
    assert found.says.endswith((".", "one."))
    texts = [each.text for each in found.tokens]
    assert len(set(texts)) == len(texts)
    assert all(each.where and all(each.struck) for each in found.tokens)


@given(st.integers(3, len(TOKEN) - 1), st.sampled_from(["\n", "\r\n", "\n   ", "\\\n", "\u200b", "\\n", "\n> "]))
def test_one_break_anywhere_in_a_token_is_no_harm(at: int, broken: str) -> None:
    assert only(TOKEN[:at] + broken + TOKEN[at:]).text == TOKEN


@given(st.integers(8, len(TOKEN)))
def test_cut_off_anywhere_it_is_found(length: int) -> None:
    assert only(TOKEN[:length]).text == TOKEN[:length]


@pytest.mark.parametrize("stray", ["*", "#", "$", "%", "^", "!", "@", "***"])
def test_a_stray_character_within_a_token_is_struck_through(stray: str) -> None:
    token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9."
    found = find(token[:30] + stray + token[30:]).tokens
    assert [(each.text, each.struck) for each in found] == [(token, (stray[0],))]
