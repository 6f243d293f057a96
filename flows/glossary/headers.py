"""Notes on HTTP itself: methods, status codes, header fields, challenges and cookies."""

from flows.glossary.entry import Entry

METHODS = {
    "GET": Entry(
        "Asks to see what is at this address.",
        "9110#section-9.3.1",
    ),
    "POST": Entry(
        "Hands the server a body to act on. What is in a body does not end up in addresses, histories and logs.",
        "9110#section-9.3.3",
    ),
    "OPTIONS": Entry(
        "Asks what may be done here without doing it. "
        "A browser sends it before some requests that scripts make to another origin.",
        "9110#section-9.3.7",
    ),
    "HEAD": Entry("Asks what GET would have answered, without the body.", "9110#section-9.3.2"),
}

STATUSES = {
    "200": Entry("It worked, and this is the answer.", "9110#section-15.3.1"),
    "201": Entry("It worked, and something new was made by it.", "9110#section-15.3.2"),
    "204": Entry("It worked, and there is nothing to send back.", "9110#section-15.3.5"),
    "303": Entry(
        "The browser goes on with a GET and takes no form along.",
        "9700#section-4.12",
    ),
    "400": Entry(
        "The mistake is in the request, so repeating it unchanged will not help.",
        "9110#section-15.5.1",
    ),
    "401": Entry(
        "The request brought no credentials, or none that are valid. `WWW-Authenticate` must then say which would do.",
        "9110#section-15.5.2",
    ),
    "403": Entry(
        "The request was understood and is refused; a program is not to repeat it unchanged.",
        "9110#section-15.5.4",
    ),
    "404": Entry(
        "There is nothing at this address, or the server will not say that there is.",
        "9110#section-15.5.5",
    ),
    "405": Entry(
        "This address does not take this method; `Allow` must list those it takes.",
        "9110#section-15.5.6",
    ),
    "409": Entry(
        "What is asked does not fit where things stand now. The same request may do later.",
        "9110#section-15.5.10",
    ),
    "413": Entry("The body is larger than the server is willing to read.", "9110#section-15.5.14"),
    "415": Entry(
        "The body is in a format that this address does not take. What counts is mostly `Content-Type`.",
        "9110#section-15.5.16",
    ),
    "429": Entry(
        "Too many requests came in too short a time. `Retry-After`, if it is there, says how long to wait.",
        "6585#section-4",
    ),
    "500": Entry("The server failed in a way it did not foresee.", "9110#section-15.6.1"),
    "502": Entry("This server needed another one, and got no usable answer from it.", "9110#section-15.6.3"),
    "503": Entry("The server is overloaded or being repaired, and may work again later.", "9110#section-15.6.4"),
}

