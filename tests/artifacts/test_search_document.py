"""``search.yaml`` as a type: what is written is read again, and what others wrote is read or refused in a sentence."""

from __future__ import annotations

import dataclasses
import math
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diffex_cli.artifacts.documents import read_document, write_document
from diffex_cli.artifacts.search_document import (
    SEARCH_SCHEMA,
    SETTINGS,
    AttributeScale,
    Backend,
    CalibrationRecord,
    Detectable,
    Floor,
    Holdout,
    Screened,
    ScreeningRecord,
    SearchDocument,
    SearchLevel,
    Tried,
    TriedSet,
    read_search,
    write_search,
)
from diffex_cli.core.errors import UsageError
from diffex_cli.core.settings import Settings

TINT = Backend("tint:", "tint:/1")
LEAST: dict[str, Any] = {
    **{"target": "finch", "images": 3, "delta": 0.1, "seed": 0},
    **{"editor": dataclasses.asdict(TINT), "classifier": dataclasses.asdict(TINT)},
}
"""The keys that no program may leave out."""

FULL = SearchDocument(
    provenance={"created": "2026-01-02T03:04:05+00:00", "packages": {"torch": "2.6"}},
    target="finch",
    name="v1",
    best="head",
    best_joint="head + tail",
    passed=("head",),
    images=40,
    algorithm="beam",
    beam=5,
    delta=0.1,
    max_depth=2,
    seed=7,
    scale="prob",
    accept="tested",
    direction="both",
    racing=True,
    max_edits=900,
    region="masks:heads",
    keep_region="text:m:words=face",
    feather=4,
    held_out=("b", "a"),
    joint_size=2,
    floor=Floor(0.25, "placebos", 2, 19),
    detectable=Detectable(math.inf, 0.05, 0.8),
    corrected_for=12,
    corrected_for_sets=3,
    editor=TINT,
    classifier=Backend("birds:shortcut", "f"),
    verifier=Backend("birds:probe", "v"),
    calibration=CalibrationRecord(48, (AttributeScale("head", 0.65, 0.25, 0.125),)),
    corpus_sha256="c",
    images_sha256="i",
    screening=ScreeningRecord(TINT, 12, (Screened("head", "head", None, 0.5, 0.5, 3, 3, True, True, "influence 0.5"),)),
    levels=(
        SearchLevel(0, (Tried("head", "head", None, 1.5, 1.5, 1.6, 1.0, 2.0, 20, "kept", True, "influence 1.5"),)),
        SearchLevel(
            1, (Tried("head/crest", parent="head", status="dropped", holdout=Holdout(0.5, 0.1, 0.9, 18, True)),)
        ),
    ),
    joint=(TriedSet("head + tail", "head + tail", ("head", "tail"), 2.0, 2.0, 1.0, 3.0, 20, (1.5, None), 1.5),),
)

hostile = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates() | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9) | st.integers(), inner, max_size=3),
    max_leaves=6,
)


def kept(path: Path, content: dict[str, Any]) -> Path:
    write_document(path / "search.yaml", SEARCH_SCHEMA, content)
    return path / "search.yaml"


def read_or_refused(file: Path) -> SearchDocument | str:
    try:
        return read_search(file)
    except UsageError as error:
        return str(error)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_search(tmp_path / "search.yaml", FULL)
    assert read_search(tmp_path / "search.yaml") == FULL
    assert list(read_document(tmp_path / "search.yaml", SEARCH_SCHEMA)) == [
        *(
            "schema",
            "id",
            "provenance",
            "target",
            "name",
            "best",
            "best_joint",
            "passed",
            "images",
            "algorithm",
            "beam",
            "delta",
        ),
        *(
            "max_depth",
            "seed",
            "scale",
            "accept",
            "direction",
            "groups",
            "effects",
            "racing",
            "max_edits",
            "region",
            "keep_region",
            "feather",
            "held_out",
            "joint_size",
            "floor",
        ),
        *(
            "detectable",
            "corrected_for",
            "corrected_for_sets",
            "editor",
            "classifier",
            "verifier",
            "protect",
            "exclusive",
            "calibration",
            "corpus_sha256",
            "images_sha256",
        ),
        *("screening", "levels", "joint"),
    ]


def test_every_key_is_specified() -> None:
    page = (Path(__file__).parents[2] / "docs" / "artifacts.md").read_text(encoding="utf-8")
    section = page.split("## `search.yaml`")[1].split("\n## ")[0]
    for kind in (SearchDocument, Backend, Floor, Detectable, Holdout, Tried, TriedSet, Screened, ScreeningRecord):
        for field in dataclasses.fields(kind):
            assert field.name == "unsaid" or re.search(rf"\b{field.name}\b", section), field.name


def test_the_settings_are_settings() -> None:
    for kind in (Settings, SearchDocument):
        assert set(SETTINGS) <= {field.name for field in dataclasses.fields(kind)}


def test_the_least_that_a_program_may_write(tmp_path: Path) -> None:
    found = read_search(kept(tmp_path, {**LEAST, "levels": None, "joint": None, "best": None, "own": {"x": 1}}))
    assert (found.levels, found.joint, found.screening, found.floor) == ((), (), None, Floor())
    assert (found.scale, found.direction, found.searched) == ("logit", "corpus", 3)
    assert found.unsaid == {*SETTINGS, "verifier"} - {"delta", "seed"}
    level = {"depth": 0, "candidates": [{"candidate": "head"}]}
    assert read_search(kept(tmp_path, {**LEAST, "levels": [level]})).tried == {"head": Tried("head")}


