from __future__ import annotations

import numpy as np
import pytest

from benchmarks import verifiers
from diffex_cli.birds import samples
from diffex_cli.birds.attributes import ATTRIBUTES
from diffex_cli.measure.calibration import AS_READ
from diffex_cli.verifiers.opened import open_verifier


@pytest.fixture(scope="module")
def here() -> verifiers.Scene:
    return verifiers.scene(list(samples.records().values())[:3])


def test_every_bird_shows_one_value_of_each_attribute_and_each_edit_what_it_was_asked(here: verifiers.Scene) -> None:
    birds, edits = 3, 3 * len(ATTRIBUTES)
    assert here.truth.shape == (birds + edits, sum(map(len, ATTRIBUTES.values())))
    assert (here.truth.sum(axis=1) == len(ATTRIBUTES)).all()
    after, before = here.truth[birds:], here.truth[[place for place, _ in here.edited]]
    assert after[np.arange(edits), here.asked].all()
    assert not before[np.arange(edits), here.asked].any()
    assert ((after != before).sum(axis=1) == 2).all()
    assert all(sight.crop is not None for _, sight in here.edited)


def test_the_probe_is_nearly_always_right(here: verifiers.Scene) -> None:
    probe = open_verifier("birds:probe")
    assert probe is not None
    read = verifiers.read(probe, here)
    text = verifiers.attribute_table({"probe": read.seen(here.attributes, AS_READ)}, here)
    rows = [line.split(" | ") for line in text.splitlines()]
    assert rows[0] == ["| attribute", "probe, originals", "probe, edits |"]
    assert len(rows) == 2 + len(ATTRIBUTES) + 1
    assert min(float(one) for one in rows[-1][1].split(" / ")) > 0.9


def test_rates() -> None:
    seen, truth = np.array([[True, True, False, False]]), np.array([[True, False, True, False]])
    assert verifiers.rates(seen, truth) == "0.50 / 0.50"
    assert verifiers.rates(seen & False, truth) == "– / 0.00"
    assert verifiers.rates(seen, truth & False) == "0.00 / –"


def test_the_last_view_is_the_verifiers_own() -> None:
    whole, part = np.array([[0.9, 0.2, 0.95]]), np.array([[0.5, 0.5, 0.5]])
    found = {name: view(whole, part)[0] for name, view in verifiers.VIEWS.items()}
    np.testing.assert_allclose(found["the mean of the odds of both"], [0.75, 1 / 3, 0.813], atol=1e-3)
    np.testing.assert_allclose(found["the mean where the whole is unsure"][1:], [1 / 3, 0.95])
    np.testing.assert_allclose(found["the more certain of both"], whole[0])
