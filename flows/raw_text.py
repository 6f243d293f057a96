"""Says where raw text is no HTTP/1.1 request: which rule it breaks, and at which character. h11 then reads the text."""

from __future__ import annotations

import re
from urllib.parse import quote

END_OF_HEAD = re.compile(rb"\n\r?\n")  # a line feed alone ends a line too, as RFC 9112 §2.2 allows
MOST_HEAD = 64 * 1024  # of bytes: the request line, the headers and the empty line


class NotHTTP(ValueError):
    """The bytes cannot be sent as an HTTP/1.1 request; the message says why and where, `at` being the byte, from 0.

    `line` and `character` count from 1, as somebody who looks at the text would.
    """

    def __init__(self, says: str, at: int, line: int, character: int) -> None:
        super().__init__(says)
        self.at, self.line, self.character = at, line, character


def refusal(raw: bytes, at: int, says: str) -> NotHTTP:
    """NotHTTP whose sentence ends with the place of that byte, as somebody who looks at the text would count it."""
    start = raw.rfind(b"\n", 0, at) + 1
    line, character = raw.count(b"\n", 0, at) + 1, len(raw[start:at].decode("utf-8", "replace")) + 1
    place = f"line {line}, character {character}" if at < len(raw) else "at the end"
    return NotHTTP(f"{says} ({place})", at, line, character)


def check_request(raw: bytes) -> None:
    """Nothing where the text is an HTTP/1.1 request that can be sent; else NotHTTP, for its first fault."""
    head = _HEAD.match(raw)
    if not head or head.end() > MOST_HEAD:
        raise _fault_of_form(raw)
    _check_body(raw, head.end(), _length_said(raw, head.end()))


_TOKEN = rb"!#$%&'*+\-.^_`|~0-9A-Za-z"  # what a method and the name of a header are made of
_TARGET = rb"!$-;=?-_a-~"  # what is visible, without " # < > `
_HEAD = re.compile(
    rb"[%b]+ /[%b]* HTTP/1\.1\r?\n(?:[%b]+:[^\x00-\x08\n-\x1f\x7f]*\r?\n)*\r?\n" % (_TOKEN, _TARGET, _TOKEN)
)


def _rule(pattern: bytes, says: str) -> tuple[re.Pattern[bytes], str]:
    return re.compile(pattern.replace(b"TOKEN", _TOKEN).replace(b"TARGET", _TARGET)), says


# What breaks the form of a head. The one group is the place; {word} is what it holds, {sign} the character that stands
# there, {escaped} the same percent-encoded. Of two rules that are broken at one place, the first speaks.
_RULES = [
    _rule(
        rb"\A()\Z",
        "there is no text, and a request begins with a method, a target and HTTP/1.1, RFC 9112 §3",
    ),
    _rule(
        rb"\A()\r?\n",
        "a request begins with its request line, and this text begins with an empty line, RFC 9112 §3",
    ),
    _rule(
        rb"\A()(?![^\n]* HTTP/)(?![A-Z]{3,} |[^ \n]+ /)",
        "this is not HTTP: a request begins with a method, a target and HTTP/1.1, RFC 9112 §3",
    ),
    _rule(rb"\A( )", "a request begins with its method, and this text begins with a space, RFC 9112 §3"),
    _rule(
        rb"([\x00-\x08\x0b\x0c\x0e-\x1f\x7f])",
        "a control character ({sign}) cannot stand in a request line or a header, RFC 9110 §5.5",
    ),
    _rule(rb"(\r)(?!\n)", "a carriage return cannot stand without a line feed after it, RFC 9112 §2.2"),
    _rule(rb"\A[^\t\n]*(\t)", "a tab cannot stand in a request line: its parts have one space between, RFC 9112 §3"),
    _rule(rb"\A[TOKEN]*([^TOKEN \n])", "{sign} cannot stand in a method, RFC 9110 §5.6.2"),
    _rule(
        rb"\A[^ \n]+ +()HTTP/",
        "a target stands between the method and the version, and this request line has none, RFC 9112 §3.2",
    ),
    _rule(
        rb"\A[^ \n]+ ()[A-Za-z][A-Za-z0-9+.-]*://",
        "the request target must start with /, and this one is a whole address, as only a proxy is sent, "
        "RFC 9112 §3.2.2",
    ),
    _rule(
        rb"\A[^ \n]+ ()\*(?=\s|\Z)",
        "the request target must start with /, and this one is *, which means the server and nothing on it, "
        "RFC 9112 §3.2.4",
    ),
    _rule(
        rb"\A[^ \n]+ ()[^ \n/?#]+:\d+(?=\s|\Z)",
        "the request target must start with /, and this one is a host and a port, as only a proxy is sent, "
        "RFC 9112 §3.2.3",
    ),
    _rule(
        rb"\A[^ \n]+ ([^ \r\n/])",
        "the request target must start with /, and this one starts with {sign}, RFC 9112 §3.2.1",
    ),
    _rule(
        rb"\A[^ \n]+ [TARGET]*(#)",
        "a fragment (#) never crosses the wire, so it cannot be in the request target, RFC 9110 §7.1",
    ),
    _rule(
        rb"\A[^ \n]+ [^ \n]*( )(?!(?i:HTTP/)|\s|\Z)",
        "a space cannot stand in a request target: it must be percent-encoded, as %20, RFC 3986 §2.1",
    ),
    _rule(
        rb"\A[^ \n]+ [TARGET]*([^TARGET \r\n])",
        "{sign} cannot stand in a request target: it must be percent-encoded, as {escaped}, RFC 3986 §2.1",
    ),
    _rule(
        rb"\A[^ \n]+ [^ \n]* (?!HTTP/1\.1(?:[^!-~]|\Z))((?i:HTTP/)[!-~]*)",
        "only HTTP/1.1 is read here, and this request says {word}, RFC 9112 §2.3",
    ),
    _rule(
        rb"\A[^ \n]+ [^ \r\n]* *()\r?(?:\n|\Z)",
        "a request line ends with the version, HTTP/1.1, and this one has none, RFC 9112 §3",
    ),
    _rule(
        rb"\A[^ \n]+ [^ \n]* HTTP/1\.1([^\r\n])",
        "a request line ends after HTTP/1.1, and this one goes on, RFC 9112 §3",
    ),
    _rule(
        rb"\n([ \t])",
        "a header line cannot begin with a space or a tab: to go on with the line before is obsolete, RFC 9112 §5.2",
    ),
    _rule(
        rb"\n()[^:\r\n][^:\n]*(?:\n|\Z)",
        "a header is a name, a colon and a value, and this line has no colon; a body begins after an empty line, "
        "RFC 9112 §5",
    ),
    _rule(rb"\n(:)", "a header line begins with a name, and this one begins with a colon, RFC 9112 §5"),
    _rule(
        rb"\n[TOKEN]+([ \t]+):",
        "no space can stand between the name of a header and its colon, RFC 9112 §5.1",
    ),
    _rule(rb"\n[TOKEN]*([^TOKEN:\r\n])", "{sign} cannot stand in the name of a header, RFC 9110 §5.6.2"),
]


