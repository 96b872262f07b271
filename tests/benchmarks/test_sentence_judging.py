"""How a first sentence is judged, on made-up answers with effects that are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from truth_tables import BIRDS

from benchmarks.sentences.builds import BEFORE, THIS, Answer
from benchmarks.sentences.cases import Case
from benchmarks.sentences.judging import judge, planted_on_top
from benchmarks.sentences.records import Record, Records
from benchmarks.sentences.tables import sections

LAND = "background/land-background"
SNOW, FOREST, WATER = (
    f"{LAND}/snow-background",
    f"{LAND}/forest-background",
    "background/open-background/water-background",
)
TALL, WHITE = "head/crest/tall-crest", "head/head-color/white-head"
EXACT = {SNOW: 2.44, FOREST: -0.78, LAND: 0.35, "background": 0.1, WATER: -0.5, TALL: 1.5, WHITE: 0.02}
CASE = Case("shortcut", "birds:shortcut", "cardinal", "render:birds", 16)


def _record(claimed: Mapping[str, float], named: Sequence[str], case: Case = CASE, build: str = THIS) -> Record:
    return Record(case, build, "", Answer("So | it is.", tuple(named), claimed, (), 0), EXACT)


@pytest.mark.parametrize(
    ("named", "said", "verdict"),
    [
        (SNOW, 2.8, "top"),
        (TALL, 1.0, "half"),  # 1.5 of 2.44
        (LAND, 2.76, "less"),  # 0.35 of 2.44: the group's name for what snow does
        (WHITE, 0.5, "wrong"),  # 0.02 < δ
        (WATER, 0.4, "wrong"),  # truly −0.5
    ],
)
def test_the_cause_named_first(named: str, said: float, verdict: str) -> None:
    judged = judge(_record({named: said}, [named]))
    assert judged.first == judged.speaks_for
    assert (judged.first.verdict, judged.first.named, judged.first.exact) == (verdict, named, EXACT[named])
    assert (judged.first.top, judged.first.largest) == (SNOW, 2.44)
    assert judged.speaks_against.verdict == "missed"
    assert judged.wrong == ((named,) if verdict == "wrong" else ())


def test_both_directions_and_every_claim_are_judged() -> None:
    judged = judge(_record({SNOW: 2.8, WATER: -0.6, WHITE: 0.5}, [SNOW, WATER]))
    assert judged.first.named == SNOW
    assert (judged.speaks_against.named, judged.speaks_against.verdict) == (WATER, "half")
    assert judged.claims == 3
    assert judged.wrong == (WHITE,)


def test_what_speaks_against_may_be_named_alone_or_first() -> None:
    assert judge(_record({FOREST: -0.7}, [FOREST])).first.verdict == "top"
    assert judge(_record({FOREST: -0.7, SNOW: 2.0}, [FOREST, SNOW])).first.named == FOREST


def test_silence_is_a_miss_where_something_matters() -> None:
    assert judge(_record({}, [])).first.verdict == "missed"
    small = Record(CASE, THIS, "", Answer("Nothing.", (), {}, (), 0), dict.fromkeys(EXACT, 0.05))
    assert judge(small).first.verdict == "nothing"


def test_all_that_is_said_of_a_classifier_that_knows_nothing_is_false() -> None:
    null = Case("null", "birds:panel-null-noise-1", "cardinal", "render:birds", 16)
    judged = judge(_record({SNOW: 2.8}, [SNOW], null))
    assert judged.first.verdict == "wrong"
    assert judged.wrong == (SNOW,)


def test_a_plant_is_on_top_if_its_attribute_does_most() -> None:
    for name, expected in (("planted-background-95", True), ("planted-head-95", False)):
        case = Case("planted", f"birds:panel-{name}", "cardinal", "render:birds", 16)
        assert planted_on_top(_record({}, [], case), BIRDS) is expected


def test_the_tables_name_what_is_wrong_and_put_the_build_before_beside_it() -> None:
    records = _Records([_record({LAND: 2.76}, [LAND]), _record({WHITE: 0.5}, [WHITE], build=BEFORE)])
    texts = sections([CASE], records, "")
    assert "| `shortcut` | `render:birds` | 16 | 1 | 0 % (0 %) | 0 (0) | 0 (0) | 1 (0) | 0 (1) |" in texts["sentences"]
    assert "| `shortcut` | `render:birds` | 16 | 1 | 1 (1) | 0 (1) | 0 % (100 %) | 0 (0) |" in texts["claims"]
    assert (
        "land background +2.76 | +0.35 (less than half) | snow background +2.44 | So \\| it is. |"
        in (texts["wrong-sentences"])
    )
    assert "| land background +2.76 (+0.35) <½ | white head +0.50 (+0.020) ✗ |" in texts["sentences-by-case"]


class _Records(Records):
    def __init__(self, records: Sequence[Record]) -> None:
        self._found = {(one.case.id, one.build): one for one in records}
