"""Any message can be changed before it is sent, and the answer is the server's own."""

from __future__ import annotations

import re
import shlex
import subprocess
import urllib.request
from urllib.parse import urlencode

import pytest
from conftest import Server, walk
from stories import run_before
from test_pages import OURS, begin, says, send
from werkzeug.test import Client, TestResponse

from app import create_app
from flows import wire
from flows.edit import Edit, apply, between, fields_of, of_raw, told
from flows.entry import Entry
from flows.grants import FLOWS
from flows.pages.curl import as_curl
from flows.run import Run
from flows.stage import Stage

flow = FLOWS["authorization_code"].under({})

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def browser(entry: Entry) -> Client:
    return Client(entry)


def walked(browser: Client, count: int) -> str:
    """A run of this browser's that has come that many steps; the path of its page."""
    run = begin(browser)
    for position, step in enumerate(flow.main_line[:count]):
        assert send(browser, run, step.name, position).status_code == 303
    return run


def change(browser: Client, run: str, step: str, position: int, **form: str | list[str]) -> TestResponse:
    data = {"step": step, "position": str(position)} | form
    return browser.post(f"{run}/send", data=data, headers=OURS)


def test_field_that_was_cleared_is_left_out_and_shown_struck_through(browser: Client, entry: Entry) -> None:
    run = walked(browser, 6)
    prepared = entry.stage.prepare(entry.stage.runs.find(run[6:]), flow.named("redeem_code"))
    kept = [pair for pair in fields_of(prepared, "form") if pair[0] != "code_verifier"]
    headers = fields_of(prepared, "header")
    answer = change(
        browser, run, "redeem_code", 6, fields="1",
        **{
            "form.name": [name for name, _ in kept] + [""], "form.value": [value for _, value in kept] + [""],
            "header.name": [name for name, _ in headers], "header.value": [value for _, value in headers],
        },
    )  # fmt: skip
    assert (answer.status_code, answer.location) == (303, f"{run}?step=7")
    last = entry.stage.runs.find(run[6:]).exchanges[-1]
    assert last.edits == (Edit("form", "code_verifier", None),)
    assert last.refused is not None
    assert last.refused.check == "code_verifier_matches"
    page = browser.get(answer.location).text
    assert '<li id="code_verifier" class="cut">' in page
    assert "You left this out" in page
    assert "1 line changed by you" in page
    assert "Put it back and send" in page


def test_refusal_is_undone_and_the_walk_goes_on_to_its_end(browser: Client, entry: Entry) -> None:
    run = walked(browser, 6)
    change(browser, run, "redeem_code", 6, way="Leave out code_verifier")
    change(browser, run, "redeem_code", 7)
    for position, step in enumerate(flow.main_line[7:], 8):
        assert send(browser, run, step.name, position).status_code == 303
    statuses = [each.response.status for each in entry.stage.runs.find(run[6:]).walked]
    assert statuses == [303, 200, 303, 200, 303, 303, 400, 200, 200, 200]
    page = browser.get(f"{run}?step=7&attempt=1").text
    assert "1, changed by you · 400 code_verifier_matches" in page
    assert "Attempts at step 7" in page


def test_branch_has_a_fresh_realm_and_the_edits_of_the_steps_before(browser: Client, entry: Entry) -> None:
    run = walked(browser, 1)
    change(browser, run, "ask_to_authorize", 1, way="Leave out code_challenge")
    for position, step in enumerate(flow.main_line[2:6], 2):
        send(browser, run, step.name, position)
    answer = browser.post(f"{run}/branch", data={"before": "6"}, headers=OURS)
    assert answer.status_code == 303
    assert answer.location != run
    old, new = entry.stage.runs.find(run[6:]), entry.stage.runs.find(answer.location[6:])
    assert [each.step for each in new.walked] == [each.step for each in old.walked]
    assert new.walked[1].edits == old.walked[1].edits
    assert [edit.name for edit in new.walked[1].edits] == ["code_challenge", "code_challenge_method"]
    assert new.realm.issuer != old.realm.issuer
    assert new.secret("state") != old.secret("state")


