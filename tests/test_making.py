"""The page that makes tokens: its form travels whole, its buttons fill in, and what cannot be made is said."""

from __future__ import annotations

import json
import logging
import re
import time
from html import unescape
from typing import Any

import pytest
from conftest import walk
from joserfc.jwk import ECKey, OctKey, RSAKey
from sqlalchemy import select
from werkzeug.test import Client, TestResponse

from flows.entry import Entry
from flows.pages.owner import COOKIE
from flows.stage import Stage
from flows.store import metadata
from flows.tokens.judging.judge import Expected, judge
from flows.tokens.making.fresh_key import CONTENT, ENCRYPTING, SIGNING, sizes
from flows.tokens.making.make import KINDS
from flows.tokens.read import read
from flows.tokens.ring import Held, read_keys

OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def browser(entry: Entry) -> Client:
    return Client(entry)


def press(browser: Client, do: str = "make", **fields: Any) -> TestResponse:
    form = {"kind": "signed", "written": "json", "claims": '{"sub": "alice"}', "typ": "JWT", "alg": "ES256", **fields}
    return browser.post("/make", data={**form, "do": do}, headers=OURS)


def form_of(answer: TestResponse) -> dict[str, Any]:
    """The form as a browser would send it back, without a button."""
    main = answer.text.partition('<form id="make-form"')[2].partition("</form>")[0]
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input [^>]*>", main):
        at = {name: unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}
        if at.get("type") in ("radio", "checkbox") and " checked" not in tag:
            continue
        found.setdefault(at["name"], []).append(at.get("value", ""))
    for name, text in re.findall(r'<textarea [^>]*name="([\w-]+)"[^>]*>\n?(.*?)</textarea>', main, re.DOTALL):
        found.setdefault(name, []).append(unescape(text))
    for name, options in re.findall(r'<select [^>]*name="([\w-]+)"[^>]*>(.*?)</select>', main, re.DOTALL):
        every = list(re.finditer(r'<option(?: value="([^"]*)")?( selected)?>([^<]*)', options))
        chosen = next((each for each in every if each[2]), every[0])
        found.setdefault(name, []).append(unescape(chosen[3] if chosen[1] is None else chosen[1]))
    return found


def again(browser: Client, answer: TestResponse, do: str, **changed: Any) -> TestResponse:
    return browser.post("/make", data={**form_of(answer), **changed, "do": do}, headers=OURS)


def token_of(answer: TestResponse) -> str:
    found = re.search(r'id="the-token"[^>]*>(.*?)</p>', answer.text, re.DOTALL)
    assert found, told(answer)
    return unescape(re.sub("<[^>]+>", "", found[1]))


def told(answer: TestResponse) -> list[str]:
    """The sentences beside the fields, and about what was done."""
    found = re.findall(r'<p class="found[^"]*"(?: role="alert")?>.*?<span>(.*?)</span></p>', answer.text, re.DOTALL)
    return [" ".join(unescape(re.sub("<[^>]+>", "", each)).split()) for each in found]


def rows(answer: TestResponse) -> list[tuple[str, str]]:
    form = form_of(answer)
    return list(zip(form.get("name", []), form.get("value", []), strict=True))


