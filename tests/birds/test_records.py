from __future__ import annotations

import pytest

from diffex_cli.birds import samples
from diffex_cli.birds.records import shows_already
from diffex_cli.core.hierarchy import Candidate, Term


def candidate(*prompts: str, remove: bool = False) -> Candidate:
    return Candidate(tuple(Term(prompt, prompt, remove, {}) for prompt in prompts))


@pytest.mark.parametrize(("image", "bird"), list(samples.records().items())[:8])
def test_a_record_tells_what_a_picture_shows(image: str, bird: samples.Bird) -> None:
    for color in ("red", "blue", "green", "black", "white"):
        assert shows_already(image, candidate(f"{color} head")) is (bird.head == color)
    assert shows_already(image, candidate("head color")) is True
    assert shows_already(image, candidate("crest")) is (bird.crest != "no")
    assert shows_already(image, candidate("crest", remove=True)) is (bird.crest == "no")
    both = candidate(f"{bird.head} head", "snow background")
    assert shows_already(image, both) is (bird.background == "snow")


def test_of_other_pictures_and_words_nothing_is_known() -> None:
    image = next(iter(samples.records()))
    assert shows_already("0" * 64, candidate("red head")) is None
    assert shows_already(image, candidate("top hat")) is None
    assert shows_already(image, candidate("red head", "pneumothorax")) is None
    assert shows_already(image, Candidate(())) is None
