"""The page that breaks a token: what it shows of a copy, what a run's API answers to it, and that it keeps nothing."""

from __future__ import annotations

import hmac
import json
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from threading import Barrier
from typing import Any

import jwt
import pytest
from conftest import walk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import OctKey
from test_decoder import entry_files, plain, texts
from test_world import OWNER
from werkzeug.test import Client, TestResponse

from flows.entry import Entry
from flows.run import Run
from flows.stage import Stage
from flows.tokens import base64url
from flows.tokens.breaking.spoil import WAYS
from flows.tokens.judging.common_secrets import common_secrets

OURS = {"Sec-Fetch-Site": "same-origin"}
SECRET = "a secret of forty characters, as it ought"
TOKEN = jwt.encode({"iss": "https://a.example", "sub": "alice", "exp": 4_000_000_000}, SECRET, algorithm="HS256")


@pytest.fixture
def browser(entry: Entry) -> Client:
    made = Client(entry)
    made.set_cookie("tokenwalk", OWNER)
    return made


def post(browser: Client, to: str = "/break", **fields: str) -> TestResponse:
    return browser.post(to, data=fields, headers=OURS)


def fields_of(answer: TestResponse, form: str = "break-form") -> dict[str, str]:
    """What a form of the page holds, as a browser would post it."""
    pattern = rf'<form[^>]*(?:id="{form}"|action="{form}")[^>]*>(.*?)</form>'
    found = re.search(pattern, answer.text, re.DOTALL)
    assert found, form
    hidden = dict(re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', found[1]))
    if form == "break-form":
        hidden |= dict(re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>\n(.*?)</textarea>', answer.text, re.DOTALL))
    return {name: unescape(value).replace("\n", "\r\n") for name, value in hidden.items()}


def press(browser: Client, shown: TestResponse, way: str, **more: str) -> TestResponse:
    """Press a button of the form that the page shows, with some of its fields filled in."""
    return post(browser, **{**fields_of(shown), "way": way, **more})


def made_of(payload: bytes) -> str:
    """A token signed with SECRET over any bytes."""
    message = ".".join(base64url.encode(each) for each in (b'{"alg":"HS256"}', payload))
    return f"{message}.{base64url.encode(hmac.digest(SECRET.encode(), message.encode(), 'sha256'))}"


def verdicts(answer: TestResponse) -> list[str]:
    """What the correct verifier says, what the careless one says, and what the API answered."""
    return texts(answer, "says")


def of_run(run: Run) -> dict[str, str]:
    position = run.walked[-1].position
    return {"run": run.id, "exchange": str(position), "value": "access_token"}


def opened(browser: Client, run: Run) -> TestResponse:
    return browser.get("/break", query_string=of_run(run))


def own_run(stage: Stage, **options: str) -> Run:
    return walk(stage, flow="client_credentials", until="ask_for_token", **options)


def test_without_a_token_there_is_a_field_and_some_of_this_app(browser: Client) -> None:
    answer = browser.get("/break")
    assert answer.status_code == 200
    assert '<textarea class="field" id="in-pasted"' in answer.text
    links = re.findall(r'<a href="(/break\?[^"]+)">([^<]+)</a>', answer.text)
    assert [title for _, title in links] == ["An access token", "An expired one"]
    for href, _ in links:
        shown = browser.get(unescape(href))
        assert shown.status_code == 200
        assert "So far it is the same." in plain(shown)
        assert fields_of(shown)["pasted"].count(".") == 2


def test_token_with_a_weak_secret_is_made_and_then_forged(browser: Client) -> None:
    shown = post(browser, made="weak")
    answer = press(browser, shown, "weak_secret")
    assert verdicts(answer) == ["Anybody could have made it", "Accepted"]
    assert re.search(
        r"The secret is secret: guess 2 of \d+\. All \d+ together were computed at [\d,]+ a second", plain(answer)
    )
    assert "It lets in whoever sends this, as mallory." in plain(answer)


@pytest.mark.parametrize(
    ("way", "says"),
    [
        ("edit", []),
        ("flip_bit", ["Not genuine", "Accepted"]),
        ("cut_signature", ["Not genuine", "Accepted"]),
        ("alg_none", ["Unsecured", "Accepted"]),
        ("public_key_as_secret", ["Not verified", "Accepted"]),
        ("another_kid", ["Anybody could have made it", "Accepted"]),
        ("own_jwk", ["Not genuine", "Accepted"]),
        ("stretch_exp", ["Not genuine", "Accepted"]),
        ("re_encode", ["Genuine, but written in another way than it was signed", "Accepted"]),
        ("weak_secret", []),
    ],
)
def test_every_way_is_pressed_and_both_verifiers_answer(
    stage: Stage, browser: Client, way: str, says: list[str]
) -> None:
    shown = opened(browser, own_run(stage))
    answer = press(browser, shown, way)
    assert answer.status_code == 200
    assert verdicts(answer) == says
    page = plain(answer)
    if says:
        assert f"Why it might work. {' '.join(WAYS[way].says.split())}".replace("`", "") in page
        assert f"Who would have been fooled. {WAYS[way].fooled}".replace("`", "") in page
        assert "careless:" in page and "def " in page


def test_the_source_of_the_careless_one_is_its_own_and_its_line_is_marked(stage: Stage, browser: Client) -> None:
    answer = press(browser, opened(browser, own_run(stage)), "cut_signature")
    lines = re.findall(r'<li data-n="(\d+)"( class="here")?><code>(.*?)</code>', answer.text)
    source = [unescape(re.sub("<[^>]+>", "", text)) for _, _, text in lines]
    with open("flows/tokens/breaking/careless.py") as file:
        there = file.read().splitlines()
    first = int(lines[0][0])
    assert [line.rstrip() or " " for line in source] == [
        line or " " for line in there[first - 1 : first - 1 + len(source)]
    ]
    assert [text for (_, here, _), text in zip(lines, source, strict=True) if here] == [
        "    # careless: no signature, nothing to verify",
        "    if signature and not fits(token, knows.key):",
    ]


def test_what_is_new_is_marked_and_told(browser: Client) -> None:
    shown = post(browser, pasted=f"Authorization: Bearer {TOKEN}", key=SECRET)
    assert "The original Genuine" in plain(shown)
    payload = json.dumps({"iss": "https://a.example", "sub": "mallory", "exp": 4_000_000_000})
    answer = press(browser, shown, "edit", payload=payload)
    copy = re.search(r'id="the-copy-text"[^>]*>(.*?)</p>', answer.text, re.DOTALL)
    assert copy
    marked = re.findall("<mark>(.*?)</mark>", copy[1])
    text = unescape(re.sub("<[^>]+>", "", copy[1]))
    assert text.split(".")[0] == TOKEN.split(".")[0] and text.split(".")[2] == TOKEN.split(".")[2]
    assert len(marked) == 1 and marked[0] in text.split(".")[1]
    assert 'sub in the payload is "mallory"; it was "alice". The signature is as it was.' in plain(answer)
    assert f"{len(marked[0])} characters are new, and marked." in plain(answer)
    assert verdicts(answer) == ["Not genuine", "Accepted"]
    decoder = fields_of(answer, "/decode")
    assert decoder["pasted"] == text
    assert f'value="{TOKEN}"' in answer.text  # and back, with the original


def test_what_was_typed_is_kept_for_the_next_way_and_what_a_way_did_is_not(stage: Stage, browser: Client) -> None:
    shown = opened(browser, own_run(stage))
    payload = fields_of(shown)["payload"].replace("thumbnailer", "mallory")
    edited = press(browser, shown, "edit", payload=payload)
    none = press(browser, edited, "alg_none", **{"variant-alg_none": "nOnE"})
    assert verdicts(none) == ["Unsecured", "Accepted"]
    assert '"alg": "nOnE"' in fields_of(none)["header"]
    assert '"sub": "mallory"' in fields_of(none)["payload"]
    cut = press(browser, none, "cut_signature")
    assert '"alg": "ES256"' in fields_of(cut)["header"]
    assert '"sub": "mallory"' in fields_of(cut)["payload"]
    over = press(browser, none, "edit", header=fields_of(none)["header"].replace("nOnE", "HS999"))
    assert '"alg": "HS999"' in fields_of(over)["header"]
    again = post(browser, **{**fields_of(over), "again": "1"})
    assert "So far it is the same." in plain(again)
    assert '"sub": "thumbnailer"' in fields_of(again)["payload"]


def test_header_that_became_unreadable_does_not_become_what_the_next_way_begins_with(
    stage: Stage, browser: Client
) -> None:
    shown = opened(browser, own_run(stage))
    flipped = press(browser, shown, "flip_bit", part="header", bit="1")
    assert verdicts(flipped)[0] == "Damaged"
    assert fields_of(flipped)["header"] == fields_of(shown)["header"]
    none = press(browser, flipped, "alg_none")
    assert verdicts(none) == ["Unsecured", "Accepted"]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"way": "edit", "payload": ""}, "Nothing was changed yet. Change something in the header or the payload"),
        ({"way": "flip_bit", "bit": "x"}, "Which bit? A number, counted from 0, and not 'x'."),
        ({"way": "flip_bit", "bit": "256"}, "The signature has 256 bits, counted from 0; there is no bit 256."),
        ({"way": "flip_bit", "part": "tag"}, "It has no part that is called tag: header, payload, signature."),
        ({"way": "hope"}, "There is no way to spoil a token that is called hope."),
        ({"way": "edit", "payload": "x" * 70_000}, "What was typed is longer than 64,000 characters."),
        ({"key": "-----BEGIN PUBLIC KEY-----"}, "There is no whole -----BEGIN …-----"),
    ],
)  # fmt: skip
def test_bad_input_gets_a_sentence_and_stays(browser: Client, fields: dict[str, str], says: str) -> None:
    answer = post(browser, pasted=TOKEN, **fields)
    assert answer.status_code == 200
    if "key" not in fields:
        assert says in plain(answer)
    for name in ("payload", "key"):
        if name in fields:
            assert fields[name] in fields_of(answer)[name]


