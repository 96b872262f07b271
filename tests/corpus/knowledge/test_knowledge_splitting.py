"""Paragraphs as passages."""

from hypothesis import given
from hypothesis import strategies as st

from diffex_cli.corpus.knowledge.documents import Paragraph
from diffex_cli.corpus.knowledge.splitting import LONGEST, SENTENCES, sentences, split


def test_sentences_do_not_end_at_abbreviations() -> None:
    text = 'Crests, e.g. Those of Fig. 3, are tall. "Very tall!" says Dr. Bird. J. Smith agrees? Yes.'
    assert list(sentences(text)) == [
        "Crests, e.g. Those of Fig. 3, are tall.",
        '"Very tall!"' + " says Dr. Bird.",
        "J. Smith agrees?",
        "Yes.",
    ]


def test_a_passage_has_a_few_sentences_and_stands_where_it_begins() -> None:
    text = " ".join(f"Sentence {i} ends here." for i in range(6))
    found = list(split([Paragraph(text, "line 1"), Paragraph("The last.", "line 9")]))
    assert [one.text.count(".") for one in found] == [SENTENCES, 3]
    assert found[1].text.endswith("Sentence 5 ends here. The last.")
    assert [one.place for one in found] == ["line 1", "line 1"]


def test_a_passage_ends_with_its_section() -> None:
    found = list(split([Paragraph("One.", "p. 1", "1"), Paragraph("Two.", "p. 2", "2")]))
    assert [(one.text, one.place) for one in found] == [("One.", "p. 1"), ("Two.", "p. 2")]


def test_items_of_a_list_stay_apart() -> None:
    (one,) = split([Paragraph("tall crest", ""), Paragraph("short crest", "")])
    assert one.text == "tall crest; short crest"


@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), max_size=3000), max_size=4)
)
def test_no_word_is_lost_and_no_passage_too_long(texts: list[str]) -> None:
    paragraphs = [Paragraph(" ".join(text.split()), "") for text in texts if text.strip()]
    found = [one.text for one in split(paragraphs)]
    assert all(0 < len(text) <= LONGEST + SENTENCES for text in found)
    joined = "".join("".join(found).replace(";", "").split())
    assert joined == "".join("".join(one.text for one in paragraphs).replace(";", "").split())
