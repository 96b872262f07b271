"""The maker's file of a study."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from study_samples import identify, quality

from diffex_cli.core.errors import UsageError
from diffex_cli.study.study import read_study, study_id, write_study


def test_a_study_is_read_back(tmp_path: Path) -> None:
    write_study(identify(), tmp_path / "study.json")
    assert read_study(tmp_path / "study.json") == identify()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"schema": "diffex.answers/1"}, "is not a study of this version"),
        ({"items": [{"id": "q1"}]}, "lacks or garbles a key"),
        ({"items": []}, "no longer holds a complete study"),
        ({"items": None}, "lacks or garbles a key"),
        ({"kind": "beauty"}, "no longer holds a complete study"),
        ({"turns": 0}, "no longer holds a complete study"),
        ({"turns": "many"}, "no longer holds a complete study"),
        ({"domain": None}, "no longer holds a complete study"),
    ],
)
def test_a_broken_study_is_refused(changes: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "study.json"
    write_study(quality(), file)
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
    with pytest.raises(UsageError, match=sentence):
        read_study(file)


def test_the_id_depends_on_all_that_can_be_seen() -> None:
    items = quality().items
    assert study_id("quality", 0, "", items) == study_id("quality", 0, "", items)
    renamed = tuple(dataclasses.replace(item, id="other") for item in items)
    assert study_id("quality", 0, "", renamed) == study_id("quality", 0, "", items)
    others = {
        study_id("quality", 0, "", items),
        study_id("joint", 0, "", items),
        study_id("quality", 1, "", items),
        study_id("quality", 0, "gradcam", items),
        study_id("quality", 0, "", items[:1]),
        study_id("quality", 0, "", (dataclasses.replace(items[0], name="x"), *items[1:])),
    }
    assert len(others) == 6
