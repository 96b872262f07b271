import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pipeline import SILENT, ask_until_done, make_corpus, settings

from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core.errors import UsageError
from diffex_cli.measure import edit, score
from diffex_cli.report import report
from diffex_cli.search import search

SCRIPT = Path(__file__).with_name("replacement_edit.py")


def test_the_script_knows_nothing_of_diffex() -> None:
    imported = set(re.findall(r"^(?:import|from) (\w+)", SCRIPT.read_text(), flags=re.MULTILINE))
    assert imported == {"hashlib", "json", "sys", "time", "pathlib", "pyarrow", "PIL"}


def test_edits_by_another_program_can_be_scored_searched_and_reported(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, editor="external:recolor", algorithm="exhaustive")

    def run_the_script() -> None:
        subprocess.run([sys.executable, str(SCRIPT), str(made.run)], check=True)

    summary = ask_until_done(made, editing=run_the_script)
    assert summary.levels == 3
    assert len({row.influence for row in summary.ranking}) == len(summary.ranking)
    assert summary.warnings == ()
    filled = search.run(made, SILENT)
    assert (filled.made, filled.up_to_date) == (0, True)
    shown = report.run(made, SILENT)
    assert shown.html.stat().st_size > 1000
    rows = list(csv.DictReader(shown.csv.read_text().splitlines()))
    assert [row["candidate"] for row in rows] == [row.candidate for row in summary.ranking]
    assert all(row.editor == "external:recolor" for row in RunDirectory(made.run).edits().values())


def test_the_merged_parts_still_name_the_program(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, editor="external:recolor")
    with pytest.raises(Exception, match="missing"):
        search.run(made, SILENT, fill=False)
    subprocess.run([sys.executable, str(SCRIPT), str(made.run)], check=True)
    score.run(made, SILENT)
    assert RunDirectory(made.run).edits("external:recolor")
    (part,) = (made.run / "edits").glob("*.parquet")
    from diffex_cli.artifacts.tables import read_provenance

    assert read_provenance(part) == {"program": "replacement_edit.py"}


def test_diffex_cannot_make_them_itself(tmp_path: Path) -> None:
    make_corpus(tmp_path)
    with pytest.raises(UsageError, match=r"requests\.parquet; run 'recolor' on it"):
        edit.run(settings(tmp_path, editor="external:recolor"), SILENT)
    with pytest.raises(UsageError, match="must be external:NAME"):
        edit.run(settings(tmp_path, editor="external:"), SILENT)
