"""The stages' work in shares, on one machine or many: whatever the order and the accidents, the result is that of one
process."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given
from pipeline import SILENT, make_corpus
from test_edit_stage import Interrupting
from typer.testing import CliRunner

from diffex_cli.artifacts.lock import RunLock, shard_lock
from diffex_cli.artifacts.rows import RankingRow
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.commands.main import app
from diffex_cli.core.errors import DiffexError, IncompleteError, UsageError
from diffex_cli.core.settings import Settings
from diffex_cli.measure import edit, score, verify
from diffex_cli.measure.sharding import Shard, parse_shard, share
from diffex_cli.search import search

FOUR = tuple(Shard(number, 4) for number in (1, 2, 3, 4))
Work = Callable[[Settings], None]


def in_shares(*shards: Shard) -> Work:
    def work(made: Settings) -> None:
        for one in shards:
            edit.run(made, SILENT, requests=True, shard=one)
        for one in shards:
            score.run(made, SILENT, one)

    return work


def loop(made: Settings, work: Work) -> tuple[str | None, tuple[RankingRow, ...]]:
    """Let a search ask, others work, until it has all; the id of what it found, which is a digest of it."""
    for _ in range(6):
        try:
            search.run(made, SILENT, fill=False)
            break
        except IncompleteError:
            work(made)
    run = RunDirectory(made.run)
    return run.search().id, run.ranking()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> tuple[str | None, tuple[RankingRow, ...]]:
    """What one process finds, of a run that is always at the same place."""
    made = make_corpus(tmp_path_factory.mktemp("alone"))
    search.run(made, SILENT)
    run = RunDirectory(made.run)
    return run.search().id, run.ranking()


@pytest.mark.parametrize(
    "work",
    [
        in_shares(*reversed(FOUR)),
        in_shares(*FOUR, FOUR[2], FOUR[0], Shard(1, 3), Shard(2, 3)),
        in_shares(*(Shard(number, 9) for number in range(1, 10))),
    ],
    ids=["backwards", "some twice, and of another number", "more than images"],
)
def test_in_shares_a_search_finds_what_one_process_finds(
    work: Work, tmp_path: Path, alone: tuple[str | None, tuple[RankingRow, ...]]
) -> None:
    made = make_corpus(tmp_path)
    assert loop(made, work) == alone
    run = RunDirectory(made.run)
    assert len(run.edit_parts) == len(run.score_parts) == 1, "the search has merged them"


def test_a_share_that_was_interrupted_is_repeated(
    tmp_path: Path, alone: tuple[str | None, tuple[RankingRow, ...]]
) -> None:
    interrupted = []

    def work(made: Settings) -> None:
        try:
            edit.run(made, Interrupting(3), requests=True, shard=FOUR[0])
        except KeyboardInterrupt:
            interrupted.append(made)
        in_shares(*FOUR)(made)

    assert loop(make_corpus(tmp_path), work) == alone
    assert interrupted


def test_shares_are_disjoint_and_each_says_what_it_did(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    plans = [edit.plan(made, shard=one).to_do for one in FOUR]
    made_now = [edit.run(made, SILENT, shard=one).made for one in FOUR]
    assert made_now == plans
    assert edit.run(made, SILENT).made == 0
    scored = [(score.plan(made, one).to_do, score.run(made, SILENT, one).scored) for one in FOUR]
    assert all(planned == done > 0 for planned, done in scored)
    assert score.run(made, SILENT).scored == 0
    with pytest.raises(UsageError, match="give --verifier SPEC"):
        verify.run(made, SILENT, FOUR[0])


def test_all_at_once_and_one_of_them_twice(tmp_path: Path, alone: tuple[str | None, tuple[RankingRow, ...]]) -> None:
    def together(stage: Sequence[str], run: Path, shards: Sequence[str]) -> list[int]:
        started = [
            subprocess.Popen(
                [sys.executable, "-m", "diffex_cli", *stage, "--run", str(run), "--shard", shard],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=Path(__file__).parents[1],
            )
            for shard in shards
        ]
        return [one.wait() for one in started]

    def work(made: Settings) -> None:
        ended = together(["edit", "--requests", "--trust-run"], made.run, ["1/2", "2/2", "2/2", "1/3"])
        assert ended.count(0) >= 3, "one of the two of the same number may have been refused"
        in_shares(Shard(1, 2), Shard(2, 2))(made)

    assert loop(make_corpus(tmp_path), work) == alone


def test_who_writes_to_the_whole_run_waits_for_its_shards_and_they_for_it(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    with shard_lock(made.run, "diffex edit --shard 1/4", FOUR[0].name):
        edit.run(made, SILENT, shard=FOUR[1])
        with pytest.raises(DiffexError, match=r"is in use by `diffex edit --shard 1/4`"):
            edit.run(made, SILENT, shard=FOUR[0])
        with pytest.raises(DiffexError, match="is in use by another process"):
            edit.run(made, SILENT)
    with RunLock(made.run, "diffex search"), pytest.raises(DiffexError, match="is in use by `diffex search`"):
        score.run(made, SILENT, FOUR[0])


@given(st.lists(st.text(min_size=1), unique=True, max_size=30), st.integers(1, 12))
def test_every_image_is_in_one_share(images: list[str], of: int) -> None:
    shares = [share(images, Shard(number, of)) for number in range(1, of + 1)]
    assert sorted(itertools.chain(*shares)) == sorted(images)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    assert share(images, None) == set(images)


@pytest.mark.parametrize("text", ["", "1", "0/4", "5/4", "-1/4", "1/0", "1/4/2", "one/4", "1.0/4", "1/99999999"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="give I/N, the I-th of N shares"):
        parse_shard(text)


def test_on_the_command_line(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    at = ("--run", str(made.run), "--editor", "tint:")

    def diffex(*arguments: str) -> Any:
        return CliRunner().invoke(app, list(arguments))

    assert "edits made" in diffex("edit", *at, "--shard", "1/2").stdout
    assert "Nothing to do" in diffex("edit", *at, "--shard", " 1/2 ").stdout
    refused = diffex("edit", *at, "--shard", "3/2")
    assert (refused.exit_code, "give I/N" in refused.stderr) == (2, True)
    review = diffex("verify", "--run", str(made.run), "--review", "--shard", "1/2")
    assert (review.exit_code, "--review asks a person" in review.stderr) == (2, True)


def test_the_loop_and_the_array_of_the_documentation(
    tmp_path: Path, alone: tuple[str | None, tuple[RankingRow, ...]]
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "scaling.md").read_text(encoding="utf-8")
    loop_, array = re.findall(r"^```sh\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    (tmp_path / "diffex").write_text(f'#!/bin/sh\nexec {sys.executable} -m diffex_cli "$@" --trust-run\n')
    (tmp_path / "diffex").chmod(0o755)
    made = make_corpus(tmp_path)
    variables = {"DIFFEX_RUN": str(made.run), "PATH": f"{tmp_path}:{os.environ['PATH']}"}

    def shell(script: str, **more: str) -> None:
        here = Path(__file__).parents[1]  # where the classifier is
        subprocess.run(["bash", "-c", script], env={**os.environ, **variables, **more}, cwd=here, check=True)

    with pytest.raises(IncompleteError):
        search.run(made, SILENT, fill=False)
    shell(array, SLURM_ARRAY_TASK_ID="2", SLURM_ARRAY_TASK_COUNT="4")
    assert edit.plan(made, requests=True, shard=FOUR[1]).to_do == score.plan(made, FOUR[1]).to_do == 0
    assert edit.plan(made, requests=True, shard=FOUR[0]).to_do > 0
    shell(loop_)
    run = RunDirectory(made.run)
    assert (run.search().id, run.ranking()) == alone
