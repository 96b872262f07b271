"""Results come in order, early but not too early, and an end is an end."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffex_cli.measure.scoring import prefetched


@given(st.lists(st.integers()), st.integers(1, 4), st.integers(1, 3))
def test_the_results_are_those_of_map(items: list[int], ahead: int, threads: int) -> None:
    assert list(prefetched(lambda item: item * 2, items, ahead, threads)) == [item * 2 for item in items]


def test_several_threads_make_them_at_once_and_in_order() -> None:
    both = threading.Barrier(2, timeout=10)

    def make(item: int) -> int:
        both.wait()  # breaks unless two are being made
        return item

    assert list(prefetched(make, range(8), ahead=3, threads=2)) == list(range(8))


def test_the_next_ones_are_made_meanwhile_in_one_other_thread() -> None:
    made: list[int] = []
    threads = set()
    third = threading.Event()

    def make(item: int) -> int:
        threads.add(threading.get_ident())
        made.append(item)
        if item == 2:
            third.set()
        return item

    results = prefetched(make, range(9), ahead=2)
    assert next(results) == 0
    assert third.wait(10), "two more are made without being asked for"
    assert made == [0, 1, 2], "and no more than two"
    assert list(results) == list(range(1, 9))
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_an_error_comes_in_its_place() -> None:
    results = prefetched(lambda item: 6 // item, [3, 2, 0, 1])
    assert [next(results), next(results)] == [2, 3]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_nothing_is_made_after_the_end() -> None:
    made: list[int] = []
    results = prefetched(lambda item: made.append(item), range(100), ahead=1)
    next(results)
    results.close()
    assert len(made) <= 3
    assert all(not thread.name.startswith("prefetched") for thread in threading.enumerate())
