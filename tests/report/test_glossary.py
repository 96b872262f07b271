"""The glossary: one source for the page and the documentation, and its words found in sentences."""

from __future__ import annotations

import re
from pathlib import Path

import page_data
from hypothesis import given
from hypothesis import strategies as st

from diffex_cli.report import glossary, html
from diffex_cli.report.data import ReportData

PAGE = Path(__file__).parents[2] / "docs" / "glossary.md"
MARKS = [mark for entry in glossary.entries() for mark in entry.marks]


def test_the_page_of_the_documentation_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == glossary.markdown(), "run: python docs/generate_glossary.py"


def test_every_entry_is_one_and_no_word_is_explained_twice() -> None:
    ids = [entry.id for entry in glossary.entries()]
    assert len(set(ids)) == len(ids) > 20
    assert len({mark.lower() for mark in MARKS}) == len(MARKS)
    assert all(entry.text.endswith(".") and entry.quantity in ("", "logit") for entry in glossary.entries())


def test_where_effects_are_no_logits_nobody_speaks_of_them() -> None:
    assert not any("logit" in entry.term + entry.text for entry in glossary.of_quantity("score"))
    assert any(entry.id == "logit" for entry in glossary.of_quantity("logit"))


def test_what_a_sentence_says_is_explained_once(judged_data: ReportData) -> None:
    seen: set[str] = set()
    text = "Its effect is +2.31 logits (95\N{NO-BREAK SPACE}% interval +2.21 to +2.41, corrected p = 0.022)."
    pieces = list(glossary.explained(text, seen))
    assert [(piece.text, piece.entry) for piece in pieces if piece.entry] == [
        ("effect", "effect"),
        ("logits", "logit"),
        ("95\N{NO-BREAK SPACE}% interval", "interval"),
        ("corrected p", "p"),
    ]
    assert [piece.entry for piece in glossary.explained(text, seen)] == [None]


@given(st.lists(st.one_of(st.sampled_from([*MARKS, "Noise floor", "logitx"]), st.text(max_size=8)), max_size=8))
def test_no_word_is_lost_or_changed(parts: list[str]) -> None:
    text, seen = " ".join(parts), set[str]()
    pieces = list(glossary.explained(text, seen))
    assert "".join(piece.text for piece in pieces) == text
    named = [piece.entry for piece in pieces if piece.entry]
    assert len(set(named)) == len(named)
    assert set(named) == seen


def test_every_word_that_the_page_marks_has_its_entry() -> None:
    page = html.page(page_data.report(), page_data.pictures())
    body = page[: page.index('id="diffex-data"')]
    script = page[page.index('id="diffex-pictures"') :]
    wanted = set(re.findall(r'href="#word-([a-z-]+)"', body)) | set(re.findall(r'\bterm\("([a-z-]+)"', script))
    assert len(wanted) > 10
    assert wanted <= set(re.findall(r'<dt id="word-([a-z-]+)"', body))