@pytest.mark.parametrize(
    ("pasted", "says"),
    [
        ("no token at all", "No token was found in this."),
        ('{"payload":"e30","protected":"eyJhbGciOiJFUzI1NiJ9","signature":"eA"}', "Only the compact form is broken"),
        (f"eyJhbGciOiJFUzI1NiJ9.eyJ{'a' * 70_000}.eA", "at most 64,000 are broken here."),
    ],
)  # fmt: skip
def test_what_cannot_be_broken_says_so_and_stays(browser: Client, pasted: str, says: str) -> None:
    answer = post(browser, pasted=pasted, way="edit")
    assert answer.status_code == 200
    assert says in plain(answer)
    assert unescape(answer.text).count(pasted) == 1


def test_too_much_is_told_by_its_size(browser: Client) -> None:
    answer = post(browser, pasted="e" * 1_000_001)
    assert answer.status_code == 413
    assert "Too long. What was sent is 1,000,001 bytes, and at most 1,000,000 are read." in plain(answer)
    answer = post(browser, pasted="e" * 5_000_000)
    assert answer.status_code == 413
    assert "Too long. What was sent is 5,00" in plain(answer)


def test_opaque_token_has_nothing_to_break(stage: Stage, browser: Client) -> None:
    answer = opened(browser, own_run(stage, token="opaque"))
    assert "It has no parts: a changed one is just another value, which nobody gave out." in plain(answer)


