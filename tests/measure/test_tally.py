import dataclasses

import pytest

from diffex_cli.artifacts.rows import EditRow
from diffex_cli.measure.making import Tally, tally

ROW = EditRow("key", "image", "crest", "editor", 0, "a.png", "ok", None, changed=0.2, mean_change=0.1, seconds=1.0)


def row(**changes: object) -> EditRow:
    return dataclasses.replace(ROW, **changes)  # type: ignore[arg-type]


def test_means_are_over_edits_with_a_picture() -> None:
    found = tally(
        [
            row(candidate="", changed=0.9, perceptual=9.0),
            row(changed=0.2, change_inside=0.5, change_outside=None, perceptual=1.0),
            row(changed=0.4, change_inside=0.3, change_outside=0.1),
            row(changed=0.0, status="no-op"),
            row(changed=0.0, status="failed", reason="broken"),
        ]
    )
    assert found.changed == pytest.approx(0.2)
    assert found.change_inside == pytest.approx(0.4)
    assert (found.change_outside, found.perceptual, found.saturated) == (0.1, 1.0, None)
    assert (found.no_ops, found.failed, found.failure) == (1, 1, "broken")


def test_the_most_frequent_reason_and_of_several_the_first() -> None:
    reasons = ["size", "memory", "memory", "black", "black"]
    assert tally([row(status="failed", reason=reason) for reason in reasons]).failure == "black"


def test_nothing() -> None:
    assert tally([]) == Tally(0, 0, None, None, None, None, None, None)
