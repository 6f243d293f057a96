"""JSON is read member by member: every member's place is right, and what is wrong is said with its place."""

import json
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from flows.tokens import base64url
from flows.tokens.json_text import JSONText, WrittenNumber, read

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def places(found: JSONText, data: bytes) -> list[bytes]:
    return [data[each.start : each.end] for each in found.members]


def test_members_come_in_order_with_their_places() -> None:
    data = b'{ "iss": "a" ,\r\n "exp":1300819380,"ok" : [1, {"b":2}] }'
    found = read(data)
    assert [(each.name, each.value, each.text) for each in found.members] == [
        ("iss", "a", '"a"'),
        ("exp", 1300819380, "1300819380"),
        ("ok", [1, {"b": 2}], '[1, {"b":2}]'),
    ]
    assert places(found, data) == [b'"iss": "a"', b'"exp":1300819380', b'"ok" : [1, {"b":2}]']
    assert found.is_whole and found.problems == () and found.repeated == ()


def test_places_are_counted_in_bytes() -> None:
    data = '{"n":"Zoë 😀","x":1}'.encode()
    assert places(read(data), data) == ['"n":"Zoë 😀"'.encode(), b'"x":1']


def test_a_name_that_comes_twice_is_told_at_any_depth() -> None:
    found = read(b'{"a":1,"a":2,"b":{"c":1,"c":2}}')
    assert found.repeated == ("a", "c")
    assert [each.value for each in found.members] == [1, 2, {"c": 2}]
    assert found.object == {"a": 2, "b": {"c": 2}}


def test_what_is_cut_off_is_read_up_to_there() -> None:
    found = read(b'{"iss":"a","exp":13,"sub":"ali')
    assert [(each.name, each.value, each.whole) for each in found.members] == [
        ("iss", "a", True),
        ("exp", 13, True),
        ("sub", '"ali', False),
    ]
    assert found.problems == ("Within the value of `sub`: the quote that opens here is never closed, at character 27.",)
    assert not found.is_whole


def test_a_missing_comma_is_said_with_its_place() -> None:
    found = read(b'{"a":1 "b":2}')
    assert [each.name for each in found.members] == ["a"]
    assert found.problems == ("A comma or the closing brace is missing after `a`, at character 8.",)


def test_nan_is_no_json() -> None:
    found = read(b'{"a":NaN,"b":1}')
    assert [each.name for each in found.members] == ["a", "b"]
    assert found.problems == ("`NaN` is no JSON: numbers there are finite.",)


def test_bytes_that_are_no_utf8_are_said() -> None:
    found = read(b'{"a":"\xff"}')
    assert found.problems == ("It is not UTF-8 text throughout.",)
    assert found.object == {"a": "\ufffd"}


def test_a_byte_order_mark_is_said_and_counted() -> None:
    data = b'\xef\xbb\xbf{"a":1}'
    found = read(data)
    assert found.problems == ("It begins with a byte order mark, which JSON text must not have.",)
    assert places(found, data) == [b'"a":1']


def test_something_after_the_end_is_said() -> None:
    assert read(b'{"a":1}}').problems == ("Something follows after the end of the JSON, at character 8.",)


def test_a_list_has_a_value_and_no_members() -> None:
    found = read(b'["salt","name",1]')
    assert (found.is_object, found.value, found.members) == (False, ["salt", "name", 1], ())


def test_a_number_with_very_many_digits_stays_as_it_was_written() -> None:
    value = read(b'{"a":' + b"9" * 5000 + b"}").object["a"]
    assert isinstance(value, WrittenNumber) and value == "9" * 5000


def test_nesting_without_end_is_said() -> None:
    found = read(b'{"a":' + b"[" * 100_000)
    assert found.problems and found.problems[0].startswith("The value of `a` is nested too deep to be read")


@given(st.dictionaries(st.text(max_size=8), json_values, max_size=6), st.booleans(), st.sampled_from([None, 1]))
def test_every_member_is_where_it_is_said_to_be(held: dict[str, Any], ascii_only: bool, indent: int | None) -> None:
    data = json.dumps(held, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "surrogatepass")
    found = read(data)
    if found.problems:  # half a surrogate pair, written raw
        return
    assert [each.name for each in found.members] == [name.encode("utf-16", "replace").decode("utf-16") for name in held]
    for each in found.members:
        place = data[each.start : each.end]
        name, _ = json.JSONDecoder().raw_decode(place.decode())
        assert place.startswith(b'"') and name in held
        assert place.endswith(each.text.encode())
        assert json.loads(each.text) == held[name]


@given(st.dictionaries(st.text(max_size=8), json_values, min_size=2, max_size=6))
def test_no_character_carries_two_members(held: dict[str, Any]) -> None:
    """A comma, at least, stands between two members, which is enough to keep their characters apart."""
    data = json.dumps(held, separators=(",", ":")).encode()
    ranges = [base64url.characters(each.start, each.end) for each in read(data).members]
    assert all(first[1] <= second[0] for first, second in pairwise(ranges))


@given(
    st.binary(max_size=200)
    | st.text('{}[]":,\\ntrufalse0123e+-. \ud800\x00', max_size=100).map(
        lambda text: text.encode("utf-8", "surrogatepass")
    )
)
def test_no_bytes_raise(data: bytes) -> None:
    found = read(data)
    found.text.encode()
    for each in found.members:
        assert 0 <= each.start < each.end <= len(data)
        assert data[each.start : each.start + 1] == b'"'
    assert all(first.end <= second.start for first, second in pairwise(found.members))
