"""What a plug-in returns is looked at before it is believed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from diffex_cli.classifiers.backends.python import FunctionClassifier
from diffex_cli.classifiers.opened import OpenedClassifier
from diffex_cli.core.errors import DiffexError
from diffex_cli.core.hierarchy import RECONSTRUCTION
from diffex_cli.editors.base import EditRequest, EditResult
from diffex_cli.editors.opened import OpenedEditor

PICTURES = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
GOOD = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
LABELS = ("a", "b", "c")


class Own:
    """An entry point's classifier."""

    fingerprint = "own"
    settings: Mapping[str, object] = {}

    def __init__(self, scores: Any, labels: Any = LABELS) -> None:
        self.scores, self.labels = scores, labels

    def logits(self, images: Sequence[Image.Image]) -> Any:
        return self.scores


def of_function(scores: Any, labels: Any = LABELS) -> OpenedClassifier:
    return OpenedClassifier(FunctionClassifier(lambda pictures: scores, "own", labels=labels), "own")


def of_entry_point(scores: Any, labels: Any = LABELS) -> OpenedClassifier:
    return OpenedClassifier(Own(scores, labels), "own")


both = pytest.mark.parametrize("opened", [of_function, of_entry_point])
Opened = Callable[..., OpenedClassifier]


class Array:
    def __array__(self, *_: Any, **__: Any) -> Any:
        raise SystemError("no array of mine")


_ITSELF: list[Any] = []
_ITSELF.append(_ITSELF)


@both
@pytest.mark.parametrize(
    "scores",
    [
        None,
        "scores",
        b"scores",
        [["1", "2", "3"], ["4", "5", "6"]],
        [[1j, 2, 3], [4, 5, 6]],
        np.array(GOOD, dtype=complex),
        np.array(GOOD) > 2,
        np.array([["1", 2, 3], [4, 5, 6]], dtype=object),
        np.array([[True, 2, 3], [4, 5, 6]], dtype=object),
        np.array(GOOD).astype("datetime64[s]"),
        [[10**400, 1, 2], [3, 4, 5]],
        [[1, 2, 3], [4, 5]],
        np.array(GOOD)[:1],
        np.array(GOOD).T,
        [GOOD, GOOD, GOOD],
        (row for row in GOOD),
        {1, 2, 3},
        3.0,
        [],
        Array(),
        torch.zeros((2, 3), device="meta"),
        _ITSELF,
    ],
    ids=lambda scores: type(scores).__name__,
)
def test_scores_that_are_none(opened: Opened, scores: Any) -> None:
    with pytest.raises(DiffexError, match=r"^the classifier own "):
        opened(scores).logits(PICTURES)


@both
@pytest.mark.parametrize(
    "scores",
    [
        GOOD,
        tuple(map(tuple, GOOD)),
        np.array(GOOD, dtype=np.float16),
        np.array(GOOD, dtype=np.int8),
        np.array(GOOD, dtype=object),
        np.array(GOOD)[::-1][::-1],
        np.asfortranarray(GOOD),
        torch.tensor(GOOD, requires_grad=True),
        torch.tensor(GOOD, dtype=torch.bfloat16),
        [torch.tensor(row) for row in GOOD],
    ],
    ids=lambda scores: type(scores).__name__,
)
def test_scores_that_are_some(opened: Opened, scores: Any) -> None:
    found = opened(scores).logits(PICTURES)
    assert found.dtype == np.float64
    assert found.tolist() == GOOD


@both
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, None])
def test_a_score_that_is_not_finite_is_no_score(opened: Opened, bad: float | None) -> None:
    found = opened([[1.0, bad, 3.0], GOOD[1]]).logits(PICTURES)
    assert np.isnan(found[0]).all()
    assert found[1].tolist() == GOOD[1]


@both
@pytest.mark.parametrize(
    "labels",
    ["abc", b"abc", 3, 3.5, [], (), ["a", "", "c"], ["a", "  ", "c"], ["a", None, "c"], ["a", ["b"], "c"],
     ["a", True, "c"], ["a", math.nan, "c"], ["a", "\ud800", "c"], [b"a", b"b", b"c"], {0: "a", 2: "b"}],
    ids=repr,
)  # fmt: skip
def test_labels_that_are_none(opened: Opened, labels: Any) -> None:
    with pytest.raises(DiffexError, match="the labels of the classifier own"):
        assert opened(GOOD, labels).labels


