"""Notes on what the parties say to each other: OAuth parameters, Snapbox's own forms, the photos API, error codes."""

from flows.glossary.entry import Entry

AUTHORIZATION_REQUEST = {
    "response_type": Entry(
        "What the client wants to get back through the browser.",
        "6749#section-3.1.1",
    ),
    "client_id": Entry(
        "Names the client, so that the server can look it up. It is public: sending it proves nothing.",
        "6749#section-2.2",
    ),
    "redirect_uri": Entry(
        "Where the browser will carry the answer. It must equal a registered address exactly, or codes could be sent "
        "to a stranger; only the port of a native app’s loopback address may vary.",
        "9700#section-2.1",
    ),
    "scope": Entry(
        "The access the client asks for, as names separated by spaces. The server or Alice may grant less.",
        "6749#section-3.3",
    ),
    "state": Entry(
        "A value of the client’s own that comes back unchanged. "
        "If it cannot be guessed and is tied to this browser, a forged answer stands out.",
        "6749#section-10.12",
    ),
    "code_challenge": Entry(
        "Made from `code_verifier`, a secret the client keeps until later. "
        "Only whoever shows that secret can then redeem the code.",
        "7636#section-4.3",
    ),
    "code_challenge_method": Entry(
        "How the challenge was made. Left out, it means `plain`: the challenge is then the secret itself, readable by "
        "whoever sees this request.",
        "7636#section-4.3",
    ),
}

AUTHORIZATION_RESPONSE = {
    "code": Entry(
        "The browser sees this message, so it carries a stand-in for the token. "
        "A code works once, for one client, and should not live longer than ten minutes.",
        "6749#section-4.1.2",
    ),
    "state": Entry(
        "The client looks for this value in the session of the browser that brought it. "
        "If it is not there, this browser never asked, and the answer should not be used.",
        "6749#section-10.12",
    ),
    "iss": Entry(
        "Which authorization server is answering. The client compares it with the one it asked, "
        "so that one server’s code is never taken to another.",
        "9207#section-2",
    ),
    "error": Entry(
        "Why nothing was granted, as a fixed word that programs can act on. "
        "The browser brings it back only if `client_id` and `redirect_uri` were in order.",
        "6749#section-4.1.2.1",
    ),
    "error_description": Entry(
        "More about the error, for whoever writes the client. Programs act on `error` and not on this text.",
        "6749#section-4.1.2.1",
    ),
    "error_uri": Entry(
        "The address of a page that says more about the error, for whoever writes the client.",
        "6749#section-4.1.2.1",
    ),
}

TOKEN_REQUEST = {
    "grant_type": Entry(
        "What the client offers in exchange for a token. Each kind of grant has its own parameters and its own checks.",
        "6749#section-1.3",
    ),
    "code": Entry(
        "Stands for Alice’s approval. It works once and only for the client it was issued to; "
        "a second use should also end the tokens it gave.",
        "6749#section-4.1.2",
    ),
    "redirect_uri": Entry(
        "Must equal the `redirect_uri` of the authorization request, if that had one. "
        "A code that was led to another address fails here.",
        "6749#section-4.1.3",
    ),
    "code_verifier": Entry(
        "The secret behind the `code_challenge`. "
        "Whoever only saw the code on its way through the browser does not have it.",
        "7636#section-4.5",
    ),
    "client_id": Entry(
        "Names the client where nothing else in the request does. Alone it proves nothing, because it is public.",
        "6749#section-3.2.1",
    ),
    "client_secret": Entry(
        "Proves which client is asking. HTTP Basic is the better place for it: the RFC advises against the body and "
        "forbids the address.",
        "6749#section-2.3.1",
    ),
    "scope": Entry(
        "The access asked for, in grants that have no authorization request. "
        "A refresh may ask for the same or less, never for more.",
        "6749#section-3.3",
    ),
    "username": Entry(
        "Whose account it is. In this grant the client knows the name, because Alice typed it into the client.",
        "6749#section-4.3.2",
    ),
    "password": Entry(
        "Alice’s own password at Snapbox, in the hands of the client. It opens all that she has there.",
        "9700#section-2.4",
    ),
    "refresh_token": Entry(
        "Gets a new access token without asking Alice again. "
        "It belongs to one client and is shown to the authorization server only, never to an API.",
        "6749#section-6",
    ),
}

