"""Notes on the members of a JOSE header (RFC 7515 §4, RFC 7516 §4)."""

from flows.glossary.entry import Entry

JOSE_HEADERS = {
    "alg": Entry(
        "How the token is protected. The sender writes this, so a verifier accepts only what it chose beforehand.",
        "7515#section-4.1.1",
        "how it is protected",
    ),
    "kid": Entry(
        "Which key was used, so that keys can be replaced. "
        "Compare it with the keys you have; never put it unchecked into a file path or a database query.",
        "7515#section-4.1.4",
        "which key checks it",
    ),
    "typ": Entry(
        "What kind of token this is, so that one kind cannot pass for another.",
        "7515#section-4.1.9",
        "what kind it is",
    ),
    "jwk": Entry(
        "A public key inside the token. A forger can put in their own, "
        "so the signature proves nothing until the key is trusted for another reason.",
        "7515#section-4.1.3",
        "a key it brings itself",
    ),
    "jku": Entry(
        "Where to fetch the keys. A server that follows it blindly lets a forger choose the key, "
        "and calls whatever address the forger likes.",
        "7515#section-4.1.2",
        "where its keys are said to be",
    ),
    "x5u": Entry(
        "Where to fetch the certificate. A server that follows it blindly calls whatever address a forger likes.",
        "7515#section-4.1.5",
        "where its certificate should be",
    ),
    "x5c": Entry(
        "The certificate of the key, with those that vouch for it. "
        "It counts only once that chain leads to one the verifier trusts.",
        "7515#section-4.1.6",
        "certificates it brings itself",
    ),
    "x5t": Entry(
        "A SHA-1 fingerprint of the certificate, to find it by. `x5t#S256` does the same with a stronger hash.",
        "7515#section-4.1.7",
        "SHA-1 of the certificate",
    ),
    "x5t#S256": Entry(
        "A SHA-256 fingerprint of the certificate, to find it by.",
        "7515#section-4.1.8",
        "SHA-256 of the certificate",
    ),
    "cty": Entry(
        "What kind of content is inside. `JWT` means that another token is nested in this one.",
        "7515#section-4.1.10",
        "what is inside",
    ),
    "crit": Entry(
        "Extensions that must not be ignored. A reader that does not know one of them must reject the token.",
        "7515#section-4.1.11",
        "extensions one must know",
    ),
    "enc": Entry(
        "How the content is encrypted. It is there only in an encrypted token, a JWE.",
        "7516#section-4.1.2",
        "how the content is encrypted",
    ),
    "zip": Entry(
        "The content was compressed before it was encrypted. "
        "The length can then betray what is inside, so this should be avoided.",
        "7516#section-4.1.3",
        "compressed before encryption",
    ),
    "b64": Entry(
        "Whether the payload is base64url-encoded before it is signed. If not, `crit` must list this name.",
        "7797#section-3",
        "is the payload base64url?",
    ),
    "epk": Entry(
        "A public key made for this one token, from which sender and receiver derive the same secret.",
        "7518#section-4.6.1.1",
        "a key for this token alone",
    ),
    "apu": Entry(
        "Something about the sender that goes into the derived key.",
        "7518#section-4.6.1.2",
        "about the sender",
    ),
    "apv": Entry(
        "Something about the receiver that goes into the derived key.",
        "7518#section-4.6.1.3",
        "about the receiver",
    ),
    "iv": Entry(
        "A number used once, with which AES-GCM encrypted the content’s key.",
        "7518#section-4.7.1.1",
        "a number used once",
    ),
    "tag": Entry(
        "Shows that the encrypted key has not been changed on the way.",
        "7518#section-4.7.1.2",
        "seals the encrypted key",
    ),
    "p2s": Entry(
        "Salt, so that equal passwords do not give equal keys.",
        "7518#section-4.8.1.1",
        "salt for the password",
    ),
    "p2c": Entry(
        "How often the hash is repeated to turn a password into a key. "
        "A reader should set a limit, or a huge number keeps it busy.",
        "7518#section-4.8.1.2",
        "how often the hash is repeated",
    ),
    "iss": Entry(
        "Who issued the token, repeated outside the encryption, so that a receiver can choose a key before "
        "it decrypts. Inside should stand the same.",
        "7519#section-5.3",
        "who issued it, repeated",
    ),
    "sub": Entry(
        "Whom the token is about, repeated outside the encryption, where everybody on the way can read it. "
        "Inside should stand the same.",
        "7519#section-5.3",
        "whom it is about, repeated",
    ),
    "aud": Entry(
        "Whom the token is meant for, repeated outside the encryption, so that it can be passed on to the right one. "
        "Inside should stand the same.",
        "7519#section-5.3",
        "who may accept it, repeated",
    ),
}
