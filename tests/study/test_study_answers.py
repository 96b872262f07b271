"""Files of answers: what is malformed, or there twice, is refused in one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from study_samples import content, identify, joint, of_turn, quality, written

from diffex_cli.core.errors import UsageError
from diffex_cli.study.answers import check_answers, check_distinct, read_answers
from diffex_cli.study.study import Study


def test_a_good_file_is_read_without_its_seconds(tmp_path: Path) -> None:
    study = quality()
    given = check_answers(read_answers(written(tmp_path, content(study))), study)
    assert given.answers == {id: {"quality": 4, "disentanglement": 4} for id in ("q1", "q2")}
    assert (given.participant, given.rater, given.complete) == ("ann", "person", True)


@pytest.mark.parametrize("study", [quality(), joint(), identify()], ids=lambda study: study.kind)
def test_all_kinds(study: Study, tmp_path: Path) -> None:
    given = check_answers(read_answers(written(tmp_path, content(study))), study)
    assert len(given.answers) == len(study.of_turn(0))


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("{", "is not a JSON file"),
        ("[" * 100_000, "is not a JSON file"),
        ("[1]", "does not hold a JSON object"),
        ({}, "not a file of answers of this version"),
        ({"schema": "diffex.study/1"}, "not a file of answers of this version"),
        (content(quality(), rater="person"), "rater must be an object"),
        (content(quality(), rater={"kind": "cat"}), "person or model, not 'cat'"),
        (content(quality(), rater={"kind": "model"}), "settings must be an object"),
        (content(quality(), participant=" "), "participant must be a text"),
        (content(quality(), participant=7), "participant must be a text"),
        (content(quality(), complete="yes"), "complete must be true or false"),
        (content(quality(), answers=[]), "answers must be an object"),
        (content(quality(), answers={"q1": 4}), "q1 must be an object"),
    ],
)
def test_malformed_files(what: object, sentence: str, tmp_path: Path) -> None:
    file = written(tmp_path, what)
    with pytest.raises(UsageError, match=sentence) as error:
        read_answers(file)
    assert str(file) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("rating", [0, 6, 4.0, "4", True, None, [4]])
def test_ratings_that_nobody_could_give(rating: object, tmp_path: Path) -> None:
    study = joint((1,))
    file = written(tmp_path, content(study, answers={"j1": {"disentanglement": rating}}))
    with pytest.raises(UsageError, match="item j1: disentanglement must be a whole number from 1 to 5, not"):
        check_answers(read_answers(file), study)


def test_nan_is_no_json(tmp_path: Path) -> None:
    file = written(tmp_path, content(joint((1,)), answers={"j1": {"disentanglement": float("nan")}}))
    with pytest.raises(UsageError, match=r"is not a JSON file \(line \d+: NaN is not a number in JSON"):
        read_answers(file)


def test_choices_that_were_not_offered(tmp_path: Path) -> None:
    study = identify()
    code = of_turn(study, 1)
    good = content(study, code)
    first = next(iter(good["answers"]))
    good["answers"][first] = {"choice": "a hat"}
    with pytest.raises(UsageError, match=r"choice must be one of .*'blue wings'.*, not 'a hat'"):
        check_answers(read_answers(written(tmp_path, good)), study)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"kind": "joint"}, "kind is 'joint', but the study's is 'quality'"),
        ({"answers": {"q9": {"quality": 4, "disentanglement": 4}}}, "was shown no item 'q9'"),
        ({"answers": {"q1": {"quality": 4}}}, "disentanglement must be a whole number"),
        ({"answers": {"q1": {"quality": 4, "disentanglement": 4}}}, "calls itself complete, but answers 1 of 2"),
    ],
)
def test_files_that_do_not_fit_their_study(changes: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    file = written(tmp_path, content(quality(), **changes))
    with pytest.raises(UsageError, match=sentence):
        check_answers(read_answers(file), quality())


def test_items_of_another_turn(tmp_path: Path) -> None:
    study = identify()
    theirs = content(study, of_turn(study, 2))["answers"]
    file = written(tmp_path, content(study, of_turn(study, 0), answers=theirs))
    with pytest.raises(UsageError, match="was shown no item"):
        check_answers(read_answers(file), study)


def test_an_incomplete_file_counts_as_far_as_it_goes(tmp_path: Path) -> None:
    some = content(quality(), complete=False)
    del some["answers"]["q2"]
    assert list(check_answers(read_answers(written(tmp_path, some)), quality()).answers) == ["q1"]


def test_a_rater_counts_once_in_a_study(tmp_path: Path) -> None:
    first = read_answers(written(tmp_path, content(quality()), "first.json"))
    second = read_answers(written(tmp_path, content(quality(), complete=False), "second.json"))
    other = read_answers(written(tmp_path, content(joint()), "other.json"))
    check_distinct([first, other])
    with pytest.raises(UsageError, match=r"first\.json and .*second\.json are both answers of 'ann'.*keep one"):
        check_distinct([first, other, second])


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read .*nowhere\.json"):
        read_answers(tmp_path / "nowhere.json")


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    file = tmp_path / "ann.json"
    file.write_bytes(b"\xff\xfe" + json.dumps(content(quality())).encode())
    with pytest.raises(UsageError, match="is not UTF-8 text: save it as UTF-8"):
        read_answers(file)
