"""Orders that the page and Python share; the browser's tests hold the two against each other."""

from collections import Counter
from itertools import islice

import pytest

from diffex_cli.study.order import numbers, options_of, order_of, shuffled, turn_of


def test_the_numbers_are_those_of_mulberry32_seeded_by_fnv_1a() -> None:
    # FNV-1a of "" is its offset basis, 2166136261; Mulberry32's reference implementation goes on from there
    state = 2166136261
    expected = []
    for _ in range(3):
        state = (state + 0x6D2B79F5) % 2**32
        t = (state ^ state >> 15) * (1 | state) % 2**32
        t = (t + (t ^ t >> 7) * (61 | t)) % 2**32 ^ t
        expected.append((t ^ t >> 14) / 2**32)
    assert list(islice(numbers(""), 3)) == expected
    assert all(0 <= number < 1 for number in islice(numbers("é"), 1000))


def test_a_shuffle_is_fixed_by_its_text() -> None:
    items = tuple(range(20))
    assert shuffled(items, "a") == shuffled(items, "a") != items
    assert sorted(shuffled(items, "a")) == list(items)
    assert shuffled(items, "a") != shuffled(items, "b")
    assert shuffled((), "a") == ()


def test_every_order_of_three_comes_about_as_often() -> None:
    counts = Counter(order_of("study", f"person {n}", "abc") for n in range(6000))
    assert len(counts) == 6
    assert all(count == pytest.approx(1000, abs=120) for count in counts.values())


def test_turns_are_taken_about_as_often() -> None:
    counts = Counter(turn_of("study", f"person {n}", 3) for n in range(3000))
    assert sorted(counts) == [0, 1, 2]
    assert all(count == pytest.approx(1000, abs=120) for count in counts.values())


def test_the_right_answer_stands_anywhere() -> None:
    places = Counter(options_of("study", "ann", f"item {n}", "abcd").index("a") for n in range(4000))
    assert all(places[place] == pytest.approx(1000, abs=120) for place in range(4))
