"""The two apps whose whole client is a script, in Chromium: they work, send what the walks say, and are not fooled."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from conftest import Server
from playwright.sync_api import Page, Request, expect

from flows import wire
from flows.run import Run
from flows.runs import Runs
from flows.stage import Stage
from flows.store import Store

PRINTED = "Printed: The lighthouse at low tide, Dinah, asleep again, Mountains, last light."
NOT_MINE = "This answer belongs to no question of ours, so we do not use it."


@dataclass(frozen=True)
class App:
    """One of the two apps: its page, the walk that tells its story, and how its answers come back."""

    path: str
    flow: str
    options: Mapping[str, str]
    answer: str  # as an address has it, with a `state` that is not the app’s


APPS = {
    "single-page": App("app", "authorization_code", {"client": "single-page"}, "?code=of-a-thief"),
    "of 2012": App("2012", "implicit", {}, "#access_token=of-a-thief&token_type=Bearer"),
}


@pytest.fixture(params=APPS.values(), ids=APPS.keys())
def app(request: pytest.FixtureRequest) -> App:
    chosen: App = request.param
    return chosen


@pytest.fixture
def asked(page: Page) -> list[Request]:
    """Every request that the page sends, in order."""
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request))
    return sent


def press_print(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("button", name="Print my Snapbox photos").click()
    page.wait_for_url(re.compile("/authorize"))


def log_in(page: Page) -> None:
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill("wonderland")
    page.get_by_role("button", name="Log in").click()


def print_as_alice(page: Page, address: str) -> None:
    press_print(page, address)
    log_in(page)
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("status")).to_have_text(PRINTED)


def by_path(server: Server, app: App) -> str:
    return f"{server.url}/client/sandbox/{app.path}"


# They work.


def test_app_prints_in_the_sandbox_where_all_parties_share_one_origin(page: Page, server: Server, app: App) -> None:
    print_as_alice(page, by_path(server, app))


def test_no_from_alice_is_told_to_her(page: Page, server: Server, app: App, asked: list[Request]) -> None:
    press_print(page, by_path(server, app))
    log_in(page)
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("status")).to_have_text("Snapbox said no: access_denied.")
    assert [each.url for each in asked if each.resource_type == "fetch"] == []


# They send what the walks say.


@dataclass(frozen=True)
class Shape:
    """What can be compared of two requests whose values differ."""

    method: str
    path: str  # without the realm
    query: tuple[str, ...]
    form: tuple[str, ...]
    accept: str  # the first kind that it names
    authorization: str  # the scheme
    content_type: str
    origin: str
    asks_for: tuple[str | None, str | None]  # a preflight’s method and headers


def shape(request: wire.Request, realm: str) -> Shape:
    assert request.path.startswith(f"/{realm}/")
    return Shape(
        request.method,
        request.path.removeprefix(f"/{realm}"),
        tuple(name for name, _ in request.query),
        tuple(name for name, _ in request.form),
        (request.header("Accept") or "").split(",")[0],
        (request.header("Authorization") or "").split(" ")[0],
        request.content_type,
        (request.header("Origin") or "").rpartition(":")[0],
        (request.header("Access-Control-Request-Method"), request.header("Access-Control-Request-Headers")),
    )


def as_sent(request: Request) -> wire.Request:
    """A request of the page as Playwright saw it."""
    parts = urlsplit(request.url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    return wire.Request(request.method, target, tuple(request.all_headers().items()), request.post_data_buffer or b"")


def is_the_scripts(request: Request) -> bool:
    """What the script sends itself: its calls, and where it takes the browser. Redirects and forms are not its own."""
    asks = request.is_navigation_request() and request.redirected_from is None and "/authorize?" in request.url
    return request.resource_type == "fetch" or asks


def walked(stage: Stage, app: App) -> Run:
    """The story of the app, walked to its end."""
    run = stage.runs.find(stage.start(app.flow, app.options, "whoever reads it"))
    while run.next_steps:
        run = stage.send(run.id, run.next_steps[0].name, len(run.walked))
    return run


@pytest.fixture
def runs(server: Server) -> Iterator[Runs]:
    """The runs that the server keeps: a new one is a realm whose parties live on hosts of their own."""
    store = Store(server.database_url)
    yield Runs(store, f"localhost:{server.port}")
    store.engine.dispose()


def by_host(runs: Runs, app: App) -> tuple[str, str]:
    """A new run that nobody walks: its realm, and the address of the app there."""
    realm = runs.start(app.flow, app.options, "nobody")
    return realm, f"http://client.{runs.authority}/{realm}/{app.path}"


def test_real_script_sends_what_the_walk_prepares(
    page: Page, runs: Runs, app: App, asked: list[Request], stage: Stage
) -> None:
    realm, address = by_host(runs, app)
    print_as_alice(page, address)
    told = walked(stage, app)
    steps = {step.name: step for step in told.flow.main_line if step.sender == "script"}
    prepared = {name: shape(stage.prepare(told, step), told.id) for name, step in steps.items()}
    received = runs.find(realm).exchanges

    # Playwright does not see the preflight, which Chromium sends on the script’s behalf: the API does.
    (preflight,) = [shape(each.request, realm) for each in received if each.request.method == "OPTIONS"]
    sent = [shape(as_sent(each), realm) for each in asked if is_the_scripts(each)]
    assert [preflight, *sent] == [prepared.pop("preflight"), *prepared.values()]
    assert [each.refused for each in received] == [None] * len(received)


# The fragment.


def test_no_request_carries_the_fragment(page: Page, runs: Runs, asked: list[Request]) -> None:
    realm, address = by_host(runs, APPS["of 2012"])
    print_as_alice(page, address)
    assert page.url.startswith(f"{address}#access_token=")
    token = page.url.partition("#access_token=")[2].partition("&")[0]
    exchanges = runs.find(realm).exchanges
    to_client = [each for each in exchanges if each.receiver == "client"]
    assert [each.request.target for each in to_client] == [f"/{realm}/2012"] * 2
    with_token = [each for each in exchanges if token.encode() in each.request_bytes]
    assert [(each.receiver, each.request.header("Authorization")) for each in with_token] == [
        ("resource_server", f"Bearer {token}")
    ]
    assert [each.url for each in asked if token in urlsplit(each.url)._replace(fragment="").geturl()] == []


# They are not fooled.


@pytest.mark.parametrize("began", [False, True], ids=["nobody asked", "Alice asked"])
def test_answer_with_a_foreign_state_is_not_used(
    page: Page, server: Server, app: App, asked: list[Request], began: bool
) -> None:
    if began:
        press_print(page, by_path(server, app))
    for answer in (app.answer, f"{app.answer[0]}error=access_denied"):
        for state in ("", "&state=foreign", "&state=null"):
            page.goto("about:blank")  # or only the fragment would change, and no page be loaded
            page.goto(f"{by_path(server, app)}{answer}{state}&iss={server.url}/auth/sandbox")
            expect(page.get_by_role("status")).to_have_text(NOT_MINE)
    assert [each.url for each in asked if each.resource_type == "fetch"] == []


def test_code_of_another_server_is_not_used(page: Page, server: Server, asked: list[Request]) -> None:
    address = by_path(server, APPS["single-page"])
    press_print(page, address)
    state = dict(part.split("=") for part in urlsplit(page.url).query.split("&"))["state"]
    page.goto(f"{address}?code=of-another-server&state={state}&iss=http://evil.example")
    expect(page.get_by_role("status")).to_have_text(NOT_MINE)
    assert [each.url for each in asked if each.resource_type == "fetch"] == []


def test_app_takes_one_answer_to_one_question(page: Page, server: Server, asked: list[Request]) -> None:
    print_as_alice(page, by_path(server, APPS["single-page"]))
    asked.clear()
    page.reload()
    expect(page.get_by_role("status")).to_have_text(NOT_MINE)
    assert [each.url for each in asked if each.resource_type == "fetch"] == []
