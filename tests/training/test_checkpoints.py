import json
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.checkpoints import Checkpoint, one_cycle


def model_and_optimizer() -> dict[str, torch.nn.Module | torch.optim.Optimizer]:
    layer = torch.nn.Linear(2, 2)
    return {"layer": layer, "optimizer": torch.optim.AdamW(layer.parameters(), lr=0.1)}


def step(parts: dict) -> None:  # type: ignore[type-arg]
    parts["optimizer"].zero_grad()
    parts["layer"](torch.ones(1, 2)).sum().backward()
    parts["optimizer"].step()


def test_a_resumed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    parts = model_and_optimizer()
    checkpoint = Checkpoint(tmp_path / "new" / "folder", parts)
    assert checkpoint.resume() == 0
    step(parts)
    checkpoint.save(1)
    step(parts)
    others = model_and_optimizer()
    assert Checkpoint(tmp_path / "new" / "folder", others).resume() == 1
    step(others)
    assert torch.equal(others["layer"].weight, parts["layer"].weight)  # type: ignore[union-attr, arg-type]
    assert [path.name for path in (tmp_path / "new" / "folder").iterdir()] == ["state.pt"]


@pytest.mark.parametrize(("minutes", "saved"), [(0.0, True), (60.0, False)])
def test_saving_sometimes(tmp_path: Path, minutes: float, saved: bool) -> None:
    Checkpoint(tmp_path, model_and_optimizer(), minutes).save_sometimes(3)
    assert (tmp_path / "state.pt").exists() == saved


def test_a_broken_save_keeps_the_last_one(tmp_path: Path) -> None:
    class Unsaveable:
        def state_dict(self) -> object:
            raise OSError("disk full")

    parts = model_and_optimizer()
    Checkpoint(tmp_path, parts).save(1)
    with pytest.raises(OSError, match="disk full"):
        Checkpoint(tmp_path, {**parts, "more": Unsaveable()}).save(2)
    assert Checkpoint(tmp_path, parts).resume() == 1


def test_the_log_is_json_lines(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path, {})
    checkpoint.log(0, loss=1.23456789)
    checkpoint.log(100, loss=1)
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert rows == [{"step": 0, "loss": 1.234568}, {"step": 100, "loss": 1.0}]


@given(steps=st.integers(1, 5000), warmup=st.integers(1, 300), hold=st.floats(0, 1))
def test_the_learning_rate_rises_holds_and_falls(steps: int, warmup: int, hold: float) -> None:
    rates = [one_cycle(k, steps, warmup, hold) for k in range(steps)]
    assert all(0 <= rate <= 1 for rate in rates)
    top = rates.index(max(rates))
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)


def test_the_learning_rate_ends_at_zero() -> None:
    assert one_cycle(0, 1000) == pytest.approx(0.01)
    assert one_cycle(300, 1000) == 1.0
    assert one_cycle(750, 1000) == pytest.approx(0.5)
    assert one_cycle(999, 1000) < 1e-4
