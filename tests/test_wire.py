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


def test_response_is_read_back_as_recorded() -> None:
    response = wire.Response(303, (("Location", "http://a/b?c=d"), ("X", "")), b"\r\n\r\nbody")
    assert wire.recorded_response(response.raw()) == response


@pytest.mark.parametrize("end", [b"\r\n", b"\n"], ids=["CR LF", "LF"])
def test_request_is_read_back_as_recorded_whatever_ends_its_lines(end: bytes) -> None:
    raw = end.join([b"POST /a HTTP/1.1", b"Host: a", b"X:  \xc3\xa0 ", b"Content-Length: 5", b"", b"\r\n\r\nb"])
    recorded = wire.recorded_request(raw)
    assert recorded == wire.parse_request(raw)
    assert recorded.header("X") == "Ã\xa0"
    assert recorded.body == b"\r\n\r\nb"


def test_each_half_of_a_basic_header_is_encoded() -> None:
    name, value = wire.basic("a:b", "ü &")
    assert (name, value) == ("Authorization", "Basic YSUzQWI6JUMzJUJDJTIwJTI2")
