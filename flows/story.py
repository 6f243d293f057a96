"""Who is in the story: Alice, Snapbox's scopes, and the clients that Snapbox has registered."""

from __future__ import annotations

from dataclasses import dataclass

PARTIES = {
    "browser": ("Alice’s browser", "user agent"),
    "script": ("Script in the page", "PhotoPrint’s code"),
    "client": ("Client", "PhotoPrint"),
    "authorization_server": ("Authorization server", "Snapbox accounts"),
    "resource_server": ("Photos API", "resource server"),
}

SCOPES = {
    "photos.read": "See your photos",
    "photos.write": "Add photos to your account",
}

DEFAULT_SCOPE = "photos.read"
PHOTOS_API = "photos-api"  # the name by which the API asks about tokens


@dataclass(frozen=True)
class Person:
    """A resource owner with an account at Snapbox; `may` are the scopes that make sense for this account."""

    username: str
    name: str
    password: str
    may: tuple[str, ...] = ("photos.read", "photos.write")


@dataclass(frozen=True)
class Client:
    """A client as the authorization server has registered it (RFC 6749 §2); lifetimes in seconds.

    A client without a secret is public. In a native client's redirect URIs the loopback port may vary (RFC 8252 §7.3).
    One that `introspects` is an API, which may ask about tokens and gets none.
    """

    client_id: str
    name: str
    secret: str | None
    redirect_uris: tuple[str, ...]
    native: bool = False
    grant_types: tuple[str, ...] = ("authorization_code",)
    code_lifetime: int = 60
    token_lifetime: int = 300
    refresh_lifetime: int = 30 * 24 * 3600
    introspects: bool = False

    @property
    def public(self) -> bool:
        return self.secret is None


@dataclass(frozen=True)
class Photo:
    """One of the photos that Alice keeps; `image` is the name of a drawing under static/photos/."""

    id: str
    title: str
    taken: str
    image: str


PEOPLE = {
    person.username: person
    for person in (
        Person("alice", "Alice", "wonderland"),
        Person("hatter", "The Hatter", "teatime", may=("photos.read",)),  # a guest in Alice’s album
    )
}

ALICES_PHOTOS = (
    Photo("p1", "The lighthouse at low tide", "2026-06-14", "lighthouse"),
    Photo("p2", "Dinah, asleep again", "2026-07-02", "cat"),
    Photo("p3", "Mountains, last light", "2026-08-21", "mountains"),
)

OUTSIDE_CALLBACK = "http://127.0.0.1:8766/callback"
LOOPBACK_CALLBACK = "http://127.0.0.1/callback"


def clients(client_address: str, *, sandbox: bool = False) -> dict[str, Client]:
    """Every client registered in a realm, by client_id; `client_address` is where the realm's own client lives.

    In a walk each is registered for the grants of its story. The sandbox’s three may use all that their kind may:
    client credentials are for confidential clients only (RFC 6749 §4.4).
    """
    callbacks = (f"{client_address}/callback", OUTSIDE_CALLBACK)
    whole = ("authorization_code", "implicit", "password", "client_credentials", "refresh_token")
    usual = ("authorization_code", "refresh_token")
    public = tuple(grant for grant in whole if grant != "client_credentials")
    everyone = (
        Client("photoprint", "PhotoPrint", "photoprint-secret", callbacks, grant_types=whole if sandbox else usual),
        Client("photoprint-app", "PhotoPrint for phones", None, (LOOPBACK_CALLBACK,), native=True,
               grant_types=public if sandbox else usual),
        Client("photoprint-short", "PhotoPrint in a hurry", "photoprint-short-secret", callbacks,
               grant_types=whole if sandbox else usual, code_lifetime=2, token_lifetime=4, refresh_lifetime=8),
        Client("photoprint-spa", "PhotoPrint in the browser", None, (f"{client_address}/app",),
               grant_types=("authorization_code",)),
        Client("photoprint-2012", "PhotoPrint of 2012", None, (f"{client_address}/2012",), grant_types=("implicit",)),
        Client("photoprint-desktop", "PhotoPrint for the desktop, 2009", None, (), grant_types=("password",)),
        Client("thumbnailer", "Snapbox thumbnailer", "thumbnailer-secret", (), grant_types=("client_credentials",)),
        Client(PHOTOS_API, "Snapbox photos API", "photos-api-secret", (), grant_types=(), introspects=True),
    )  # fmt: skip
    return {client.client_id: client for client in everyone}
