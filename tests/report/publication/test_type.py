from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from diffex_cli.report.publication.type import plain, width, wrapped


def test_lines_break_between_words() -> None:
    lines = wrapped("a remarkably long attribute of a bird", 7, 60)
    assert len(lines) > 2
    assert " ".join(lines) == "a remarkably long attribute of a bird"
    assert all(width(line, 7) <= 60 for line in lines)


def test_a_word_that_is_too_wide_breaks_inside() -> None:
    lines = wrapped("short long_unbreakable_descriptiontextthatgoeson", 7, 60, most=9)
    assert "".join(lines).replace("short", "") == "long_unbreakable_descriptiontextthatgoeson"
    assert lines[0] == "short"


def test_what_does_not_fit_is_cut_with_an_ellipsis() -> None:
    lines = wrapped("one two three four five six seven eight nine", 7, 40, "bold", 2)
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert width(lines[1], 7, "bold") <= 40


def test_control_and_direction_marks_are_gone() -> None:
    assert plain("a\nb\t\u202ec\x00d") == "a b c d"


@settings(deadline=None, max_examples=40)
@given(st.text(alphabet=st.characters(codec="latin-1"), max_size=40), st.integers(1, 3))
def test_no_line_is_wider_than_the_room(text: str, most: int) -> None:
    lines = wrapped(text, 7, 50, most=most)
    assert 1 <= len(lines) <= most
    assert all(width(line, 7) <= 50 for line in lines)
