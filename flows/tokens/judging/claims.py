"""Rules for what a token says: its kind, the claims that it must have, whose it is, for whom, and when."""

from __future__ import annotations

from flows.tokens.judging.judged import Judged
from flows.tokens.judging.profiles import LOGOUT_EVENT, PROFILES
from flows.tokens.judging.rules import Finding, expected, failed, not_checked, passed, rule, warning
from flows.tokens.times import date, is_milliseconds, is_time, lasting

ABSENT = object()
TEXTS = ("iss", "sub", "jti", "client_id", "htm", "htu", "sd_hash")
A_MOMENT = 300  # seconds for which a proof may be shown


@rule("8725#section-3.11")
def typ_is_expected(judged: Judged) -> Finding | None:
    """One key may sign many kinds of token. `typ` says which this is, so that one kind is not taken for another."""
    profile, typ = judged.profile, judged.header.object.get("typ")
    section = profile.typ_rfc or "8725#section-3.11"
    if not profile.typs or judged.encrypted:
        return None
    kind = typ.lower() if isinstance(typ, str) else ""
    if kind in profile.typs:
        return passed(f"`typ` is `{typ}`", of="typ", rfc=section)
    if profile.typ_is_required:
        wanted = expected(profile.typs[0], typ or "no typ")
        return failed(f"`typ` does not say {profile.typs[0]}", wanted, of="typ", rfc=section)
    if typ is None:
        return not_checked("`typ`, not in the token", "So it can be taken for another kind of token.", rfc=section)
    if profile.name == "jwt" and kind:
        return passed(f"`typ` is `{typ}`", of="typ", rfc=section)
    if any(kind in each.typs for each in PROFILES.values() if each is not profile and kind != "jwt"):
        return failed(f"`typ` says that it is another kind: `{typ}`", of="typ", rfc="8725#section-3.12")
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


@rule("7519#section-4.1")
def texts_are_texts(judged: Judged) -> Finding | None:
    """A name is compared letter by letter. A number or a list in its place is read by each reader in another way."""
    wrong = [name for name in TEXTS if name in judged.claims and not isinstance(judged.claims[name], str)]
    if wrong:
        return failed(f"{', '.join(f'`{name}`' for name in wrong)} is to be a text", of=wrong[0])
    empty = [name for name in TEXTS if judged.claims.get(name) == ""]
    return warning(f"{', '.join(f'`{name}`' for name in empty)} is empty", of=empty[0]) if empty else None


@rule("8725#section-3.8")
def iss_is_trusted(judged: Judged) -> Finding | None:
    """A good signature by somebody else is still somebody else’s. The key must belong to the issuer that is named."""
    iss, trusted = judged.claims.get("iss", ABSENT), judged.expected.iss
    if judged.content is None or judged.profile.name in ("dpop-proof", "key-binding"):
        return None
    if iss is ABSENT:
        if trusted:
            return failed("`iss` is missing", expected(trusted, "no iss"))
        return not_checked("`iss`, not in the token")
    if not isinstance(iss, str):
        return failed("`iss` is no text", of="iss", rfc="7519#section-4.1.1")
    if judged.key and judged.key.issuer != iss and any(held.issuer == iss for held in judged.keys):
        return failed("`iss` has keys that are known here, and this is none of them", of="iss")
    if trusted:
        if iss == trusted:
            return passed("`iss` is the one that you expect", of="iss")
        return failed("`iss` is another issuer", expected(trusted, iss), of="iss")
    if judged.key and judged.key.issuer:
        if iss == judged.key.issuer:
            return passed("`iss` is the key’s owner", of="iss")
        return failed("`iss` is not the key’s owner", expected(judged.key.issuer, iss), of="iss")
    return not_checked("`iss`", "Whose key is it? Say which issuer you trust.", of="iss")


@rule("8725#section-3.9")
def aud_is_expected(judged: Judged) -> Finding | None:
    """A token for somebody else must not work here, or everybody who gets one could use it everywhere."""
    aud, me = judged.claims.get("aud", ABSENT), judged.expected.aud
    if judged.content is None or judged.profile.name == "dpop-proof":
        return None
    if aud is ABSENT:
        if me:
            return failed("`aud` is missing", expected(me, "no aud"))
        return not_checked("`aud`, not in the token", "Anybody could accept it." if judged.claims else "")
    named = aud if isinstance(aud, list) else [aud]
    if not named:
        return failed("`aud` names nobody", of="aud")
    if not all(isinstance(each, str) for each in named):
        return failed("`aud` is neither a text nor a list of texts", of="aud", rfc="7519#section-4.1.3")
    if not me:
        return not_checked("`aud`", of="aud")
    if me in named:
        return passed("`aud` names you", of="aud")
    return failed("`aud` does not name you", expected(me, ", ".join(named)), of="aud")