def test_raw_text_is_sent_byte_for_byte_and_kept_when_it_is_no_request(browser: Client, entry: Entry) -> None:
    run = walked(browser, 7)
    raw = f"GET {run[5:]}/photos HTTP/1.1\r\nHost: api.localhost:8765\r\nX-Mine:   1\r\n\r\n"
    assert change(browser, run, "fetch_photos", 7, raw=raw).status_code == 303
    last = entry.stage.runs.find(run[6:]).exchanges[-1]
    assert last.request_bytes == raw.encode()
    assert last.refused is not None
    assert last.refused.check == "token_came"


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ("nonsense", "This is not HTTP: a request begins with a method, a target and HTTP/1.1"),
        ("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", "The request target must start with /, and this one is"),
        ("GET /#x HTTP/1.1\r\nHost: a\r\n\r\n", "A fragment (#) never crosses the wire"),
        ("GET /x HTTP/1.1\r\nHost: evil.example\r\n\r\n", "No party of this run answers at evil.example/x (line 2, "),
        ("GET /other/photos HTTP/1.1\r\nHost: api.localhost\r\n\r\n", "No party of this run answers at api.localhost"),
        ("POST /x HTTP/1.1\r\nHost: a\r\n\r\nbody", "There is more after the request: a body needs"),
    ],
    ids=["nonsense", "absolute", "fragment", "elsewhere", "another realm", "no length"],
)  # fmt: skip
def test_raw_text_that_cannot_be_sent_is_told_why_and_stays(
    browser: Client, entry: Entry, raw: str, sentence: str
) -> None:
    run = walked(browser, 7)
    answer = change(browser, run, "fetch_photos", 7, raw=raw)
    assert answer.status_code == 422
    assert says(answer).startswith(sentence)
    assert raw.split("\r\n")[0] in answer.text
    assert len(entry.stage.runs.find(run[6:]).exchanges) == 7


def test_second_click_on_a_change_sends_it_once(browser: Client, entry: Entry) -> None:
    run = walked(browser, 6)
    for _ in range(2):
        assert change(browser, run, "redeem_code", 6, way="Another code").status_code == 303
    assert len(entry.stage.runs.find(run[6:]).exchanges) == 7


def test_only_its_own_browser_changes_a_run_and_anybody_may_branch_it(browser: Client, entry: Entry) -> None:
    run = walked(browser, 3)
    stranger = Client(entry)
    assert stranger.get(f"{run}/change?step=log_in").status_code == 403
    assert change(stranger, run, "log_in", 3).status_code == 403
    mine = stranger.post(f"{run}/branch", data={"before": "2"}, headers=OURS)
    assert [each.step for each in entry.stage.runs.find(mine.location[6:]).walked] == [
        "ask_for_prints",
        "ask_to_authorize",
    ]
    assert send(stranger, mine.location, "log_in", 2).status_code == 303
    assert len(entry.stage.runs.find(run[6:]).exchanges) == 3


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"step": "fetch_photos", "position": "3"}, 409),
        ({"step": "", "position": "3"}, 409),
        ({"step": "log_in", "position": "x"}, 400),
        ({"step": "log_in", "position": "3", "way": "no such way"}, 400),
        ({"step": "log_in", "position": "9"}, 409),
    ],
)
def test_change_that_makes_no_sense_is_refused_and_nothing_is_sent(
    browser: Client, entry: Entry, form: dict[str, str], status: int
) -> None:
    run = walked(browser, 3)
    assert browser.post(f"{run}/send", data=form, headers=OURS).status_code == status
    assert browser.post(f"{run}/send", data=form).status_code == 403
    assert browser.post(f"{run}/branch", data={"before": "99"}, headers=OURS).status_code == 400
    assert len(entry.stage.runs.find(run[6:]).exchanges) == 3


def example() -> wire.Request:
    return wire.post("http://auth.localhost:8765/r/token", {"a": "1", "b": "2"}, ("X", "y"))


@pytest.mark.parametrize(
    "form",
    [
        [("a", "1")],
        [("a", "1"), ("b", "3")],
        [("a", "1"), ("b", "2"), ("a", "9")],
        [],
        [("c", ""), ("a", "1"), ("b", "2")],
    ],
    ids=["left out", "changed", "doubled", "emptied", "added"],
)  # fmt: skip
def test_edits_between_two_forms_make_the_one_of_the_other(form: wire.Fields) -> None:
    edits = between(example(), {"form": form, "header": fields_of(example(), "header"), "query": []})
    made = wire.parse_request(apply(example(), edits))
    assert sorted(made.form) == sorted(form)
    assert made.header("Content-Length") == str(len(made.body))


