"""Our own pages: who may move a run, what is answered to what makes no sense, what every page carries."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import walk
from werkzeug.test import Client, TestResponse

from flows.entry import Entry
from flows.grants import FLOWS

OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def browser(entry: Entry) -> Client:
    return Client(entry)


def begin(browser: Client, flow: str = "authorization_code", **options: str) -> str:
    """Start a run of this browser's; the path of its page."""
    answer = browser.post("/runs", data={"flow": flow, **options}, headers=OURS)
    assert answer.status_code == 303
    return str(answer.location)


def send(browser: Client, run: str, step: str, position: int, **headers: str) -> TestResponse:
    return browser.post(f"{run}/next", data={"step": step, "position": str(position)}, headers={**OURS, **headers})


def says(answer: TestResponse) -> str:
    """The sentence of a page that says what is wrong."""
    found = re.search(r'class="problem".*?<p>(.*?)</p>', answer.text, re.DOTALL)
    assert found, answer.text[:200]
    return found[1]


def test_next_answers_303_and_htmx_gets_the_part_that_changes(browser: Client) -> None:
    run = begin(browser)
    plain = send(browser, run, "ask_for_prints", 0)
    assert (plain.status_code, plain.location) == (303, f"{run}?step=1")
    partial = send(browser, run, "ask_to_authorize", 1, **{"HX-Request": "true"})
    assert (partial.status_code, partial.headers["HX-Push-Url"]) == (200, f"{run}?step=2")
    assert partial.text.lstrip().startswith("<title>Step 2 of 9")
    assert "<html" not in partial.text
    assert f"{run}?step=2" not in browser.get(f"{run}?step=1").text


def test_second_click_on_next_makes_no_second_step(browser: Client, entry: Entry) -> None:
    run = begin(browser)
    answers = [send(browser, run, "ask_for_prints", 0) for _ in range(2)]
    assert [(answer.status_code, answer.location) for answer in answers] == [(303, f"{run}?step=1")] * 2
    assert len(entry.stage.runs.find(run[6:]).exchanges) == 1


def test_ten_clicks_at_once_make_one_step(browser: Client, entry: Entry) -> None:
    run = begin(browser)
    cookie = browser.get_cookie("tokenwalk")
    assert cookie is not None

    def click(_: int) -> int:
        same = Client(entry)
        same.set_cookie("tokenwalk", cookie.value)
        return send(same, run, "ask_for_prints", 0).status_code

    with ThreadPoolExecutor(10) as pool:
        assert list(pool.map(click, range(10))) == [303] * 10
    assert [exchange.position for exchange in entry.stage.runs.find(run[6:]).exchanges] == [0]


def test_step_out_of_order_is_refused_and_the_run_unharmed(browser: Client, entry: Entry) -> None:
    run = begin(browser)
    answer = send(browser, run, "redeem_code", 0)
    assert answer.status_code == 409
    assert says(answer).startswith("redeem_code cannot be sent now")
    assert send(browser, run, "ask_for_prints", 7).status_code == 409
    assert entry.stage.runs.find(run[6:]).exchanges == ()
    assert send(browser, run, "ask_for_prints", 0).status_code == 303


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"step": "ask_for_prints", "position": "-1"},
        {"step": "ask_for_prints"},
    ],
    ids=["empty", "negative position", "no position"],
)
def test_form_that_makes_no_sense_names_what_it_needs(browser: Client, form: dict[str, str]) -> None:
    answer = browser.post(f"{begin(browser)}/next", data=form, headers=OURS)
    assert answer.status_code == 400
    assert says(answer) == "The form must name a step of this flow and the position it is sent at."


def test_step_that_no_flow_has_is_named(browser: Client) -> None:
    answer = send(browser, begin(browser), "nonsense", 0)
    assert (answer.status_code, says(answer)) == (400, "This flow has no step called &#39;nonsense&#39;.")


@pytest.mark.parametrize("step", ["0", "10", "-1", "x", "1e9", "٣", "9999999999999999999999", ""])
def test_step_that_does_not_exist_is_named(browser: Client, step: str) -> None:
    answer = browser.get(begin(browser), query_string={"step": step})
    assert answer.status_code == 404
    assert says(answer).startswith("The steps of this flow are numbered 1 to 9")


