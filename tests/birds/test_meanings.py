import dataclasses
import random

import pytest

from diffex_cli.artifacts import corpus_yaml
from diffex_cli.birds import meanings
from diffex_cli.birds.attributes import ATTRIBUTES, Bird, random_bird
from diffex_cli.birds.meanings import COARSE, FINE, MEANINGS, PLACEBOS, apply
from diffex_cli.core import domains
from diffex_cli.core.hierarchy import Node

CORPUS = corpus_yaml.read_corpus(domains.corpus_file("birds"))
BIRDS = [random_bird(random.Random(seed)) for seed in range(40)]


def difference(bird: Bird, other: Bird) -> dict[str, str]:
    assert all(
        getattr(bird, field.name) == getattr(other, field.name)
        for field in dataclasses.fields(Bird)
        if field.name not in ATTRIBUTES
    )
    return {name: other.value(name) for name in ATTRIBUTES if bird.value(name) != other.value(name)}


def test_the_corpus_and_the_meanings_have_the_same_prompts() -> None:
    prompts = [node.prompt for node in CORPUS.walk()]
    assert len(set(prompts)) == len(prompts)
    assert set(prompts) == set(MEANINGS)


def test_placebos_are_marked() -> None:
    assert {node.prompt for node in CORPUS.walk() if node.placebo} == set(PLACEBOS)
    assert {prompt for prompt, options in MEANINGS.items() if not options} == set(PLACEBOS)


@pytest.mark.parametrize("node", [node for node in CORPUS.walk() if node.children], ids=lambda node: node.id)
def test_a_group_means_nothing_that_its_children_do_not(node: Node) -> None:
    below = {option for child in node.children for option in MEANINGS[child.prompt]}
    assert set(MEANINGS[node.prompt]) <= below


def test_every_value_is_in_reach_of_the_corpus() -> None:
    assert {option for options in FINE.values() for option in options} == {
        (name, value) for name, values in ATTRIBUTES.items() for value in values
    }


def test_a_fine_prompt_sets_its_value_and_nothing_else() -> None:
    for prompt, ((attribute, value),) in FINE.items():
        for bird in BIRDS[:5]:
            expected = {} if bird.value(attribute) == value else {attribute: value}
            assert difference(bird, apply(bird, prompt)) == expected


@pytest.mark.parametrize("prompt", COARSE)
def test_a_coarse_prompt_draws_each_of_its_options_by_the_picture(prompt: str) -> None:
    drawn = set()
    for bird in BIRDS:
        other = apply(bird, prompt)
        assert apply(bird, prompt) == other
        changes = difference(bird, other)
        assert len(changes) <= 1
        drawn |= set(changes.items())
    assert drawn <= set(MEANINGS[prompt])
    assert len(drawn) > len(MEANINGS[prompt]) / 2
    assert len(set(MEANINGS[prompt])) == len(MEANINGS[prompt])


@pytest.mark.parametrize("prompt", PLACEBOS)
@pytest.mark.parametrize("remove", [False, True])
def test_a_placebo_means_nothing(prompt: str, remove: bool) -> None:
    assert apply(BIRDS[0], prompt, remove) == BIRDS[0]


def test_removing_takes_away_what_is_shown() -> None:
    bird = dataclasses.replace(BIRDS[0], crest="tall", wing="barred", head="red", throat="red")
    assert difference(bird, apply(bird, "tall crest", remove=True)) == {"crest": "no"}
    assert difference(bird, apply(bird, "crest", remove=True)) == {"crest": "no"}
    assert difference(bird, apply(bird, "wings", remove=True)) == {"wing": "plain"}
    assert difference(bird, apply(bird, "head", remove=True)) == {"crest": "no", "throat": "plain"}
    assert apply(bird, "short crest", remove=True) == bird, "it shows no short crest"
    assert apply(bird, "red head", remove=True) == bird, "a head always has a color"


def test_absence_is_a_value() -> None:
    assert all(value in ATTRIBUTES[attribute] for attribute, value in meanings.PLAIN.items())


def test_unknown_words_are_a_key_error() -> None:
    with pytest.raises(KeyError, match="purple head"):
        apply(BIRDS[0], "purple head")