def test_form_that_is_put_where_none_was_says_how_long_it_is() -> None:
    prepared = wire.get("http://api.localhost:8765/r/photos", ("Content-Type", FORM))
    made = wire.parse_request(apply(prepared, [Edit("method", "", "POST"), Edit("form", "title", "Tea")]))
    assert (made.form, made.header("Content-Length")) == ([("title", "Tea")], "9")
    assert apply(prepared, [Edit("form", "title", None)]) == prepared.raw()


def test_raw_text_becomes_operations_where_it_can() -> None:
    text = example().raw().decode().replace("a=1&b=2", "a=1").replace("Content-Length: 7", "Content-Length: 3")
    assert of_raw(example(), text) == [Edit("form", "b", None), Edit("header", "Content-Length", "3")]
    assert of_raw(example(), example().raw().decode()) == []
    odd = example().raw().decode().replace("X: y", "X:y")
    assert of_raw(example(), odd) == [Edit("raw", "", odd)]


def test_curl_command_of_every_step_gets_the_same_kind_of_answer(server: Server) -> None:
    """Pasted into a shell, in the order of a run that somebody begins with it."""
    data = urlencode({"flow": "authorization_code"}).encode()
    asked = urllib.request.Request(f"{server.url}/runs", data, {**OURS, "Origin": server.url})
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    run_id = opener.open(asked).url.rpartition("/")[2]
    stage = stage_of(server)
    for step in flow.main_line[:2]:
        run: Run = stage.runs.find(run_id)
        command = as_curl(stage.prepare(run, step))
        run = stage.send(run_id, step.name, len(run.walked))
        printed = subprocess.run(shlex.split(command), capture_output=True, check=True, timeout=30).stdout
        status = int(printed.split(b" ")[1])
        assert status == run.walked[-1].response.status
    outside = [each for each in stage.runs.find(run_id).exchanges if each.step is None]
    assert [(each.sender, each.receiver) for each in outside] == [
        ("outside", "client"), ("outside", "authorization_server"),
    ]  # fmt: skip


def stage_of(server: Server) -> Stage:
    """The stage of an application on the served database, to prepare and send from this process."""
    return create_app(server.database_url, f"localhost:{server.port}").stage


def test_letters_beyond_latin_1_in_a_header_are_sent_as_utf_8(browser: Client, entry: Entry) -> None:
    run = walked(browser, 7)
    host = ("Host", "api.localhost:8765")
    rows = {"header.name": [host[0], "X-Mine"], "header.value": [host[1], "→"]}
    assert change(browser, run, "fetch_photos", 7, fields="1", **rows).status_code == 303
    assert "X-Mine: →\r\n".encode() in entry.stage.runs.find(run[6:]).exchanges[-1].request_bytes


@pytest.mark.parametrize("digits", ["9" * 5000, "٣", "-1", ""], ids=["5000 digits", "arabic", "negative", "empty"])
def test_number_that_is_none_is_refused(browser: Client, digits: str) -> None:
    run = walked(browser, 3)
    form = {"step": "log_in", "position": digits}
    assert browser.post(f"{run}/send", data=form, headers=OURS).status_code == 400
    assert browser.post(f"{run}/branch", data={"before": digits}, headers=OURS).status_code == 400


def tab(browser: Client, run: str, step: str, position: int, **form: str) -> TestResponse:
    """What a tab sends whose page was made when the run had that many exchanges."""
    return browser.post(f"{run}/send", data={"step": step, "position": str(position), **form}, headers=OURS)


def walked_by(browser: Client, run: str, *steps: str) -> None:
    for position, step in enumerate(steps):
        assert send(browser, run, step, position).status_code == 303


def rows_of(answer: TestResponse) -> list[str]:
    """The names in the rows of the form, those of the address."""
    return re.findall(r'name="query.name" value="([^"]+)"', answer.text)


