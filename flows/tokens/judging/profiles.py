"""What each kind of token requires: its `typ`, its header members, its claims, with the section that says so."""

from __future__ import annotations

from dataclasses import dataclass

from flows.tokens.read import Encrypted, Signed

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass(frozen=True)
class Profile:
    """A kind of token. `typs` are the values of `typ` that name it, in lower case, the usual one first.

    `typ_is_required` says that it must name one of them; `others_keys` that its key comes in its own header.
    """

    name: str
    title: str
    rfc: str
    typs: tuple[str, ...] = ()
    typ_is_required: bool = False
    typ_rfc: str = ""
    in_header: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    claims_rfc: str = ""


_ALL = (
    Profile("jwt", "any JWT", "7519#section-7.2", ("jwt",), typ_rfc="7519#section-5.1"),
    Profile(
        "access-token",
        "access token (RFC 9068)",
        "9068#section-4",
        ("at+jwt", "application/at+jwt"),
        True,
        "9068#section-2.1",
        claims=("iss", "exp", "aud", "sub", "client_id", "iat", "jti"),
        claims_rfc="9068#section-2.2",
    ),
    Profile(
        "id-token",
        "ID token",
        "oidc-core#section-3.1.3.7",
        ("jwt",),
        typ_rfc="8725#section-3.11",
        claims=("iss", "sub", "aud", "exp", "iat"),
        claims_rfc="oidc-core#section-2",
    ),
    Profile(
        "dpop-proof",
        "DPoP proof (RFC 9449)",
        "9449#section-4.3",
        ("dpop+jwt", "application/dpop+jwt"),
        True,
        "9449#section-4.2",
        in_header=("typ", "alg", "jwk"),
        claims=("jti", "htm", "htu", "iat"),
        claims_rfc="9449#section-4.2",
    ),
    Profile(
        "logout-token",
        "logout token",
        "oidc-backchannel#section-2.6",
        ("logout+jwt", "application/logout+jwt"),
        typ_rfc="oidc-backchannel#section-2.4",
        claims=("iss", "aud", "iat", "exp", "jti", "events"),
        claims_rfc="oidc-backchannel#section-2.4",
    ),
    Profile(
        "sd-jwt",
        "SD-JWT (RFC 9901)",
        "9901#section-7.1",
        ("dc+sd-jwt", "vc+sd-jwt", "example+sd-jwt"),
        typ_rfc="9901#section-9.11",
    ),
    Profile(
        "key-binding",
        "key binding JWT (RFC 9901)",
        "9901#section-4.3.2",
        ("kb+jwt", "application/kb+jwt"),
        True,
        "9901#section-4.3",
        claims=("iat", "aud", "nonce", "sd_hash"),
        claims_rfc="9901#section-4.3",
    ),
    Profile("jws", "a signature over anything", "7515#section-5.2"),
)

PROFILES = {profile.name: profile for profile in _ALL}


def guess(token: Signed | Encrypted) -> str:
    """The name of the profile that a token most likely has: by its `typ`, else by what only that kind has."""
    if isinstance(token, Encrypted):
        return "jwt"
    header = token.signatures[0].header if token.signatures else None
    typ = header.text("typ").lower().removeprefix("application/") if header else ""
    for profile in _ALL[1:]:
        if typ and typ in profile.typs and typ != "jwt":
            return profile.name
    if token.disclosures is not None or typ.endswith("+sd-jwt"):
        return "sd-jwt"
    claims = token.claims
    if claims is None:
        return "jws"
    events = claims.get("events")
    if isinstance(events, dict) and LOGOUT_EVENT in events:
        return "logout-token"
    if header and "jwk" in header.object and "htm" in claims and "htu" in claims:
        return "dpop-proof"
    if "sub" in claims and "aud" in claims and claims.keys() & {"nonce", "at_hash", "c_hash", "azp", "auth_time"}:
        return "id-token" if "scope" not in claims else "jwt"
    return "jwt"
