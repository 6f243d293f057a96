"""Notes on claims, the members of a JWT's payload, and on the members of `cnf` (RFC 7800)."""

from flows.glossary.entry import Entry

_OF_ANY_TOKEN = {
    "iss": Entry(
        "Who issued the token. A verifier must know this issuer, and use this issuer’s keys and no others.",
        "7519#section-4.1.1",
        "who issued it",
    ),
    "sub": Entry(
        "Whom the token is about. In an access token that is the user who gave access or, "
        "where no user took part, the client.",
        "7519#section-4.1.2",
        "whom it is about",
    ),
    "aud": Entry(
        "Whom the token is meant for. A receiver that is not named here must refuse it, "
        "or a token for one API would open another.",
        "7519#section-4.1.3",
        "who may accept it",
    ),
    "exp": Entry(
        "From this time on, the token must be refused. So a stolen one works only for a while.",
        "7519#section-4.1.4",
        "when it ends",
    ),
    "nbf": Entry(
        "Before this time, the token must be refused. So it can be made ahead of its use.",
        "7519#section-4.1.5",
        "when it begins",
    ),
    "iat": Entry(
        "When the token was made. It tells the age of the token, and sets no limit by itself.",
        "7519#section-4.1.6",
        "when it was made",
    ),
    "jti": Entry(
        "Names this one token and no other, so that it can be recognised if it comes again.",
        "7519#section-4.1.7",
        "its own number",
    ),
    "cnf": Entry(
        "Names a key that whoever presents the token must prove to hold. The token alone is then of no use to a thief.",
        "7800#section-3.1",
        "the key its bearer must prove",
    ),
}

_OF_ACCESS = {
    "client_id": Entry(
        "Which client the token was issued to, so that an API knows what program is calling.",
        "9068#section-2.2",
        "issued to this client",
    ),
    "scope": Entry(
        "What the token allows, as names separated by spaces. The API compares it with what the request needs.",
        "9068#section-2.2.3",
        "what it allows",
    ),
    "authorization_details": Entry(
        "What the token allows where a name is too coarse: each entry has a `type` and says exactly what may be done, "
        "such as one payment.",
        "9396#section-9.1",
        "exactly what it allows",
    ),
    "roles": Entry(
        "The roles that the user has, for an API that decides by them. They say what the user is, "
        "not what the client was allowed to do.",
        "9068#section-2.2.3.1",
        "the user’s roles",
    ),
    "groups": Entry(
        "The groups that the user belongs to, for an API that decides by them.",
        "9068#section-2.2.3.1",
        "the user’s groups",
    ),
    "entitlements": Entry(
        "What the user is entitled to, one by one, for an API that decides by that and not by roles.",
        "9068#section-2.2.3.1",
        "what the user may have",
    ),
    "act": Entry(
        "Who is acting for the one in `sub`, so that an API can tell the two apart. An `act` inside it tells who "
        "acted before, and decides nothing.",
        "8693#section-4.1",
        "who acts for `sub`",
    ),
    "may_act": Entry(
        "Who is allowed to become the actor for the one in `sub`. The server looks here when a token is exchanged.",
        "8693#section-4.4",
        "who may act for `sub`",
    ),
    "token_introspection": Entry(
        "What the server knows about another token, signed so that it can be shown later. The members are those of an "
        "introspection response.",
        "9701#section-5",
        "what a server says of a token",
    ),
}