def test_row_is_moved_up_doubled_and_left_out_without_sending(browser: Client, entry: Entry) -> None:
    run = begin(browser)
    walked_by(browser, run, "ask_for_prints")
    names = ["response_type", "client_id", "redirect_uri"]
    form = [("step", "ask_to_authorize"), ("fields", "1")]
    form += [pair for name in names for pair in (("query.name", name), ("query.value", "typed"))]

    def press(row: str) -> TestResponse:
        return browser.post(
            f"{run}/change", data=urlencode([*form, ("row", row)]), headers={**OURS, "Content-Type": FORM}
        )

    assert rows_of(press("query.2.up")) == ["response_type", "redirect_uri", "client_id"]
    assert rows_of(press("query.0.up")) == names
    assert rows_of(press("query.1.twice")) == ["response_type", "client_id", "client_id", "redirect_uri"]
    assert rows_of(press("query.1.out")) == ["response_type", "redirect_uri"]
    assert press("query.1.out").text.count('value="typed"') == 2
    for nonsense in ("query.9.up", "query.1.sideways", "nowhere.0.up", "", "query.x.up"):
        assert press(nonsense).status_code == 400
    assert len(entry.stage.runs.find(run[6:]).exchanges) == 1


def test_order_is_an_edit_of_its_own_and_survives_a_branch(stage: Stage) -> None:
    run = walk(stage, until="ask_for_prints")
    prepared = stage.prepare(run, flow.named("ask_to_authorize"))
    fields = fields_of(prepared, "query")
    edits = between(prepared, {"query": fields[::-1], "header": list(prepared.headers)})
    assert edits == [Edit("order", "query", "6 5 4 3 2 1 0")]
    run = stage.send(run.id, "ask_to_authorize", 1, edits)
    assert [name for name, _ in run.walked[-1].request.query] == [name for name, _ in fields[::-1]]
    branch = stage.runs.find(stage.branch(run, 2, "me"))
    assert branch.walked[-1].request.query[0] == ("code_challenge_method", "S256")
    assert told(prepared, edits) == "You put in another order the fields of the `query`."


@pytest.mark.parametrize(("count", "edits"), [(200, 200), (201, 1), (30_000, 1)])
def test_raw_text_with_many_fields_is_one_change_and_not_as_many(count: int, edits: int) -> None:
    prepared = wire.post("http://a/x", {})
    body = "&".join(f"a{each}=1" for each in range(count))
    text = prepared.raw().decode().replace("Content-Length: 0", f"Content-Length: {len(body)}") + body
    made = [edit for edit in of_raw(prepared, text) if edit.where in ("form", "raw")]
    assert len(made) == edits
    assert (made == [Edit("raw", "", text)]) == (edits == 1)
    assert apply(prepared, made) == text.encode()


def test_raw_text_with_many_fields_is_sent_and_shown(browser: Client, entry: Entry) -> None:
    run = walked(browser, 6)
    prepared = entry.stage.prepare(entry.stage.runs.find(run[6:]), flow.named("redeem_code"))
    body = prepared.body.decode() + "&a=1" * 5000
    raw = (
        apply(prepared, [Edit("header", "Content-Length", str(len(body)))])
        .decode()
        .replace(prepared.body.decode(), body)
    )
    assert change(browser, run, "redeem_code", 6, raw=raw).location == f"{run}?step=7"
    last = entry.stage.runs.find(run[6:]).walked[-1]
    assert (len(last.edits), last.refused and last.refused.check) == (1, "no_parameter_is_repeated")
    assert "written by you as raw text" in browser.get(f"{run}?step=7").text


@pytest.mark.parametrize("path", ["send", "change"])
def test_form_with_many_rows_is_told_how_many_are_taken(browser: Client, entry: Entry, path: str) -> None:
    run = walked(browser, 6)
    rows = [(f"form.{part}", "a") for _ in range(201) for part in ("name", "value")]
    data = urlencode([("step", "redeem_code"), ("position", "6"), ("fields", "1"), ("row", "form.0.up"), *rows])
    answer = browser.post(f"{run}/{path}", data=data, headers={**OURS, "Content-Type": FORM})
    assert answer.status_code == 400
    assert says(answer) == "The form has 201 rows, and at most 200 are sent so. Raw text takes more."
    assert len(entry.stage.runs.find(run[6:]).exchanges) == 6


