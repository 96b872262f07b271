"""What the fuzz targets share: a valid file, damaged in the ways in which files are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from diffex_cli.core.errors import LONGEST, DiffexError

BOUNDED = settings(
    max_examples=50, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

NASTY = (
    *(b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xe9", b"\r", b"\x1b[31m", b"\xed\xa0\x80", "\u2028".encode(), b"\t"),
    *(b"NaN", b"-Infinity", b"1e999", b"-.inf", b"null", b"true", b"~", b"2026-99-99", b"0x1f", b"-0", b"9" * 5000),
    *(b"*a", b"&a ", b"&a [*a]", b"!!python/object:os.system ", b"!!timestamp x", b"!!int ''", b"<<: ", b"---\n"),
    *(b'"\\ud800"', b'"\\UFFFFFFFF"', b"%YAML 99999999999.1\n", b"[" * 200, b"{" * 200, b"- " * 200, b"? ", b"'"),
    *(b"{}", b"[]", b'""', b":", b",", b"\n", b'{"a": 1, "a": 2}', b"..", b"/etc/passwd", b"=", b"x" * 3000),
)


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """The bytes with a few bits flipped, pieces cut out or doubled, and nasty words put in."""
    content = whole
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(content)))
        to = min(len(content), at + draw(st.integers(0, 30)))
        match draw(st.sampled_from(("flip", "cut", "end", "double", "put", "put", "replace"))):
            case "flip" if at < len(content):
                content = content[:at] + bytes([content[at] ^ 1 << draw(st.integers(0, 7))]) + content[at + 1 :]
            case "cut":
                content = content[:at] + content[to:]
            case "end":
                content = content[:at]
            case "double":
                content = content[:to] + content[at:]
            case "put":
                content = content[:at] + draw(st.sampled_from(NASTY)) + content[at:]
            case "replace":
                content = content[:at] + draw(st.sampled_from(NASTY)) + content[to:]
    return content


def outcome(read: Callable[..., Any], *arguments: object) -> Any:
    """What is read, or the sentence of a refusal, which is one line of a bounded length; any other error is raised."""
    try:
        return read(*arguments)
    except DiffexError as error:
        told = str(error)
    assert 0 < len(told) <= LONGEST
    assert "\n" not in told, told
    told.encode()
    return None
