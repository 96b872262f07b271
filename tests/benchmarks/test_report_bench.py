from pathlib import Path

from benchmarks.report import made_up_run, reports
from benchmarks.workload import Pairs
from diffex_cli.artifacts.run import RunDirectory


def test_a_made_up_run_is_whole(tmp_path: Path) -> None:
    made_up_run(tmp_path, Pairs(2, 12))
    run = RunDirectory(tmp_path)
    edits = run.edits()
    assert len(edits) == 2 * 13
    assert len({row.file for row in edits.values() if row.candidate}) == 24
    assert len(run.scores("birds:species")) == 2 + len(edits)
    assert len(run.ranking()) == 12


def test_a_line_for_each_size_and_one_for_photographs() -> None:
    header, _, first, photographs = reports([Pairs(2, 3)]).splitlines()[:4]
    assert "seconds" in header
    assert first.startswith("| 2 × 3 | 6 | 128 × 128 |")
    assert "8, in the page" in first
    assert photographs.startswith("| 2 × 3 | 6 | 512 × 512 |")
