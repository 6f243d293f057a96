"""Text that is no HTTP/1.1 request is told which rule it breaks, and at which character."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spec_sections import heading

from flows import raw_text, wire
from flows.raw_text import MOST_HEAD

HOST = "Host: a\r\n"
GET = f"GET / HTTP/1.1\r\n{HOST}"
POST = f"POST / HTTP/1.1\r\n{HOST}"

BEGINS = "a request begins with a method, a target and HTTP/1.1, RFC 9112 §3"
NO_VERSION = "a request line ends with the version, HTTP/1.1, and this one has none, RFC 9112 §3"
NO_COLON = (
    "a header is a name, a colon and a value, and this line has no colon; a body begins after an empty line, "
    "RFC 9112 §5"
)
FOLDED = "a header line cannot begin with a space or a tab: to go on with the line before is obsolete, RFC 9112 §5.2"
SPACE = "a space cannot stand in a request target: it must be percent-encoded, as %20, RFC 3986 §2.1"
START = "the request target must start with /, and this one"
PROXY = "as only a proxy is sent"
BARE = "a carriage return cannot stand without a line feed after it, RFC 9112 §2.2"
DIGITS = "a Content-Length is a number of at most 20 digits, and this one is"
GOES_ON = "a request line ends after HTTP/1.1, and this one goes on, RFC 9112 §3"


def control(byte: str) -> str:
    return f"a control character (the byte {byte}) cannot stand in a request line or a header, RFC 9110 §5.5"


def escaped(sign: str, code: str) -> str:
    return f"{sign} cannot stand in a request target: it must be percent-encoded, as {code}, RFC 3986 §2.1"


# A bar stands before the character that the sentence names; the text is sent without it.
FORM = {
    "a word": ("|hello", f"this is not HTTP: {BEGINS}"),
    "a letter to somebody": ("|Dear Sir,\r\n\r\nI am", f"this is not HTTP: {BEGINS}"),
    "a response": ("|HTTP/1.1 200 OK\r\n\r\n", f"this is not HTTP: {BEGINS}"),
    "nothing": ("|", f"there is no text, and {BEGINS}"),
    "an empty line first": (
        f"|\r\n{GET}\r\n",
        "a request begins with its request line, and this text begins with an empty line, RFC 9112 §3",
    ),
    "a space first": (
        f"| {GET}\r\n",
        "a request begins with its method, and this text begins with a space, RFC 9112 §3",
    ),
    "a bracket in the method": (f"G|(T / HTTP/1.1\r\n{HOST}\r\n", "'(' cannot stand in a method, RFC 9110 §5.6.2"),
    "a letter in the method": (f"G|ÉT / HTTP/1.1\r\n{HOST}\r\n", "'É' cannot stand in a method, RFC 9110 §5.6.2"),
    "a tab after the method": (
        f"GET|\t/ HTTP/1.1\r\n{HOST}\r\n",
        "a tab cannot stand in a request line: its parts have one space between, RFC 9112 §3",
    ),
    "no target": (
        f"GET |HTTP/1.1\r\n{HOST}\r\n",
        "a target stands between the method and the version, and this request line has none, RFC 9112 §3.2",
    ),
    "a method alone": ("GET |", NO_VERSION),
    "no version": (f"GET /|\r\n{HOST}\r\n", NO_VERSION),
    "no version and nothing more": ("GET /|", NO_VERSION),
    "HTTP/2": (
        f"GET / |HTTP/2\r\n{HOST}\r\n",
        "only HTTP/1.1 is read here, and this request says HTTP/2, RFC 9112 §2.3",
    ),
    "HTTP/1.0": (
        f"GET / |HTTP/1.0\r\n{HOST}\r\n",
        "only HTTP/1.1 is read here, and this request says HTTP/1.0, RFC 9112 §2.3",
    ),
    "a version in small letters": (
        f"GET / |http/1.1\r\n{HOST}\r\n",
        "only HTTP/1.1 is read here, and this request says http/1.1, RFC 9112 §2.3",
    ),
    "a letter after the version": (f"GET / HTTP/1.1|é\r\n{HOST}\r\n", GOES_ON),
    "a space after the version": (f"GET / HTTP/1.1| \r\n{HOST}\r\n", GOES_ON),
    "absolute-form": (
        f"GET |http://a/ HTTP/1.1\r\n{HOST}\r\n",
        f"{START} is a whole address, {PROXY}, RFC 9112 §3.2.2",
    ),
    "authority-form": (
        f"CONNECT |a:80 HTTP/1.1\r\n{HOST}\r\n",
        f"{START} is a host and a port, {PROXY}, RFC 9112 §3.2.3",
    ),
    "asterisk-form": (
        f"OPTIONS |* HTTP/1.1\r\n{HOST}\r\n",
        f"{START} is *, which means the server and nothing on it, RFC 9112 §3.2.4",
    ),
    "a target without a slash": (
        f"GET |a/b HTTP/1.1\r\n{HOST}\r\n",
        f"{START} starts with 'a', RFC 9112 §3.2.1",
    ),
    "a fragment": (
        f"GET /a?b|#c HTTP/1.1\r\n{HOST}\r\n",
        "a fragment (#) never crosses the wire, so it cannot be in the request target, RFC 9110 §7.1",
    ),
    "a space in the target": (f"GET /a| b HTTP/1.1\r\n{HOST}\r\n", SPACE),
    "two spaces after the method": (f"GET | / HTTP/1.1\r\n{HOST}\r\n", SPACE),
    "a letter in the target": (f"GET /a/|é HTTP/1.1\r\n{HOST}\r\n", escaped("'é'", "%C3%A9")),
    "a quote in the target": (f'GET /?a=|"b" HTTP/1.1\r\n{HOST}\r\n', escaped("'\"'", "%22")),
    "angle brackets in the target": (f"GET /|<b> HTTP/1.1\r\n{HOST}\r\n", escaped("'<'", "%3C")),
    "NUL in the target": (f"GET /|\0 HTTP/1.1\r\n{HOST}\r\n", control("0x00")),
    "NUL in a header": (f"{GET}X: a|\0b\r\n\r\n", control("0x00")),
    "escape after a letter of two bytes": (f"{GET}X: é|\x1bb\r\n\r\n", control("0x1b")),
    "DEL in a name": (f"{GET}X|\x7f: b\r\n\r\n", control("0x7f")),
    "a carriage return alone": (f"{GET}X: a|\rb\r\n\r\n", BARE),
    "lines that end with a carriage return": ("GET / HTTP/1.1|\rHost: a\r\r", BARE),
    "no colon": (f"{GET}|nonsense\r\n\r\n", NO_COLON),
    "a body without an empty line before": (f"{POST}Content-Length: 3\r\n|a=b", NO_COLON),
    "no name": (
        f"{GET}|: x\r\n\r\n",
        "a header line begins with a name, and this one begins with a colon, RFC 9112 §5",
    ),
    "a space before the colon": (
        f"{GET}X| : y\r\n\r\n",
        "no space can stand between the name of a header and its colon, RFC 9112 §5.1",
    ),
    "a space in a name": (f"{GET}X| Y: z\r\n\r\n", "' ' cannot stand in the name of a header, RFC 9110 §5.6.2"),
    "a letter in a name": (f"{GET}X-|Ä: z\r\n\r\n", "'Ä' cannot stand in the name of a header, RFC 9110 §5.6.2"),
    "a header on two lines": (f"{GET}X: a\r\n| b\r\n\r\n", FOLDED),
    "an empty line with a space in it": (f"{GET}|  \r\n", FOLDED),
    "no empty line": (f"{GET}|", "the headers end with an empty line, and this text has none, RFC 9112 §2.1"),
    "the first of two faults": (f"{GET}|nonsense\r\nX : y\r\n\r\n", NO_COLON),
}

MEANING = {
    "no Host": ("GET / HTTP/1.1\r\n|\r\n", "a request has one Host header, and this one has none, RFC 9112 §3.2"),
    "two Hosts": (f"{GET}|{HOST}\r\n", "a request has one Host header, and this is another, RFC 9112 §3.2"),
    "a length in words": (f"{POST}Content-Length: |four\r\n\r\nbody", f"{DIGITS} 'four', RFC 9110 §8.6"),
    "an empty length": (f"{POST}Content-Length:|\r\n\r\nbody", f"{DIGITS} '', RFC 9110 §8.6"),
    "a length with a sign": (f"{POST}Content-Length: |+4\r\n\r\nbody", f"{DIGITS} '+4', RFC 9110 §8.6"),
    "a length in other digits": (f"{POST}Content-Length: |٤\r\n\r\nbody", f"{DIGITS} '٤', RFC 9110 §8.6"),
    "a list of lengths": (f"{POST}Content-Length: |4, 4\r\n\r\nbody", f"{DIGITS} '4, 4', RFC 9110 §8.6"),
    "a length of 5,000 digits": (
        f"{POST}Content-Length: |{'9' * 5_000}\r\n\r\nbody",
        f"{DIGITS} '{'9' * 40}…', RFC 9110 §8.6",
    ),
    "a negative length": (
        f"{POST}Content-Length: |-4\r\n\r\nbody",
        "a Content-Length cannot be negative, and this one is -4, RFC 9110 §8.6",
    ),
    "two lengths": (
        f"{POST}Content-Length: 3\r\ncontent-length: |4\r\n\r\nbody",
        "this Content-Length says 4, and the one before says 3, RFC 9112 §6.3",
    ),
    "a body that is too short": (
        f"{POST}Content-Length: |1000\r\n\r\nb",
        "the body is shorter than its Content-Length says: it has 1 byte, not 1,000, RFC 9112 §6.3",
    ),
    "a body that is too long": (
        f"{POST}Content-Length: |4\r\n\r\nbödy",
        "the body is longer than its Content-Length says: it has 5 bytes, not 4, RFC 9112 §6.3",
    ),
    "a body without a length": (
        f"{POST}\r\n|body",
        "there is more after the request: a body needs a Content-Length, and this one has 4 bytes, RFC 9112 §6.3",
    ),
    "a body in chunks": (
        f"{POST}|Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "a body is sent whole here, with a Content-Length: Transfer-Encoding is not read, RFC 9112 §6.1",
    ),
    "Expect": (
        f"{POST}|Expect: 100-continue\r\nContent-Length: 4\r\n\r\nbody",
        "nobody is here to answer 100 Continue, so Expect is not read, RFC 9110 §10.1.1",
    ),
}
CASES = FORM | MEANING


def told(raw: bytes) -> wire.NotHTTP:
    with pytest.raises(wire.NotHTTP) as caught:
        wire.parse_request(raw)
    return caught.value


@pytest.mark.parametrize(("marked", "sentence"), CASES.values(), ids=CASES.keys())
def test_text_that_is_no_request_is_told_why_and_at_which_character(marked: str, sentence: str) -> None:
    before, _, after = marked.partition("|")
    line, character = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
    fault = told((before + after).encode())
    assert str(fault) == f"{sentence} ({f'line {line}, character {character}' if after else 'at the end'})"
    assert (fault.at, fault.line, fault.character) == (len(before.encode()), line, character)


def test_place_counts_characters_and_not_bytes() -> None:
    before = f"{GET}X: ☂𝕏é"
    fault = told(f"{before}\0".encode())
    assert (fault.at, fault.line, fault.character) == (len(before.encode()), 3, 7)


def test_byte_that_is_no_character_is_shown_as_a_byte() -> None:
    fault = told(b"GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n")
    assert str(fault) == escaped("the byte 0xe9", "%E9") + " (line 1, character 6)"


@pytest.mark.parametrize("text", [f"{GET}X: {'a' * 1_000_000}\r\n\r\n", "a" * 1_000_032], ids=["one header", "a line"])
def test_megabyte_before_the_body_is_told_its_size_and_the_limit(text: str) -> None:
    fault = told(text.encode())
    assert fault.at == MOST_HEAD == 65_536
    assert str(fault).startswith(
        "the request line and the headers have 1,000,032 bytes, and at most 65,536 are read here; "
        "HTTP itself sets no limit, RFC 9110 §2.3 (line "
    )


def test_size_of_a_head_is_refused_from_the_first_byte_over_the_limit() -> None:
    def padded(size: int) -> bytes:
        return f"{GET}X: {'a' * (size - len(GET) - 7)}\r\n\r\n".encode()

    assert len(wire.parse_request(padded(MOST_HEAD)).raw()) == MOST_HEAD
    assert told(padded(MOST_HEAD + 1)).at == MOST_HEAD


@pytest.mark.parametrize(
    "text",
    [
        f"get / HTTP/1.1\r\n{HOST}\r\n",
        f"BREW! /pot?x=%00&y={{[|]}}^\\ HTTP/1.1\r\n{HOST}\r\n",
        f"GET /100% HTTP/1.1\r\n{HOST}\r\n",
        f"CONNECT /a HTTP/1.1\r\n{HOST}\r\n",
        f"{GET}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
        f"{GET}X: \r\nY: é \t b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: \r\n\r\n",
        f"{GET}X-Expect: a\r\nHosts: b\r\n\r\n",
        f"{POST}Content-Length: 0\r\n\r\n",
        f"{POST}Content-Length: 007\r\n\r\na=%00&b",
        f"{POST}Content-Length: 4\r\n\r\n\0\r\n\r",
    ],
)  # fmt: skip
def test_what_is_strange_and_no_fault_is_left_to_the_party(text: str) -> None:
    assert wire.parse_request(text.encode()).raw() == text.encode()


def test_length_that_is_said_twice_the_same_is_kept_once() -> None:
    request = wire.parse_request(f"{POST}Content-Length: 4\r\ncontent-length: 4 \r\n\r\nbody".encode())
    assert request.headers == (("Host", "a"), ("Content-Length", "4"))


def test_line_may_end_without_a_carriage_return() -> None:
    request = wire.parse_request(b"POST / HTTP/1.1\nHost: a\nContent-Length: 4\n\n\nabc")
    assert request.raw() == b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n\nabc"


@pytest.mark.parametrize("says", [says for _, says in raw_text._RULES])
def test_every_rule_has_a_case_above(says: str) -> None:
    pattern = ".+".join(re.escape(part) for part in re.split(r"{\w+}", says))
    assert any(re.fullmatch(pattern, sentence) for _, sentence in FORM.values())


# RFC 9112 and RFC 3986 are not in tests/spec, so their headings stand here.
HEADINGS = {
    "9112#section-2.1": "Message Format",
    "9112#section-2.2": "Message Parsing",
    "9112#section-2.3": "HTTP Version",
    "9112#section-3": "Request Line",
    "9112#section-3.2": "Request Target",
    "9112#section-3.2.1": "origin-form",
    "9112#section-3.2.2": "absolute-form",
    "9112#section-3.2.3": "authority-form",
    "9112#section-3.2.4": "asterisk-form",
    "9112#section-5": "Field Syntax",
    "9112#section-5.1": "Field Line Parsing",
    "9112#section-5.2": "Obsolete Line Folding",
    "9112#section-6.1": "Transfer-Encoding",
    "9112#section-6.3": "Message Body Length",
    "3986#section-2.1": "Percent-Encoding",
    "9110#section-2.3": "Length Requirements",
    "9110#section-5.5": "Field Values",
    "9110#section-5.6.2": "Tokens",
    "9110#section-7.1": "Determining the Target Resource",
    "9110#section-8.6": "Content-Length",
    "9110#section-10.1.1": "Expect",
}


def test_every_section_that_a_sentence_cites_exists() -> None:
    source = Path(raw_text.__file__).read_text()
    assert {f"{rfc}#section-{number}" for rfc, number in re.findall(r"RFC (\d+) §([\d.]*\d)", source)} == set(HEADINGS)
    for citation, title in HEADINGS.items():
        if citation.startswith("9110"):
            assert heading(citation) == title


PIECES = [b"GET", b" ", b"/", b"/a?b=c", b"HTTP/1.1", b"HTTP/2", b"\r\n", b"\n", b"\r", b"\t", b":", b"Host: a", b"#"]
PIECES += [b"*", b"Content-Length: ", b"Transfer-Encoding: x", b"Expect: x", b"X: y", b"3", b"abc", b"\0", b"\xc3\xa9"]
PIECES += [b"GET / HTTP/1.1\r\nHost: a\r\n", b"\r\n\r\n", b"http://a", b"a:80", b"\xff", b"\x0b", b"\x85", b"\xa0"]
WHOLE = f"{POST}Accept: */*\r\nContent-Length: 3\r\n\r\na=b".encode()
SPOILT = st.builds(
    lambda start, gone, put: WHOLE[:start] + put + WHOLE[start + gone :],
    st.integers(0, len(WHOLE)),
    st.integers(0, 6),
    st.binary(max_size=4) | st.sampled_from(PIECES),
)
ANYTHING = st.binary(max_size=80) | st.lists(st.sampled_from(PIECES), max_size=14).map(b"".join) | SPOILT


def made(method: str, target: str, headers: list[tuple[str, str]], body: bytes) -> wire.Request:
    length = [("Content-Length", str(len(body)))] if body else []
    return wire.Request(method, target, (("Host", "a"), *headers, *length), body)


VALUE = st.text([chr(code) for code in (9, *range(32, 127), *range(128, 256))], max_size=9).map(
    lambda v: v.strip(" \t")
)
NAME = st.from_regex(r"X-[!#-'*+\-.^-`|~0-9A-Za-z]{0,9}", fullmatch=True)
METHOD = st.from_regex(r"[!#-'*+\-.^-`|~0-9A-Za-z]{1,9}", fullmatch=True)
TARGET = st.from_regex(r"/[!$-;=?-_a-~]{0,20}", fullmatch=True)
MADE = st.builds(made, METHOD, TARGET, st.lists(st.tuples(NAME, VALUE), max_size=4), st.binary(max_size=20))


def fault_of(raw: bytes) -> wire.NotHTTP | None:
    try:
        wire.parse_request(raw)
    except wire.NotHTTP as fault:
        return fault
    return None


@settings(deadline=None)
@given(ANYTHING)
def test_any_bytes_are_read_or_told_where_they_are_no_request(raw: bytes) -> None:
    fault = fault_of(raw)
    if fault is None:
        request = wire.parse_request(raw)
        assert wire.parse_request(request.raw()) == request
        return
    assert 0 <= fault.at <= len(raw)
    before = raw[: fault.at].decode("utf-8", "replace")
    assert (fault.line, fault.character) == (before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)
    place = f"line {fault.line}, character {fault.character}" if fault.at < len(raw) else "at the end"
    assert re.fullmatch(rf".+, RFC \d+ §[\d.]+ \({place}\)", str(fault))


@settings(deadline=None)
@given(MADE, st.booleans())
def test_request_of_any_characters_that_are_allowed_comes_out_as_it_went_in(request: wire.Request, lf: bool) -> None:
    head, _, body = request.raw().partition(b"\r\n\r\n")
    raw = head.replace(b"\r\n", b"\n") + b"\n\n" + body if lf else request.raw()
    assert wire.parse_request(raw) == request
    assert wire.recorded_request(raw) == request


def lengths_apart(request: wire.Request) -> tuple[wire.Request, set[str]]:
    """A request without its Content-Length, and what that says: h11 keeps one of two equal ones, a record both."""
    others = tuple(pair for pair in request.headers if pair[0].lower() != "content-length")
    said = {value for name, value in request.headers if name.lower() == "content-length"}
    return replace(request, headers=others), said


@settings(deadline=None)
@given(ANYTHING)
def test_record_of_what_was_sent_says_what_the_party_read(raw: bytes) -> None:
    if fault_of(raw) is None:
        assert lengths_apart(wire.recorded_request(raw)) == lengths_apart(wire.parse_request(raw))
