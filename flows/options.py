"""The options that several flows share, in words. What is chosen makes the realm of a run, and its steps."""

from __future__ import annotations

from flows.flow import Option
from flows.tokens.keys import ALGORITHMS

TOKEN = Option(
    "token",
    "The access token is",
    {
        "JWT": "a JWT: the API reads and verifies it by itself",
        "opaque": "opaque: random text that says nothing, and the API asks the authorization server about it",
    },
)
ALG = Option("alg", "Snapbox signs its tokens with", ALGORITHMS, only={"token": "JWT"})
CLIENT_AUTH = Option(
    "client_auth",
    "The client proves who it is",
    {
        "basic": "in the Authorization header, by Basic",
        "post": "in the form, by client_secret",
    },
)
API_CLOCK = Option(
    "api_clock",
    "The API’s clock is",
    {
        "right": "right",
        "a little slow": "30 seconds slow",
        "slow": "5 minutes slow",
        "fast": "10 minutes fast",
    },
)
SKEWS = {"right": 0, "a little slow": -30, "slow": -300, "fast": 600}  # seconds
