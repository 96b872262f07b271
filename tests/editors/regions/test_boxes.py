from pathlib import Path

import numpy as np
import pytest
from asked_regions import CREST, HEAD, NODES, TAIL, check, images, inside, opened
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Node

COLUMNS = "image,x0,y0,x1,y1,attribute\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def table(rows: str, name: str = "boxes.csv") -> str:
    Path(name).write_text(rows if name.endswith("yaml") else COLUMNS + rows)
    return f"boxes:{name}"


def drawn(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    mask = np.zeros((16, 20), np.bool_)
    for x0, y0, x1, y1 in boxes:
        mask[y0:y1, x0:x1] = True
    return mask


def test_boxes_of_one_image_go_together() -> None:
    (cat, dog) = images("wild/cat.png", "dog.png")
    regions = opened(table("cat.png,1,2,5,6,\ncat.png,10,2,12,16,\ndog,0,0,20,16,\n"))
    assert (inside(regions, cat, HEAD) == drawn((1, 2, 5, 6), (10, 2, 12, 16))).all()
    assert inside(regions, dog, TAIL).all()


def test_a_pixel_that_a_box_touches_is_inside() -> None:
    (cat,) = images("cat.png")
    assert (inside(opened(table("cat,1.5,2.0,4.2,6,\n")), cat, HEAD) == drawn((1, 2, 5, 6))).all()


def test_the_nearest_attribute_s_boxes_count() -> None:
    (cat,) = images("cat.png")
    regions = opened(table("cat,0,0,9,9,head\ncat,0,0,2,2,head/crest\ncat,5,5,6,6,\n"))
    assert (inside(regions, cat, CREST) == drawn((0, 0, 2, 2))).all()
    assert (inside(regions, cat, HEAD) == drawn((0, 0, 9, 9))).all()
    assert (inside(regions, cat, TAIL) == drawn((5, 5, 6, 6))).all()
    assert (inside(regions, cat, CREST, TAIL) == drawn((0, 0, 2, 2), (5, 5, 6, 6))).all()
    assert not (inside(regions, cat, Node("headgear", "x", "x")) & drawn((0, 0, 5, 5))).any()


def test_yaml_says_the_same_and_is_the_same() -> None:
    csv = opened(table("cat,1,2,5,6,head\n"))
    yaml = opened(table("- {image: cat, attribute: head, x0: 1, y0: 2, x1: 5, y1: 6}\n", "boxes.yaml"))
    assert csv.fingerprint == yaml.fingerprint
    assert csv.fingerprint != opened(table("cat,1,2,5,7,head\n")).fingerprint


def test_no_box_is_an_empty_region() -> None:
    (cat,) = images("cat.png")
    assert not inside(opened(table("cat,,,,,\n")), cat, HEAD).any()
    check(None, table("cat,,,,,\n"), cat)
    with pytest.raises(UsageError, match=r"--region boxes:boxes.csv has no pixel in cat.png for 'long tail', so"):
        check(table("cat,,,,,\n"), None, cat)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("cat,5,5,25,9,\n", r"boxes.csv, row 1: the box 5, 5, 25, 9 reaches beyond cat.png, which has 20x16 pixels"),
        ("cat,-1,5,9,9,\n", r"row 1: the box -1, 5, 9, 9 reaches beyond cat.png"),
        ("dog,1,2,5,6,\n", r"boxes.csv has no row for cat.png: write one"),
        ("cat,1,2,5,6,tail\n", r"boxes.csv has no row for the attribute 'head.*' of cat.png"),
        ("cat,1,2,5,6,\ncat,1,2,5,6,taill\n", r"row 2: the hierarchy has no attribute 'taill' \(did you mean 'tail'"),
        ("cat,5,2,5,6,\n", r"row 1: the box 5, 2, 5, 6 is none: write x0, y0, x1, y1 in pixels"),
        ("cat,5,2,x,6,\n", r"row 1: the box 5, 2, x, 6 is none"),
        ("cat,5,2,,6,\n", r"row 1: the box 5, 2, , 6 is none"),
        ("cat,5,2,nan,6,\n", r"row 1: the box 5, 2, nan, 6 is none"),
        (",5,2,7,6,\n", r"row 1: no image"),
        ("", r"must be a list of rows with the columns image, x0, y0, x1, y1"),
    ],
)
def test_what_does_not_fit_is_one_sentence(rows: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        check(table(rows), None, *images("cat.png"))


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("boxes:nowhere.csv", "there is no table of boxes nowhere.csv"),
        ("boxes:boxes.txt", r"the table of boxes boxes.txt must be one of .csv, .parquet"),
        ("boxes:", "names no model: write boxes:FILE.csv or boxes:FILE.yaml"),
        ("boxes:boxes.csv:grow=1", "boxes takes no options"),
        ("boxs:boxes.csv", "there is no region 'boxs' .did you mean 'boxes'"),
    ],
)
def test_what_is_no_table_is_one_sentence(spec: str, sentence: str) -> None:
    Path("boxes.txt").write_text("x")
    table("cat,1,2,5,6,\n")
    with pytest.raises(UsageError, match=sentence):
        opened(spec)


def test_one_edit_has_one_region() -> None:
    same = Node("wings", "wings", TAIL.prompt)
    with pytest.raises(UsageError, match="the attributes 'tail' and 'wings' have the same words, 'long tail'"):
        opened(table("cat,1,2,5,6,\ncat,1,2,9,9,wings\n")).check(images("cat.png"), (*NODES, same))


def test_a_name_that_two_images_have_is_none_of_theirs() -> None:
    shown = images("wild/cat.png", "tame/cat.png")
    with pytest.raises(UsageError, match=r"has no row for wild/cat\.png"):
        check(table("cat,1,2,5,6,\n"), None, *shown)
    check(table("wild/cat,1,2,5,6,\ntame/cat.png,1,2,5,6,\n"), None, *shown)


CELLS = st.sampled_from(["cat", "cat.png", "dog", "head", "tail", "", "0", "3", "20", "16", "-1", "1e9", "nan", "x"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.lists(st.tuples(*[CELLS] * 6), max_size=6))
def test_any_table_gives_regions_or_a_sentence(rows: list[tuple[str, ...]]) -> None:
    (cat,) = images("cat.png")
    spec = table("".join(f"{','.join(row)}\n" for row in rows))
    try:
        check(None, spec, cat)
    except UsageError:
        return
    said = [row for row in rows if row[0] in ("cat", "cat.png") and row[1]]
    for node in NODES:
        assert inside(opened(spec), cat, node).any() == any(
            row[5] == max((one[5] for one in rows if row_covers(one, node)), key=len)
            for row in said
            if row_covers(row, node)
        )


def row_covers(row: tuple[str, ...], node: Node) -> bool:
    return row[0] in ("cat", "cat.png") and (not row[5] or f"{node.id}/".startswith(f"{row[5]}/"))