def test_without_a_key_nothing_is_proved_and_the_way_that_needs_one_says_so(browser: Client) -> None:
    shown = post(browser, pasted=TOKEN)
    assert "No key is at hand. Without one a correct verifier can prove nothing, and believes nothing." in plain(shown)
    answer = press(browser, shown, "stretch_exp")
    assert verdicts(answer) == ["Readable, but not verified", "Accepted"]


def test_encrypted_token_has_one_way_and_its_tag_notices(browser: Client) -> None:
    key = OctKey.generate_key(256)
    token = jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, b'{"sub":"alice"}', key)
    jwk = json.dumps(key.as_dict())
    shown = post(browser, pasted=token, key=jwk)
    assert "The original Opened" in plain(shown)
    answer = press(browser, shown, "flip_bit", part="tag", bit="3")
    assert verdicts(answer) == ["Does not open", "Accepted"]
    assert "Whoever decrypts, and never compares the tag that shows whether something was changed." in plain(answer)
    assert re.findall(r'<button[^>]*name="way" value="(\w+)"', answer.text) == ["flip_bit"]


def test_a_changed_type_does_not_choose_another_judge(stage: Stage, browser: Client) -> None:
    """A DPoP proof is judged by the key in its own header. A forger who writes that `typ` must not get that."""
    shown = opened(browser, own_run(stage))
    header = '{"alg": "ES256", "typ": "dpop+jwt"}'
    answer = press(browser, shown, "own_jwk", header=header)
    assert verdicts(answer)[0] == "Not genuine"


