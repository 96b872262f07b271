"""What is left of a stage, from what was done of it."""

from __future__ import annotations

import pytest
from pipeline import make_corpus

from diffex_cli.core.progress import SilentProgress
from diffex_cli.core.settings import Settings
from diffex_cli.measure import edit, rates, score
from diffex_cli.measure.forecast import Forecast

SILENT = SilentProgress()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_nothing_is_foretold_without_a_rate_and_half_of_the_rest_has_to_be_known(clock: Clock) -> None:
    forecast = Forecast({"b": 2.0}, clock)
    assert forecast.seconds is None
    forecast.start({"a": 4, "b": 1}, SILENT)
    assert forecast.seconds is None
    forecast.start({"a": 1, "b": 4}, SILENT)
    assert forecast.seconds == 8


def test_time_belongs_to_the_work_that_is_told_next(clock: Clock) -> None:
    forecast = Forecast({}, clock)
    clock.now = 50  # before it starts
    forecast.start({"load": 1, "edit": 10}, SILENT)
    clock.now = 60
    forecast.did("load", 1, SILENT)
    clock.now = 64
    forecast.did("edit", 2, SILENT)
    assert forecast.rates == {"load": 10, "edit": 2}
    assert forecast.seconds == 16


def test_a_remembered_rate_counts_less_and_less(clock: Clock) -> None:
    forecast = Forecast({"edit": 0.1}, clock)
    forecast.start({"edit": 100}, SILENT)
    assert forecast.seconds == pytest.approx(10)
    clock.now = 2
    forecast.did("edit", 2, SILENT)
    assert forecast.seconds == pytest.approx(98 * (0.4 * 1 + 0.6 * 0.1))
    clock.now = 10
    forecast.did("edit", 8, SILENT)
    assert forecast.seconds == pytest.approx(90)


def test_a_machine_that_becomes_busy_is_noticed(clock: Clock) -> None:
    forecast = Forecast({}, clock)
    forecast.start({"edit": 10_000}, SILENT)
    for _ in range(1000):
        clock.now += 1
        forecast.did("edit", 1, SILENT)
    for _ in range(200):
        clock.now += 5
        forecast.did("edit", 1, SILENT)
    assert forecast.rates["edit"] > 4


def test_what_a_phase_starts_is_known_better_than_what_was_expected_of_it(clock: Clock) -> None:
    forecast = Forecast({"edit": 1.0}, clock)
    forecast.expect("level 1 of at most 2", {"edit": 20}, {"edit": 30}, SILENT)
    assert forecast.seconds == 50
    forecast.start({"edit": 4}, SILENT)  # the rest is there
    assert forecast.seconds == 34
    forecast.expect("level 1 of at most 2", {"edit": 20}, {"edit": 30}, SILENT, in_steps=True)
    forecast.start({"edit": 4}, SILENT)
    forecast.skip("edit", 4, SILENT)
    assert forecast.seconds == 46


def test_rates_are_learnt_by_each_stage_and_kept(tmp_path, own_cache) -> None:  # type: ignore[no-untyped-def]
    settings: Settings = make_corpus(tmp_path)
    edit.run(settings, SILENT)
    kinds = {kind.partition(" ")[2] for kind in rates.recall()}
    assert kinds == {"", "edit"}
    score.run(settings, SILENT)
    assert {kind.partition(" ")[2] for kind in rates.recall()} == {"", "edit", "score"}
    assert all(rate >= 0 for rate in rates.recall().values())