def test_changes_are_told_in_words(stage: Stage) -> None:
    prepared = stage.prepare(walk(stage, until="callback"), flow.named("redeem_code"))
    edits = [Edit("form", "code", None), Edit("form", "code_verifier", None), Edit("form", "x", "1")]
    edits += [Edit("form", "redirect_uri", "y"), Edit("form", "grant_type", "z", nth=1), Edit("method", "", "PUT")]
    assert told(prepared, edits) == (
        "You left out `code` and `code_verifier`. You added `x`. You changed `redirect_uri`. "
        "You sent once more `grant_type`. You sent it as `PUT`."
    )
    assert told(prepared, [Edit("raw", "", "x")]) == "You wrote the request as raw text."


def test_refusal_is_seen_from_both_sides(browser: Client) -> None:
    run = begin(browser)
    steps = ["ask_for_prints", "ask_to_authorize", "log_in", "ask_as_alice", "approve", "callback"]
    walked_by(browser, run, *steps)
    assert tab(browser, run, "redeem_code", 6, way="Leave out code_verifier").status_code == 303
    page = " ".join(
        re.sub("<[^>]+>", " ", browser.get(f"{run}?step=7").text.partition("One answer, two views")[2]).split()
    )
    assert page.startswith(
        "What the client sees 400 and invalid_grant . The same for all of these: a code that this server never gave "
        "a code that another client was given a redirect_uri that is not the one in the question "
        "a code_verifier that is missing or wrong a code that has expired a code that was used before "
        "What the authorization server knows client_is_authenticated : This is photoprint: the secret fits."
    )


def test_megabyte_of_raw_text_is_told_its_size_and_kept(browser: Client, entry: Entry) -> None:
    run = begin(browser)
    text = "GET /x HTTP/1.1\r\nHost: a\r\nX: " + "a" * 1_000_000 + "\r\n\r\n"
    answer = tab(browser, run, "ask_for_prints", 0, raw=text)
    assert answer.status_code == 422
    assert says(answer) == (
        "The text is 1,000,033 bytes long, and at most 131,072 are sent from here (line 3, character 131047)."
    )
    assert text.replace("\r\n", "\n")[:100] in answer.text.replace("\r\n", "\n")
    assert entry.stage.runs.find(run[6:]).exchanges == ()


def test_what_a_check_saw_tells_no_secret_of_a_server(stage: Stage) -> None:
    saw = []
    for name, ways in flow.ways.items():
        for way in ways:
            run = run_before(stage, "authorization_code", name)
            run = stage.send(run.id, name, len(run.walked), way.edits(stage.prepare(run, flow.named(name))))
            saw += [value for verdict in run.walked[-1].verdicts for _, value in verdict.saw]
    assert len(saw) > 20
    assert [value for value in saw if "wonderland" in value or "photoprint-secret" in value] == []


def test_message_that_was_led_to_another_party_is_told_as_that_partys(browser: Client) -> None:
    run = begin(browser)
    walked_by(browser, run, "ask_for_prints", "ask_to_authorize", "log_in", "ask_as_alice", "approve", "callback")
    raw = f"GET /{run[6:]}/photos HTTP/1.1\nHost: api.localhost:8765\n\n"
    assert tab(browser, run, "redeem_code", 6, raw=raw).status_code == 303
    page = browser.get(f"{run}?step=7").text
    assert '<b class="resource_server">The photos API</b> noticed: the check' in page
    assert 'aria-label="7 code → token: Client to Photos API, step 7 of 9, refused, changed by you"' in page


def test_requests_of_oauths_own_are_counted_each_time(browser: Client) -> None:
    run = walked(browser, 7)
    change(browser, run, "redeem_code", 7, way="Send it twice")
    head = re.search(r'<p class="meta">.*?</p>', browser.get(run).text)
    assert head
    assert "8 requests so far</b>, 3 of them OAuth’s own (steps 2, 7)" in head[0]


def test_long_name_is_told_short(stage: Stage) -> None:
    prepared = stage.prepare(walk(stage, until="callback"), flow.named("redeem_code"))
    assert told(prepared, [Edit("form", "a" * 3000, "x")]) == f"You added `{'a' * 60}… (3,000 characters)`."
    assert told(prepared, [Edit("form", "a`b", "x")]) == "You added `a´b`."