@pytest.mark.parametrize("path", ["/runs/nosuchrun", "/runs/nosuchrun?step=3", "/runs/nosuchrun/exchanges/0/page"])
def test_unknown_run_is_said_to_be_unknown(browser: Client, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 404
    assert says(answer).startswith("There is no such run here.")


def test_unknown_flow_and_algorithm_are_named(browser: Client) -> None:
    assert says(browser.get("/flows/nonsense")) == "There is no flow called nonsense. The flows are on the first page."
    unknown_flow = browser.post("/runs", data={"flow": "<b>"}, headers=OURS)
    assert (unknown_flow.status_code, says(unknown_flow)) == (
        400, f"flow must be one of {', '.join(FLOWS)}, and not &#39;&lt;b&gt;&#39;.",
    )  # fmt: skip
    unknown_alg = browser.post("/runs", data={"flow": "authorization_code", "alg": "none"}, headers=OURS)
    assert (unknown_alg.status_code, says(unknown_alg)) == (
        400, "alg must be one of ES256, RS256, EdDSA, and not &#39;none&#39;.",
    )  # fmt: skip


def test_run_of_someone_else_can_be_read_and_not_moved(browser: Client, entry: Entry) -> None:
    run = begin(browser)
    stranger = Client(entry)
    assert stranger.get(run).status_code == 200
    for client in (stranger, Client(entry)):
        answer = send(client, run, "ask_for_prints", 0)
        assert answer.status_code == 403
        assert says(answer).startswith("This run was started in another browser.")
    begin(stranger)
    assert send(stranger, run, "ask_for_prints", 0).status_code == 403
    assert entry.stage.runs.find(run[6:]).exchanges == ()


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://auth.localhost"},
        {},
    ],
    ids=["cross-site", "same-site", "typed", "another origin", "null", "a party's host", "no header"],
)
def test_only_our_own_pages_may_move_a_run(browser: Client, entry: Entry, headers: dict[str, str]) -> None:
    run = begin(browser)
    answer = browser.post(f"{run}/next", data={"step": "ask_for_prints", "position": "0"}, headers=headers)
    assert answer.status_code == 403
    assert says(answer) == "This form did not come from a page of this Tokenwalk, so nothing was done."
    assert browser.post("/runs", data={"flow": "authorization_code"}, headers=headers).status_code == 403
    assert entry.stage.runs.find(run[6:]).exchanges == ()


def test_browser_without_fetch_metadata_is_known_by_its_origin(browser: Client) -> None:
    origin = {"Origin": "http://localhost"}
    assert browser.post("/runs", data={"flow": "authorization_code"}, headers=origin).status_code == 303


@pytest.mark.parametrize("path", ["/", "/flows/authorization_code", "/sandbox", "/nothing", "/static/tokenwalk.css"])
def test_every_page_carries_the_headers_that_keep_it_ours(browser: Client, path: str) -> None:
    headers = browser.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"


def test_what_alice_sees_can_run_nothing_and_send_nothing(browser: Client, entry: Entry) -> None:
    run = walk(entry.stage, until="ask_as_alice")
    answer = browser.get(f"/runs/{run.id}/exchanges/3/page")
    assert answer.data == run.exchanges[3].response.body
    assert answer.headers["Content-Security-Policy"] == (
        "sandbox; default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'self'"
    )
    assert browser.get(f"/runs/{run.id}/exchanges/6/page").status_code == 404


def test_first_page_says_where_this_browser_stopped(browser: Client, entry: Entry) -> None:
    assert "Walk the first flow" in browser.get("/").text
    run = begin(browser)
    send(browser, run, "ask_for_prints", 0)
    page = browser.get("/").text
    assert "Where you stopped" in page
    assert "before step 2 of 9: the browser takes the question to Snapbox." in page
    assert f'href="{run}?step=1">Go on with step 2' in page
    assert "Where you stopped" not in Client(entry).get("/").text


def test_get_never_moves_a_run_and_wrong_methods_are_told_which_are_right(browser: Client) -> None:
    run = begin(browser)
    for path, allowed in ((f"{run}/next", "OPTIONS, POST"), ("/runs", "OPTIONS, POST")):
        answer = browser.get(path)
        assert answer.status_code == 405
        assert ", ".join(sorted(answer.headers["Allow"].split(", "))) == allowed


def test_secret_cookie_is_kept_only_as_a_hash(browser: Client, entry: Entry) -> None:
    run = begin(browser)
    cookie = browser.get_cookie("tokenwalk")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert cookie.value not in entry.stage.runs.find(run[6:]).owner


def test_sandbox_page_names_every_client_and_address(browser: Client) -> None:
    page = browser.get("/sandbox").text
    for needed in (
        "http://localhost:8765/auth/sandbox", "http://localhost:8765/api/sandbox/photos", "alice", "wonderland",
        "photoprint-secret", "http://127.0.0.1:8766/callback", "http://127.0.0.1/callback", "photoprint-app",
        "photoprint-short-secret", "a code 2 s, an access token 4 s, a refresh token 8 s",
        "thumbnailer-secret", "photos-api-secret", "hatter", "teatime",
        "http://localhost:8765/.well-known/oauth-authorization-server/auth/sandbox",
    ):  # fmt: skip
        assert needed in page


def test_algorithm_that_was_chosen_signs_the_token(browser: Client, entry: Entry) -> None:
    answer = browser.post("/runs", data={"flow": "authorization_code", "alg": "EdDSA"}, headers=OURS)
    run = entry.stage.runs.find(answer.location[6:])
    assert run.realm.jwks["keys"][0]["alg"] == "EdDSA"
    assert run.options == {"client": "web", "pkce": "S256", "token": "JWT", "client_auth": "basic", "alg": "EdDSA"}


def test_address_without_a_page_says_so(browser: Client) -> None:
    answer = browser.get("/nothing-here")
    assert (answer.status_code, says(answer)) == (
        404, "There is no page at this address. The flows are on the first page.",
    )  # fmt: skip
