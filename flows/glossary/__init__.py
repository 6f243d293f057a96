"""What every line of a message means: a sentence or two, and the section of the specification that says so."""

from flows.glossary import headers, messages, metadata, tokens
from flows.glossary.entry import Entry

__all__ = ["GLOSSARY", "Entry", "explain"]

GLOSSARY: dict[str, dict[str, Entry]] = {
    "authorization request": messages.AUTHORIZATION_REQUEST,
    "authorization response": messages.AUTHORIZATION_RESPONSE,
    "token request": messages.TOKEN_REQUEST,
    "token response": messages.TOKEN_RESPONSE,
    "token in the fragment": messages.TOKEN_IN_THE_FRAGMENT,
    "introspection request": messages.INTROSPECTION_REQUEST,
    "introspection response": messages.INTROSPECTION_RESPONSE,
    "revocation request": messages.REVOCATION_REQUEST,
    "photos request": messages.PHOTOS_REQUEST,
    "login form": messages.LOGIN_FORM,
    "consent form": messages.CONSENT_FORM,
    "photos": messages.PHOTOS,
    "error": messages.ERRORS,
    "method": headers.METHODS,
    "status": headers.STATUSES,
    "header": headers.HEADERS,
    "authorization scheme": headers.AUTHORIZATION_SCHEMES,
    "challenge": headers.CHALLENGE,
    "cookie": headers.COOKIES,
    "cookie attribute": headers.COOKIE_ATTRIBUTES,
    "jose header": tokens.JOSE_HEADERS,
    "claim": tokens.CLAIMS,
    "confirmation method": tokens.CONFIRMATION_METHODS,
    "jwk": tokens.JWK,
    "metadata": metadata.METADATA,
    "client authentication": metadata.CLIENT_AUTHENTICATION,
    "value": messages.VALUES | headers.VALUES | tokens.VALUES,
}

# HTTP compares these names without regard to case; OAuth, JOSE and JSON names are compared exactly.
_ANY_CASE = {
    kind: {name.lower(): entry for name, entry in GLOSSARY[kind].items()}
    for kind in ("header", "authorization scheme", "challenge", "cookie attribute")
}


# So are media types, and `application/` may stand before one or not (RFC 7515 §4.1.9).
_TYPES = {name.lower(): entry for name, entry in tokens.TYPES.items()}


def explain(kind: str, name: str) -> Entry | None:
    """The note for a name of this kind: explain("header", "location"), explain("value", "alg=none")."""
    if kind in _ANY_CASE:
        return _ANY_CASE[kind].get(name.lower())
    if kind == "value" and name[:4] in ("typ=", "cty="):
        return _TYPES.get(name.lower().replace("=application/", "=", 1))
    return GLOSSARY.get(kind, {}).get(name)