@rule("7519#section-4.1.4")
def exp_has_not_passed(judged: Judged) -> Finding | None:
    """From `exp` on the token must be refused, so that a stolen one works only for a while."""
    exp, now, leeway = judged.claims.get("exp", ABSENT), judged.now, judged.expected.leeway
    if judged.content is None:
        return None
    if exp is ABSENT:
        return not_checked("`exp`, not in the token")
    if not is_time(exp):
        return _no_time("exp", exp)
    if now >= exp + leeway:
        return failed("`exp` has passed", f"{date(exp)}, {lasting(now - exp)} ago.", of="exp")
    if now >= exp:
        return passed("`exp` has passed, within the leeway", f"{lasting(now - exp)} ago.", of="exp")
    return passed(f"`exp` is in {lasting(exp - now)}", of="exp")


@rule("7519#section-4.1.5")
def nbf_has_come(judged: Judged) -> Finding | None:
    """Before `nbf` the token must be refused: it was made for later."""
    nbf, now, leeway = judged.claims.get("nbf", ABSENT), judged.now, judged.expected.leeway
    if judged.content is None:
        return None
    if nbf is ABSENT:
        return not_checked("`nbf`, not in the token")
    if not is_time(nbf):
        return _no_time("nbf", nbf)
    if now < nbf - leeway:
        return failed("`nbf` has not come", f"{date(nbf)}, in {lasting(nbf - now)}.", of="nbf")
    return passed("`nbf` has come", of="nbf")


@rule("7519#section-4.1.6")
def iat_is_past(judged: Judged) -> Finding | None:
    """A token cannot be made in the future. If it says so, a clock is wrong, or somebody invented it."""
    iat, now = judged.claims.get("iat", ABSENT), judged.now
    if judged.content is None or iat is ABSENT:
        return None
    if not is_time(iat):
        return _no_time("iat", iat)
    if iat > now + judged.expected.leeway:
        return warning("`iat` lies in the future", f"{date(iat)}, in {lasting(iat - now)}.", of="iat")
    exp = judged.claims.get("exp")
    if is_time(exp) and exp <= iat:
        return warning("It expired before it was made", f"`exp` is {lasting(iat - exp)} before `iat`.", of="iat")
    return passed(f"`iat` was {lasting(now - iat)} ago", of="iat")


@rule("9449#section-4.3")
def proof_is_fresh(judged: Judged) -> Finding | None:
    """A proof is made for the moment. One that is still taken an hour later could have been stolen in between."""
    iat, of_key = judged.claims.get("iat"), judged.profile.name
    if of_key not in ("dpop-proof", "key-binding") or not is_time(iat):
        return None
    section = "9449#section-4.3" if of_key == "dpop-proof" else "9901#section-7.3"
    age = judged.now - iat
    if age > A_MOMENT + judged.expected.leeway:
        return failed(
            "It is too old for a proof",
            f"Made {lasting(age)} ago; here {lasting(A_MOMENT)} are allowed.",
            of="iat",
            rfc=section,
        )
    return passed("It was made just now", f"{lasting(age)} ago." if age > 0 else "", of="iat", rfc=section)


@rule("oidc-core#section-3.1.3.7")
def nonce_is_expected(judged: Judged) -> Finding | None:
    """The client sent a `nonce` along with its question. If it comes back, this is the answer to that question."""
    nonce, sent = judged.claims.get("nonce", ABSENT), judged.expected.nonce
    if judged.content is None:
        return None
    if judged.profile.name == "logout-token" and nonce is not ABSENT:
        more = "So that it can never pass for an ID token."
        return failed("A logout token must not have a `nonce`", more, of="nonce", rfc="oidc-backchannel#section-2.4")
    if nonce is ABSENT:
        return failed("`nonce` is missing", expected(sent, "no nonce")) if sent else None
    if sent:
        if nonce == sent:
            return passed("`nonce` is the one that you sent", of="nonce")
        return failed("`nonce` is not the one that you sent", expected(sent, nonce), of="nonce")
    if judged.profile.name in ("id-token", "key-binding", "dpop-proof"):
        return not_checked("`nonce`", "Which one did you send?", of="nonce")
    return None


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
    htm, htu = judged.claims.get("htm"), judged.claims.get("htu")
    jwk = judged.header.object.get("jwk")
    if isinstance(jwk, dict) and "d" in jwk:
        return failed("The `jwk` in the header holds a private key", of="jwk", rfc="9449#section-4.2")
    if not isinstance(htm, str) or not isinstance(htu, str):
        return None
    if "?" in htu or "#" in htu:
        return failed(
            "`htu` has a query or a fragment", "It is compared without both.", of="htu", rfc="9449#section-4.2"
        )
    return not_checked("`htm` and `htu`", f"Is it a {htm} request to {htu} that it came with?", of="htm")


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
    texts_are_texts,
    iss_is_trusted,
    aud_is_expected,
    exp_has_not_passed,
    nbf_has_come,
    iat_is_past,
    proof_is_fresh,
    nonce_is_expected,
    azp_is_named,
    logout_names_whom,
    proof_is_for_one_request,
]