HEADERS = {
    "Host": Entry(
        "Which of the names at this address is meant.",
        "9110#section-7.2",
    ),
    "Authorization": Entry(
        "Shows that the sender may make this request. In the address instead, it would be kept by histories and logs.",
        "9110#section-11.6.2",
    ),
    "Cookie": Entry(
        "HTTP forgets after every answer. "
        "The browser sends back what this server had it keep, and so the server knows it again.",
        "6265#section-4.2",
    ),
    "Accept": Entry(
        "Which kinds of content the sender can use.",
        "9110#section-12.5.1",
    ),
    "Accept-Encoding": Entry(
        "Which kinds of compression the sender can undo.",
        "9110#section-12.5.3",
    ),
    "Accept-Language": Entry(
        "Which languages the reader prefers, for servers that have a choice.",
        "9110#section-12.5.4",
    ),
    "User-Agent": Entry(
        "Names the program that sends the request. Anybody can write anything here, so it proves nothing.",
        "9110#section-10.1.5",
    ),
    "Content-Type": Entry(
        "How the body is to be read.",
        "9110#section-8.3",
    ),
    "Content-Length": Entry(
        "How many bytes the body has.",
        "9110#section-8.6",
    ),
    "Origin": Entry(
        "Which origin the request comes from. The browser writes it and scripts cannot change it, "
        "so a server can tell its own pages from others.",
        "fetch#origin-header",
    ),
    "Referer": Entry(
        "The address that led here. It carries on what that address holds, so a code in one can leak this way.",
        "9700#section-4.2",
    ),
    "Location": Entry(
        "Where the browser goes next; it sees what is in this address and may keep it in its history.",
        "9110#section-10.2.2",
    ),
    "Set-Cookie": Entry(
        "Has the browser keep a value and send it back, so that the server knows it again. "
        "Over https it would also carry `Secure`.",
        "6265#section-4.1",
    ),
    "Cache-Control": Entry(
        "Whether a cache may keep this answer.",
        "9111#section-5.2",
    ),
    "Pragma": Entry(
        "Meant for caches that know HTTP/1.0 only. RFC 6749 §5.1 asks for it beside `Cache-Control`; "
        "HTTP has since deprecated it.",
        "9111#section-5.4",
    ),
    "Expires": Entry(
        "From when on a cached copy counts as stale. `max-age` in `Cache-Control` overrules it.",
        "9111#section-5.3",
    ),
    "WWW-Authenticate": Entry(
        "A refusal that does not say what would be accepted is a dead end. "
        "This names the scheme to use and may say what was wrong.",
        "9110#section-11.6.1",
    ),
    "Content-Security-Policy": Entry(
        "What this page may load, and who may frame it.",
        "9700#section-4.16",
    ),
    "X-Frame-Options": Entry(
        "Forbids framing where a browser is too old for `Content-Security-Policy`.",
        "csp3#frame-ancestors-and-frame-options",
    ),
    "X-Content-Type-Options": Entry(
        "Has the browser trust `Content-Type` and not guess.",
        "fetch#x-content-type-options-header",
    ),
    "Referrer-Policy": Entry(
        "How much of this page’s address other servers learn from `Referer`.",
        "9700#section-4.2.4",
    ),
    "Allow": Entry("Which methods this address takes.", "9110#section-10.2.1"),
    "Vary": Entry(
        "Which request headers the answer depends on. A cache must not give it to a request that differs there.",
        "9110#section-12.5.5",
    ),
    "Date": Entry("When the message was made. Caches reckon its age from here.", "9110#section-6.6.1"),
    "Server": Entry(
        "Names the software that answers. The more it tells, the more an attacker can look up.",
        "9110#section-10.2.4",
    ),
    "ETag": Entry(
        "Names this version of the content. A client that sends it back can be told that nothing has changed.",
        "9110#section-8.8.3",
    ),
    "Access-Control-Allow-Origin": Entry(
        "Browsers keep answers from scripts of other origins unless this names their origin. "
        "`*` is for any, but not for requests with credentials such as cookies.",
        "fetch#http-responses",
    ),
    "Access-Control-Allow-Credentials": Entry(
        "Whether scripts of the named origin may read an answer to a request that carried cookies.",
        "fetch#cors-protocol-and-credentials",
    ),
    "Access-Control-Allow-Methods": Entry(
        "Answers a preflight: the methods that scripts of other origins may use here.",
        "fetch#http-responses",
    ),
    "Access-Control-Allow-Headers": Entry(
        "Answers a preflight: the headers that scripts of other origins may send here. "
        "`Authorization` must be named; `*` does not cover it.",
        "fetch#http-responses",
    ),
    "Access-Control-Expose-Headers": Entry(
        "Which headers of this answer a script of another origin may read, beyond a short list that it always may.",
        "fetch#http-responses",
    ),
    "Access-Control-Max-Age": Entry(
        "A preflight before every request would be slow. For this many seconds the browser may go by this answer.",
        "fetch#http-responses",
    ),
    "Access-Control-Request-Method": Entry(
        "The browser asks on behalf of a script of another origin: may it send this method?",
        "fetch#http-requests",
    ),
    "Access-Control-Request-Headers": Entry(
        "The browser asks on behalf of a script of another origin: may it send these headers?",
        "fetch#http-requests",
    ),
    "Link": Entry(
        "Points to something related and says how it is related, without a word in the body.",
        "8288#section-3",
    ),
    "Retry-After": Entry(
        "When it makes sense to try again: a number of seconds, or a date.",
        "9110#section-10.2.3",
    ),
}

