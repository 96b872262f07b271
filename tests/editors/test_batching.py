"""Batches that fail are halved until the edit stands alone that cannot be made."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch

from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import RECONSTRUCTION
from diffex_cli.editors.base import EditRequest, EditResult
from diffex_cli.editors.models.batching import Batches, split

REQUESTS = [EditRequest(str(k), "image", RECONSTRUCTION) for k in range(8)]


class Machine:
    """Makes edits, in batches that are remembered, as far as its fault lets it."""

    def __init__(self, limit: int, fault: Callable[[Sequence[str]], None]) -> None:
        self.limit, self.fault = limit, fault
        self.batches: list[str] = []

    def results(self) -> dict[str, EditResult]:
        batches = Batches[EditRequest](
            run=self._run,
            split=lambda jobs: split(jobs, [1] * len(jobs), self.limit),
            lower=self._lower,
            no_memory="too large",
        )
        found = list(batches.results(REQUESTS))
        assert len(found) == len(REQUESTS)
        return {result.key: result for result in found}

    def _run(self, batch: Sequence[EditRequest]) -> list[EditResult]:
        keys = [request.key for request in batch]
        self.batches.append("".join(keys))
        self.fault(keys)
        return [EditResult(key, "ok", None, 99.0) for key in keys]

    def _lower(self, edits: int) -> bool:
        self.limit = max(1, self.limit // 2)
        return edits > 1


def test_batches_are_as_large_as_they_may_be_and_share_their_time() -> None:
    machine = Machine(3, lambda keys: None)
    results = machine.results()
    assert machine.batches == ["012", "345", "67"]
    assert all(result.seconds < 9 for result in results.values())


def test_one_edit_that_breaks_its_batch_fails_alone() -> None:
    def fault(keys: Sequence[str]) -> None:
        if "5" in keys:
            raise ValueError("odd\nand more")

    machine = Machine(8, fault)
    results = machine.results()
    assert machine.batches == ["01234567", "0123", "4567", "45", "4", "5", "67"]
    assert [key for key, result in results.items() if result.status != "ok"] == ["5"]
    assert (results["5"].reason, results["5"].image) == ("odd", None)
    assert machine.limit == 8


def test_memory_that_runs_out_makes_all_later_batches_smaller() -> None:
    def fault(keys: Sequence[str]) -> None:
        if len(keys) > 2 or "6" in keys:
            raise torch.OutOfMemoryError("CUDA out of memory")

    machine = Machine(4, fault)
    results = machine.results()
    assert machine.batches == ["0123", "01", "23", "45", "67", "6", "7"]
    assert [(key, result.reason) for key, result in results.items() if result.status != "ok"] == [("6", "too large")]


def test_what_the_user_can_mend_ends_the_run() -> None:
    def fault(keys: Sequence[str]) -> None:
        raise UsageError("mend it")

    with pytest.raises(UsageError, match="mend it"):
        Machine(4, fault).results()