@pytest.mark.parametrize("key", [*LEAST, "editor.spec", "classifier.fingerprint"])
def test_a_key_that_has_to_be_there_is_named(tmp_path: Path, key: str) -> None:
    outer, _, inner = key.partition(".")
    content = {**LEAST, outer: {"spec": "a", "fingerprint": "b"} | {inner: None} if inner else None}
    with pytest.raises(UsageError, match=rf"search\.yaml lacks or garbles a key \({re.escape(key)} is missing\): run"):
        read_search(kept(tmp_path, content))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"beam": "many"}, "beam: a whole number is expected, not 'many'"),
        ({"images": 2.5}, "images: a whole number is expected, not 2.5"),
        ({"images": math.nan}, "images: a whole number is expected, not nan"),
        ({"delta": True}, "delta: a number is expected, not bool"),
        ({"racing": 1}, "racing: true or false is expected, not 1"),
        ({"target": ["finch"]}, "target: text is expected, not a list"),
        ({"scale": "percent"}, "scale: logit or prob is expected, not 'percent'"),
        ({"provenance": "mine"}, "provenance: a mapping is expected, not 'mine'"),
        ({"editor": "tint:"}, "editor: a mapping is expected, not 'tint:'"),
        ({"held_out": "abc"}, "held_out: a list is expected, not 'abc'"),
        ({"levels": {}}, "levels: a list is expected, not a mapping"),
        ({"levels": [{"depth": 0}]}, "levels[0].candidates is missing"),
        (
            {"levels": [{"depth": 0, "candidates": [{"candidate": "a", "holdout": {"low": "x"}}]}]},
            "levels[0].candidates[0].holdout.low: a number is expected, not 'x'",
        ),
        ({"joint": [{"candidate": "a + b", "singles": [1.0, []]}]}, "joint[0].singles[1]: a number is expected"),
        ({"screening": {"edits": 3}}, "screening.editor is missing"),
    ],
)
def test_a_wrong_type_is_named(tmp_path: Path, changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(UsageError, match=re.escape(f"search.yaml lacks or garbles a key ({problem}")):
        read_search(kept(tmp_path, {**LEAST, **changes}))


def test_numbers_and_names_may_be_written_in_other_ways(tmp_path: Path) -> None:
    file = kept(tmp_path, {**LEAST, "target": 7, "images": 3.0, "delta": 1})
    file.write_text(file.read_text().replace("seed: 0", "seed: '5'") + "floor: {value: 1e-3}\n")
    found = read_search(file)
    assert (found.target, found.images, found.delta, found.seed, found.floor.value) == ("7", 3, 1.0, 5, 0.001)


@given(where=st.sampled_from([field.name for field in dataclasses.fields(SearchDocument)]), value=hostile)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_anything_in_the_place_of_a_key_is_read_or_refused(tmp_path: Path, where: str, value: object) -> None:
    """One error, no traceback; and what was read can be written and read again."""
    found = read_or_refused(kept(tmp_path, {**LEAST, where: value}))
    if isinstance(found, str):
        assert "search.yaml" in found
        assert "\n" not in found
    else:
        write_search(tmp_path / "again.yaml", found)
        again = read_search(tmp_path / "again.yaml")
        assert repr(dataclasses.replace(again, unsaid=found.unsaid)) == repr(found)  # by text: NaN is not NaN


@given(path=st.sampled_from(["levels", "joint", "screening"]), key=st.text(max_size=9), value=hostile, data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_anything_deep_inside_is_read_or_refused(
    tmp_path: Path, path: str, key: str, value: object, data: st.DataObject
) -> None:
    kind = {"levels": Tried, "joint": TriedSet, "screening": Screened}[path]
    field = data.draw(st.sampled_from([key, *(one.name for one in dataclasses.fields(kind))]))
    entry = {"candidate": "a", field: value}
    inside = {
        "levels": [{"depth": 0, "candidates": [entry]}],
        "joint": [entry],
        "screening": {"editor": LEAST["editor"], "candidates": [entry]},
    }[path]
    found = read_or_refused(kept(tmp_path, {**LEAST, path: inside}))
    if isinstance(found, str):
        assert re.search(rf"search\.yaml lacks or garbles a key \({path}[\w.\[\]]+|line \d+: the tag", found)


@pytest.mark.parametrize(
    "text",
    [
        "provenance: &a {own: *a}",
        "levels: &a [*a]",
        "floor: {value: 1:2:" + "9" * 400 + ".5}",
        "beam: !!int ''",
        "racing: !!bool maybe",
        "best: !!timestamp never",
        "joint: " + "[" * 5000,
        "beam: 0x" + "f" * 9000,
        "delta: 0x" + "f" * 9000,
        "beam: " + "1" * 9000,
        "{",
        "\x00",
    ],
)
def test_what_breaks_yaml_parsers_is_refused_too(tmp_path: Path, text: str) -> None:
    file = tmp_path / "search.yaml"
    content = {key: value for key, value in LEAST.items() if not text.startswith(key)}
    file.write_text(yaml.safe_dump({"schema": SEARCH_SCHEMA, **content}) + text + "\n")
    with pytest.raises(UsageError, match=r"search\.yaml (cannot be read|lacks or garbles a key) \("):
        read_search(file)
