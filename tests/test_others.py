"""What is no JOSE token is named, with what can be known of it and what cannot."""

import base64
import json
import zlib
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spec_sections import heading

from flows.tokens import base64url
from flows.tokens.finding import macaroon, others
from flows.tokens.finding.find import find
from flows.tokens.read import Other


def only(pasted: str) -> Other:
    found = find(pasted).tokens
    assert len(found) == 1, [each.text for each in found]
    token = found[0].token
    assert isinstance(token, Other)
    assert not token.rfc or heading(token.rfc)
    return token


def packet(name: str, value: bytes) -> bytes:
    line = name.encode() + b" " + value + b"\n"
    return b"%04x" % (len(line) + 4) + line


V1 = (
    packet("location", b"http://mybank/")
    + packet("identifier", b"we used our secret key")
    + packet("cid", b"test = caveat")
    + packet("signature", bytes(32))
)
V2 = b"\x02\x01\x08pypi.org\x02\x03abc\x00\x02\x05scope\x00\x00\x06\x20" + bytes(32)
SAML = (
    '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_1" IssueInstant="2026-01-01T00:00:00Z">'
    '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"><saml:Issuer>https://idp</saml:Issuer>'
    '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>'
    "<saml:Subject><saml:NameID>alice</saml:NameID></saml:Subject>"
    '<saml:Conditions NotBefore="2026-01-01T00:00:00Z" NotOnOrAfter="2026-01-01T01:00:00Z"><saml:AudienceRestriction>'
    "<saml:Audience>sp</saml:Audience><saml:Audience>sp2</saml:Audience></saml:AudienceRestriction></saml:Conditions>"
    "</saml:Assertion></samlp:Response>"
)
SAML_SAYS = {
    "ID": "_1",
    "issued": "2026-01-01T00:00:00Z",
    "issuer": "https://idp",
    "signed": "yes, with an XML signature, which is not verified here",
    "subject": "alice",
    "not before": "2026-01-01T00:00:00Z",
    "not on or after": "2026-01-01T01:00:00Z",
    "audience": "sp, sp2",
}


def test_a_public_paseto_shows_its_payload_and_its_footer() -> None:
    payload = json.dumps({"sub": "alice", "exp": "2039-01-01T00:00:00+00:00", "n": [1]}).encode()
    token = only(f"Bearer v4.public.{base64url.encode(payload + bytes(64))}.{base64url.encode(b'kid-1')}")
    assert token.kind == "PASETO v4.public"
    assert token.facts == (
        ("version", "v4"),
        ("purpose", "public"),
        ("algorithm", "Ed25519"),
        ("signature", "64 bytes, not verified here"),
        ("sub", "alice"),
        ("exp", "2039-01-01T00:00:00+00:00"),
        ("n", "[1]"),
        ("footer", "kid-1"),
    )


def test_a_local_paseto_shows_that_it_is_encrypted() -> None:
    token = only(f"v2.local.{base64url.encode(bytes(80))}")
    assert token.facts == (
        ("version", "v2"),
        ("purpose", "local"),
        ("algorithm", "XChaCha20-Poly1305"),
        ("encrypted", "80 bytes, nonce and tag included"),
    )


def test_a_paseto_that_is_cut_off_is_said_to_be() -> None:
    assert only(f"v4.public.{base64url.encode(b'12345')}").problems == (
        "A signature alone has 64 bytes; this has 5: it is cut off.",
    )


def test_a_macaroon_shows_its_caveats() -> None:
    token = only(base64url.encode(V1))
    assert token.kind == "macaroon"
    assert token.facts == (
        ("version", "1"),
        ("location", "http://mybank/"),
        ("identifier", "we used our secret key"),
        ("caveat", "test = caveat"),
        ("signature", "32 bytes"),
    )
    assert token.problems == ()


def test_a_binary_macaroon_is_read_likewise() -> None:
    assert only(base64.b64encode(V2).decode()).facts == (
        ("version", "2"),
        ("location", "pypi.org"),
        ("identifier", "abc"),
        ("caveat", "scope"),
        ("signature", "32 bytes"),
    )


