"""Secrets that are no secrets: what tutorials, templates and frameworks show, and what people choose in a hurry.

They are tried, in this order, on every token that is signed with HMAC: if one fits, anybody can sign such tokens.
Gathered by hand from what documentation and sample code of JWT libraries, web frameworks and databases print.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from flows.tokens import base64url

_PLACEHOLDERS = """
secret your-256-bit-secret your-384-bit-secret your-512-bit-secret a-string-secret-at-least-256-bits-long
your_jwt_secret your-jwt-secret jwt_secret jwt-secret jwtSecret JWT_SECRET jwtsecret jwtSecretKey jwt_secret_key
your_secret_key your-secret-key yourSecretKey your_secret yoursecret your-secret YOUR_SECRET YOUR_SECRET_KEY
secret_key secret-key secretKey SecretKey SECRET_KEY SECRET mysecret my_secret my-secret mySecret MY_SECRET mysecretkey
my_secret_key my-secret-key my32charultrasecurekey my-32-character-ultra-secure-and-ultra-long-secret
super_secret super-secret supersecret superSecret supersecretkey super-secret-key super_secret_key topsecret top-secret
change_me change-me changeme changeMe CHANGEME CHANGE_ME changeit change_this change-this changethis
replace_me replace-me replaceme replace_this REPLACE_ME todo TODO fixme none null undefined true false
insert_secret_here your_secret_here your-secret-here your-secret-goes-here put_your_secret_here
this_is_a_secret this-is-a-secret thisisasecret thisismysecret this-is-my-secret this_is_my_secret_key
ThisIsMySecretKey ThisIsASecretKey not_a_secret notasecret not-so-secret dont_tell_anyone donttellanyone
token tokensecret token_secret token-secret TOKEN_SECRET access_token_secret refresh_token_secret accesstoken
access-secret refresh-secret ACCESS_TOKEN_SECRET REFRESH_TOKEN_SECRET session_secret session-secret cookie_secret
keyboard-cat shhhhh shhhh shhh shh hush private privatekey private_key private-key PRIVATE_KEY public publickey
key mykey my_key my-key signingkey signing_key signing-key signature symmetric_key hmac_secret hmac-secret hmackey
app app_secret app-secret APP_SECRET appsecret app_key APP_KEY api api_key api-key API_KEY apikey api_secret
client_secret client-secret auth auth_secret auth-secret AUTH_SECRET oauth authsecret NEXTAUTH_SECRET
default default_secret default-secret defaultsecret example example_key example-key example-secret sample demo dev
development develop dev_secret dev-secret devsecret staging production prod local localhost test testing test_secret
test-secret testsecret testkey test_key test123 tests dummy foo bar foobar foobarbaz baz qux hello helloworld
hello-world hello_world world lorem ipsum abc abcd abcdef abcdefg abc123 abcd1234 a aa aaa x xxx xyz zzz
admin administrator root user guest password passw0rd p@ssw0rd P@ssw0rd Password Password1 password1 password123
pass passphrase pwd letmein welcome welcome1 qwerty qwertyuiop qwerty123 asdf asdfgh asdfghjkl zxcvbnm 1q2w3e4r
iloveyou monkey dragon sunshine princess football baseball master shadow superman batman trustno1 whatever
0 1 12 123 1234 12345 123456 1234567 12345678 123456789 1234567890 0123456789 0987654321 987654321 111111 000000
123123 123321 654321 112233 1111 0000 00000000 11111111 12341234 1234abcd
01234567890123456789012345678901 12345678901234567890123456789012 0123456789abcdef 0123456789abcdef0123456789abcdef
abcdefghijklmnopqrstuvwxyz abcdefghijklmnopqrstuvwxyz123456 AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ
django-insecure flask rails laravel symfony spring springboot express node nodejs nestjs nextjs fastapi jwt JWT
jose jsonwebtoken json-web-token hs256 HS256 HS512 sha256 bearer authentication authorization
supabase super-secret-jwt-token-with-at-least-32-characters-long postgrest reallyreallyreallyreallyverysafe
hasura nhost strapi directus keycloak gitlab github google facebook company microservice gateway backend frontend
wonderland alice bob eve mallory photoprint snapbox open-sesame opensesame sesame abracadabra swordfish xyzzy
GQDstcKsx0NHjPOuXOYg5MbeJ1XT0uFiwDVvVBrk 09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7
bezkoderSecretKey bezkoder-secret-key ZdVbtHWeTTK3JPwL3Edc9aC3MqRBSTtP
"""

_WITH_SPACES = (
    "keyboard cat",
    "my secret",
    "my secret key",
    "top secret",
    "super secret",
    "your secret",
    "this is a secret",
    "secret key",
    "change me",
    "hello world",
    "some secret",
    "not a secret",
    "open sesame",
)
_ENDINGS = ("1", "12", "123", "1234", "!", "key", "2024", "2025", "2026")
_STEMS = ("secret", "jwt", "token", "key", "admin", "test", "password", "mysecret", "supersecret", "changeme")


@lru_cache(maxsize=1)
def common_secrets() -> tuple[bytes, ...]:
    """Each of them once, as text; then as what they are if a library takes them for base64, as some do."""
    texts = list(dict.fromkeys(_all()))
    taken_for_base64 = (base64url.decode(text).data for text in texts if text.isalnum() and len(text) % 4 != 1)
    return tuple(dict.fromkeys([*(text.encode() for text in texts), *taken_for_base64]))


def _all() -> Iterator[str]:
    yield ""
    yield from _PLACEHOLDERS.split()
    yield from _WITH_SPACES
    for stem in _STEMS:
        for ending in _ENDINGS:
            yield stem + ending
