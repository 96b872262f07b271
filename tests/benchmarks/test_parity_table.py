"""The table of parity, and the stock pipelines that it compares with."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from figures import rows

from benchmarks.parity import SUBJECTS, Subject, parity, relative_error
from benchmarks.stock import skip_for

pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"  # diffusers' scheduler, numpy 2
)


@pytest.mark.parametrize(
    "subject", [subject for subject in SUBJECTS if "v-prediction" not in subject.name], ids=lambda subject: subject.name
)
def test_parity_holds(subject: Subject) -> None:
    against_stock, alone = parity([dataclasses.replace(subject, steps=4, start=801)]).split("\n\n")[:2]
    lines = rows(against_stock)
    assert lines[0] == ["model", "concepts", "no mask", "M1", "M2", "M1 ∩ M2"]
    assert [line[1] for line in lines[1:]] == ["1", "2"]
    assert all(float(cell) < 1e-4 for line in lines[1:] for cell in line[2:])
    ((_, batch, inversion, reconstruction),) = rows(alone)[1:]
    assert float(batch) < 1e-4
    assert float(inversion) < 1e-5
    assert float(reconstruction) < 1e-5


def test_an_error_shows_even_where_a_number_is_none() -> None:
    ones = torch.ones(3)
    assert relative_error(ones, 2 * ones) == 0.5
    assert relative_error(ones * float("nan"), ones) == float("inf")


def test_the_stock_pipelines_skip_is_found_or_refused() -> None:
    assert int(16 * (1 + skip_for(16, 700))) == 22
    assert skip_for(4, 801) < 0.25, "no leading step is skipped"
    with pytest.raises(ValueError, match="cannot place 2 timesteps 349 apart"):
        skip_for(2, 700)
