"""Raw HTTP text in, raw HTTP text out."""

from __future__ import annotations

import pytest

from flows import wire


def test_request_comes_out_as_it_went_in() -> None:
    raw = b"POST /a/../b?x=%41&x=2 HTTP/1.1\r\nHost: a\r\nX-Twice: 1\r\nx-twice: 2\r\nContent-Length: 3\r\n\r\na=b"
    parsed = wire.parse_request(raw)
    assert parsed.raw() == raw
    assert parsed.query == [("x", "A"), ("x", "2")]
    assert parsed.form == [("a", "b")]


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "the request is not complete: its headers end with an empty line"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", "the request is not complete: its headers end with an empty line"),
        (b"GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", "the request target must start with /"),
        (b"GET /#x HTTP/1.1\r\nHost: a\r\n\r\n", "a fragment (#) never crosses the wire"),
        (b"POST / HTTP/1.1\r\nHost: a\r\n\r\nbody", "there is more after the request"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nbody", "the body is shorter"),
        (b"GET / HTTP/1.1\r\n\r\n", "this is not an HTTP request: Missing mandatory Host: header"),
        (b"nonsense\r\n\r\n", "this is not an HTTP request"),
        (b"\x00\x01", "this is not an HTTP request"),
    ],
    ids=["nothing", "no end", "absolute", "fragment", "no length", "short", "no host", "nonsense", "binary"],
)
def test_bytes_that_are_no_request_are_told_why(raw: bytes, says: str) -> None:
    with pytest.raises(wire.NotHTTP) as told:
        wire.parse_request(raw)
    assert str(told.value).startswith(says)


def test_response_is_read_back_as_recorded() -> None:
    response = wire.Response(303, (("Location", "http://a/b?c=d"), ("X", "")), b"\r\n\r\nbody")
    assert wire.recorded_response(response.raw()) == response


def test_each_half_of_a_basic_header_is_encoded() -> None:
    name, value = wire.basic("a:b", "ü &")
    assert (name, value) == ("Authorization", "Basic YSUzQWI6JUMzJUJDJTIwJTI2")
