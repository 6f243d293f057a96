"""Notes on JOSE headers, claims and keys. They explain tokens from elsewhere too, so they never name our parties."""

from flows.glossary.entry import Entry

JOSE_HEADERS = {
    "alg": Entry(
        "How the token is protected. The sender writes this, so a verifier accepts only what it chose beforehand.",
        "8725#section-3.1",
    ),
    "kid": Entry(
        "Which key was used, so that keys can be replaced. "
        "Compare it with the keys you have; never put it unchecked into a file path or a database query.",
        "8725#section-3.10",
    ),
    "typ": Entry(
        "What kind of token this is, so that one kind cannot pass for another.",
        "8725#section-3.11",
    ),
    "jwk": Entry(
        "A public key inside the token. A forger can put in their own, "
        "so the signature proves nothing until the key is trusted for another reason.",
        "7515#section-4.1.3",
    ),
    "jku": Entry(
        "Where to fetch the keys. A server that follows it blindly lets a forger choose the key, "
        "and calls whatever address the forger likes.",
        "8725#section-3.10",
    ),
    "x5u": Entry(
        "Where to fetch the certificate. A server that follows it blindly calls whatever address a forger likes.",
        "8725#section-3.10",
    ),
    "x5c": Entry(
        "The certificate of the key, with those that vouch for it. "
        "It counts only once that chain leads to one the verifier trusts.",
        "7515#section-4.1.6",
    ),
    "x5t": Entry(
        "A SHA-1 fingerprint of the certificate, to find it by. `x5t#S256` does the same with a stronger hash.",
        "7515#section-4.1.7",
    ),
    "x5t#S256": Entry("A SHA-256 fingerprint of the certificate, to find it by.", "7515#section-4.1.8"),
    "cty": Entry(
        "What kind of content is inside. `JWT` means that another token is nested in this one.",
        "7519#section-5.2",
    ),
    "crit": Entry(
        "Extensions that must not be ignored. A reader that does not know one of them must reject the token.",
        "7515#section-4.1.11",
    ),
    "enc": Entry(
        "How the content is encrypted. It is there only in an encrypted token, a JWE.",
        "7516#section-4.1.2",
    ),
    "zip": Entry(
        "The content was compressed before it was encrypted. "
        "The length can then betray what is inside, so this should be avoided.",
        "8725#section-3.6",
    ),
    "b64": Entry(
        "Whether the payload is base64url-encoded before it is signed. If not, `crit` must list this name.",
        "7797#section-3",
    ),
    "epk": Entry(
        "A public key made for this one token, from which sender and receiver derive the same secret.",
        "7518#section-4.6.1.1",
    ),
    "apu": Entry("Something about the sender that goes into the derived key.", "7518#section-4.6.1.2"),
    "apv": Entry("Something about the receiver that goes into the derived key.", "7518#section-4.6.1.3"),
    "iv": Entry(
        "A number used once, with which AES-GCM encrypted the content’s key.",
        "7518#section-4.7.1.1",
    ),
    "tag": Entry(
        "Shows that the encrypted key has not been changed on the way.",
        "7518#section-4.7.1.2",
    ),
    "p2s": Entry("Salt, so that equal passwords do not give equal keys.", "7518#section-4.8.1.1"),
    "p2c": Entry(
        "How often the hash is repeated to turn a password into a key. "
        "A reader should set a limit, or a huge number keeps it busy.",
        "7518#section-4.8.1.2",
    ),
}

