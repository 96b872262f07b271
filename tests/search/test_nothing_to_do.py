"""A search that was finished before reads what it needs, once, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from pipeline import SILENT, make_corpus

from diffex_cli.report.finished import read_finished
from diffex_cli.report.reading import read_report_data
from diffex_cli.report.sentences import conclusions
from diffex_cli.search import search


def test_who_tells_of_a_search_does_not_read_its_edits_and_scores_again(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, target="green", algorithm="exhaustive")
    first, again = search.run(made, SILENT), search.run(made, SILENT)
    assert (again.made, again.up_to_date) == (0, True)
    read = read_finished(made.run)
    assert read.edits == first.measured.edits == again.measured.edits
    assert read.scores.keys() == first.measured.scores.keys() == again.measured.scores.keys()
    told = list(conclusions(read_report_data(made.run)))
    shutil.rmtree(made.run / "edits")
    shutil.rmtree(made.run / "scores")
    data = read_report_data(made.run, measured=again.measured)
    assert list(conclusions(data)) == told
    assert all(data.pairs[row.candidate] for row in again.ranking)


def test_reading_a_run_loads_no_pandas(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, target="green", algorithm="exhaustive")
    search.run(made, SILENT)
    code = (
        "import sys; from pathlib import Path; from diffex_cli.report.finished import read_finished;"
        f"run = read_finished(Path({str(made.run)!r}));"
        "assert run.images and run.edits and run.scores and run.ranking;"
        "assert 'pandas' not in sys.modules, 'pyarrow was made to load it'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
