"""Which grant do I need? Four questions about one's own program, and what follows from each way to answer them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from flows.flow import Chosen


@dataclass(frozen=True)
class Question:
    """`answers` are value → words; `usual` is the one that stands there before anybody answers.

    Where `skipped` has words, a program that acts for itself is not asked, and they say why.
    """

    name: str
    asks: str
    answers: Mapping[str, str]
    usual: str
    skipped: str = ""


@dataclass(frozen=True)
class Point:
    """One thing that follows from the answers: in a few words, then why, and the sections that say so.

    `over` marks what an older guide says and is not so any more.
    """

    says: str
    why: str
    rfcs: tuple[str, ...]
    over: bool = False


@dataclass(frozen=True)
class Needed:
    """What a program needs: a flow under options, and what follows. `then` are other flows that are worth a look."""

    answers: Mapping[str, str]
    flow: str
    options: Chosen
    points: tuple[Point, ...]
    then: tuple[str, ...]

    @property
    def address(self) -> str:
        """The page of the flow under these options: /flows/authorization_code?client=single-page."""
        return f"/flows/{self.flow}" + (f"?{urlencode(self.options)}" if self.options else "")


QUESTIONS = (
    Question(
        "who",
        "Whose data does it touch?",
        {
            "person": "A person’s, and that person can say yes or no",
            "self": "Its own, or its company’s: nobody is there to ask",
        },
        usual="person",
    ),
    Question(
        "run",
        "Where does it run?",
        {
            "server": "On a server that can keep a secret",
            "device": "In a browser, on a phone or on a laptop, where nothing stays secret",
        },
        usual="server",
    ),
    Question(
        "away",
        "Does it go on while the person is away?",
        {"yes": "Yes", "no": "No"},
        usual="yes",
        skipped="Not needed: it asks again with its own credentials.",
    ),
    Question(
        "was",
        "Does an older guide tell you to …",
        {
            "password": "ask for the password in your own form",
            "url": "take the token from the address bar (response_type=token)",
            "neither": "Neither",
        },
        usual="neither",
    ),
)

_NO_IMPLICIT = Point(
    "Not implicit any more.",
    "A token in a URL leaks through the browser’s history and whatever the page loads, and another one can be slipped "
    "in. The code grant does all that implicit did, for a script in the browser too. The OAuth 2.1 draft leaves "
    "implicit out.",
    ("9700#section-2.1.2", "draft-ietf-oauth-v2-1#section-10.1"),
    over=True,
)
_NO_PASSWORD = Point(
    "Not the password grant any more.",
    "It hands the whole account to the client and leaves no room for a second factor. With the code grant the "
    "authorization server asks, on its own page. The OAuth 2.1 draft has no password grant.",
    ("9700#section-2.4", "draft-ietf-oauth-v2-1#section-10"),
    over=True,
)
OVER = {"implicit": _NO_IMPLICIT, "password": _NO_PASSWORD}  # flow → why it is over, and what replaces it

# Answers → what is needed: the first that fits.
_FLOWS: tuple[tuple[Chosen, str, Chosen], ...] = (
    ({"who": "self"}, "client_credentials", {}),
    ({"run": "server"}, "authorization_code", {"client": "web"}),
    ({"run": "device"}, "authorization_code", {"client": "single-page"}),
)

# Answers → what follows: all that fit, in this order.
_POINTS: tuple[tuple[Chosen, Point], ...] = (
    (
        {"who": "self"},
        Point(
            "The client is the subject.",
            "It proves who it is and asks for its own scopes. Nobody logs in, and nobody is asked.",
            ("6749#section-4.4",),
        ),
    ),
    (
        {"who": "self", "run": "server"},
        Point(
            "A confidential client.",
            "Its own secret is the whole grant, and a server can keep one.",
            ("6749#section-2.1",),
        ),
    ),
    (
        {"who": "self", "run": "device"},
        Point(
            "A confidential client, so not where it runs now.",
            "Whoever opens it up has the secret, and is your program from then on. Move this part to a server of "
            "yours; what runs on the device can ask that.",
            ("6749#section-4.4",),
        ),
    ),
    (
        {"who": "self"},
        Point("No refresh token.", "When the token is over, it simply asks again.", ("6749#section-4.4.3",)),
    ),
    (
        {"who": "person", "run": "server"},
        Point(
            "A confidential client.",
            "It proves who it is at the token endpoint, and uses PKCE as well.",
            ("9700#section-2.1.1",),
        ),
    ),
    (
        {"who": "person", "run": "device"},
        Point(
            "A public client.",
            "No secret; PKCE is what binds the code to it, and it is required. The walk here is that of a page; an "
            "app does the same through the system’s own browser.",
            ("9700#section-2.1.1", "8252#section-4.1"),
        ),
    ),
    (
        {"who": "person", "run": "server", "away": "yes"},
        Point(
            "With a refresh token.",
            "It gets the next access token while nobody is there, for as long as that person’s yes stands.",
            ("6749#section-6",),
        ),
    ),
    (
        {"who": "person", "run": "device", "away": "yes"},
        Point(
            "With a refresh token.",
            "For a public client it is rotated at each use, or bound to its sender: a stolen one must not work for "
            "weeks.",
            ("9700#section-2.2.2",),
        ),
    ),
    (
        {"who": "person", "away": "no"},
        Point(
            "No refresh token needed.",
            "When the access token is over, the person is there, and the browser can take the question once more.",
            ("6749#section-1.5",),
        ),
    ),
    ({"was": "url", "who": "person"}, _NO_IMPLICIT),
    (
        {"was": "url", "who": "self"},
        replace(
            _NO_IMPLICIT,
            why="A token in a URL leaks through the browser’s history. And nobody is there in whose address bar it "
            "could stand: your program asks the token endpoint itself. The OAuth 2.1 draft leaves implicit out.",
        ),
    ),
    ({"was": "password", "who": "person"}, _NO_PASSWORD),
    (
        {"was": "password", "who": "self"},
        replace(
            _NO_PASSWORD,
            why="A program that acts for itself needs nobody’s password: it has credentials of its own, which can be "
            "changed without locking anybody out. The OAuth 2.1 draft has no password grant.",
        ),
    ),
)

# Answers → a flow to walk after the one that is needed.
_THEN: tuple[tuple[Chosen, str], ...] = (
    ({"who": "person", "away": "yes"}, "refresh_token"),
    ({"was": "url"}, "implicit"),
    ({"was": "password"}, "password"),
)

# What the four questions do not lead to, since it cannot be walked here yet.
NOT_HERE = (
    Point(
        "A device without a browser or a keyboard,",
        "such as a television, has a grant of its own: it shows a code, and the person says yes on a phone. It cannot "
        "be walked here yet.",
        ("8628#section-1",),
    ),
    Point(
        "To learn who somebody is,",
        "none of these is enough: an access token is no login. OpenID Connect adds that to the code grant. It cannot "
        "be walked here yet either.",
        ("oidc-core#section-1",),
    ),
)


def needed(asked: Mapping[str, str]) -> Needed:
    """What follows from the answers, question → answer; one that was not given is the usual one.

    ValueError for an answer that there is not.
    """
    answers = {question.name: asked.get(question.name, question.usual) for question in QUESTIONS}
    for question in QUESTIONS:
        answer = answers[question.name]
        if answer not in question.answers:
            says = f"{question.name} must be one of {', '.join(question.answers)}"
            raise ValueError(f"{says}, and not {answer[:40]!r}")
    flow, options = next((flow, options) for when, flow, options in _FLOWS if when.items() <= answers.items())
    points = tuple(point for when, point in _POINTS if when.items() <= answers.items())
    then = tuple(name for when, name in _THEN if when.items() <= answers.items())
    return Needed(answers, flow, options, points, then)


INSTEAD = needed({"run": "device"})  # what the deprecated two were used for is done so today
