"""Notes on kinds of tokens, as the values of `typ` and `cty`: media types without their `application/`."""

from flows.glossary.entry import Entry

TYPES = {
    "typ=at+jwt": Entry(
        "`at+jwt` is an access token, neither an ID token nor any other JWT.",
        "9068#section-2.1",
        "an access token",
    ),
    "typ=JWT": Entry(
        "`JWT` does not say which kind, so a receiver needs another way to tell.",
        "7519#section-5.1",
        "a JWT of any kind",
    ),
    "typ=dpop+jwt": Entry(
        "`dpop+jwt` proves for one request that its sender holds a key. It gives access to nothing by itself.",
        "9449#section-4.2",
        "a DPoP proof",
    ),
    "typ=logout+jwt": Entry(
        "`logout+jwt` tells a client that a user has logged out. It logs nobody in.",
        "oidc-backchannel#section-2.4",
        "a logout token",
    ),
    "typ=secevent+jwt": Entry(
        "`secevent+jwt` reports something that happened. It gives access to nothing.",
        "8417#section-2.3",
        "a security event",
    ),
    "typ=kb+jwt": Entry(
        "`kb+jwt` stands at the end of an SD-JWT and proves that whoever shows it holds the key it was issued to.",
        "9901#section-4.3",
        "a key binding",
    ),
    "typ=dc+sd-jwt": Entry(
        "`dc+sd-jwt` is a digital credential of which the holder shows as much as is needed.",
        "9901#appendix-A.3",
        "a digital credential",
    ),
    "typ=vc+sd-jwt": Entry(
        "`vc+sd-jwt` is what `dc+sd-jwt` was called in drafts: a digital credential of which the holder shows a part.",
        "9901#appendix-A.3",
        "a digital credential (old name)",
    ),
    "typ=oauth-authz-req+jwt": Entry(
        "`oauth-authz-req+jwt` is an authorization request, signed by the client so that the browser cannot change it.",
        "9101#section-10.8",
        "an authorization request",
    ),
    "typ=token-introspection+jwt": Entry(
        "`token-introspection+jwt` is a server’s signed answer about another token. "
        "It must not be taken for that token.",
        "9701#section-5",
        "an answer about a token",
    ),
    "typ=JOSE": Entry(
        "`JOSE` says only that this is a JWS or JWE in compact form, and nothing about its content.",
        "7515#section-4.1.9",
        "a JWS or JWE, compact",
    ),
    "typ=JOSE+JSON": Entry(
        "`JOSE+JSON` says only that this is a JWS or JWE in JSON form, and nothing about its content.",
        "7515#section-4.1.9",
        "a JWS or JWE in JSON",
    ),
    "cty=JWT": Entry(
        "`JWT` as content is a token within a token: signed first and then encrypted, or signed twice.",
        "7519#section-5.2",
        "another token",
    ),
}
