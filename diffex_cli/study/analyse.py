"""What the answers to studies say."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from diffex_cli.core.errors import UsageError
from diffex_cli.core.inside import is_file, own_folders
from diffex_cli.study.analysis import Findings, analyse
from diffex_cli.study.answers import AnswerFile, check_answers, check_distinct, read_answers
from diffex_cli.study.study import STUDY_FILE, Study, read_study


@dataclasses.dataclass(frozen=True, slots=True)
class StudyAnalysed:
    """What studies found, in the order in which their first files were named, and what a reader has to know."""

    findings: tuple[Findings, ...]
    warnings: tuple[str, ...]


def read_and_analyse(files: Sequence[Path], keys: Sequence[Path], run: Path) -> StudyAnalysed:
    """What the answers in some files say.

    Args:
        files: of answers, to one study or to several.
        keys: ``study.json`` of the studies, or the folders that hold them; those beside the answers and in the run
            directory, which need not exist, are found without.

    Raises:
        UsageError: a file is malformed, of an unknown study, or of a rater who is there already.
    """
    given = [read_answers(file) for file in files]
    for one in given:
        if one.kind == "review":
            raise UsageError(f"{one.file} is about a verifier, no study: run `diffex verify --review {one.file}`")
    check_distinct(given)
    studies = _studies(given, keys, run)
    checked = [check_answers(one, studies[one.study]) for one in given]
    findings = tuple(
        analyse(study, [one for one in checked if one.study == id])
        for id, study in ((id, studies[id]) for id in dict.fromkeys(one.study for one in given))
    )
    return StudyAnalysed(findings, tuple(_cautions(checked)))


def _studies(given: Sequence[AnswerFile], keys: Sequence[Path], run: Path) -> dict[str, Study]:
    named = [read_study(key / STUDY_FILE if key.is_dir() else key) for key in keys]
    found = {study.id: study for study in named}
    places = {folder for one in given for folder in (one.file.parent, one.file.parent.parent)}
    beside = [folder / STUDY_FILE for folder in sorted(places)]
    for file in [*beside, *(one / STUDY_FILE for one in own_folders(run) if one.parent == run / "study")]:
        if is_file(file):
            study = read_study(file)
            found.setdefault(study.id, study)
    for one in given:
        if one.study not in found:
            raise UsageError(
                f"{one.file} answers the study {one.study}, of which there is no {STUDY_FILE} beside it or in {run}: "
                "name it with --study"
            )
    return found


def _cautions(given: Sequence[AnswerFile]) -> list[str]:
    found = [f"{one.file} is not complete: the answers that it has count" for one in given if not one.complete]
    empty = [one for one in given if not one.answers]
    return [*found, *(f"{one.file} answers nothing" for one in empty)]
