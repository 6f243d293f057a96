"""Rules for what a token says: its kind, the claims that it must have, whose it is, for whom, and when."""

from __future__ import annotations

from flows.tokens.judged import Judged
from flows.tokens.profiles import LOGOUT_EVENT
from flows.tokens.rules import Finding, expected, failed, not_checked, passed, rule, warning
from flows.tokens.times import date, is_milliseconds, is_time, lasting


@rule("8725#section-3.11")
def typ_is_expected(judged: Judged) -> Finding | None:
    """One key may sign many kinds of token. `typ` says which this is, so that one kind is not taken for another."""
    profile, typ = judged.profile, judged.header.object.get("typ")
    section = profile.typ_rfc or "8725#section-3.11"
    if not profile.typs or judged.encrypted:
        return None
    if isinstance(typ, str) and typ.lower() in profile.typs:
        says = f"`typ` is `{typ}`"
        return passed(says, of="typ", rfc=section)
    if profile.typ_is_required:
        return failed(
            f"`typ` does not say {profile.typs[0]}", expected(profile.typs[0], typ or "no typ"), of="typ", rfc=section
        )
    if typ is None:
        return not_checked("`typ`, not in the token", "So it can be taken for another kind of token.", rfc=section)
    if profile.name == "jwt" and isinstance(typ, str):
        return passed(f"`typ` is `{typ}`", of="typ", rfc=section)
    return warning(f"`typ` is `{typ}`", f"Usual for this kind: {profile.typs[0]}.", of="typ", rfc=section)


@rule("7519#section-4.1")
def required_claims_are_there(judged: Judged) -> Finding | None:
    """What a receiver needs to decide must be in the token, or it has to guess."""
    profile = judged.profile
    wanted = [*(f"header {name}" for name in profile.in_header), *profile.claims]
    if not wanted or judged.content is None:
        return None
    section = profile.claims_rfc
    missing = [name for name in profile.in_header if name not in judged.header.object]
    missing += [name for name in profile.claims if name not in judged.claims]
    if missing:
        named = ", ".join(f"`{name}`" for name in missing)
        return failed(f"Missing: {named}", f"Required of this kind: {', '.join(wanted)}.", of=missing[0], rfc=section)
    return passed(f"All {len(wanted)} required members are there", f"{', '.join(wanted)}.", rfc=section)


@rule("8725#section-3.8")
def iss_is_trusted(judged: Judged) -> Finding | None:
    """A good signature by somebody else is still somebody else’s. The key must belong to the issuer that is named."""
    iss = judged.claims.get("iss")
    if judged.content is None or judged.profile.name in ("dpop-proof", "key-binding"):
        return None
    if iss is None:
        return not_checked("`iss`, not in the token")
    if not isinstance(iss, str):
        return failed("`iss` is no text", of="iss", rfc="7519#section-4.1.1")
    if judged.expected.iss:
        if iss == judged.expected.iss:
            return passed("`iss` is the one that you expect", of="iss")
        return failed("`iss` is another issuer", expected(judged.expected.iss, iss), of="iss")
    if judged.key and judged.key.issuer:
        if iss == judged.key.issuer:
            return passed("`iss` is the key’s owner", of="iss")
        return failed("`iss` is not the key’s owner", expected(judged.key.issuer, iss), of="iss")
    return not_checked("`iss`", "Whose key is it? Say which issuer you trust.", of="iss")


@rule("8725#section-3.9")
def aud_is_expected(judged: Judged) -> Finding | None:
    """A token for somebody else must not work here, or everybody who gets one could use it everywhere."""
    aud, me = judged.claims.get("aud"), judged.expected.aud
    if judged.content is None or judged.profile.name == "dpop-proof":
        return None
    if aud is None:
        return not_checked("`aud`, not in the token", "Anybody could accept it." if judged.claims else "")
    named = aud if isinstance(aud, list) else [aud]
    if not named or not all(isinstance(each, str) for each in named):
        return failed("`aud` is neither a text nor a list of texts", of="aud", rfc="7519#section-4.1.3")
    if not me:
        return not_checked("`aud`", of="aud")
    if me in named:
        return passed("`aud` names you", of="aud")
    return failed("`aud` does not name you", expected(me, ", ".join(named)), of="aud")


@rule("7519#section-4.1.4")
def exp_has_not_passed(judged: Judged) -> Finding | None:
    """From `exp` on the token must be refused, so that a stolen one works only for a while."""
    exp, now, leeway = judged.claims.get("exp"), judged.now, judged.expected.leeway
    if judged.content is None:
        return None
    if exp is None:
        return not_checked("`exp`, not in the token")
    if not is_time(exp) or is_milliseconds(exp):
        return _no_time("exp", exp)
    if now >= exp + leeway:
        return failed("`exp` has passed", f"{date(exp)}, {lasting(now - exp)} ago.", of="exp")
    if now >= exp:
        return passed("`exp` has passed, within the leeway", f"{lasting(now - exp)} ago.", of="exp")
    return passed(f"`exp` is in {lasting(exp - now)}", of="exp")


@rule("7519#section-4.1.5")
def nbf_has_come(judged: Judged) -> Finding | None:
    """Before `nbf` the token must be refused: it was made for later."""
    nbf, now, leeway = judged.claims.get("nbf"), judged.now, judged.expected.leeway
    if judged.content is None:
        return None
    if nbf is None:
        return not_checked("`nbf`, not in the token")
    if not is_time(nbf) or is_milliseconds(nbf):
        return _no_time("nbf", nbf)
    if now < nbf - leeway:
        return failed("`nbf` has not come", f"{date(nbf)}, in {lasting(nbf - now)}.", of="nbf")
    return passed("`nbf` has come", of="nbf")


