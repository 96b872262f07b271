"""Files as paragraphs that know where they stand."""

from diffex_cli.corpus.knowledge.documents import clean, markdown_paragraphs, plain_paragraphs

GUIDE = """\
---
title: not read
---
# Birds
See [the crests](http://example.org/a). **Tall** crests of *cardinals*
go on here.

## Crests
- tall crest
- `short` crest

| part | colour |
|------|--------|
| beak | red |
<!-- nor this -->

Setext heading
--------------
Below it.

```python
# no heading
```

# Bats ##
![a bat](bat.png)
"""


def test_paragraphs_of_a_text_file_are_told_by_their_first_line() -> None:
    found = list(plain_paragraphs("One\ntwo.\n\n\nThree.\n"))
    assert [(one.text, one.place) for one in found] == [("One two.", "line 1"), ("Three.", "line 5")]


def test_paragraphs_of_markdown_are_told_by_their_headings() -> None:
    found = [(one.place, one.text) for one in markdown_paragraphs(GUIDE)]
    assert found == [
        ("Birds", "See the crests. Tall crests of cardinals go on here."),
        ("Birds > Crests", "tall crest"),
        ("Birds > Crests", "short crest"),
        ("Birds > Crests", "part | colour"),
        ("Birds > Crests", "beak | red"),
        ("Birds > Setext heading", "Below it."),
        ("Birds > Setext heading", "# no heading"),
        ("Bats", "a bat"),
    ]


def test_two_sections_of_one_name_are_two() -> None:
    first, second = markdown_paragraphs("# A\none\n# A\ntwo")
    assert first.section != second.section


def test_nothing_is_left_that_a_corpus_file_refuses() -> None:
    assert clean("a\x00b\x07 c\ud800 \ue000\uf0b7 e\u00adf \ufb01sh\r\n g") == "a b c ef fish g"
