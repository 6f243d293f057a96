"""Notes on what an authorization server publishes about itself, and the ways in which clients prove who they are."""

from flows.glossary.entry import Entry

METADATA = {
    "issuer": Entry(
        "The server’s name for itself. It must equal the issuer the client asked about, "
        "or another server could pass for it.",
        "8414#section-3.3",
    ),
    "authorization_endpoint": Entry(
        "Where the client sends the user’s browser, to be asked for access.",
        "8414#section-2",
    ),
    "token_endpoint": Entry(
        "Where the client exchanges a grant for a token. It calls this address itself, not by way of a redirect.",
        "8414#section-2",
    ),
    "jwks_uri": Entry(
        "Where the server publishes its public keys, with which its signatures are verified.",
        "8414#section-2",
    ),
    "response_types_supported": Entry(
        "Which values of `response_type` the server answers.",
        "8414#section-2",
    ),
    "response_modes_supported": Entry(
        "How an authorization response can travel. Left out, it means in the query or in the fragment of an address.",
        "8414#section-2",
    ),
    "grant_types_supported": Entry(
        "Which grants the server offers. Left out, it means the authorization code and the implicit grant.",
        "8414#section-2",
    ),
    "token_endpoint_auth_methods_supported": Entry(
        "How a client may prove who it is at the token endpoint. Left out, it means HTTP Basic.",
        "8414#section-2",
    ),
    "token_endpoint_auth_signing_alg_values_supported": Entry(
        "With which algorithms a client may sign when it proves with a JWT who it is. `none` must not be among them.",
        "8414#section-2",
    ),
    "code_challenge_methods_supported": Entry(
        "How a `code_challenge` may be made. Left out, it means that the server does not know PKCE.",
        "8414#section-2",
    ),
    "scopes_supported": Entry(
        "Scopes a client may ask for. The server may have others that it does not list.",
        "8414#section-2",
    ),
    "authorization_response_iss_parameter_supported": Entry(
        "If true, every authorization response carries `iss`, and a client must reject one that comes without it.",
        "9207#section-3",
    ),
    "service_documentation": Entry(
        "Where people who write clients can read about this server.",
        "8414#section-2",
    ),
    "introspection_endpoint": Entry(
        "Where an API may ask whether a token is still good and what it allows.",
        "7662#section-2",
    ),
    "introspection_endpoint_auth_methods_supported": Entry(
        "How an API may prove who it is when it asks about a token.",
        "8414#section-2",
    ),
    "revocation_endpoint_auth_methods_supported": Entry(
        "How a client may prove who it is when it gives a token back. Left out, it means HTTP Basic.",
        "8414#section-2",
    ),
    "revocation_endpoint": Entry(
        "Where a client gives back a token it no longer needs, so that nobody else can use it.",
        "7009#section-2",
    ),
}

CLIENT_AUTHENTICATION = {
    "none": Entry(
        "The client cannot keep a secret, so it proves nothing at the token endpoint. Such a client must use PKCE.",
        "9700#section-2.1.1",
    ),
    "client_secret_basic": Entry(
        "The client sends its secret in the `Authorization` header, with HTTP Basic.",
        "6749#section-2.3.1",
    ),
    "client_secret_post": Entry(
        "The client sends its secret in the body, which the RFC advises against where HTTP Basic is possible.",
        "6749#section-2.3.1",
    ),
    "private_key_jwt": Entry(
        "The client signs a JWT with its private key. The server keeps only the public one, "
        "so it stores no secret that could be stolen.",
        "9700#section-2.5",
    ),
}
