"""The sentences about hundreds of made-up results, read by rules: what no sentence may say, whatever was found."""

from __future__ import annotations

import dataclasses
import math
import random
import re
from collections.abc import Iterator

import numpy as np
import pytest

from diffex_cli.artifacts.rows import EditRow, InputImage, ScoreRow
from diffex_cli.core.hierarchy import Corpus
from diffex_cli.report import sentences
from diffex_cli.report.claims import claims, with_claims
from diffex_cli.report.data import Evidence, Floor, Level, ReportData, Row, Step
from diffex_cli.report.words import Text

RESULTS = 1000
KINDS = ("class", "one class", "regression", "multilabel", "contrast", "predicted", "all", "no scores")
CANDIDATES = (
    *("background", "background/land", "background/land/snow", "background/sea", "head", "head/red", "-tail"),
    *("-tail/long", "belly", "wing", "eye", "beak", "leg", "foot", "hat", "scarf", "background/land/snow + head/red"),
)
HOSTILE = (
    "<script>alert(1)</script>",
    "‘quoted’",
    "a, b",
    "50 %",
    "Ünïcode 🐦",
    "no crest",
    "nan",
    "None",
    "tail (removed)",
)
NAME = "\N{BLACK SQUARE}"
"""Stands for an attribute's name, whose words are not ours."""


@dataclasses.dataclass(frozen=True)
class Told:
    """All that is said of one result, by the function that says it."""

    data: ReportData
    kind: str
    texts: dict[str, tuple[Text, ...]]

    def __str__(self) -> str:
        lines = [f"{function}: {read(text)}" for function, texts in self.texts.items() for text in texts]
        return "\n".join([self.kind, *lines])


def read(text: Text, names: bool = True) -> str:
    told = "".join(one.text if names or one.candidate is None else NAME for one in text)
    return told.replace("\N{NO-BREAK SPACE}", " ")


def scores(rng: random.Random, kind: str, n: int, effects: dict[str, float]) -> Evidence:
    """Scores of originals, reconstructions and edits whose logits change by the effects, more or less."""
    labels = ("cardinal",) if kind == "one class" else ("cardinal", "jay", "owl")
    output = {"regression": "regression", "multilabel": "multilabel"}.get(kind, "softmax")
    images = [f"image-{number}" for number in range(n)]
    level = rng.choice([-1000.0, -20.0, -1.0, -1.0, 0.0, 0.0, 1.0, 20.0, 1000.0])
    failing = rng.choice([0.0, 0.03])
    known: dict[str, ScoreRow] = {}
    edits: dict[str, dict[str, EditRow]] = {id: {} for id in ("", *effects)}
    for image in images:
        logits = np.array([level + rng.gauss(0, 1), *(rng.gauss(0, 1) for _ in labels[1:])])
        known[image] = ScoreRow(image, "original", labels, logits, output)  # type: ignore[arg-type]
        logits = logits + [rng.gauss(0, 0.5) for _ in labels]  # what the editor does when it is asked for nothing
        for id, effect in {"": 0.0, **effects}.items():
            if rng.random() < failing:
                continue
            moved = logits.copy()
            moved[0] += effect + rng.gauss(0, 0.2) if effect else 0.0
            key = f"{image}:{id}"
            edits[id][image] = EditRow(key, image, id, "e", 0, "x.png", "ok", None, 0.1, 0.1, 0.1)
            known[key] = ScoreRow(key, "edit", labels, moved, output)  # type: ignore[arg-type]
    inputs = {image: InputImage(image, f"{image}.png", "made up", 8, 8) for image in images}
    return Evidence(inputs, edits, {} if kind == "no scores" else known)