@both
@pytest.mark.parametrize(
    ("labels", "found"),
    [
        ([0, 1, 2], ("0", "1", "2")),
        (np.arange(3), ("0", "1", "2")),
        ({1: "b", 0: "a", 2: "c"}, LABELS),
        (["a", "a", "b"], ("a (0)", "a (1)", "b")),
        (["e\u0301", "b", "c"], ("é", "b", "c")),
    ],
)
def test_labels_that_are_some(opened: Opened, labels: Any, found: tuple[str, ...]) -> None:
    assert opened(GOOD, labels).labels == found


@pytest.mark.parametrize("fingerprint", [None, 7, "", " ", "two\nlines", "\ud800", b"bytes"])
def test_an_identity_that_is_none(fingerprint: Any) -> None:
    own = Own(GOOD)
    own.fingerprint = fingerprint
    with pytest.raises(DiffexError, match="the classifier own has the fingerprint"):
        assert OpenedClassifier(own, "own").fingerprint


@pytest.mark.parametrize("settings", [None, 3, {"a": object()}, {"a": math.nan}, {"a": np.zeros(2)}, [1, 2]])
def test_settings_that_are_none(settings: Any) -> None:
    own = Own(GOOD)
    own.settings = settings
    with pytest.raises(DiffexError, match="the classifier own has settings that are no plain values"):
        assert OpenedClassifier(own, "own").settings


REQUESTS = [EditRequest("k", "red", RECONSTRUCTION), EditRequest("l", "blue", RECONSTRUCTION)]
IMAGES = dict(zip(("red", "blue"), PICTURES, strict=True))
GREEN = Image.new("RGB", (4, 4), "green")


class OwnEditor:
    fingerprint = "own"
    settings: Mapping[str, object] = {}

    def __init__(self, *answers: Any) -> None:
        self.answers = answers

    def edit(self, images: Any, requests: Any, seed: int) -> Any:
        yield from self.answers


def edited(*answers: Any) -> Iterator[EditResult]:
    return OpenedEditor(OwnEditor(*answers), "own").edit(IMAGES, REQUESTS, 0)


def answer(**changes: Any) -> EditResult:
    return EditResult(**{"key": "k", "status": "ok", "image": GREEN, "seconds": 0.0, **changes})


@pytest.mark.parametrize(
    "answers",
    [
        [None],
        ["done"],
        [("k", "ok", GREEN)],
        [answer(key="other")],
        [answer(key=None)],
        [answer(key=["k"])],
        [answer(), answer()],
        [answer()],
        [],
        [answer(status="done")],
        [answer(status=None)],
        [answer(seconds=math.nan)],
        [answer(seconds=-1.0)],
        [answer(seconds="1")],
    ],
)
def test_results_that_are_none(answers: list[Any]) -> None:
    with pytest.raises(DiffexError, match=r"^the editor own "):
        list(edited(*answers))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"image": None}, "no picture"),
        ({"image": np.zeros((4, 4, 3))}, "a picture that is a ndarray"),
        ({"image": torch.zeros(3, 4, 4)}, "a picture that is a Tensor"),
        ({"image": "green.png"}, "a picture that is a str"),
        ({"image": Image.new("RGB", (5, 4))}, "5x4 pixels for 4x4"),
        ({"image": Image.new("F", (4, 4), math.nan)}, "not finite"),
        ({"image": Image.new("F", (4, 4), 0.5)}, "mode F, whose numbers are no colours"),
        ({"image": Image.new("I;16", (4, 4))}, "mode I;16, whose numbers are no colours"),
        ({"mask": np.ones((4, 4))}, "a mask that is a ndarray"),
        ({"mask": Image.new("L", (3, 4))}, "a mask of mode L and 3x4"),
        ({"mask": Image.new("RGB", (4, 4))}, "a mask of mode RGB"),
    ],
)
def test_pictures_that_are_none_fail_their_edit(changes: dict[str, Any], reason: str) -> None:
    first, second = edited(answer(**changes), answer(key="l"))
    assert (first.status, first.image) == ("failed", None)
    assert reason in str(first.reason)
    assert second.status == "ok"


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1"])
def test_pictures_that_are_some(mode: str) -> None:
    first, _ = edited(answer(image=GREEN.convert(mode)), answer(key="l"))
    assert first.image is not None
    assert (first.status, first.image.mode) == ("ok", "RGB")


def test_a_reason_that_no_file_can_hold_is_spelled_out() -> None:
    first, _ = edited(answer(status="failed", reason="half a \ud83d"), answer(key="l"))
    assert first.reason == "half a \\ud83d"
