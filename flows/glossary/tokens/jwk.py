"""Notes on the members of a key as JSON, a JWK (RFC 7517), and on the values of those that have few."""

from flows.glossary.entry import Entry

_OF_ANY_KEY = {
    "keys": Entry(
        "The public keys, each of them a JWK. There can be several, so that an old one still verifies "
        "while a new one takes over.",
        "7517#section-5.1",
        "the keys of this set",
    ),
    "kty": Entry(
        "Which family the key belongs to, such as `EC`, `RSA` or `OKP`. It decides which other members there are.",
        "7517#section-4.1",
        "the key’s family",
    ),
    "kid": Entry(
        "Names the key. A token says in its header which one was used, so a verifier need not try them all.",
        "7517#section-4.5",
        "the key’s name",
    ),
    "use": Entry(
        "What the key is for: `sig` for signatures, `enc` for encryption. A key should do only one of the two.",
        "7517#section-4.2",
        "what it is for",
    ),
    "alg": Entry(
        "The one algorithm this key is meant for. "
        "A verifier that holds to it cannot be talked into another by a token’s header.",
        "7517#section-4.4",
        "its one algorithm",
    ),
    "key_ops": Entry(
        "What may be done with the key, in more detail than `use`. The two should not be used together.",
        "7517#section-4.3",
        "what may be done with it",
    ),
    "x5u": Entry(
        "Where the certificate of this key is. It is fetched over TLS, and must hold the same key.",
        "7517#section-4.6",
        "where its certificate is",
    ),
    "x5c": Entry(
        "The certificate of this key, with those that vouch for it. The first one must hold the same key.",
        "7517#section-4.7",
        "its certificates",
    ),
    "x5t": Entry(
        "A SHA-1 fingerprint of the key’s certificate. `x5t#S256` does the same with a stronger hash.",
        "7517#section-4.8",
        "SHA-1 of its certificate",
    ),
    "x5t#S256": Entry(
        "A SHA-256 fingerprint of the key’s certificate.",
        "7517#section-4.9",
        "SHA-256 of its certificate",
    ),
}

_OF_A_CURVE = {
    "crv": Entry(
        "Which curve the key lies on. Both sides have to calculate on the same one.",
        "7518#section-6.2.1.1",
        "its curve",
    ),
    "x": Entry(
        "The first coordinate of the public key, a point on the curve. For a key of type `OKP`, all of it.",
        "7518#section-6.2.1.2",
        "first coordinate, public",
    ),
    "y": Entry(
        "The second coordinate of the public key, a point on the curve.",
        "7518#section-6.2.1.3",
        "second coordinate, public",
    ),
}

_OF_RSA = {
    "n": Entry(
        "The modulus of an RSA key. It is a product of large primes, and only whoever knows those can sign.",
        "7518#section-6.3.1.1",
        "the modulus, public",
    ),
    "e": Entry(
        "The public exponent of an RSA key. With `n` it is all that is needed to verify a signature.",
        "7518#section-6.3.1.2",
        "the exponent, public",
    ),
}

_SECRET = {
    "d": Entry(
        "The private part of the key. Whoever has it can sign as its owner, so it must never be published.",
        "7517#section-9.2",
        "the private part",
    ),
    "p": Entry(
        "One of the two primes behind an RSA key. With it anybody can work out the private part, "
        "so it must never be published.",
        "7518#section-6.3.2.2",
        "a prime, private",
    ),
    "q": Entry(
        "The other of the two primes behind an RSA key. It is as secret as `p`.",
        "7518#section-6.3.2.3",
        "the other prime, private",
    ),
    "dp": Entry(
        "The private exponent reduced by `p`, kept because it makes signing faster. It is as secret as `d`.",
        "7518#section-6.3.2.4",
        "makes it faster, private",
    ),
    "dq": Entry(
        "The private exponent reduced by `q`, kept because it makes signing faster. It is as secret as `d`.",
        "7518#section-6.3.2.5",
        "makes it faster, private",
    ),
    "qi": Entry(
        "What joins the two halves of the faster calculation, the inverse of `q`. It is as secret as `d`.",
        "7518#section-6.3.2.6",
        "makes it faster, private",
    ),
    "oth": Entry(
        "The further primes of an RSA key that has more than two. Hardly any has, and many programs refuse such a key.",
        "7518#section-6.3.2.7",
        "more primes, private",
    ),
    "r": Entry("A further prime of an RSA key, within `oth`.", "7518#section-6.3.2.7.1", "a further prime, private"),
    "t": Entry(
        "What joins a further prime into the faster calculation, within `oth`.",
        "7518#section-6.3.2.7.3",
        "makes it faster, private",
    ),
    "k": Entry(
        "A secret key, shared by all who use it. Whoever has it can make tokens, so it must never be published.",
        "7518#section-6.4.1",
        "the secret itself",
    ),
}

JWK = _OF_ANY_KEY | _OF_A_CURVE | _OF_RSA | _SECRET

JWK_VALUES = {
    "kty=EC": Entry("`EC` is a key on an elliptic curve.", "7518#section-6.2", "elliptic curve"),
    "kty=RSA": Entry("`RSA` is a pair of keys made of large primes.", "7518#section-6.3", "RSA"),
    "kty=OKP": Entry(
        "`OKP` is a pair of keys on an Edwards or Montgomery curve, such as Ed25519.",
        "8037#section-2",
        "Edwards or Montgomery curve",
    ),
    "kty=oct": Entry("`oct` is a secret that both sides share, as plain bytes.", "7518#section-6.4", "a shared secret"),
    "use=sig": Entry("`sig` is for signing and for checking signatures.", "7517#section-4.2", "signatures"),
    "use=enc": Entry("`enc` is for encrypting and decrypting.", "7517#section-4.2", "encryption"),
}
