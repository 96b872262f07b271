"""How far off the forecast is while the demo runs: a recorded run of it, told to the forecast event by event.

The times of the batches and of the scores are recorded; those of the steps within a batch are evenly spread.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pytest

from diffex_cli.artifacts.corpus_yaml import read_corpus
from diffex_cli.core.domains import corpus_file
from diffex_cli.core.hierarchy import Node
from diffex_cli.core.progress import SilentProgress
from diffex_cli.core.settings import Settings
from diffex_cli.measure.forecast import Forecast
from diffex_cli.search.expectation import ahead

SILENT = SilentProgress()
IMAGES = 16
END = 117.08
"""Seconds from the first one to the last, on two cores, with an empty cache."""

FOLLOWED = (
    (),
    ("background", "head", "body", "wings", "tail"),
    ("land background", "open background", "head color", "crest", "belly color"),
)
"""The groups that the search went on into, which lead to each level."""

LOADED = 7.1
EDITED = (
    (5.92, (12.28, 17.28, 22.45, 27.61)),
    (28.83, (33.46, 38.46, 45.82, 54.13, 59.29, 62.13)),
    (63.18, (73.35, 78.29, 83.25, 88.29, 93.21, 99.06, 104.11, 109.25, 112.92)),
)
"""Of each level when its edits began, and when each batch of at most 32 was done."""
SCORED = ((28.27, 28.80), (62.45, 63.15), (113.25, 116.54))
STEPS, DECODING = 8, 0.6


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def frontiers() -> list[Sequence[Node]]:
    corpus = read_corpus(corpus_file("birds"))
    nodes = list(corpus.walk())
    return [
        [child for node in nodes if node.name in groups for child in node.children] if groups else corpus.roots
        for groups in FOLLOWED
    ]


def told(forecast: Forecast, clock: Clock) -> Iterator[float]:
    """Tell the forecast of everything that happened, at its time; yields the times."""
    settings = Settings(target="cardinal", n_images=IMAGES)

    def at(time: float) -> float:
        clock.now = time
        return time

    for depth, (frontier, (begin, batches), scored) in enumerate(zip(frontiers(), EDITED, SCORED, strict=True)):
        found = ahead(frontier, depth, settings, IMAGES, 0)
        work, later = ({"edit": n, "score": n} for n in (found.level, found.later))
        if not depth:
            at(0)
            forecast.expect(f"level {depth + 1}", work, later, SILENT)
            at(5.53)
            forecast.start({"score": IMAGES}, SILENT)
            yield at(5.75)
            forecast.did("score", IMAGES, SILENT)
        edits, images = len(frontier) * IMAGES, 0 if depth else IMAGES
        yield at(begin)
        forecast.expect(f"level {depth + 1}", work, later, SILENT)
        forecast.start({"edit": edits, "image": images, "score": edits + images, "load": 1 - depth // 2}, SILENT)
        if not depth:
            yield at(LOADED)
            forecast.did("load", 1, SILENT)
        for start, end in zip((clock.now, *batches), batches, strict=False):
            made = min(32, edits + images)
            prepared = min(4, images)
            for number in range(prepared):
                yield at(start + 0.15 * (number + 1))
                forecast.did("image", 1, SILENT)
            first = clock.now
            for step in range(1, STEPS + 1):
                yield at(first + step * (end - DECODING - first) / STEPS)
                forecast.did("edit", (made - prepared) / STEPS, SILENT)
            yield at(end)
            forecast.did("edit", 0, SILENT)
            forecast.skip("image", prepared, SILENT)
            edits, images = edits - (made - prepared), images - prepared
        yield at(scored[0])
        forecast.start({"score": (len(frontier) + (not depth)) * IMAGES}, SILENT)
        yield at(scored[1])
        forecast.did("score", (len(frontier) + (not depth)) * IMAGES, SILENT)


def errors(remembered: Mapping[str, float]) -> dict[float, float]:
    """Time → forecast over truth, whenever the forecast changes."""
    clock = Clock()
    forecast = Forecast(remembered, clock)
    found = {}
    for time in told(forecast, clock):
        seconds = forecast.seconds
        if seconds is not None:
            found[time] = seconds / (END - time)
    return found


@pytest.mark.parametrize(
    "remembered",
    [
        {},
        {"edit": 0.17, "image": 0.16, "load": 1.2, "score": 0.01},
        # of a machine that was twice as busy, or half
        {"edit": 0.34, "image": 0.3, "load": 3.0, "score": 0.03},
        {"edit": 0.08, "image": 0.1, "load": 1.0, "score": 0.003},
    ],
    ids=["nothing", "the rates", "twice the rates", "half the rates"],
)
def test_after_a_tenth_of_the_time_the_rest_is_known_within_a_factor_of_one_and_a_half(
    remembered: dict[str, float],
) -> None:
    found = {time: error for time, error in errors(remembered).items() if 0.1 * END <= time <= 0.9 * END}
    assert len(found) > 100
    assert {time: error for time, error in found.items() if not 1 / 1.5 < error < 1.5} == {}


def test_with_remembered_rates_it_is_known_from_the_first_second_on() -> None:
    clock = Clock()
    forecast = Forecast({"edit": 0.17, "image": 0.16, "load": 1.2, "score": 0.01}, clock)
    next(told(forecast, clock))
    assert forecast.seconds == pytest.approx(END, rel=0.4)
    assert Forecast({}, clock).seconds is None
