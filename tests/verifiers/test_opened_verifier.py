from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.verifiers.backends.python import FunctionVerifier
from diffex_cli.verifiers.base import Attribute, Sight
from diffex_cli.verifiers.opened import OpenedVerifier, open_verifier

SIGHTS = [Sight(Image.new("RGB", (4, 4), colour)) for colour in ("red", "blue")]
HEAD, TAIL = Attribute("head", "head", "a head"), Attribute("tail", "tail", "a tail")


def opened(function: Callable[[list[Image.Image], list[str]], Any]) -> OpenedVerifier:
    return OpenedVerifier(FunctionVerifier(function), "python:mine:seen")


def test_a_function_is_given_pictures_and_words() -> None:
    asked: list[Any] = []

    def red(pictures: list[Image.Image], words: list[str]) -> list[list[float]]:
        asked.append(words)
        return [[picture.getpixel((0, 0))[0] / 255, np.nan] for picture in pictures]  # type: ignore[index]

    found = opened(red).seen(SIGHTS, [HEAD, TAIL])
    np.testing.assert_array_equal(found, [[1, np.nan], [0, np.nan]])
    assert asked == [["a head", "a tail"]]
    assert opened(red).seen([], [HEAD]).shape == (0, 1)
    assert opened(red).seen(SIGHTS, []).shape == (2, 0)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ([[0.5]], r"shape \(1, 1\) for 2 pictures and 2 attributes"),
        (0.5, r"shape \(\)"),
        ([[0, 1], [1.5, 0]], r"gave 1.5 for the attribute 'head', where a probability from 0 to 1, or NaN"),
        ([[0, -np.inf], [0, 0]], r"gave -inf for the attribute 'tail'"),
        ([["a", "b"], ["c", "d"]], "gave probabilities that are not a table of numbers"),
        (None, r"shape \(\)"),
    ],
)
def test_an_answer_that_is_none_names_the_verifier(answer: Any, said: str) -> None:
    with pytest.raises(DiffexError, match=rf"the verifier python:mine:seen .*{said}"):
        opened(lambda pictures, words: answer).seen(SIGHTS, [HEAD, TAIL])


def test_rounding_is_forgiven() -> None:
    found = opened(lambda pictures, words: [[1 + 1e-7], [-1e-7]]).seen(SIGHTS, [HEAD])
    np.testing.assert_array_equal(found, [[1], [0]])


class Excluding(FunctionVerifier):
    sets: Any = ()

    def exclusive(self, attributes: Any) -> Any:
        return self.sets


def test_what_excludes_each_other_is_ids_that_were_given() -> None:
    own = Excluding(lambda pictures, words: None)
    own.sets = [{"head", "tail"}, {"head"}]
    verifier = OpenedVerifier(own, "mine")
    assert verifier.exclusive([HEAD, TAIL]) == (frozenset({"head", "tail"}),)
    with pytest.raises(DiffexError, match="the verifier mine excludes 'tail', which is no id"):
        verifier.exclusive([HEAD])
    own.sets = 7
    with pytest.raises(DiffexError, match="the verifier mine raised TypeError"):
        verifier.exclusive([HEAD])


def test_a_module_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_eyes.py").write_text(
        "def seen(pictures, words):\n    return [[0.5] * len(words) for _ in pictures]\n"
    )
    monkeypatch.chdir(tmp_path)
    one, other = open_verifier("python:my_eyes:seen"), open_verifier("python:my_eyes:seen:version=2,costs=yes")
    assert one is not None
    assert other is not None
    assert (one.costs, other.costs) == (False, True)
    assert one.fingerprint != other.fingerprint
    assert one.seen(SIGHTS, [HEAD]).tolist() == [[0.5], [0.5]]
    with pytest.raises(UsageError, match="such as python:my_model:seen"):
        open_verifier("python:my_eyes")
    with pytest.raises(UsageError, match=r"there is no verifier 'pyton' .*did you mean 'python'"):
        open_verifier("pyton:my_eyes:seen")
    assert open_verifier("none") is None
