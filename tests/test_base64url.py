"""base64url is read as far as it goes, what is wrong with it is said, and characters are matched with bytes."""

from base64 import urlsafe_b64encode

from hypothesis import given
from hypothesis import strategies as st

from flows.tokens.base64url import ALPHABET, characters, decode, encode


def test_the_example_of_rfc_7515_is_written_without_padding() -> None:
    assert encode(bytes([3, 236, 255, 224, 193])) == "A-z_4ME"  # RFC 7515 Appendix C
    assert decode("A-z_4ME").data == bytes([3, 236, 255, 224, 193])
    assert decode("A-z_4ME").problems == ()


def test_padding_is_read_and_said() -> None:
    found = decode("YQ==")
    assert found.data == b"a"
    assert found.problems == ("It ends with padding (`=`), which base64url in a token leaves out.",)


def test_standard_base64_is_read_and_said() -> None:
    found = decode("+/+/")
    assert found.data == decode("-_-_").data == b"\xfb\xff\xbf"
    assert found.problems == ("It holds `+` or `/`: standard base64, where base64url (`-` and `_`) was meant.",)


def test_strange_characters_are_left_out_and_named() -> None:
    found = decode("YW*J\nj")
    assert found.data == b"abc"
    assert found.problems == ("It holds what base64url does not have: byte 0x0a `*`.",)


def test_a_character_that_stands_alone_is_said() -> None:
    found = decode("YWJjZ")
    assert found.data == b"abc"
    assert found.problems == ("Its last character stands alone and holds less than a byte: something is cut off.",)


def test_a_second_spelling_of_the_same_bytes_is_said() -> None:
    assert decode("YQ").data == decode("YR").data == b"a"
    assert decode("YQ").problems == ()
    assert decode("YR").problems == (
        "Its last character has bits set that belong to no byte, so the same bytes have two spellings.",
    )


def test_nothing_is_nothing() -> None:
    assert decode("").data == b"" and decode("").problems == ()


def test_a_byte_is_carried_by_two_characters() -> None:
    assert [characters(at, at + 1) for at in range(4)] == [(0, 2), (1, 3), (2, 4), (4, 6)]
    assert characters(0, 3) == (0, 4)
    assert characters(5, 5) == (6, 7)


@given(st.binary(max_size=300))
def test_what_is_written_is_read_again(data: bytes) -> None:
    assert encode(data) == urlsafe_b64encode(data).decode().rstrip("=")
    assert decode(encode(data)).data == data
    assert decode(encode(data)).problems == ()


@given(st.text(max_size=300) | st.text(ALPHABET + "+/=. \ud800", max_size=300))
def test_no_text_raises(text: str) -> None:
    found = decode(text)
    assert len(found.data) <= len(text.encode("utf-8", "replace")) * 3 // 4
    assert all(each.endswith(".") for each in found.problems)


@given(st.binary(min_size=1, max_size=60), st.data())
def test_changing_a_byte_changes_no_character_but_its_own(data: bytes, draw: st.DataObject) -> None:
    at = draw.draw(st.integers(0, len(data) - 1))
    changed = data[:at] + bytes([data[at] ^ draw.draw(st.integers(1, 255))]) + data[at + 1 :]
    start, end = characters(at, at + 1)
    one, other = encode(data), encode(changed)
    assert one != other
    assert one[:start] == other[:start] and one[end:] == other[end:]