TOKEN_RESPONSE = {
    "access_token": Entry(
        "What the client came for: it stands for the access that was granted. "
        "Its content is the API’s business; the client only carries it.",
        "6749#section-1.4",
    ),
    "token_type": Entry(
        "How the token is to be used. A client must not use a token of a type it does not understand.",
        "6749#section-7.1",
    ),
    "expires_in": Entry(
        "How many seconds the access token lives, counted from this answer. "
        "A stolen token does less harm if it dies soon.",
        "6749#section-5.1",
    ),
    "scope": Entry(
        "What was granted, which may be less than was asked for. Where it differs, the server must say so.",
        "6749#section-5.1",
    ),
    "refresh_token": Entry(
        "Gets the next access token without Alice. "
        "It is shown to the authorization server only, so an API that leaks what it is sent cannot leak this.",
        "6749#section-1.5",
    ),
    "error": Entry(
        "Why there is no token, as one of a few fixed words that programs can act on.",
        "6749#section-5.2",
    ),
    "error_description": Entry(
        "More about the error, for whoever writes the client. Programs act on `error` and not on this text.",
        "6749#section-5.2",
    ),
    "error_uri": Entry(
        "The address of a page that says more about the error, for whoever writes the client.",
        "6749#section-5.2",
    ),
}

# What comes back behind the # of an address, in the implicit grant.
TOKEN_IN_THE_FRAGMENT = {
    "access_token": Entry(
        "The token itself, in the address bar and the history of a browser. A code would be worth little there; this "
        "is worth all that it allows.",
        "9700#section-4.3.2",
    ),
    "token_type": TOKEN_RESPONSE["token_type"],
    "expires_in": TOKEN_RESPONSE["expires_in"],
    "scope": TOKEN_RESPONSE["scope"],
    "state": Entry(
        "The script compares it with the one it made. If it is another one, the token belongs to no question of its "
        "own.",
        "6749#section-10.12",
    ),
    "iss": AUTHORIZATION_RESPONSE["iss"],
    "error": AUTHORIZATION_RESPONSE["error"],
}

INTROSPECTION_REQUEST = {
    "token": Entry(
        "The token that the API was shown, and cannot read. It asks the server that gave it what it is worth.",
        "7662#section-2.1",
    ),
    "token_type_hint": Entry(
        "What kind of token it is likely to be, so that the server finds it sooner. It may be wrong.",
        "7662#section-2.1",
    ),
}

INTROSPECTION_RESPONSE = {
    "active": Entry(
        "Whether the token is good now. If not, nothing else is told: the API need not know why.",
        "7662#section-2.2",
    ),
    "scope": Entry("What the token allows, as names separated by spaces.", "7662#section-2.2"),
    "client_id": Entry("Which client was given the token.", "7662#section-2.2"),
    "token_type": Entry("How the token is to be used.", "7662#section-2.2"),
    "exp": Entry("When it ends, in seconds since 1970.", "7662#section-2.2"),
    "iat": Entry("When it was given.", "7662#section-2.2"),
    "sub": Entry("Whose access it is: mostly the person who approved.", "7662#section-2.2"),
    "aud": Entry("For which API it is meant. An API that is not named must not take it.", "7662#section-2.2"),
    "iss": Entry("Which server gave it.", "7662#section-2.2"),
    "error": Entry("Why the question itself was refused.", "7662#section-2.3"),
}

REVOCATION_REQUEST = {
    "token": Entry(
        "What is given back. A refresh token takes the access tokens of the same yes with it.",
        "7009#section-2.1",
    ),
    "token_type_hint": Entry(
        "What kind of token it is, so that the server finds it sooner. It may be wrong.",
        "7009#section-2.1",
    ),
    "client_id": Entry("Names the client that gives the token back.", "7009#section-2.1"),
    "client_secret": Entry("Proves which client it is, so that none can end another’s work.", "7009#section-2.1"),
}

# What an API is sent: a photo to keep and, where a client shows its token so, the token.
PHOTOS_REQUEST = {
    "access_token": Entry(
        "The token, outside the header. In an address it lands in logs and histories; in a form it needs a POST. An "
        "API need not take it in either.",
        "6750#section-2.3",
    ),
    "title": Entry("What the new photo is called.", "6749#section-7"),
}

LOGIN_FORM = {
    "username": Entry(
        "Who is logging in. OAuth leaves the login to the authorization server, so this form is Snapbox’s own.",
        "6749#section-3.1",
    ),
    "password": Entry(
        "Goes to Snapbox and to nobody else. That the client never learns it is the reason OAuth exists.",
        "6749#section-1",
    ),
    "csrf": Entry(
        "A value that only a form from Snapbox, made for this browser, can hold. "
        "Without it another site could send this form and log Alice in as somebody else.",
        "6749#section-10.12",
    ),
    "authorization_request": Entry(
        "Which pending authorization request this login is for, so that Snapbox can go on with it afterwards.",
        "6749#section-3.1",
    ),
}

CONSENT_FORM = {
    "decision": Entry(
        "Alice’s own answer. Until she approves, nothing is granted, whatever the client asked for.",
        "6749#section-4.1.1",
    ),
    "csrf": Entry(
        "A value that only a form from Snapbox, made for this browser, can hold. "
        "Without it another site could approve in Alice’s name.",
        "6749#section-10.12",
    ),
    "authorization_request": Entry(
        "Which pending authorization request Alice decides on. "
        "What was asked is kept at the server, so this form cannot change it.",
        "6749#section-4.1.1",
    ),
}

