"""What a grant that was accepted gives: an access token, a JWT or opaque, and with some grants a refresh token."""

from __future__ import annotations

from dataclasses import dataclass

from flows import story
from flows.realm import Fresh, Realm
from flows.store import access_tokens, families, refresh_tokens
from flows.tokens import jws


@dataclass(frozen=True)
class Given:
    """What was granted: whose access it is, for which scope. All that comes of one yes is one `family`, and can be
    taken back together. `whole_scope` is what a refresh token keeps where the access token is to allow less (RFC 6749
    §6); "" where it is the same."""

    sub: str
    scope: str
    family: str
    whole_scope: str = ""


def new_family(realm: Realm, fresh: Fresh) -> str:
    """The number of a family of codes and tokens that begins now."""
    family = fresh("family")
    with realm.store.transaction() as connection:
        connection.execute(families.insert(), {"realm": realm.name, "id": family})
    return family


def give_tokens(
    realm: Realm, fresh: Fresh, client: story.Client, given: Given, *, refresh: bool = False
) -> dict[str, object]:
    """The token response (RFC 6749 §5.1); the access token is a JWT as RFC 9068 has it, or opaque."""
    now, lifetime = realm.now(), client.token_lifetime
    jti = fresh("jti")
    row = {
        "realm": realm.name,
        "family": given.family,
        "client_id": client.client_id,
        "sub": given.sub,
        "scope": given.scope,
        "issued_at": now,
    }
    answer: dict[str, object] = {
        "access_token": jti if realm.opaque else _signed(realm, client, given, jti, now),
        "token_type": "Bearer",
        "expires_in": lifetime,
        "scope": given.scope,
    }
    with realm.store.transaction() as connection:
        connection.execute(access_tokens.insert(), {**row, "jti": jti, "expires_at": now + lifetime})
        if refresh:
            answer["refresh_token"] = fresh("refresh_token")
            its = {"refresh_token": answer["refresh_token"], "expires_at": now + client.refresh_lifetime}
            whole = {"scope": given.whole_scope or given.scope}
            connection.execute(refresh_tokens.insert(), {**row, **its, **whole})
    return answer


def _signed(realm: Realm, client: story.Client, given: Given, jti: str, now: int) -> str:
    claims = {
        "iss": realm.issuer,
        "sub": given.sub,
        "aud": realm.audience,
        "client_id": client.client_id,
        "scope": given.scope,
        "iat": now,
        "nbf": now,
        "exp": now + client.token_lifetime,
        "jti": jti,
    }
    signing = realm.signing_keys[0]
    return jws.sign(claims, signing.key, alg=signing.alg, kid=signing.kid, typ="at+jwt")