def test_empty_page_has_claims_that_make_sense_and_makes_a_token_at_one_press(browser: Client) -> None:
    answer = browser.get("/make")
    found = dict(rows(answer))
    iat = int(found["iat"])
    assert found == {
        "iss": '"https://issuer.example"',
        "sub": '"alice"',
        "aud": '"https://api.example"',
        "iat": str(iat),
        "exp": str(iat + 300),
    }
    made = again(browser, answer, "make")
    keys, _ = read_keys(form_of(made)["key"][0])
    assert judge(read(token_of(made)), Expected(iat, keys=keys)).headline == "Genuine"
    assert told(made) == ["A fresh key was made, for ES256. It is not kept: it stands in this page alone."]
    assert answer.headers["Cache-Control"] == made.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_is_made_read_in_the_decoder_and_has_its_code(browser: Client, kind: str) -> None:
    made = press(browser, kind=kind, hide=["sub"], show=["sub"])
    token = token_of(made)
    assert f"<small>{len(token)} characters</small>" in made.text
    assert "The code that makes this" in made.text
    form = re.search(r'action="/decode" target="_blank" rel="noopener">(.*?)</form>', made.text, re.DOTALL)
    assert form
    sent = {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form[1])}
    answer = browser.post("/decode", data=sent, headers=OURS)
    verdicts = re.findall(r'<p class="says">(.*?)</p>', answer.text, re.DOTALL)
    plain = [" ".join(re.sub("<[^>]+>", "", each).split()) for each in verdicts]
    assert (
        plain
        == {
            "signed": ["Genuine"],
            "encrypted": ["Opened"],
            "nested": ["Opened", "Genuine"],
            "sd-jwt": ["Genuine"],
            "unsecured": ["Unsecured"],
        }[kind]
    )
    if kind in ("signed", "sd-jwt"):
        assert '"d"' not in sent["key"]  # only the public half goes there