AUTHORIZATION_SCHEMES = {
    "Basic": Entry(
        "A name and the secret that goes with it, encoded in base64. "
        "That hides nothing, so it must travel over TLS only.",
        "6749#section-2.3.1",
    ),
    "Bearer": Entry(
        "Whoever holds this token can use it; no other proof is asked. So it must travel over TLS only.",
        "6750#section-1.2",
    ),
}

CHALLENGE = {
    "realm": Entry(
        "Names the area that the credentials are for, since one server can have several.",
        "9110#section-11.5",
    ),
    "charset": Entry(
        "In which characters the server reads a name and a password.",
        "7617#section-2.1",
    ),
    "error": Entry(
        "What was wrong with the request or its token, as a word for programs. "
        "It should be absent when no token was sent.",
        "6750#section-3.1",
    ),
    "error_description": Entry(
        "More about the error, for whoever writes the client; it is not meant for Alice.",
        "6750#section-3",
    ),
    "error_uri": Entry(
        "The address of a page that says more about the error, for whoever writes the client.",
        "6750#section-3",
    ),
    "scope": Entry(
        "The scope a token needs for this request, so that the client knows what to ask for.",
        "6750#section-3",
    ),
}

COOKIES = {
    "snapbox_session": Entry(
        "Snapbox’s session with this browser. Once Alice has logged in, it is how the server knows her "
        "without her password.",
        "6749#section-3.1",
    ),
    "photoprint_session": Entry(
        "PhotoPrint’s session with this browser. It names what was started here, so that a callback can be matched "
        "with it.",
        "6749#section-10.12",
    ),
}

COOKIE_ATTRIBUTES = {
    "Path": Entry(
        "The cookie goes only to addresses under this path. It keeps things tidy, but is no security boundary.",
        "6265#section-4.1.2.4",
    ),
    "HttpOnly": Entry(
        "Scripts cannot read the cookie, so one smuggled into a page cannot send it away.",
        "6265#section-4.1.2.6",
    ),
    "SameSite": Entry(
        "Whether the cookie rides along when another site causes the request. "
        "Held back, it cannot be used to act in Alice’s name.",
        "draft-ietf-httpbis-rfc6265bis#section-4.1.2.7",
    ),
    "Secure": Entry(
        "The cookie travels over secure connections only, so that nobody on the network can read it.",
        "6265#section-4.1.2.5",
    ),
    "Max-Age": Entry(
        "How many seconds the browser keeps the cookie. "
        "Without this or `Expires` it goes when the browser’s session ends.",
        "6265#section-4.1.2.2",
    ),
    "Expires": Entry(
        "When the browser drops the cookie. If `Max-Age` is there too, that one counts.",
        "6265#section-4.1.2.1",
    ),
    "Domain": Entry(
        "Sends the cookie to this name and all names under it. Left out, only the host that set it gets it back.",
        "6265#section-4.1.2.3",
    ),
}

VALUES = {
    "Content-Type=application/x-www-form-urlencoded": Entry(
        "Names and values, as a web form sends them.",
        "6749#appendix-B",
    ),
    "Content-Type=application/json": Entry(
        "The body is JSON.",
        "8259#section-11",
    ),
    "Content-Type=text/html; charset=utf-8": Entry(
        "A page for a person, and how its characters are encoded.",
        "9110#section-8.3.2",
    ),
    "Cache-Control=no-store": Entry(
        "No cache may, and an answer with a token in it must say so.",
        "6749#section-5.1",
    ),
    "SameSite=Lax": Entry(
        "With `Lax` it does when a link or a redirect is followed, but not with a posted form or a picture.",
        "draft-ietf-httpbis-rfc6265bis#section-4.1.2.7",
    ),
}
