from __future__ import annotations

import random
from collections import Counter

from diffex_cli.birds.attributes import ATTRIBUTES, phrase
from diffex_cli.birds.meanings import COARSE, FINE, PLACEBOS
from training.wishes import ROWS, draw_wishes


def test_a_wish_is_what_its_words_make_of_the_bird() -> None:
    rng = random.Random(0)
    kinds: Counter[str] = Counter()
    for _ in range(400):
        bird, wishes = draw_wishes(rng)
        assert len(wishes) == ROWS
        for wish in wishes:
            differing = [name for name in ATTRIBUTES if bird.value(name) != wish.target.value(name)]
            words = wish.words.split(", ")
            if differing:
                assert sorted(words) == sorted(phrase(name, wish.target.value(name)) for name in differing)
                kinds["one" if len(differing) == 1 else "two"] += 1
            else:
                assert wish.target == bird
                true = {phrase(name, bird.value(name)) for name in ATTRIBUTES}
                kinds["placebo" if wish.words in PLACEBOS else "true"] += 1
                assert wish.words in PLACEBOS or wish.words in true
    assert kinds["one"] > 1000
    assert min(kinds["two"], kinds["true"], kinds["placebo"]) > 40


def test_every_value_is_asked_for_and_the_weak_ones_more_often() -> None:
    rng = random.Random(1)
    asked = Counter(words for _ in range(1500) for wish in draw_wishes(rng)[1] for words in wish.words.split(", "))
    assert set(FINE) <= set(asked)
    assert not set(COARSE) & set(asked)
    usual = asked["green upperparts"]
    assert asked["spotted breast"] > 4 * usual
    assert min(asked["long beak"], asked["barred wings"]) > 1.5 * usual