# sent


CHECKS = {  # way and variant → the check of the API that refuses it
    ("edit", ""): "signature_verifies",
    ("flip_bit", ""): "signature_verifies",
    ("cut_signature", ""): "signature_verifies",
    ("alg_none", "none"): "key_and_algorithm_are_the_issuers",
    ("alg_none", "None"): "key_and_algorithm_are_the_issuers",
    ("alg_none", "NONE"): "key_and_algorithm_are_the_issuers",
    ("alg_none", "nOnE"): "key_and_algorithm_are_the_issuers",
    ("public_key_as_secret", ""): "key_and_algorithm_are_the_issuers",
    ("another_kid", "path"): "key_and_algorithm_are_the_issuers",
    ("another_kid", "query"): "key_and_algorithm_are_the_issuers",
    ("own_jwk", ""): "signature_verifies",
    ("stretch_exp", ""): "signature_verifies",
    ("re_encode", "padding"): "token_is_a_jwt",
    ("re_encode", "last"): "signature_verifies",
}


def test_every_way_that_a_token_of_a_run_can_be_spoiled_is_in_the_table() -> None:
    assert {way for way, _ in CHECKS} == set(WAYS) - {"weak_secret"}


def test_api_of_a_run_refuses_every_spoiled_token_by_the_check_that_is_named(stage: Stage, browser: Client) -> None:
    run = own_run(stage)
    shown = opened(browser, run)
    for count, ((way, variant), check) in enumerate(CHECKS.items(), 1):
        typed = {"payload": fields_of(shown)["payload"].replace("thumbnailer", "mallory")} if way == "edit" else {}
        copy = press(browser, opened(browser, run), way, **{f"variant-{way}": variant}, **typed)
        form = fields_of(copy, "/break/send")
        answer = post(browser, "/break/send", **form)
        last = stage.runs.find(run.id).exchanges[-1]
        assert (last.position, last.step, last.receiver) == (count, None, "resource_server")
        assert last.request.header("Authorization") == f"Bearer {form['copy']}"
        assert (last.response.status, last.refused and last.refused.check) == (401, check), (way, variant)
        assert verdicts(answer) == [*verdicts(copy), "401 Unauthorized"]
        assert f"Refused by {check}." in plain(answer)
        for each in last.verdicts:
            assert f"{each.state}: {each.check}" in plain(answer)
        assert f'href="/runs/{run.id}?exchange={count}"' in answer.text
        assert browser.get(f"/runs/{run.id}?exchange={count}").status_code == 200


def test_original_typed_back_is_let_in_and_a_later_one_is_over(stage: Stage, browser: Client) -> None:
    run = own_run(stage)
    copy = press(browser, opened(browser, run), "cut_signature")
    form = fields_of(copy, "/break/send") | {"copy": fields_of(copy)["pasted"]}
    answer = post(browser, "/break/send", **form)
    assert verdicts(answer) == ["Genuine", "Accepted", "200 OK"]
    stage.runs.move_clock(run.id, 3600)
    assert "The original Genuine, but expired" in plain(opened(browser, run))
    answer = post(browser, "/break/send", **form | {"crossed": "2"})
    assert "Refused by token_has_not_expired." in plain(answer)


def test_eight_presses_at_once_send_one_request(entry: Entry, stage: Stage, browser: Client) -> None:
    run = own_run(stage)
    form = fields_of(press(browser, opened(browser, run), "alg_none"), "/break/send")
    gate = Barrier(8)

    def once(_: int) -> str:
        same = Client(entry)
        same.set_cookie("tokenwalk", OWNER)
        gate.wait()
        return plain(post(same, "/break/send", **form))

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(once, range(8)))
    assert len(stage.runs.find(run.id).exchanges) == 2
    assert len(answers) == 1 and "Refused by key_and_algorithm_are_the_issuers." in answers.pop()


def test_copy_of_a_tab_that_is_behind_is_not_sent_and_a_sentence_says_so(stage: Stage, browser: Client) -> None:
    run = own_run(stage)
    first = fields_of(press(browser, opened(browser, run), "alg_none"), "/break/send")
    other = fields_of(press(browser, opened(browser, run), "cut_signature"), "/break/send")
    post(browser, "/break/send", **first)
    answer = post(browser, "/break/send", **other)
    assert "Something else crossed in this run meanwhile, so nothing was sent." in plain(answer)
    assert len(stage.runs.find(run.id).exchanges) == 2
    answer = post(browser, "/break/send", **fields_of(answer, "/break/send"))
    assert "Refused by signature_verifies." in plain(answer)


