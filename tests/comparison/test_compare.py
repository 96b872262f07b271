import dataclasses
from pathlib import Path

import pytest
import yaml
from synthetic_runs import deltas, make_run

from diffex_cli.comparison.compare import compare
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Corpus, Node

EFFECTS = {"background/snow": deltas(2.0, 0.2), "nape/collar": deltas(0.5, 0.1), "-crest": deltas(-0.3, 0.1)}


def test_the_same_search_twice(tmp_path: Path) -> None:
    found = compare([make_run(tmp_path / name, EFFECTS, kept=["nape/collar"]) for name in "ab"])
    one = found.comparisons[0]
    assert (one.distinctions, one.cautions, one.shared_images) == ((), (), 16)
    assert (one.rankings.ndcg, one.rankings.ndcg_back, one.rankings.spearman, one.corpora.iou) == (1, 1, 1, 1)
    assert (one.rankings.entered, one.rankings.left) == ((), ())
    assert [change.changed for change in one.rankings.changes] == [False] * 3
    assert {change.difference.method for change in one.rankings.changes} == {"paired"}


def test_another_classifier_on_the_same_images(tmp_path: Path) -> None:
    first = make_run(tmp_path / "a", EFFECTS, kept=["background/snow", "nape/collar"])
    changed = {**EFFECTS, "background/snow": deltas(0.1, 0.2), "beak": deltas(1.0, 0.1)}
    second = make_run(
        tmp_path / "b", changed, kept=["nape/collar", "beak"], classifier="birds:species", seed=3, delta=0.2
    )
    one = compare([first, second]).comparisons[0]
    assert [(found.what, found.first, found.second) for found in one.distinctions] == [
        ("classifier", "birds:shortcut", "birds:species"),
        ("seed", "0", "3"),
        ("delta", "0.1", "0.2"),
    ]
    assert "different scales" in one.cautions[0]
    assert (one.rankings.entered, one.rankings.left) == (("beak",), ("background/snow",))
    assert (one.rankings.only_first, one.rankings.only_second) == ((), ("beak",))
    assert [change.candidate for change in one.rankings.changes if change.changed] == ["background/snow"]
    between = one.rankings.changes[0].difference
    assert (between.method, between.n, between.value) == ("paired", 16, pytest.approx(-1.9))
    assert one.rankings.ndcg < 1


def test_other_regions_are_told(tmp_path: Path) -> None:
    first, second = make_run(tmp_path / "a", EFFECTS), make_run(tmp_path / "b", EFFECTS)
    said = yaml.safe_load((second / "search.yaml").read_text())
    bounded = {**said, "region": "masks:heads", "keep_region": "none", "feather": 0}
    (second / "search.yaml").write_text(yaml.safe_dump(bounded))
    assert [
        (found.what, found.first, found.second) for found in compare([first, second]).comparisons[0].distinctions
    ] == [
        ("region", "none", "masks:heads"),
        ("feather", "default", "0"),
    ]


def test_other_images_are_compared_unpaired(tmp_path: Path) -> None:
    first = make_run(tmp_path / "a", EFFECTS)
    second = make_run(tmp_path / "b", EFFECTS, first_image=100)
    one = compare([first, second]).comparisons[0]
    assert one.shared_images == 0
    assert one.distinctions[0] == dataclasses.replace(
        one.distinctions[0], what="images", first="16, 0 shared", second="16, 0 shared"
    )
    assert {change.difference.method for change in one.rankings.changes} == {"unpaired"}
    assert not any(change.changed for change in one.rankings.changes)


def test_a_corpus_of_other_words(tmp_path: Path) -> None:
    other = Corpus(
        "birds",
        (
            Node("crest", "no crests", "tall crest", remove=True),
            Node("beak", "Red", "red beak"),
            Node("wing", "wings", "wings"),
        ),
    )
    first = make_run(tmp_path / "a", EFFECTS)
    second = make_run(tmp_path / "b", {"-crest": deltas(-0.3, 0.1), "wing": deltas(1, 1)}, corpus=other)
    one = compare([first, second]).comparisons[0]
    assert [found.what for found in one.distinctions] == ["corpus"]
    assert one.distinctions[0].second.startswith("3 attributes (digest ")
    assert one.cautions == ("Of the attributes with the same id, 1 have other prompts or settings: crest.",)
    assert (one.corpora.iou, one.corpora.only_second) == (pytest.approx(2 / 9), ("wing",))


def test_each_is_compared_with_the_first(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / name, EFFECTS, editor=f"tint::strength=0.{name}") for name in "123"]
    found = compare(runs, top=2)
    assert [(one.first, one.second) for one in found.comparisons] == [(runs[0], runs[1]), (runs[0], runs[2])]
    assert [one.facts["editor"] for one in found.runs] == [f"tint::strength=0.{i}" for i in (1, 2, 3)]
    assert found.top == 2


def test_one_spec_for_two_models(tmp_path: Path) -> None:
    first = make_run(tmp_path / "a", EFFECTS)
    retrained = {"classifier": {"spec": "birds:shortcut", "fingerprint": "retrained"}}
    second = make_run(tmp_path / "b", EFFECTS, with_scores=False, search=retrained)
    found = compare([first, second])
    assert [(one.what, one.second) for one in found.comparisons[0].distinctions] == [
        ("classifier", "birds:shortcut (fingerprint retrained)")
    ]
    assert "no scores that fit 3 of its 3" in found.warnings[0]


def test_mistakes(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a", EFFECTS)
    with pytest.raises(UsageError, match="at least two run directories"):
        compare([run])
    with pytest.raises(UsageError, match="is named twice"):
        compare([run, tmp_path / "." / "a"])
    with pytest.raises(UsageError, match="no run directory"):
        compare([run, tmp_path / "nowhere"])