_OF_A_LOGIN = {
    "auth_time": Entry(
        "When the user last proved who they are. A delicate action may require that this was not long ago.",
        "oidc-core#section-2",
        "when the user logged in",
    ),
    "acr": Entry(
        "How strong the login was, as a class whose meaning issuer and receiver have agreed on.",
        "oidc-core#section-2",
        "how strong the login was",
    ),
    "amr": Entry(
        "By which methods the user logged in, such as a password or a one-time code.",
        "oidc-core#section-2",
        "how the user logged in",
    ),
    "nonce": Entry(
        "Repeats a value chosen for one exchange, so that a token from another cannot be slipped in.",
        "oidc-core#section-2",
        "ties it to one exchange",
    ),
    "azp": Entry("The client that the ID token was issued to.", "oidc-core#section-2", "issued to this client"),
    "at_hash": Entry(
        "Half of a hash of the access token that came with this ID token. "
        "If one of the two is swapped, it no longer fits.",
        "oidc-core#section-3.1.3.6",
        "hash of the access token",
    ),
    "c_hash": Entry(
        "Half of a hash of the code that came with this ID token. If one of the two is swapped, it no longer fits.",
        "oidc-core#section-3.3.2.11",
        "hash of the code",
    ),
    "sub_jwk": Entry(
        "The public key of a user who vouches for themselves. It checks this very token, "
        "so it proves only that the same key came back.",
        "oidc-core#section-7.4",
        "the user’s own public key",
    ),
    "sid": Entry(
        "Names the user’s session at the server that logged them in, so that a logout can end this one and no other.",
        "oidc-frontchannel#section-3",
        "which session it belongs to",
    ),
}

_OF_A_PERSON = {
    "name": Entry(
        "The user’s full name, for display. Names change and are shared, so it identifies nobody.",
        "oidc-core#section-5.1",
        "the user’s full name",
    ),
    "given_name": Entry(
        "The user’s first name or names. Some people have several, some have none.",
        "oidc-core#section-5.1",
        "the user’s first names",
    ),
    "family_name": Entry(
        "The user’s surname or surnames. Some people have several, some have none.",
        "oidc-core#section-5.1",
        "the user’s surnames",
    ),
    "middle_name": Entry(
        "The user’s middle name or names. In many cultures there are none.",
        "oidc-core#section-5.1",
        "the user’s middle names",
    ),
    "nickname": Entry(
        "What friends call the user. It need not be like `given_name`.",
        "oidc-core#section-5.1",
        "what friends say",
    ),
    "preferred_username": Entry(
        "The short name that the user would like to have here. It may be taken already and it may change, "
        "so it identifies nobody.",
        "oidc-core#section-5.1",
        "a name to show, not to trust",
    ),
    "profile": Entry("The address of a page about the user.", "oidc-core#section-5.1", "a page about the user"),
    "picture": Entry(
        "The address of a picture of the user. Whoever loads it tells that address’s server that they looked.",
        "oidc-core#section-5.1",
        "a picture of the user",
    ),
    "website": Entry("The address of the user’s own site or blog.", "oidc-core#section-5.1", "the user’s own site"),
    "email": Entry(
        "The user’s e-mail address. Addresses pass to other people, "
        "so a user is recognised by `iss` and `sub` and not by this.",
        "oidc-core#section-5.1",
        "the user’s e-mail address",
    ),
    "email_verified": Entry(
        "Whether the issuer made sure that the address in `email` was the user’s. "
        "Anybody can type in anybody’s address.",
        "oidc-core#section-5.1",
        "was that address checked?",
    ),
    "gender": Entry(
        "The user’s gender. `female` and `male` are defined, and other values are allowed.",
        "oidc-core#section-5.1",
        "the user’s gender",
    ),
    "birthdate": Entry(
        "When the user was born: year, month and day, or the year alone. The year `0000` means that it is kept back.",
        "oidc-core#section-5.1",
        "when the user was born",
    ),
    "zoneinfo": Entry(
        "The user’s time zone, by its name in the time zone database.",
        "oidc-core#section-5.1",
        "the user’s time zone",
    ),
    "locale": Entry(
        "The user’s language and region, so that pages can be shown in it.",
        "oidc-core#section-5.1",
        "the user’s language",
    ),
    "phone_number": Entry(
        "The user’s telephone number. Numbers pass to other people, so it identifies nobody for good.",
        "oidc-core#section-5.1",
        "the user’s telephone number",
    ),
    "phone_number_verified": Entry(
        "Whether the issuer made sure that the number in `phone_number` was the user’s.",
        "oidc-core#section-5.1",
        "was that number checked?",
    ),
    "address": Entry(
        "The user’s postal address, as an object. Which of its members are there is up to the issuer.",
        "oidc-core#section-5.1",
        "the user’s postal address",
    ),
    "updated_at": Entry(
        "When the user’s details last changed, so that a copy can be refreshed only where it is older.",
        "oidc-core#section-5.1",
        "when these details changed",
    ),
}