def test_a_token_of_pypi_is_a_macaroon_behind_a_prefix() -> None:
    token = only(f"password = pypi-{base64url.encode(V2)}")
    assert (token.kind, token.facts[0], token.facts[-2]) == ("macaroon", ("issued by", "PyPI"), ("caveat", "scope"))


def test_a_macaroon_that_is_cut_off_is_said_to_be() -> None:
    assert only(base64url.encode(V1[:-10])).problems == ("It is not whole: something is cut off, or does not belong.",)


def test_saml_is_read_as_xml_as_base64_and_as_deflated_base64() -> None:
    packing = zlib.compressobj(9, zlib.DEFLATED, -15)
    deflated = base64.b64encode(packing.compress(SAML.encode()) + packing.flush()).decode()
    encoded = base64.b64encode(SAML.encode()).decode()
    escaped = deflated.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
    for pasted, packed in (
        (SAML, ""),
        (f'<?xml version="1.0"?>\n{SAML}', ""),
        (encoded, "base64"),
        ("\n".join(encoded[at : at + 76] for at in range(0, len(encoded), 76)), "base64"),
        (f"https://idp.example/sso?SAMLRequest={escaped}&RelayState=x", "base64, deflated"),
    ):
        token = only(pasted)
        facts = dict(token.facts)
        assert token.kind == "SAML Response"
        assert facts.pop("packed as", "") == packed
        assert facts == SAML_SAYS


def test_saml_that_defines_entities_is_refused() -> None:
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    assert only(laughs + SAML).facts == ()
    assert only(laughs + SAML).problems == (
        "It declares a document type, which SAML has no use for and which may define entities: not read.",
    )


def test_saml_that_is_cut_off_is_read_up_to_there() -> None:
    token = only(SAML[: SAML.index("<saml:Conditions")])
    assert dict(token.facts)["subject"] == "alice"
    assert token.problems == ("The XML goes wrong on line 1: no element found.",)


@pytest.mark.parametrize(
    ("text", "issuer", "what"),
    [
        ("ghp_" + "a1B2" * 9, "GitHub", "personal access token (classic)"),
        ("github_pat_" + "a1B2" * 20, "GitHub", "personal access token (fine-grained)"),
        ("ghs_" + "a1B2" * 9, "GitHub", "access token of a GitHub App's installation"),
        ("xoxb-123456789012-abcdefABCDEF", "Slack", "bot token"),
        ("glpat-" + "a1B2" * 5, "GitLab", "personal access token"),
        ("ya29.a0AfH6SMB" + "x9" * 20, "Google", "OAuth access token"),
        ("1//0g" + "x9" * 20, "Google", "OAuth refresh token"),
        ("sk_live_" + "a1B2" * 6, "Stripe", "secret API key, for real money"),
        ("AKIAIOSFODNN7EXAMPLE", "AWS", "access key ID: the name of a key, no secret by itself"),
        ("npm_" + "a1B2" * 9, "npm", "access token"),
    ],
)
def test_a_prefix_tells_who_issued_it(text: str, issuer: str, what: str) -> None:
    token = only(f"the value is {text}, keep it")
    assert token.text == text
    assert token.facts[:2] == (("issued by", issuer), ("what it is there", what))


@pytest.mark.parametrize("text", ["ghp_" + "a1B2" * 9, "xoxb-123456789012-abcdefABCDEF", "sk_live_" + "a1B2" * 6])
def test_a_token_of_a_vendor_is_not_asked_about_at_an_introspection_endpoint(text: str) -> None:
    token = only(text)
    assert token.says.endswith("when it ends is not in it. Only who issued it can tell.")
    assert "introspection" not in token.says and token.rfc == ""


def test_an_opaque_token_is_a_reference_for_its_issuer_to_look_up() -> None:
    token = only("Authorization: Bearer 2YotnFZFEjr1zCsicMWpAA")
    assert token.kind == "opaque token"
    assert token.rfc == "7662#section-2" and "introspection endpoint" in token.says
    assert token.facts == (("form", "letters and digits"), ("length", "22 characters"), ("random", "at most 130 bits"))