PHOTOS = {
    "photos": Entry(
        "What all this was for. What an API answers is its own affair; OAuth only says how the token gets there.",
        "6749#section-7",
    ),
    "id": Entry("Snapbox’s own name for one photo.", "6749#section-7"),
    "title": Entry("What the photo is called.", "6749#section-7"),
    "taken": Entry("When the photo was taken.", "6749#section-7"),
    "image": Entry("Which picture belongs to this photo.", "6749#section-7"),
    "error": Entry(
        "Why the API refused, as a word for programs. "
        "If it is about the token, the place for it that the RFC defines is `WWW-Authenticate`.",
        "6750#section-3",
    ),
    "error_description": Entry(
        "More about the refusal, for whoever writes the client; it is not meant for Alice.",
        "6750#section-3",
    ),
    "error_uri": Entry(
        "The address of a page that says more about the refusal, for whoever writes the client.",
        "6750#section-3",
    ),
}

ERRORS = {
    "invalid_request": Entry(
        "The fault is in the request itself: something is missing, repeated, or not as it has to be.",
        "6749#section-5.2",
    ),
    "invalid_client": Entry(
        "The client has not proved who it is: it is unknown, sent no proof or the wrong one, or proved it in a way "
        "that is not accepted here.",
        "6749#section-5.2",
    ),
    "invalid_grant": Entry(
        "What the client offers is not accepted: wrong, expired, spent, revoked, or issued to somebody else. "
        "One word covers them all.",
        "6749#section-5.2",
    ),
    "unauthorized_client": Entry(
        "The server knows this client, but has not allowed it to use this grant.",
        "6749#section-5.2",
    ),
    "unsupported_grant_type": Entry(
        "The token endpoint does not offer this grant to anybody.",
        "6749#section-5.2",
    ),
    "invalid_scope": Entry(
        "The scope asked for is unknown or malformed, or it is more than can be granted.",
        "6749#section-5.2",
    ),
    "access_denied": Entry(
        "Somebody said no: Alice, or the server itself. The client is told, so that it need not wait.",
        "6749#section-4.1.2.1",
    ),
    "unsupported_response_type": Entry(
        "The server does not give answers of the kind that `response_type` asks for.",
        "6749#section-4.1.2.1",
    ),
    "server_error": Entry(
        "Something broke inside the server. A redirect cannot carry the status 500, so this word stands in for it.",
        "6749#section-4.1.2.1",
    ),
    "temporarily_unavailable": Entry(
        "The server is overloaded or being repaired. A redirect cannot carry the status 503, "
        "so this word stands in for it.",
        "6749#section-4.1.2.1",
    ),
    "invalid_token": Entry(
        "The API does not accept the token: expired, revoked, malformed, or not valid for another reason. "
        "The client may get a new one and try again.",
        "6750#section-3.1",
    ),
    "insufficient_scope": Entry(
        "The token is good but does not reach this far. A new one helps only if it has more scope.",
        "6750#section-3.1",
    ),
}

VALUES = {
    "response_type=code": Entry(
        "A `code` is still to be redeemed, so no token travels in an address, where history and logs would keep it.",
        "9700#section-2.1.2",
    ),
    "grant_type=authorization_code": Entry(
        "Here it is a code, which came by way of Alice’s browser.",
        "6749#section-4.1.3",
    ),
    "response_type=token": Entry(
        "The token itself is to come back in the address. That was the implicit grant; it should not be used any more.",
        "9700#section-2.1.2",
    ),
    "grant_type=password": Entry(
        "Here it is a person’s own password. This grant must not be used any more.",
        "9700#section-2.4",
    ),
    "grant_type=client_credentials": Entry(
        "Here it is the client itself: what it proves about itself is all there is.",
        "6749#section-4.4.2",
    ),
    "grant_type=refresh_token": Entry(
        "Here it is a refresh token, so Alice need not be there.",
        "6749#section-6",
    ),
    "code_challenge_method=S256": Entry(
        "`S256` is a SHA-256 hash. Nobody can get back from it to the secret, if that is long and random.",
        "7636#section-7.1",
    ),
    "code_challenge_method=plain": Entry(
        "A client that can do `S256` must do that.",
        "7636#section-4.2",
    ),
    "token_type=Bearer": Entry(
        "Whoever holds a bearer token may use it, so it stays secret and travels over TLS only.",
        "6750#section-1.2",
    ),
    "scope=photos.read": Entry(
        "`photos.read` is for looking at Alice’s photos; what a scope means is Snapbox’s to define.",
        "6749#section-3.3",
    ),
    "scope=photos.write": Entry(
        "`photos.write` is for adding photos, more than a client that only prints should ask for.",
        "9700#section-2.3",
    ),
    "decision=approve": Entry(
        "She approves.",
        "6749#section-4.1.1",
    ),
    "decision=deny": Entry(
        "She refuses, and the client is told so by the error `access_denied`.",
        "6749#section-4.1.2.1",
    ),
}