_OF_EVENTS = {
    "events": Entry(
        "What happened: each name is an address that stands for a kind of event. "
        "It makes the token a report, and no permission to do anything.",
        "8417#section-2.2",
        "what happened",
    ),
    "toe": Entry(
        "When it happened. `iat` is when the report of it was made, which may be later.",
        "8417#section-2.2",
        "when it happened",
    ),
    "txn": Entry(
        "The same in all reports that come from one transaction, so that they can be put together.",
        "8417#section-2.2",
        "joins reports of one event",
    ),
}

_OF_A_DPOP_PROOF = {
    "htm": Entry(
        "The method of the request that this proof was made for. For another method it does not count.",
        "9449#section-4.2",
        "the request’s method",
    ),
    "htu": Entry(
        "The address of the request that this proof was made for, without its query and fragment. "
        "For another address it does not count.",
        "9449#section-4.2",
        "the request’s address",
    ),
    "ath": Entry(
        "A hash of the access token that travels with this proof, so that the proof cannot serve another token.",
        "9449#section-4.2",
        "hash of the access token",
    ),
}

_OF_AN_SD_JWT = {
    "_sd": Entry(
        "Digests that stand for members which the holder may show or keep back. "
        "Some may stand for nothing, so that their number tells nothing.",
        "9901#section-4.2.4.1",
        "digests of hidden members",
    ),
    "...": Entry(
        "A digest in the place of one element of an array, which the holder may show or keep back.",
        "9901#section-4.2.4.2",
        "digest of a hidden element",
    ),
    "_sd_alg": Entry(
        "With which hash the digests were made. Where it is missing, it is `sha-256`.",
        "9901#section-4.1.1",
        "hash behind the digests",
    ),
    "sd_hash": Entry(
        "A hash of the SD-JWT with just the disclosures that are shown, so that nothing can be added or taken away.",
        "9901#section-4.3",
        "hash of what is shown",
    ),
}

CLAIMS = _OF_ANY_TOKEN | _OF_ACCESS | _OF_A_LOGIN | _OF_A_PERSON | _OF_EVENTS | _OF_A_DPOP_PROOF | _OF_AN_SD_JWT

CONFIRMATION_METHODS = {
    "jwk": Entry(
        "The public key itself. Whoever presents the token proves to hold the private half of it.",
        "7800#section-3.2",
        "the public key itself",
    ),
    "jwe": Entry(
        "A secret key, encrypted so that only the receiver of the token can read it.",
        "7800#section-3.3",
        "a secret key, encrypted",
    ),
    "kid": Entry(
        "The name of a key that the receiver already has.",
        "7800#section-3.4",
        "the key’s name",
    ),
    "jku": Entry(
        "Where a set of keys is, one of which is meant. It is fetched over TLS, and only from where one trusts.",
        "7800#section-3.5",
        "where the key is",
    ),
    "x5t#S256": Entry(
        "A SHA-256 fingerprint of the client’s certificate. The token counts only over a TLS connection that "
        "the client opened with it.",
        "8705#section-3.1",
        "the client’s certificate",
    ),
    "jkt": Entry(
        "A SHA-256 fingerprint of a public key. The token counts only beside a DPoP proof that this key signed.",
        "9449#section-6.1",
        "the key of its DPoP proofs",
    ),
}