def test_our_own_opaque_tokens_are_known_by_their_form() -> None:
    token = only(base64url.encode(bytes.fromhex("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")))
    assert token.facts[-2:] == (
        ("random", "at most 256 bits"),
        ("holds", "exactly 32 bytes, as a SHA-256 has; the codes and opaque tokens of this app look so too"),
    )


def test_a_code_in_an_address_is_called_a_code() -> None:
    token = only("https://app.example/cb?code=SplxlOBeZQQYbYS6WxSbIA&state=xyz")
    assert (token.kind, token.rfc) == ("authorization code", "6749#section-1.3.1")
    assert find("https://app.example/cb?code=SplxlOBeZQQYbYS6WxSbIA").says == (
        "Found 1 authorization code, in the query of an address, as `code`."
    )


def test_a_refresh_token_is_called_so() -> None:
    assert [each.token.kind for each in find('{"refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA"}').tokens] == ["refresh token"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "form", "bits"),
    [
        ("123e4567-e89b-42d3-a456-426614174000", "UUID, version 4: random", 122),
        ("019b2d4e-0000-7000-8000-000000000001", "UUID, version 7: a time, then random", 74),
        ("d41d8cd98f00b204e9800998ecf8427e", "hexadecimal", 128),
    ],
)
def test_the_random_part_is_never_said_to_be_more_than_it_can_be(text: str, form: str, bits: int) -> None:
    facts = dict(only(text).facts)
    assert (facts["form"], facts["random"]) == (form, f"at most {bits} bits")


def test_a_session_of_flask_is_no_jwt() -> None:
    token = only(base64url.encode(b'{"user":1}') + ".Zabc12.AbCdEfGhIjKlMnOpQrStUvWxYz0")
    assert (token.kind, token.facts) == ("signed cookie", (("user", "1"),))


def test_json_in_base64_is_no_token() -> None:
    token = only(base64url.encode(b'{"v":2,"cursor":"abc"}'))
    assert (token.kind, token.facts) == ("piece of JSON in base64", (("v", "2"), ("cursor", '"abc"')))


def test_credentials_tell_the_user_name_only() -> None:
    token = others.basic(base64.b64encode(b"photoprint:hunter22:x").decode())
    assert token and token.facts == (("user name", "photoprint"), ("password", "10 characters, not shown"))
    assert heading(token.rfc) == "The 'Basic' Authentication Scheme"
    assert others.basic("YWJj") is None


@settings(deadline=timedelta(seconds=2))
@given(
    st.sampled_from(["v4.public.", "v3.local.", "pypi-", "MDA", "AgE", "PHNhbW", "ghp_", "00", "", "<Response "]),
    st.binary(max_size=200),
    st.text(max_size=40),
)
def test_nothing_raises(prefix: str, data: bytes, text: str) -> None:
    for each in (prefix + base64url.encode(data), prefix + text, base64.b64encode(data).decode() + text):
        token = others.named(each)
        for found in (token, others.opaque(each, text), others.basic(each), others.saml_message(each)):
            if found:
                repr(found).encode()
                assert not found.rfc or heading(found.rfc)
        assert others.is_random(each) in (True, False)


@given(st.binary(max_size=120), st.integers(0, len(V1)))
def test_no_bytes_are_too_strange_for_a_macaroon(data: bytes, cut: int) -> None:
    for each in (data, b"\x02" + data, V1[:cut] + data, V2[: cut % len(V2)] + data):
        found = macaroon.read(each)
        assert found is None or len(found.packets) <= 200


@given(st.text("<>/=\"' abResponseIssuer&;!?[]\x00\ud800", max_size=80))
def test_no_xml_raises(text: str) -> None:
    others.saml_message(f"<Response>{text}")
    others.saml_message(SAML[:300] + text + SAML[300:])