def test_key_made_here_signs_again_and_is_kept_nowhere(
    stage: Stage, browser: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    first = press(browser)
    key = form_of(first)["key"][0]
    second = again(browser, first, "make", claims='{"sub": "bob"}')
    assert form_of(second)["key"][0] == key
    assert told(second) == []
    assert "Not kept:" in second.text
    assert form_of(again(browser, second, "fresh:key"))["key"][0] != key
    private = json.loads(key)["d"]
    with stage.runs.store.reading() as connection:
        everything = [str(row) for table in metadata.sorted_tables for row in connection.execute(select(table))]
    assert not any(private in each or token_of(first) in each for each in everything)
    assert private not in caplog.text
    assert not any(private in value for value in second.headers.values())


def test_key_made_here_gives_way_to_another_algorithm_and_takes_a_name(browser: Client) -> None:
    first = press(browser, kid="one")
    assert json.loads(form_of(first)["key"][0])["kid"] == "one"
    second = again(browser, first, "make", kid="two")
    assert read(token_of(second)).signatures[0].header.text("kid") == "two"  # type: ignore[union-attr]
    assert json.loads(form_of(second)["key"][0])["d"] == json.loads(form_of(first)["key"][0])["d"]
    third = again(browser, second, "make", alg="RS256")
    assert told(third) == [
        "The key made before does not fit, so a fresh one was made, for RS256. "
        "It is not kept: it stands in this page alone."
    ]
    assert json.loads(form_of(third)["key"][0])["kty"] == "RSA"


def test_own_key_signs_and_only_what_does_not_fit_is_told(browser: Client) -> None:
    own = ECKey.generate_key("P-256")
    pem = own.as_pem(private=True).decode()
    made = press(browser, key=pem, kid="")
    assert read(token_of(made)).signatures[0].header.object == {"alg": "ES256", "typ": "JWT"}  # type: ignore[union-attr]
    assert "Not kept:" not in made.text
    wrong = press(browser, key=pem, alg="RS256")
    assert told(wrong) == [
        "The private key in the PEM: It is an EC key, and RS256 takes an RSA key.",
        "Nothing was made. What is in the way is said beside its field.",
    ]
    assert form_of(wrong)["key"] == [pem]
    public = press(browser, key=own.as_pem(private=False).decode())
    assert told(public)[0] == (
        "The public key in the PEM: It is a public key: it verifies, and only the private half signs."
    )


def test_key_with_a_passphrase_is_told_so(browser: Client) -> None:
    locked = RSAKey.generate_key(2048).as_pem(private=True, password="secret").decode()
    answer = press(browser, key=locked)
    assert told(answer)[0] == (
        "The private key in the PEM is encrypted with a passphrase, which is not asked for here: decrypt it first "
        "(openssl pkey -in key.pem)."
    )
    assert form_of(answer)["key"][0].strip() == locked.strip()


def test_secret_that_is_too_short_is_told_its_size(browser: Client) -> None:
    answer = press(browser, alg="HS512", key="twelve bytes")
    assert told(answer)[0] == (
        "The secret, as text: HS512 needs a secret of at least 64 bytes (RFC 7518 §3.2); this has 12."
    )


def test_claims_that_are_no_json_stay_as_they_were_typed(browser: Client) -> None:
    typed = '{\n  "sub": "alice"\n  "aud": "x"\n}'
    answer = press(browser, claims=typed)
    assert told(answer)[0] == "Claims, line 3, character 3: a comma or a closing bracket is missing."
    assert form_of(answer)["claims"] == [typed]
    table = again(browser, answer, "written:table")
    assert form_of(table)["claims"] == [typed]
    assert told(table)[0] == "Claims, line 3, character 3: a comma or a closing bracket is missing."


def test_claims_go_from_table_to_json_and_back(browser: Client) -> None:
    table = press(browser, "written:table", claims='{"sub": "Zoë", "list": [1, {"a": null}]}')
    assert rows(table) == [("sub", '"Zoë"'), ("list", '[1, {"a": null}]')]
    written = again(browser, table, "written:json")
    assert json.loads(form_of(written)["claims"][0]) == {"sub": "Zoë", "list": [1, {"a": None}]}
    text = again(browser, written, "written:text")
    assert json.loads(form_of(text)["claims"][0]) == {"sub": "Zoë", "list": [1, {"a": None}]}
    made = again(browser, text, "make", claims="no claims at all", typ="")
    assert read(token_of(made)).payload.data == b"no claims at all"  # type: ignore[union-attr]


def test_rows_are_added_removed_and_each_says_what_is_wrong_with_it(browser: Client) -> None:
    answer = press(browser, "row", written="table", name=["sub", "exp"], value=['"alice"', "1"])
    assert rows(answer) == [("sub", '"alice"'), ("exp", "1"), ("", "")]
    answer = again(browser, answer, "remove:0")
    assert rows(answer) == [("exp", "1"), ("", "")]
    wrong = press(browser, written="table", name=["a", "b", "", "d"], value=["[1,]", "", "5", "alice"])
    assert told(wrong)[:3] == [
        "Claim a, line 1, character 4: a comma stands before the closing bracket.",
        'Claim b has no value. "" is an empty text, and null is nothing.',
        "A claim with the value 5 has no name.",
    ]
    assert rows(wrong) == [("a", "[1,]"), ("b", ""), ("", "5"), ("d", '"alice"')]
    assert told(wrong)[-1] == "d was taken as a text; texts stand in quotes."
    twice = press(browser, written="table", name=["a", "a"], value=["1", "2"])
    assert told(twice)[0] == (
        "Claims, row 2: the name a stands in row 1 already; one reader takes the first, another the last. "
        "Keep one of them."
    )


def test_buttons_fill_in_what_is_known_of_a_realm(stage: Stage, entry: Entry) -> None:
    run = walk(stage, until="redeem_code")
    mine = Client(entry)
    mine.set_cookie(COOKIE, "the browser that started it")
    answer = mine.get("/make")
    assert f"your last run, {run.id}" in answer.text
    answer = press(mine, "row", written="table", name=["sub"], value=['"x"'])
    for which in ("iss", "sub", "aud", "iat", "exp", "jti"):
        answer = again(mine, answer, f"fill:{which}", realm=run.id)
    found = dict(rows(answer))
    now = run.realm.now()
    assert re.fullmatch(r'"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"', found.pop("jti"))
    assert found == {
        "sub": '"alice"',
        "iss": json.dumps(run.realm.issuer),
        "aud": json.dumps(run.realm.audience),
        "iat": str(now),
        "exp": str(now + 300),
    }
    as_json = press(mine, "fill:sub", claims='{"a": 1}', realm="somebody else’s")
    assert json.loads(form_of(as_json)["claims"][0]) == {"a": 1, "sub": "alice"}


def test_other_browsers_runs_are_not_offered(stage: Stage, browser: Client) -> None:
    walk(stage, until="redeem_code")
    assert "your last run" not in browser.get("/make").text


def test_ten_thousand_claims_are_made_and_stay_json(browser: Client) -> None:
    claims = json.dumps({f"claim_{number}": number for number in range(10_000)})
    made = press(browser, claims=claims)
    assert len(read(token_of(made)).claims or {}) == 10_000  # type: ignore[union-attr]
    table = press(browser, "written:table", claims=claims)
    assert told(table) == ["10,000 claims are too many for a table; they stay as JSON."]
    too_long = press(browser, claims='{"a": "' + "x" * 1_000_000 + '"}')
    assert (too_long.status_code, told(too_long)[0]) == (413, "The claims are longer than 1,000,000 characters.")


def test_more_claims_than_stand_in_a_table_become_json_and_too_many_are_told_by_their_number(browser: Client) -> None:
    names = [f"claim_{number}" for number in range(90_000)]
    start = time.perf_counter()
    answer = press(browser, written="table", name=names, value=["1"] * 90_000)
    assert time.perf_counter() - start < 20  # it does not hang; tests/bench.py says how fast it is
    assert answer.status_code == 413
    assert told(answer)[0] == "Claims: there are 90,000, and at most 10,000 are made into a token."
    assert len(json.loads(form_of(answer)["claims"][0])) == 90_000
    made = press(browser, written="table", name=names[:101], value=["1"] * 101)
    assert len(read(token_of(made)).claims or {}) == 101  # type: ignore[union-attr]
    assert told(made)[0] == "101 claims are too many for a table; they are written as JSON."
    told_by_number = press(browser, claims=json.dumps(dict.fromkeys(names[:10_001], 1)))
    assert told(told_by_number)[0] == "Claims: there are 10,001, and at most 10,000 are made into a token."


def test_no_key_is_made_where_no_token_is(browser: Client) -> None:
    answer = press(browser, kind="nested", claims='{"sub": alice}')
    assert told(answer) == [
        'Claims, line 1, character 9: a text needs quotes: "alice".',
        "Nothing was made. What is in the way is said beside its field.",
    ]
    assert (form_of(answer)["key"], form_of(answer)["recipient"]) == ([""], [""])


def test_secret_that_looks_like_bytes_is_told_how_it_was_read(browser: Client) -> None:
    for secret, form in (("0a" * 32, "hex"), ("aZ-4" * 10 + "aZ4", "base64url")):
        made = press(browser, alg="HS256", key=secret)
        says = f"The secret was read as text; it also looks like 32 bytes of {form}. Above is chosen how it is written."
        assert told(made) == [says]
        assert verified(made, secret.encode())
        assert told(press(browser, alg="HS256", key=secret, key_kind="text")) == []
        assert told(press(browser, alg="HS256", key=secret, key_kind=form)) == [
            f"The key is the secret, read as {form}."
        ]
    assert told(press(browser, alg="HS256", key="correct horse battery staple, and more")) == []


def verified(made: TestResponse, secret: bytes) -> bool:
    return judge(read(token_of(made)), Expected(0, keys=(Held("", OctKey(secret, secret), {}),))).headline == "Genuine"


def test_what_was_made_can_be_broken_with_the_half_that_verifies(browser: Client) -> None:
    made = press(browser)
    form = re.search(r'action="/break" target="_blank" rel="noopener">(.*?)</form>', made.text, re.DOTALL)
    assert form
    sent = {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form[1])}
    assert sent["pasted"] == token_of(made)
    assert '"d"' not in sent["key"]
    answer = browser.post("/break", data=sent, headers=OURS)
    assert "The original <small>Genuine</small>" in answer.text


