"""Tables and sentences that fit a width."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from diffex_cli.core.columns import Column, cells, filled, fit

COLUMNS = (
    Column("rank", right=True, spare=2),
    Column("attribute"),
    Column("effect", right=True),
    Column("n", right=True, spare=3),
    Column("interval", right=True, spare=1),
)
ROWS = [
    ("1", "a snowy background of hills", "+2.77", "16", "+1.34 to +3.42"),
    ("10", "crest", "−0.5", "8", "−1.00 to +0.1"),
]

texts = st.text(st.characters(categories=["L", "N"]) | st.just(" "), max_size=30)


def table(width: int | None) -> list[str]:
    fitted = fit(COLUMNS, ROWS, width)
    return [line for row in ([c.name for c in COLUMNS], *ROWS) for line in fitted.line(row, COLUMNS)]


def test_a_pipe_has_every_column_and_a_line_a_row() -> None:
    assert table(None) == [
        "rank  attribute                    effect   n        interval",
        "   1  a snowy background of hills   +2.77  16  +1.34 to +3.42",
        "  10  crest                          −0.5   8   −1.00 to +0.1",
    ]


def test_names_wrap_first_then_columns_go_in_their_order() -> None:
    assert table(56)[1:3] == [
        "   1  a snowy background of    +2.77  16  +1.34 to +3.42",
        "      hills",
    ]
    assert "n" not in table(50)[0].split()
    assert table(44)[0].split() == ["attribute", "effect", "interval"]
    assert table(30)[0].split() == ["attribute", "effect"]
    assert table(20)[1:4] == ["a snowy        +2.77", "background", "of hills"]


def test_a_line_is_broken_at_blanks_that_may_be_broken_at() -> None:
    assert filled("p\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}0.1 and more", 8) == [
        "p\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}0.1",
        "and more",
    ]
    assert filled("incomprehensibilities are", 10) == ["incomprehensibilities", "are"]
    assert filled("", 10) == [""]
    assert filled("a  b", None) == ["a  b"]


@given(texts, st.integers(1, 40))
def test_filling_keeps_every_word_whole(text: str, width: int) -> None:
    lines = filled(text, width)
    assert " ".join(lines).split() == text.split()
    assert all(cells(line) <= width or " " not in line.strip() for line in lines)


@given(st.lists(st.tuples(*[texts] * len(COLUMNS)), max_size=4), st.integers(1, 120))
def test_whatever_stands_in_a_table_its_words_are_whole_and_the_first_things_stay(
    rows: list[tuple[str, ...]], width: int
) -> None:
    fitted = fit(COLUMNS, rows, width)
    assert {1, 2} <= set(fitted.shown)
    for row in rows:
        words = " ".join(fitted.line(row, COLUMNS)).split()
        assert sorted(words) == sorted(word for place in fitted.shown for word in row[place].split())
    assert fitted.width <= width or len(fitted.shown) == 2
