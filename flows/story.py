"""Who is in the story: Alice, Snapbox's scopes, and the clients that Snapbox has registered."""

from __future__ import annotations

from dataclasses import dataclass

PARTIES = {
    "browser": ("Alice’s browser", "user agent"),
    "client": ("Client", "PhotoPrint"),
    "authorization_server": ("Authorization server", "Snapbox accounts"),
    "resource_server": ("Photos API", "resource server"),
}

SCOPES = {
    "photos.read": "See your photos",
    "photos.write": "Add photos to your account",
}

DEFAULT_SCOPE = "photos.read"


@dataclass(frozen=True)
class Person:
    """A resource owner with an account at Snapbox."""

    username: str
    name: str
    password: str


@dataclass(frozen=True)
class Client:
    """A client as the authorization server has registered it (RFC 6749 §2); lifetimes in seconds.

    A client without a secret is public. In a native client's redirect URIs the loopback port may vary (RFC 8252 §7.3).
    """

    client_id: str
    name: str
    secret: str | None
    redirect_uris: tuple[str, ...]
    native: bool = False
    grant_types: tuple[str, ...] = ("authorization_code",)
    code_lifetime: int = 60
    token_lifetime: int = 300

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


PEOPLE = {person.username: person for person in (Person("alice", "Alice", "wonderland"),)}

ALICES_PHOTOS = (
    Photo("p1", "The lighthouse at low tide", "2026-06-14", "lighthouse"),
    Photo("p2", "Dinah, asleep again", "2026-07-02", "cat"),
    Photo("p3", "Mountains, last light", "2026-08-21", "mountains"),
)

OUTSIDE_CALLBACK = "http://127.0.0.1:8766/callback"
LOOPBACK_CALLBACK = "http://127.0.0.1/callback"


def clients(client_address: str) -> dict[str, Client]:
    """Every client registered in a realm, by client_id; `client_address` is where the realm's own client lives."""
    callbacks = (f"{client_address}/callback", OUTSIDE_CALLBACK)
    everyone = (
        Client("photoprint", "PhotoPrint", "photoprint-secret", callbacks),
        Client("photoprint-app", "PhotoPrint for phones", None, (LOOPBACK_CALLBACK,), native=True),
        Client("photoprint-short", "PhotoPrint in a hurry", "photoprint-short-secret", callbacks,
               code_lifetime=2, token_lifetime=4),
    )  # fmt: skip
    return {client.client_id: client for client in everyone}