def test_token_is_carried_over_from_the_decoder(browser: Client) -> None:
    first = press(browser, kid="one", header='{"own": 1}', alg="EdDSA", claims='{"sub": "alice", "n": [1]}')
    decoded = browser.post("/decode", data={"pasted": token_of(first)}, headers=OURS)
    card = re.search(r'action="/make">(.*?)</form>', decoded.text, re.DOTALL)
    assert card
    sent = {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', card[1])}
    assert sent == {"from": token_of(first)}
    answer = browser.post("/make", data=sent, headers=OURS)
    assert rows(answer) == [("sub", '"alice"'), ("n", "[1]")]
    form = form_of(answer)
    assert (form["alg"], form["kid"], form["typ"], form["key"]) == (["EdDSA"], ["one"], ["JWT"], [""])
    assert json.loads(form["header"][0]) == {"own": 1}
    assert told(answer) == [
        "The claims and the header are taken over. The key is not: the new token is signed with another one."
    ]
    made = again(browser, answer, "make")
    assert read(token_of(made)).payload.data == read(token_of(first)).payload.data  # type: ignore[union-attr]


def test_encrypted_token_that_was_opened_is_carried_over_with_what_it_holds(browser: Client) -> None:
    first = press(browser, kind="encrypted")
    key = form_of(first)["recipient"][0]
    decoded = browser.post("/decode", data={"pasted": token_of(first), "key": key}, headers=OURS)
    card = re.search(r'action="/make">(.*?)</form>', decoded.text, re.DOTALL)
    assert card
    sent = {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', card[1])}
    answer = browser.post("/make", data=sent, headers=OURS)
    assert rows(answer) == [("sub", '"alice"')]
    assert form_of(answer)["kind"] == ["encrypted"]


def test_verifying_and_making_never_share_a_control(browser: Client) -> None:
    made = press(browser)
    page = made.text.partition("<main")[2].partition("</main>")[0]
    assert [each for each in re.findall(r"<button[^>]*>(.*?)</button>", page) if "erif" in each] == [
        "Read and verify it"
    ]
    decoded = browser.post("/decode", data={"pasted": token_of(made)}, headers=OURS).text
    assert re.findall(r'<form[^>]* action="([^"]*)"', decoded.partition("<main")[2]).count("/make") == 1
    for text, mode in ((page, "Make a token"), (decoded.partition("<main")[2], "Read and verify")):
        assert len(re.findall(r'class="go"', text)) == 1
        assert re.findall(r'class="modes".*?aria-current="page">([^<]*)</a>', text) == [mode]


def test_every_choice_is_offered(browser: Client) -> None:
    page = press(browser, "", kind="nested").text
    for name, values in (("alg", SIGNING), ("encrypt", ENCRYPTING), ("enc", CONTENT)):
        options = re.search(rf'name="{name}"[^>]*>(.*?)</select>', page)
        assert options
        assert re.findall(r">([^<]+)</option>", options[1]) == list(values)
    for alg in (*SIGNING, "nonsense"):
        form = press(browser, "", alg=alg)
        shown = re.search(r'<select id="in-size".*?</select>', form.text)
        assert re.findall(r">([^<]+)</option>", shown[0] if shown else "") == list(sizes(alg))


def test_what_came_from_elsewhere_is_refused_and_nonsense_is_taken_as_usual(browser: Client) -> None:
    assert browser.post("/make", data={"do": "make"}).status_code == 403
    answer = press(browser, "remove:99999999", kind="x", alg="x", enc="x", written="x", decoys="x", size="x")
    assert answer.status_code == 200
    assert told(press(browser, kind="sd-jwt", decoys="-1"))[-1].startswith("Nothing was made")
    for do in ("fill:x", "written:x", "fresh:x", "remove:x", "nonsense"):
        assert press(browser, do).status_code == 200


def test_what_was_typed_is_escaped(browser: Client) -> None:
    evil = '{"<script>": "</textarea><script>alert(1)</script>"}'
    for kind in KINDS:
        answer = press(browser, kind=kind, claims=evil, header='{"<b>": 1}', kid="<i>", hide=["<script>"])
        for tag in ("<script>alert", "<b>: 1", "<i>"):
            assert tag not in answer.text