def _fault_of_form(raw: bytes) -> NotHTTP:
    """The first fault of a text that does not begin with a head."""
    end = END_OF_HEAD.search(raw)
    size = end.end() if end else len(raw)
    if size > MOST_HEAD:
        says = f"the request line and the headers have {_bytes(size)}, and at most {MOST_HEAD:,} are read here"
        return refusal(raw, MOST_HEAD, f"{says}; HTTP itself sets no limit, RFC 9110 §2.3")
    broken = [(found, says) for pattern, says in _RULES if (found := pattern.search(raw, 0, size))]
    if broken:
        found, says = min(broken, key=lambda each: each[0].start(1))
        sign, escaped = _sign(raw[found.start(1) :][:4])
        word = found[1][:40].decode("utf-8", "replace")
        return refusal(raw, found.start(1), says.format(sign=sign, escaped=escaped, word=word))
    return refusal(raw, len(raw), "the headers end with an empty line, and this text has none, RFC 9112 §2.1")


def _sign(raw: bytes) -> tuple[str, str]:
    """How the first character is shown, and how it is percent-encoded; a byte where it is none."""
    sign = raw.decode("utf-8", "replace")[:1]
    if sign == "�" or sign < " " or sign == "\x7f":
        return f"the byte 0x{raw[:1].hex()}", f"%{raw[:1].hex().upper()}"
    return repr(sign), quote(sign, safe="")


_NAMED = re.compile(rb"\n(host|content-length|transfer-encoding|expect):[ \t]*([^\r\n]*)", re.IGNORECASE)
_NOT_READ = {
    b"transfer-encoding": "a body is sent whole here, with a Content-Length: Transfer-Encoding is not read, "
    "RFC 9112 §6.1",
    b"expect": "nobody is here to answer 100 Continue, so Expect is not read, RFC 9110 §10.1.1",
}


def _length_said(raw: bytes, end: int) -> re.Match[bytes] | None:
    """The line with the Content-Length of a head that ends there; NotHTTP where one of _NAMED is not as it must be."""
    host = length = None
    for line in _NAMED.finditer(raw, 0, end):
        name = line[1].lower()
        if name in _NOT_READ:
            raise refusal(raw, line.start(1), _NOT_READ[name])
        if name == b"host":
            if host:
                raise refusal(raw, line.start(1), "a request has one Host header, and this is another, RFC 9112 §3.2")
            host = line
        else:
            length = _checked_length(raw, line, length)
    if not host:
        says = "a request has one Host header, and this one has none, RFC 9112 §3.2"
        raise refusal(raw, raw.index(b"\n") + 1, says)
    return length


def _checked_length(raw: bytes, line: re.Match[bytes], before: re.Match[bytes] | None) -> re.Match[bytes]:
    value = line[2].rstrip()
    shown = value[:40].decode("utf-8", "replace") + ("…" if len(value) > 40 else "")
    if re.fullmatch(rb"-\d+", value):
        raise refusal(
            raw, line.start(2), f"a Content-Length cannot be negative, and this one is {shown}, RFC 9110 §8.6"
        )
    if not re.fullmatch(rb"\d{1,20}", value):
        says = f"a Content-Length is a number of at most 20 digits, and this one is {shown!r}, RFC 9110 §8.6"
        raise refusal(raw, line.start(2), says)
    if before and before[2].rstrip() != value:
        says = f"this Content-Length says {shown}, and the one before says {before[2].decode().rstrip()}, RFC 9112 §6.3"
        raise refusal(raw, line.start(2), says)
    return line


def _check_body(raw: bytes, end: int, said: re.Match[bytes] | None) -> None:
    """NotHTTP where the body is not as long as its Content-Length says."""
    size = len(raw) - end
    if not said:
        if size:
            says = "there is more after the request: a body needs a Content-Length"
            raise refusal(raw, end, f"{says}, and this one has {_bytes(size)}, RFC 9112 §6.3")
        return
    length = int(said[2])
    if size != length:
        differs = "shorter" if size < length else "longer"
        says = f"the body is {differs} than its Content-Length says: it has {_bytes(size)}, not {length:,}"
        raise refusal(raw, said.start(2), f"{says}, RFC 9112 §6.3")


def _bytes(count: int) -> str:
    return f"{count:,} {'byte' if count == 1 else 'bytes'}"
