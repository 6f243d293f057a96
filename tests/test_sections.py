"""Citations lead where they say."""

import pytest
from spec_sections import SPECIFICATIONS, heading

from flows.sections import label, link


@pytest.mark.parametrize(
    ("citation", "address"),
    [
        ("6749#section-4.1.1", "https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1"),
        ("7636#appendix-B", "https://www.rfc-editor.org/rfc/rfc7636#appendix-B"),
        ("6749", "https://www.rfc-editor.org/rfc/rfc6749"),
        (
            "draft-ietf-oauth-v2-1#section-4.1",
            "https://datatracker.ietf.org/doc/html/draft-ietf-oauth-v2-1#section-4.1",
        ),
        ("oidc-core#section-2", "https://openid.net/specs/openid-connect-core-1_0.html#rfc.section.2"),
        ("oidc-core#appendix-A.1", "https://openid.net/specs/openid-connect-core-1_0.html#rfc.section.A.1"),
        ("oidc-core#IDToken", "https://openid.net/specs/openid-connect-core-1_0.html#IDToken"),
        ("fetch#http-responses", "https://fetch.spec.whatwg.org/#http-responses"),
        ("csp3#directive-frame-ancestors", "https://www.w3.org/TR/CSP3/#directive-frame-ancestors"),
    ],
)
def test_link_leads_to_the_section(citation: str, address: str) -> None:
    assert link(citation) == address


@pytest.mark.parametrize(
    ("citation", "long", "short"),
    [
        ("6749#section-4.1.1", "RFC 6749 §4.1.1", "§4.1.1"),
        ("7636#appendix-B", "RFC 7636 Appendix B", "App. B"),
        ("6749", "RFC 6749", "RFC 6749"),
        ("draft-ietf-oauth-v2-1#section-4.1", "OAuth 2.1 draft §4.1", "§4.1"),
        ("oidc-core#section-2", "OpenID Connect Core §2", "§2"),
        ("fetch#http-responses", "Fetch", "Fetch"),
    ],
)
def test_label_names_the_section_and_is_shorter_where_the_rfc_is_known(citation: str, long: str, short: str) -> None:
    assert label(citation) == long
    assert label(citation, short=True) == short


@pytest.mark.parametrize("spec", SPECIFICATIONS)
def test_every_specification_has_an_address_and_a_name(spec: str) -> None:
    assert link(f"{spec}#section-1").startswith("https://")
    assert label(f"{spec}#section-1").endswith(" §1")


@pytest.mark.parametrize("spec", [spec for spec in SPECIFICATIONS if spec.startswith(("oidc-", "oauth-"))])
def test_openid_addresses_are_the_ones_the_headings_were_read_from(spec: str) -> None:
    assert SPECIFICATIONS[spec]["source"].startswith(link(spec))


def test_unknown_specification_has_no_address() -> None:
    with pytest.raises(KeyError):
        link("no-such-spec#section-1")


@pytest.mark.parametrize(
    ("citation", "expected"),
    [
        ("6749#section-4.1.1", "Authorization Request"),
        ("7636#appendix-B", "Example for the S256 code_challenge_method"),
        ("fetch#http-responses", "HTTP responses"),
        ("oidc-core#IDToken", "ID Token"),
    ],
)
def test_heading_is_found_by_number_letter_and_anchor(citation: str, expected: str) -> None:
    assert heading(citation) == expected


@pytest.mark.parametrize(
    "citation",
    ["6749#section-4.9", "6749#section-B", "6749#appendix-4.1", "6749#appendix-Z", "6749", "6749#", "1#section-1"],
)
def test_heading_of_a_section_that_does_not_exist_is_a_key_error(citation: str) -> None:
    with pytest.raises(KeyError):
        heading(citation)
