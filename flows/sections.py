"""Where a citation leads: the address of a section in its specification, and its short name on a page.

A citation is `6749#section-4.1.1`, `7636#appendix-B` or, where numbers drift, an anchor: `fetch#http-responses`.
"""

import re

# Specifications that are no RFC: what they are called, and where they are. OpenID's pages write `rfc.section.2`.
_NAMES = {
    "oidc-core": ("OpenID Connect Core", "https://openid.net/specs/openid-connect-core-1_0.html"),
    "oidc-discovery": ("OpenID Connect Discovery", "https://openid.net/specs/openid-connect-discovery-1_0.html"),
    "oidc-registration": (
        "OpenID Connect Registration",
        "https://openid.net/specs/openid-connect-registration-1_0.html",
    ),
    "oidc-session": ("OpenID Connect Session", "https://openid.net/specs/openid-connect-session-1_0.html"),
    "oidc-rpinitiated": ("RP-Initiated Logout", "https://openid.net/specs/openid-connect-rpinitiated-1_0.html"),
    "oidc-frontchannel": ("Front-Channel Logout", "https://openid.net/specs/openid-connect-frontchannel-1_0.html"),
    "oidc-backchannel": ("Back-Channel Logout", "https://openid.net/specs/openid-connect-backchannel-1_0.html"),
    "oauth-multiple-response-types": (
        "OAuth Multiple Response Types",
        "https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html",
    ),
    "oauth-form-post": (
        "OAuth Form Post",
        "https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html",
    ),
    "fetch": ("Fetch", "https://fetch.spec.whatwg.org/"),
    "csp3": ("CSP Level 3", "https://www.w3.org/TR/CSP3/"),
    "draft-ietf-oauth-v2-1": ("OAuth 2.1 draft", "https://datatracker.ietf.org/doc/html/draft-ietf-oauth-v2-1"),
    "draft-ietf-oauth-rfc8725bis": (
        "RFC 8725bis draft",
        "https://datatracker.ietf.org/doc/html/draft-ietf-oauth-rfc8725bis",
    ),
    "draft-ietf-httpbis-rfc6265bis": (
        "RFC 6265bis draft",
        "https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis",
    ),
}


def link(citation: str) -> str:
    """The address of the section that is cited; KeyError for a specification we do not know."""
    spec, _, place = citation.partition("#")
    _, address = _specification(spec)
    if address.startswith("https://openid.net/"):
        place = re.sub(r"^(section|appendix)-", "rfc.section.", place)
    return f"{address}#{place}" if place else address


def label(citation: str, short: bool = False) -> str:
    """What to call it: "RFC 6749 §4.1.1", or "§4.1.1" where the RFC has been named already."""
    spec, _, place = citation.partition("#")
    name, _ = _specification(spec)
    kind, _, number = place.partition("-")
    if kind == "section":
        return f"§{number}" if short else f"{name} §{number}"
    if kind == "appendix":
        return f"App. {number}" if short else f"{name} Appendix {number}"
    return name  # an anchor says little to a reader


def _specification(spec: str) -> tuple[str, str]:
    return (f"RFC {spec}", f"https://www.rfc-editor.org/rfc/rfc{spec}") if spec.isdigit() else _NAMES[spec]