@rule("7519#section-4.1.6")
def iat_is_past(judged: Judged) -> Finding | None:
    """A token cannot be made in the future. If it says so, a clock is wrong, or somebody invented it."""
    iat, now = judged.claims.get("iat"), judged.now
    if judged.content is None or iat is None:
        return None
    if not is_time(iat) or is_milliseconds(iat):
        return _no_time("iat", iat)
    if iat > now + judged.expected.leeway:
        return warning("`iat` lies in the future", f"{date(iat)}, in {lasting(iat - now)}.", of="iat")
    exp = judged.claims.get("exp")
    if is_time(exp) and exp <= iat:
        return warning("It expired before it was made", f"`exp` is {lasting(iat - exp)} before `iat`.", of="iat")
    return passed(f"`iat` was {lasting(now - iat)} ago", of="iat")


@rule("oidc-core#section-3.1.3.7")
def nonce_is_expected(judged: Judged) -> Finding | None:
    """The client sent a `nonce` along with its question. If it comes back, this is the answer to that question."""
    nonce, sent = judged.claims.get("nonce"), judged.expected.nonce
    if judged.profile.name == "logout-token":
        if "nonce" in judged.claims:
            more = "So that it can never pass for an ID token."
            return failed(
                "A logout token must not have a `nonce`", more, of="nonce", rfc="oidc-backchannel#section-2.4"
            )
        return None
    if judged.profile.name not in ("id-token", "key-binding", "dpop-proof"):
        return None
    if nonce is None:
        if sent:
            return failed("`nonce` is missing", expected(sent, "no nonce"))
        return None
    if not sent:
        return not_checked("`nonce`", "Which one did you send?", of="nonce")
    if nonce == sent:
        return passed("`nonce` is the one that you sent", of="nonce")
    return failed("`nonce` is not the one that you sent", expected(sent, nonce), of="nonce")


@rule("oidc-core#section-3.1.3.7")
def azp_is_named(judged: Judged) -> Finding | None:
    """An ID token for several audiences says in `azp` which client it was made for."""
    aud, azp = judged.claims.get("aud"), judged.claims.get("azp")
    if judged.profile.name != "id-token" or (azp is None and not (isinstance(aud, list) and len(aud) > 1)):
        return None
    if azp is None:
        return warning("Several audiences, and no `azp`", of="aud")
    if judged.expected.aud and azp != judged.expected.aud:
        return failed("`azp` names another client", expected(judged.expected.aud, azp), of="azp")
    return passed("`azp` names the client", of="azp") if judged.expected.aud else not_checked("`azp`", of="azp")


@rule("oidc-backchannel#section-2.4")
def logout_names_whom(judged: Judged) -> Finding | None:
    """A logout token says in `events` that it is one, and in `sub` or `sid` whom to log out."""
    if judged.profile.name != "logout-token" or judged.content is None:
        return None
    events = judged.claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
        return failed("`events` does not say that this is a logout", expected(LOGOUT_EVENT, events), of="events")
    if not judged.claims.keys() & {"sub", "sid"}:
        return failed("Neither `sub` nor `sid`: nobody is named to be logged out", of="events")
    return passed("`events` says logout, and it is said of whom", of="events")


@rule("9449#section-4.3")
def proof_is_for_one_request(judged: Judged) -> Finding | None:
    """A proof is worth something for one request only: one method, one address, one moment, one number."""
    if judged.profile.name != "dpop-proof" or judged.content is None:
        return None
    for name in ("htm", "htu", "jti"):
        if name in judged.claims and not isinstance(judged.claims[name], str):
            return failed(f"`{name}` is no text", of=name)
    htu = str(judged.claims.get("htu", ""))
    if "?" in htu or "#" in htu:
        return failed(
            "`htu` has a query or a fragment", "It is compared without both.", of="htu", rfc="9449#section-4.2"
        )
    jwk = judged.header.object.get("jwk")
    if isinstance(jwk, dict) and "d" in jwk:
        return failed("The `jwk` in the header holds a private key", of="jwk", rfc="9449#section-4.2")
    if "htm" in judged.claims and htu:
        return passed(f"For `{judged.claims['htm']}` requests to {htu}", of="htm")
    return None


def _no_time(name: str, value: object) -> Finding:
    """A no for what is meant to be a NumericDate; it says which trap this is."""
    if is_milliseconds(value):
        assert isinstance(value, int | float)
        return failed(
            f"`{name}` is in milliseconds", f"It is counted in seconds. Meant: {date(value / 1000)}.", of=name
        )
    if isinstance(value, str):
        return failed(f"`{name}` is a text", "It is a number of seconds since 1970.", of=name, rfc="7519#section-2")
    return failed(f"`{name}` is no time", "It is a number of seconds since 1970.", of=name, rfc="7519#section-2")


CLAIMS = [
    typ_is_expected,
    required_claims_are_there,
    iss_is_trusted,
    aud_is_expected,
    exp_has_not_passed,
    nbf_has_come,
    iat_is_past,
    nonce_is_expected,
    azp_is_named,
    logout_names_whom,
    proof_is_for_one_request,
]
