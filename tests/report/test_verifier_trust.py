"""What a report says of the verifier that its search relied on."""

from __future__ import annotations

import dataclasses
from typing import Any

from diffex_cli.artifacts.review import Review, Reviewed
from diffex_cli.artifacts.search_document import Backend
from diffex_cli.artifacts.verifier_test import VerifierTest
from diffex_cli.report import sentences
from diffex_cli.report.data import ReportData
from diffex_cli.report.payload.values import of_verifier
from diffex_cli.report.verifier_trust import Trust, trust_sentences

EYES = Backend("python:mine:seen", "eyes")


def found(**changes: Any) -> VerifierTest:
    values = {"originals": 4, "compared": 8, "differing": 8, "seen": 3, "nonsense": ("a blorvex",), "highest": 0.9}
    return VerifierTest(EYES, **{**values, "nonsense_read": 4, "nonsense_seen": 0, **changes})


def review(**answers: str) -> Review:
    """Of ten readings, the first five seen; a person's answers are letters in their order, a point for none."""
    items = tuple(Reviewed(f"i{n}", f"s{n}", "crest", "a crest", "", 0.9, n < 5) for n in range(10))
    words = {"y": "yes", "n": "no", "c": "cannot tell"}
    kept = {
        person: {item.id: words[letter] for item, letter in zip(items, letters, strict=True) if letter != "."}
        for person, letters in answers.items()
    }
    return Review("r", EYES, 0, 10, 0.8, 0.8, items, kept)


def test_nobody_has_checked_it_and_nothing_tested_it() -> None:
    told = trust_sentences(Trust(EYES.spec, None, None))
    assert told == (
        "The verifier python:mine:seen was not tested here: others made its readings, or an earlier version did.",
        "Nobody has checked the verifier python:mine:seen on these pictures: `diffex verify --review` asks a person.",
    )
    assert trust_sentences(Trust(EYES.spec, None, review())) == told, "a page that nobody answered checks nothing"


def test_what_the_test_found() -> None:
    def first(**changes: Any) -> str:
        return trust_sentences(Trust(EYES.spec, found(**changes), None))[0]

    assert first().startswith("The verifier python:mine:seen passed its test: it tells originals")
    assert first(differing=0) == (
        "The verifier python:mine:seen failed its test, and was used all the same: it reads 8 attributes off "
        "4 originals as off plain black and white pictures."
    )
    assert "‘a blorvex’) in 3 of 4 readings of originals." in first(nonsense_seen=3)
    assert first(seen=0) == (
        "The test of the verifier python:mine:seen could not be decided: it sees none of 8 attributes in 4 originals."
    )


def test_what_people_found() -> None:
    def told(**answers: str) -> tuple[str, ...]:
        texts = trust_sentences(Trust(EYES.spec, found(), review(**answers)))[1:]
        return tuple(text.replace("\N{NO-BREAK SPACE}", " ") for text in texts)

    assert told(ann="yyyyynnnnn") == (
        "A person checked 10 readings of the verifier python:mine:seen: precision 1.00 (95 % interval 0.57 to 1.00), "
        "recall 1.00 (95 % interval 0.57 to 1.00), Cohen’s κ 1.00.",
    )
    assert "κ −0.20" in told(ann="yynnnyyynn")[0]
    assert told(ann="yy........")[0].startswith("A person checked 2 of 10 readings")
    assert "Cohen" not in told(ann="yy........")[0], "where both say yes alone it is not known"
    assert "recall unknown" in told(ann="nn........")[0]
    split = told(ann="yyyyynnnnn", bob="nyyyynnnnn")
    assert split[0].startswith("2 people checked 10 readings")
    assert split[0].endswith(", without 1 reading on which they did not settle.")
    low = told(ann="yynnnyyynn")
    assert low[1].startswith("The verifier errs more than it may: its precision is 0.40, less than 0.80 and its recall")


def test_the_report_says_it_before_it_is_trusted(report_data: ReportData) -> None:
    trust = Trust(EYES.spec, found(), review(ann="yyyyynnnnn"))
    with_it = sentences.cautions(dataclasses.replace(report_data, verified=True, trust=trust))
    assert set(trust_sentences(trust)) <= set(with_it)
    without = sentences.cautions(dataclasses.replace(report_data, verified=False))
    assert not [one for one in without if "its test" in one or "has checked" in one]


def test_in_json() -> None:
    assert of_verifier(Trust(EYES.spec, None, None)) == {
        "spec": "python:mine:seen",
        "test": None,
        "checked": 0,
        "precision": None,
        "recall": None,
        "kappa": None,
    }
    known = of_verifier(Trust(EYES.spec, found(differing=0), review(ann="yyyycnnnny")))
    figures = {"precision": 1.0, "recall": 0.8, "kappa": 0.78049}
    assert known == {"spec": EYES.spec, "test": "failed", "checked": 9, **figures}
