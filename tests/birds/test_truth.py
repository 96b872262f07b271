import itertools

import pytest
from corner_classifier import red

from diffex_cli.artifacts import corpus_yaml
from diffex_cli.birds import samples, truth
from diffex_cli.birds.meanings import COARSE, MEANINGS, PLACEBOS
from diffex_cli.birds.renderer import render
from diffex_cli.birds.truth import TruthRow, agreement, exact_effects
from diffex_cli.core import domains
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Groups

SPEC = "python:corner_classifier:logits"
PROMPTS = {node.id: node.prompt for node in corpus_yaml.read_corpus(domains.corpus_file("birds")).walk()}


@pytest.fixture(scope="module")
def images() -> list[str]:
    return list(samples.records())[:4]


@pytest.fixture(scope="module")
def rows(images: list[str]) -> list[TruthRow]:
    return exact_effects(SPEC, images=images)


@pytest.fixture(scope="module")
def effects(rows: list[TruthRow]) -> dict[str, float]:
    return {PROMPTS[row.candidate]: row.effect for row in rows}


def test_every_attribute_is_measured_and_ranked(rows: list[TruthRow]) -> None:
    assert {row.candidate for row in rows} == set(PROMPTS)
    assert [row.rank for row in rows] == list(range(1, len(PROMPTS) + 1))
    assert all(one.influence >= two.influence for one, two in itertools.pairwise(rows))
    assert {(row.target, row.n, row.influence - abs(row.effect)) for row in rows} == {("red corner", 4, 0.0)}


def test_fine_effects_are_those_of_the_pictures(effects: dict[str, float], images: list[str]) -> None:
    birds = [samples.records()[key] for key in images]
    for background in ("sky", "forest", "desert", "snow", "water"):
        exact = sum(red(render(bird.with_values(background=background))) - red(render(bird)) for bird in birds) / 4
        assert effects[f"{background} background"] == pytest.approx(exact, abs=1e-12)
    assert max(effects, key=lambda prompt: abs(effects[prompt])).endswith("background")


def test_a_coarse_effect_is_the_mean_of_its_options(images: list[str]) -> None:
    rows = exact_effects(SPEC, images=images, groups="words")
    effects = {PROMPTS[row.candidate]: row.effect for row in rows}
    fine = {options[0]: effects[prompt] for prompt, options in MEANINGS.items() if len(options) == 1}
    for prompt in COARSE:
        mean = sum(fine[option] for option in MEANINGS[prompt]) / len(MEANINGS[prompt])
        assert effects[prompt] == pytest.approx(mean, abs=1e-12)


def test_a_group_is_its_members_or_what_its_words_may_mean(images: list[str]) -> None:
    def effects(groups: Groups) -> dict[str, float]:
        rows = exact_effects("birds:panel-single-no-tall-crest", "yes", images, groups)
        return {row.name: row.effect for row in rows}

    members, words = effects("corpus"), effects("words")
    none, short, tall = (members[f"{one} crest"] for one in ("no", "short", "tall"))
    assert none == pytest.approx(short, abs=0.01)
    assert members["crest"] == pytest.approx((none + short + tall) / 3, abs=1e-12)
    assert words["crest"] == pytest.approx((short + tall) / 2, abs=1e-12), "its words do not mean that there is none"


def test_what_the_classifier_does_not_look_at_has_no_effect(effects: dict[str, float]) -> None:
    assert {effects[prompt] for prompt in PLACEBOS} == {0.0}
    assert {effect for prompt, effect in effects.items() if "background" not in prompt} == {0.0}


def test_the_target_can_be_chosen(images: list[str]) -> None:
    assert {row.effect for row in exact_effects(SPEC, "nothing", images[:1])} == {0.0}


def test_wrong_targets_and_images_are_one_sentence(images: list[str]) -> None:
    with pytest.raises(UsageError, match="--target finch: the classifier knows red corner, nothing"):
        exact_effects(SPEC, "finch", images[:1])
    with pytest.raises(UsageError, match="image 0123456789abcdef is not one of the embedded birds"):
        exact_effects(SPEC, images=["0123456789abcdef" * 4])


def row(candidate: str, effect: float) -> TruthRow:
    return TruthRow(0, candidate, candidate, "t", effect, abs(effect), 4)


TRUTH = [row("a", -3.0), row("b", 2.0), row("c", 1.0), row("d", 0.1)]


def test_a_perfect_ranking_agrees() -> None:
    verdict = agreement(TRUTH, {one.candidate: one.effect for one in TRUTH}, delta=0.5)
    assert (verdict.ndcg5, verdict.signs, verdict.top, verdict.true_top) == (1.0, 1.0, "a", "a")
    assert verdict.spearman == pytest.approx(1.0)


def test_a_wrong_ranking_does_not() -> None:
    verdict = agreement(TRUTH, {"d": 4.0, "c": -3.0, "b": 2.0, "e": 1.0}, delta=0.5)
    assert verdict.ndcg5 < 0.8
    assert verdict.spearman == pytest.approx(-1.0)
    assert verdict.signs == 0.5, "of b and c; d is below delta, e is unknown"
    assert (verdict.top, verdict.true_top) == ("d", "a")


def test_nothing_found_is_no_agreement() -> None:
    verdict = agreement(TRUTH, {}, delta=0.5)
    assert (verdict.ndcg5, verdict.spearman, verdict.signs, verdict.top) == (0.0, 0.0, 1.0, "")


def test_all_samples_are_used_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    few = dict(list(samples.records().items())[:2])
    monkeypatch.setattr(samples, "records", lambda: few)
    assert {one.n for one in truth.exact_effects(SPEC)} == {2}