CLAIMS = {
    "iss": Entry(
        "Who issued the token. A verifier must know this issuer, and use this issuer’s keys and no others.",
        "8725#section-3.8",
    ),
    "sub": Entry(
        "Whom the token is about. In an access token that is the user who gave access or, "
        "where no user took part, the client.",
        "9068#section-2.2",
    ),
    "aud": Entry(
        "Whom the token is meant for. A receiver that is not named here must refuse it, "
        "or a token for one API would open another.",
        "7519#section-4.1.3",
    ),
    "exp": Entry(
        "From this time on, the token must be refused. So a stolen one works only for a while.",
        "7519#section-4.1.4",
    ),
    "nbf": Entry(
        "Before this time, the token must be refused. So it can be made ahead of its use.",
        "7519#section-4.1.5",
    ),
    "iat": Entry(
        "When the token was made. It tells the age of the token, and sets no limit by itself.",
        "7519#section-4.1.6",
    ),
    "jti": Entry(
        "Names this one token and no other, so that it can be recognised if it comes again.",
        "7519#section-4.1.7",
    ),
    "client_id": Entry(
        "Which client the token was issued to, so that an API knows what program is calling.",
        "9068#section-2.2",
    ),
    "scope": Entry(
        "What the token allows, as names separated by spaces. The API compares it with what the request needs.",
        "9068#section-2.2.3",
    ),
    "auth_time": Entry(
        "When the user last proved who they are. A delicate action may require that this was not long ago.",
        "oidc-core#section-2",
    ),
    "acr": Entry(
        "How strong the login was, as a class whose meaning issuer and receiver have agreed on.",
        "oidc-core#section-2",
    ),
    "amr": Entry(
        "By which methods the user logged in, such as a password or a one-time code.",
        "oidc-core#section-2",
    ),
    "nonce": Entry(
        "Repeats a value chosen for one exchange, so that a token from another cannot be slipped in.",
        "oidc-core#section-2",
    ),
    "azp": Entry("The client that the ID token was issued to.", "oidc-core#section-2"),
    "at_hash": Entry(
        "Half of a hash of the access token that came with this ID token. "
        "If one of the two is swapped, it no longer fits.",
        "oidc-core#section-3.1.3.6",
    ),
    "c_hash": Entry(
        "Half of a hash of the code that came with this ID token. If one of the two is swapped, it no longer fits.",
        "oidc-core#section-3.3.2.11",
    ),
    "cnf": Entry(
        "Names a key that whoever presents the token must prove to hold. The token alone is then of no use to a thief.",
        "7800#section-3.1",
    ),
    "name": Entry(
        "The user’s full name, for display. Names change and are shared, so it identifies nobody.",
        "oidc-core#section-5.1",
    ),
    "email": Entry(
        "The user’s e-mail address. Addresses pass to other people, "
        "so a user is recognised by `iss` and `sub` and not by this.",
        "oidc-core#section-5.7",
    ),
}

JWK = {
    "keys": Entry(
        "The public keys, each of them a JWK. There can be several, so that an old one still verifies "
        "while a new one takes over.",
        "7517#section-5.1",
    ),
    "kty": Entry(
        "Which family the key belongs to, such as `EC`, `RSA` or `OKP`. It decides which other members there are.",
        "7517#section-4.1",
    ),
    "crv": Entry(
        "Which curve the key lies on. Both sides have to calculate on the same one.",
        "7518#section-6.2.1.1",
    ),
    "x": Entry(
        "The first coordinate of the public key, a point on the curve. For a key of type `OKP`, all of it.",
        "7518#section-6.2.1.2",
    ),
    "y": Entry("The second coordinate of the public key, a point on the curve.", "7518#section-6.2.1.3"),
    "n": Entry(
        "The modulus of an RSA key. It is a product of large primes, and only whoever knows those can sign.",
        "7518#section-6.3.1.1",
    ),
    "e": Entry(
        "The public exponent of an RSA key. With `n` it is all that is needed to verify a signature.",
        "7518#section-6.3.1.2",
    ),
    "kid": Entry(
        "Names the key. A token says in its header which one was used, so a verifier need not try them all.",
        "7517#section-4.5",
    ),
    "use": Entry(
        "What the key is for: `sig` for signatures, `enc` for encryption. A key should do only one of the two.",
        "7517#section-4.2",
    ),
    "alg": Entry(
        "The one algorithm this key is meant for. "
        "A verifier that holds to it cannot be talked into another by a token’s header.",
        "7517#section-4.4",
    ),
    "key_ops": Entry(
        "What may be done with the key, in more detail than `use`. The two should not be used together.",
        "7517#section-4.3",
    ),
    "d": Entry(
        "The private part of the key. Whoever has it can sign as its owner, so it must never be published.",
        "7517#section-9.2",
    ),
    "k": Entry(
        "A secret key, shared by all who use it. Whoever has it can make tokens, so it must never be published.",
        "7518#section-6.4.1",
    ),
}

VALUES = {
    "alg=ES256": Entry(
        "`ES256` signs with a private key on the curve P-256. Whoever checks it with the public key cannot make one.",
        "7518#section-3.4",
    ),
    "alg=RS256": Entry(
        "`RS256` signs with a private RSA key. Whoever checks it with the public key cannot make one.",
        "7518#section-3.3",
    ),
    "alg=EdDSA": Entry(
        "`EdDSA` signs with a private key on an Edwards curve, Ed25519 or Ed448 as the key says. "
        "Whoever checks it with the public key cannot make one.",
        "8037#section-3.1",
    ),
    "alg=HS256": Entry(
        "`HS256` uses one secret that both sides share. Whoever can check such a token can also make one.",
        "7518#section-3.2",
    ),
    "alg=none": Entry(
        "`none` is no signature at all: anybody could have written this. As an access token it must be refused.",
        "9068#section-4",
    ),
    "typ=at+jwt": Entry(
        "`at+jwt` is an access token, neither an ID token nor any other JWT.",
        "9068#section-2.1",
    ),
    "typ=JWT": Entry(
        "`JWT` does not say which kind, so a receiver needs another way to tell.",
        "7519#section-5.1",
    ),
}