def rows(rng: random.Random, kind: str, n: int, target: str) -> Iterator[Row]:
    case = rng.choice(["mixed", "mixed", "negative", "tie", "small", "failed", "strong", "alike"])
    for rank, candidate in enumerate(rng.sample(CANDIDATES, rng.choice([1, 1, 2, 5, len(CANDIDATES)])), 1):
        effect = {
            "tie": 1.0,
            "alike": rng.uniform(2.0, 2.2),
            "small": rng.uniform(-0.03, 0.03),
            "failed": math.nan,
        }.get(case, rng.gauss(0, 1.5))
        effect = -abs(effect) if case == "negative" else 8.0 * effect if case == "strong" else effect
        half = rng.choice([0.0, 0.02, 0.2, abs(effect) / 2, abs(effect) / 3, 3.0]) if n > 1 else math.nan
        again = rng.random() < 0.3
        yield Row(
            rank=rank,
            candidate=candidate,
            name=rng.choice(HOSTILE) if rng.random() < 0.2 else candidate.rpartition("/")[2].removeprefix("-"),
            target=rng.choice(["cardinal", "jay", "owl"]) if kind == "all" else target,
            effect=effect,
            influence=abs(effect),
            low=effect - half,
            high=effect + half,
            n=0 if case == "failed" else n,
            depth=candidate.count("/"),
            group=False,
            placebo=candidate in ("hat", "scarf"),
            status=rng.choice(["kept", "dropped"]),
            reason="it was so",
            effect_original=math.nan,
            p_corrected=rng.choice([1e-9, 0.001, 0.03, 0.05, 0.2, 1.0, None])
            if case not in ("strong", "alike")
            else 0.001,
            below_floor=rng.choice([None, False, False, True]),
            effect_holdout=effect if again else None,
            low_holdout=effect - 0.1 if again else None,
            high_holdout=effect + 0.1 if again else None,
            n_holdout=rng.choice([1, 4]) if again else None,
            confirmed=rng.random() < 0.5 if again else None,
            joint_sum=1.0 if " + " in candidate else None,
            interaction=0.1 if " + " in candidate else None,
            interaction_low=-0.1 if " + " in candidate else None,
            interaction_high=0.3 if " + " in candidate else None,
        )


def made_up(number: int) -> ReportData:
    rng = random.Random(number)
    kind, n = KINDS[number % len(KINDS)], rng.choice([0, 1, 1, 2, 3, 16, 16, 16, 50])
    target = {"contrast": "cardinal - jay", "predicted": "predicted", "all": "all"}.get(kind, "cardinal")
    ranking = with_claims(rows(rng, kind, n, target), 0.1) if n else ()
    effects = {row.candidate: row.effect for row in ranking if math.isfinite(row.effect)}
    steps = [Step(row.candidate, row.name, row.status, reach=rng.choice([0.01, 0.5])) for row in ranking]
    floors = (None, Floor(0.0, "placebos", 1), Floor(0.05, "placebos", 1), Floor(0.3, "placebos", 3))
    return ReportData(
        domain="birds",
        target=target,
        classifier="birds:shortcut",
        editor="render:birds",
        delta=0.1,
        n_images=n,
        corpus=Corpus("birds", ()),
        rows=ranking,
        levels=(Level(1, tuple(steps)),),
        scale="prob" if kind == "class" and rng.random() < 0.3 else "logit",
        n_held_out=min(n, 4),
        floor=rng.choice([*floors, Floor(0.2, "sign flips", 9)]),
        detectable=rng.choice([math.nan, math.inf, 0.6]),
        corrected_for=rng.choice([None, 1, 35]),
        best_joint=next((row.candidate for row in ranking if " + " in row.candidate), None),
        evidence=scores(rng, kind, n, effects),
    )


@pytest.fixture(scope="module")
def results() -> tuple[Told, ...]:
    told = []
    for number in range(RESULTS):
        data = made_up(number)
        could, joint = sentences.could_matter(data), sentences.joint_sentence(data)
        texts = {
            "headline": (sentences.headline(data),),
            "findings": sentences.findings(data),
            "could_matter": (could,) if could else (),
            "small": sentences.small(data),
            "others": tuple(text for text in (joint, sentences.placebo_sentence(data)) if text),
            "conclusions": sentences.conclusions(data),
            "cautions": tuple(sentences.words(text) for text in sentences.cautions(data)),
        }
        told.append(Told(data, KINDS[number % len(KINDS)], texts))
    return tuple(told)


def lines(results: tuple[Told, ...], *functions: str) -> Iterator[tuple[Told, str]]:
    """Every sentence or paragraph, with a mark in the place of each name."""
    for one in results:
        for function, texts in one.texts.items():
            if not functions or function in functions:
                for text in texts:
                    line = read(text, names=False)
                    for row in one.data.rows if function == "cautions" else ():
                        line = line.replace(f"‘{row.name}’", NAME)
                    yield one, line


def test_the_made_up_results_are_as_different_as_they_are_meant_to_be(results: tuple[Told, ...]) -> None:
    """What the other tests read: else they would pass on nothing."""
    said = [line for _, line in lines(results)]
    assert len(results) == RESULTS
    assert len(said) > 3000
    assert {one.kind for one in results if claims(one.data).matters} == set(KINDS)
    for words in (
        *("is recognised by", "What speaks most for", "What speaks most against", "What raises", "What lowers"),
        *("after this edit", "the one picture that was", "both pictures", "no longer is"),
        *("no longer are", "lean towards", "leans towards", "called something else", "get their class back"),
        *("stays at 0 %", "stays at 100 %", "no decision changes", "goes from", "rather than", "in probability"),
        *("Nothing was shown", "Nothing could be measured", "matters because of it", "matter because of it"),
        *(
            "One image is too few",
            "Shown to do less than δ",
            "both ways",
            "Best joint combination",
            "1 held-out image ",
        ),
        *("The one attribute", "1 held-out image ", "1 more attribute was", "more attributes were", "does not confirm"),
    ):
        assert any(words in line for line in said), words


