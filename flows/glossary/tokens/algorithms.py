"""Notes on algorithms, as the values of `alg`, `enc` and `zip` (RFC 7518, RFC 8037; names from later RFCs too)."""

from flows.glossary.entry import Entry

_NOBODY_ELSE = "Whoever checks it with the public key cannot make one."

_SIGNING = {
    **{
        f"HS{bits}": Entry(
            f"`HS{bits}` uses one secret that both sides share. Whoever can check such a token can also make one.",
            "7518#section-3.2",
            f"HMAC with SHA-{bits}",
        )
        for bits in (256, 384, 512)
    },
    **{
        f"RS{bits}": Entry(
            f"`RS{bits}` signs with a private RSA key. {_NOBODY_ELSE}",
            "7518#section-3.3",
            f"RSA (PKCS #1) with SHA-{bits}",
        )
        for bits in (256, 384, 512)
    },
    **{
        f"PS{bits}": Entry(
            f"`PS{bits}` signs with a private RSA key, with random padding: two signatures of the same text differ. "
            f"{_NOBODY_ELSE}",
            "7518#section-3.5",
            f"RSA-PSS with SHA-{bits}",
        )
        for bits in (256, 384, 512)
    },
    **{
        name: Entry(
            f"`{name}` signs with a private key on the curve {curve}. {_NOBODY_ELSE}",
            "7518#section-3.4",
            f"ECDSA on {curve}",
        )
        for name, curve in {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}.items()
    },
    "ES256K": Entry(
        f"`ES256K` signs with a private key on the curve secp256k1, the one of Bitcoin. RFC 8812 registers it. "
        f"{_NOBODY_ELSE}",
        "7518#section-3.4",
        "ECDSA on secp256k1",
    ),
    "EdDSA": Entry(
        "`EdDSA` signs with a private key on an Edwards curve, Ed25519 or Ed448 as the key says. "
        "RFC 9864 deprecates the name, since it leaves the curve open.",
        "8037#section-3.1",
        "Ed25519 or Ed448",
    ),
    **{
        name: Entry(
            f"`{name}` signs with a private key on the curve {name}. RFC 9864 gave it this name; before, it was one of "
            f"two that `EdDSA` meant. {_NOBODY_ELSE}",
            "8037#section-3.1",
            f"EdDSA on {name}",
        )
        for name in ("Ed25519", "Ed448")
    },
    **{
        name: Entry(
            f"`{name}` is made to withstand quantum computers; its signatures are some {size} bytes long. "
            f"RFC 9964 registers it. {_NOBODY_ELSE}",
            "7518#section-3.1",
            "lattice-based, post-quantum",
        )
        for name, size in {"ML-DSA-44": 2400, "ML-DSA-65": 3300, "ML-DSA-87": 4600}.items()
    },
    "none": Entry(
        "`none` is no signature at all: anybody could have written this. As an access token it must be refused.",
        "9068#section-4",
        "no signature at all",
    ),
}

_FOR_KEYS = {
    "RSA1_5": Entry(
        "`RSA1_5` encrypts the content’s key with a public RSA key. Its padding has been broken by asking a server "
        "often enough, so it should not be used.",
        "8725#section-3.2",
        "RSA, an unsafe padding",
    ),
    "RSA-OAEP": Entry(
        "`RSA-OAEP` encrypts the content’s key with a public RSA key. Only the private half opens it.",
        "7518#section-4.3",
        "RSA-OAEP with SHA-1",
    ),
    "RSA-OAEP-256": Entry(
        "`RSA-OAEP-256` encrypts the content’s key with a public RSA key. Only the private half opens it.",
        "7518#section-4.3",
        "RSA-OAEP with SHA-256",
    ),
    **{
        f"A{bits}KW": Entry(
            f"`A{bits}KW` wraps the content’s key with a secret of {bits} bits that both sides share.",
            "7518#section-4.4",
            f"AES key wrap, {bits} bits",
        )
        for bits in (128, 192, 256)
    },
    "dir": Entry(
        "`dir` encrypts the content with the shared secret itself, so no key travels in the token.",
        "7518#section-4.5",
        "the shared secret itself",
    ),
    "ECDH-ES": Entry(
        "`ECDH-ES` derives the content’s key from a key pair made for this token and the receiver’s public key, "
        "so no key travels in it.",
        "7518#section-4.6",
        "a key agreed by ECDH",
    ),
    **{
        f"ECDH-ES+A{bits}KW": Entry(
            f"`ECDH-ES+A{bits}KW` derives a key from a key pair made for this token and the receiver’s public key, "
            "and wraps the content’s key with it.",
            "7518#section-4.6",
            f"ECDH, then AES wrap, {bits} bits",
        )
        for bits in (128, 192, 256)
    },
    **{
        f"A{bits}GCMKW": Entry(
            f"`A{bits}GCMKW` encrypts the content’s key with a secret of {bits} bits that both sides share. "
            "Each `iv` may be used once only.",
            "7518#section-4.7",
            f"AES-GCM key wrap, {bits} bits",
        )
        for bits in (128, 192, 256)
    },
    **{
        f"PBES2-HS{hashed}+A{bits}KW": Entry(
            f"`PBES2-HS{hashed}+A{bits}KW` makes a key of a password, slowly, and wraps the content’s key with it. "
            "It is as strong as the password.",
            "7518#section-4.8",
            "a password",
        )
        for hashed, bits in ((256, 128), (384, 192), (512, 256))
    },
}

_FOR_CONTENT = {
    **{
        f"A{bits}CBC-HS{hashed}": Entry(
            f"`A{bits}CBC-HS{hashed}` encrypts with AES in CBC mode and adds an HMAC, so that a change is noticed "
            "before anything is decrypted.",
            f"7518#section-5.2.{place}",
            "AES-CBC with HMAC",
        )
        for bits, hashed, place in ((128, 256, 3), (192, 384, 4), (256, 512, 5))
    },
    **{
        f"A{bits}GCM": Entry(
            f"`A{bits}GCM` encrypts with AES and seals the result in one go, so that a change is noticed.",
            "7518#section-5.3",
            f"AES-GCM, {bits} bits",
        )
        for bits in (128, 192, 256)
    },
}

ALGORITHMS = {
    **{f"alg={name}": entry for name, entry in (_SIGNING | _FOR_KEYS).items()},
    **{f"enc={name}": entry for name, entry in _FOR_CONTENT.items()},
    "zip=DEF": Entry(
        "`DEF` is DEFLATE, the one kind of compression there is for a JWE. A few bytes can unpack to gigabytes, "
        "so a reader sets a limit.",
        "7516#section-4.1.3",
        "DEFLATE",
    ),
}
