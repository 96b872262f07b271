"""What a generated hierarchy says of each attribute: the share that named it, and the passage it is from."""

import pytest

from diffex_cli.artifacts.corpus_yaml import parse_corpus, write_corpus
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Corpus, Node

HEAD = "schema: diffex.corpus/1\ndomain: birds\nnodes:\n- name: head\n"


def test_they_are_written_and_read_back() -> None:
    corpus = Corpus("birds", (Node("head", "head", "head", share=0.6667, source="guide.pdf, p. 3: a: b"),))
    assert parse_corpus(write_corpus(corpus, {}), "x").corpus == corpus


def test_without_them_nothing_is_written() -> None:
    text = write_corpus(parse_corpus(HEAD, "x").corpus, {})
    assert "share" not in text
    assert "source" not in text


@pytest.mark.parametrize("share", ["0", "1.5", "-0.1", ".nan", "'0.5'", "half", "[1]"])
def test_a_share_is_above_0_and_at_most_1(share: str) -> None:
    with pytest.raises(UsageError, match=r"x, line 5: share: must be a number above 0 and at most 1"):
        parse_corpus(f"{HEAD}  share: {share}\n", "x")


def test_a_share_of_one_is_right() -> None:
    assert parse_corpus(f"{HEAD}  share: 1\n", "x").corpus.roots[0].share == 1.0