FORBIDDEN = (
    *(r"\b1 (attributes|images|pictures|comparisons|placebos)\b", r"\b0 (of|attributes|images|pictures)\b"),
    *(r"\bnan\b", r"\bNone\b", r"\binf\b", r"–", r"  ", r" ,", r" \.", r",,", r"\.\."),
    *(r"\(\s*\)", r"‘’", r"to '…'", r"0 % from it"),
)


@pytest.mark.parametrize("pattern", FORBIDDEN)
def test_what_is_never_said(results: tuple[Told, ...], pattern: str) -> None:
    for one, line in lines(results):
        assert not re.search(pattern, line), f"{line}\n{one}"


def test_sentences_start_and_end_as_sentences_do(results: tuple[Told, ...]) -> None:
    for one, line in lines(results):
        assert re.match(rf"[A-Z‘{NAME}0-9]", line), f"{line}\n{one}"
        assert line.endswith("."), f"{line}\n{one}"
        # a sentence within a paragraph, too
        assert not re.search(r"\. [a-z]", line), f"{line}\n{one}"


def test_counts_never_exceed_their_totals_and_shares_are_shares(results: tuple[Told, ...]) -> None:
    for one, line in lines(results):
        for part, total in re.findall(r"\b(\d+) of the (\d+) pictures", line):
            assert 0 < int(part) < int(total) <= one.data.n_images, f"{line}\n{one}"
        for counted in re.findall(r"all (\d+) pictures", line):
            assert 2 < int(counted) <= one.data.n_images, f"{line}\n{one}"
        for share in re.findall(r"(−?[\d.]+) %", line):
            assert 0 <= float(share) <= 100, f"{line}\n{one}"
        if found := re.match(r"Of (\d+) attributes, (\w+) w.*\) and (\w+) to be small(?:; (\d+) could matter)?", line):
            listed = [int(count or 0) if count != "none" else 0 for count in found.groups()]
            assert listed[0] == sum(listed[1:]) > 1, f"{line}\n{one}"


def test_what_stays_is_told_by_one_number_and_what_goes_by_two(results: tuple[Told, ...]) -> None:
    for one, line in lines(results):
        assert not re.search(r"stays[^.;]*\bto\b", line), f"{line}\n{one}"
        for before, after in re.findall(r"goes from (.*? %) to (.*? %)", line):
            assert before != after, f"{line}\n{one}"


def test_the_first_sentence_about_an_attribute_says_no_logit(results: tuple[Told, ...]) -> None:
    for one, line in lines(results, "headline", "findings", "could_matter"):
        assert "logit" not in line.split(". ")[0], f"{line}\n{one}"


def test_what_is_named_was_shown_to_matter(results: tuple[Told, ...]) -> None:
    for one in results:
        told = claims(one.data)
        matter = {row.candidate for finding in told.matters for row in (finding.row, *finding.because)}
        named = {piece.candidate for text in one.texts["findings"] for piece in text} - {None}
        assert named <= matter, one
        heads = {piece.candidate for piece in one.texts["headline"][0]} - {None}
        first = {finding.row.candidate for finding in told.matters}
        assert heads <= (first or {row.candidate for row in told.undecided[:1]}), one
        assert bool(heads) == bool(first or told.undecided), one
        undecided = {piece.candidate for text in one.texts["could_matter"] for piece in text} - {None}
        assert undecided <= {row.candidate for row in told.undecided}, one


def test_the_figures_told_are_those_of_the_pictures(results: tuple[Told, ...]) -> None:
    """Counted again, by hand."""
    checked = 0
    for one in results:
        data, evidence = one.data, one.data.evidence
        if one.kind not in ("class", "multilabel"):
            continue
        for text in (*one.texts["headline"], *one.texts["findings"]):
            said = re.search(r"(\d+) of the (\d+) pictures that were not called", read(text, names=False))
            ids = [piece.candidate for piece in text if piece.candidate is not None]
            if said is None or next(row.effect for row in data.rows if row.candidate == ids[0]) < 0:
                continue
            turned = others = 0
            for image in evidence.images:
                before, after = evidence.edits[""].get(image), evidence.edits[ids[0]].get(image)
                if before is not None and after is not None:
                    others += (was := "cardinal" in evidence.scores[before.edit].predicted) is False
                    turned += not was and "cardinal" in evidence.scores[after.edit].predicted
            assert (turned, others) == tuple(map(int, said.groups())), one
            checked += 1
    assert checked >= 20