def test_run_of_another_browser_is_not_sent_to(entry: Entry, stage: Stage, browser: Client) -> None:
    run = own_run(stage)
    form = fields_of(press(browser, opened(browser, run), "alg_none"), "/break/send")
    for stranger in (Client(entry), Client(entry)):
        copy = press(stranger, opened(stranger, run), "alg_none")
        assert "This token is from a walk that is not yours." in plain(copy)
        assert "/break/send" not in copy.text
        answer = post(stranger, "/break/send", **form)
        assert answer.status_code == 403
        stranger.set_cookie("tokenwalk", "somebody else")
    assert len(stage.runs.find(run.id).exchanges) == 1


@pytest.mark.parametrize(
    ("changed", "status", "says"),
    [
        ({"run": "nothere"}, 400, "The form must name the run that this token is from"),
        ({"pasted": TOKEN}, 400, "The form must name the run that this token is from"),
        ({"crossed": "x"}, 400, "The form must say after how many exchanges it was looked at."),
        ({"copy": ""}, 400, "Only a bearer token that is one line of ASCII can be sent."),
        ({"copy": "a\r\nX: y"}, 400, "Only a bearer token that is one line of ASCII can be sent."),
        ({"copy": "€"}, 400, "Only a bearer token that is one line of ASCII can be sent."),
        ({"copy": "x" * 64_001}, 400, "Only a bearer token that is one line of ASCII can be sent."),
    ],
)
def test_what_cannot_be_sent_is_told_and_nothing_is_sent(
    stage: Stage, browser: Client, changed: dict[str, str], status: int, says: str
) -> None:
    run = own_run(stage)
    form = fields_of(press(browser, opened(browser, run), "alg_none"), "/break/send")
    answer = post(browser, "/break/send", **form | changed)
    assert answer.status_code == status
    assert says in plain(answer)
    assert len(stage.runs.find(run.id).exchanges) == 1


def test_form_of_another_site_does_nothing(stage: Stage, browser: Client) -> None:
    run = own_run(stage)
    form = fields_of(press(browser, opened(browser, run), "alg_none"), "/break/send")
    for to in ("/break", "/break/send"):
        assert browser.post(to, data=form, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert len(stage.runs.find(run.id).exchanges) == 1


def test_address_that_names_no_token_says_which_part_of_it_is_wrong(stage: Stage, browser: Client) -> None:
    run = own_run(stage)
    answer = browser.get("/break", query_string=of_run(run) | {"exchange": "9"})
    assert answer.status_code == 404
    assert "This run has 1 exchanges, counted from 0, and no '9'." in plain(answer)


# from the decoder and back


def test_decoder_hands_a_token_over_with_its_key_and_its_run(stage: Stage, browser: Client) -> None:
    run = own_run(stage)
    decoder = browser.get("/decode", query_string=of_run(run))
    offered = re.findall(r'<button[^>]* name="way" value="(\w+)"[^>]*>(.*?)</button>', decoder.text)
    assert offered == [
        ("edit", "Change a claim"),
        ("flip_bit", "Flip one bit"),
        ("cut_signature", "Cut the signature off"),
        ("alg_none", "alg: none"),
        ("public_key_as_secret", "HS256 with the public key"),
    ]
    answer = post(browser, **fields_of(decoder, "/break"), way="alg_none")
    assert verdicts(answer) == ["Unsecured", "Accepted"]
    assert fields_of(answer, "/break/send")["run"] == run.id
    back = browser.post("/decode", data=fields_of(answer, "/decode"), headers=OURS, content_type="multipart/form-data")
    assert texts(back, "says")[0] == "Unsecured"
    pasted = browser.post("/decode", data={"pasted": TOKEN, "key": SECRET}, headers=OURS)
    handed = fields_of(pasted, "/break")
    assert (handed["pasted"], handed["key"]) == (TOKEN, SECRET)


def test_to_change_a_claim_leads_to_the_payload_without_a_warning(stage: Stage, browser: Client) -> None:
    decoder = browser.get("/decode", query_string=of_run(own_run(stage)))
    answer = post(browser, **fields_of(decoder, "/break"), way="edit")
    assert "Nothing was changed yet" not in answer.text
    assert re.search(r'<textarea[^>]* id="in-payload" autofocus', answer.text)


@pytest.mark.parametrize("way", list(WAYS))
def test_half_of_a_surrogate_pair_is_shown_and_not_stumbled_over(browser: Client, way: str) -> None:
    token = made_of(b'{"a":"\\ud800","sub":"\\udfff"}')
    shown = post(browser, pasted=token, key=SECRET)
    for answer in (press(browser, shown, way), post(browser, pasted=token, key=SECRET, way=way)):
        assert answer.status_code == 200
        assert 'id="the-copy"' in answer.text


def test_suggested_bit_leaves_the_json_readable_and_a_copy_that_fools_nobody_says_so(browser: Client) -> None:
    readable = post(browser, pasted=TOKEN, key=SECRET, way="flip_bit", part="payload")
    assert verdicts(readable) == ["Not genuine", "Accepted"]
    assert "It lets in whoever sends this, as alicd." in plain(readable)
    unreadable = post(browser, pasted=TOKEN, key=SECRET, way="flip_bit", part="payload", bit="0")
    assert verdicts(unreadable) == ["Not genuine", "Refused"]
    assert "This copy fools nobody." in plain(unreadable)


def test_guesses_that_were_tried_are_shown_with_what_was_computed(browser: Client) -> None:
    token = jwt.encode({"sub": "alice"}, "changeme", algorithm="HS256")
    message, _, signature = token.rpartition(".")
    answer = post(browser, pasted=token, way="weak_secret")
    rows = re.findall(r"<td>(\d+)</td><td>(.*?)</td><td><code>(.*?)</code></td><td>(.*?)</td>", answer.text)
    number = common_secrets().index(b"changeme") + 1
    assert [int(each[0]) for each in rows] == [*range(1, 11), number - 2, number - 1, number]
    for at, _, begins, fits in rows:
        hashed = hmac.digest(common_secrets()[int(at) - 1], message.encode(), "sha256")
        assert begins == hashed[:6].hex(" ")
        assert ("fits" in fits) == (int(at) == number)
    assert f"begins with {base64url.decode(signature).data[:6].hex(' ')}" in plain(answer)
    assert f"{number - 13} more between" in plain(answer)
    assert f"guess {number} of" in plain(answer)


# nothing is kept, nothing breaks


def test_nothing_of_what_was_broken_is_stored_or_logged(
    entry: Entry, browser: Client, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    canary = "a-canary-that-nobody-else-sings"
    token = jwt.encode({"sub": canary, "exp": 4_000_000_000}, canary * 2, algorithm="HS256")
    for way in WAYS:
        answer = post(browser, pasted=token, key=canary * 2, way=way, payload=f'{{"sub":"{canary}"}}')
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
    files = b"".join(file.read_bytes() for file in entry_files(entry))
    written = caplog.text + "".join(capfd.readouterr())
    for needle in (canary, token.split(".")[1]):
        assert needle.encode() not in files
        assert needle not in written


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([TOKEN, TOKEN[:-1], f"{TOKEN}~", "a.b.c", "eyJ.eyJ", "e30.e30.", ""]) | st.text(max_size=30),
    st.sampled_from([*WAYS, ""]),
    st.fixed_dictionaries(
        {
            name: st.text(max_size=20)
            for name in ("header", "payload", "copy", "begin_header", "begin_payload", "key", "bit", "part", "variant")
        }
    ),
)
def test_no_form_breaks_the_page(browser: Client, pasted: str, way: str, fields: dict[str, Any]) -> None:
    typed = {name: value.encode("utf-8", "replace").decode() for name, value in fields.items()}
    assert post(browser, pasted=pasted.encode("utf-8", "replace").decode(), way=way, **typed).status_code == 200


def test_page_holds_no_style_of_its_own_and_at_most_one_main_button(stage: Stage, browser: Client) -> None:
    run = own_run(stage)
    shown = opened(browser, run)
    copy = press(browser, shown, "own_jwk")
    sent = post(browser, "/break/send", **fields_of(copy, "/break/send"))
    for page in (browser.get("/break"), shown, copy, sent):
        assert "style=" not in page.text and "<script>" not in page.text
        assert len(re.findall(r'class="go"', page.text)) <= 1
        ids = re.findall(r' id="([^"]+)"', page.text)
        assert len(ids) == len(set(ids))
