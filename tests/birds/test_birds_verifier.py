from __future__ import annotations

import numpy as np
import pytest

from diffex_cli.artifacts.corpus_yaml import read_corpus
from diffex_cli.birds import samples
from diffex_cli.birds.meanings import FINE, MEANINGS
from diffex_cli.birds.renderer import render
from diffex_cli.birds.species import LABELS
from diffex_cli.core.domains import corpus_file
from diffex_cli.core.errors import UsageError
from diffex_cli.verifiers.attributes import class_attribute, every_attribute
from diffex_cli.verifiers.base import Attribute, Sight
from diffex_cli.verifiers.opened import open_verifier


def test_the_probe_sees_what_the_samples_show() -> None:
    verifier = open_verifier("birds:probe", "cpu")
    assert verifier is not None
    attributes = list(every_attribute(read_corpus(corpus_file("birds"))))
    birds, pictures = list(samples.records().items())[:8], samples.pictures()
    seen = verifier.seen([Sight(pictures[key]) for key, _ in birds], attributes)
    right = [
        (seen[row, column] > 0.5) == (bird.value(FINE[one.prompt][0][0]) == FINE[one.prompt][0][1])
        for row, (_, bird) in enumerate(birds)
        for column, one in enumerate(attributes)
        if one.prompt in FINE
    ]
    assert np.mean(right) > 0.97
    unknown = [column for column, one in enumerate(attributes) if one.prompt not in FINE]
    assert {attributes[column].prompt for column in unknown} == MEANINGS.keys() - FINE.keys()
    assert np.isnan(seen[:, unknown]).all()
    for group in verifier.exclusive(attributes):
        columns = [column for column, one in enumerate(attributes) if one.id in group]
        np.testing.assert_allclose(seen[:, columns].sum(axis=1), 1, atol=1e-6)
    assert sum(map(len, verifier.exclusive(attributes))) == len(FINE)


def test_the_probe_sees_what_species_a_bird_is_of() -> None:
    verifier = open_verifier("birds:probe", "cpu")
    assert verifier is not None
    bird = next(bird for bird in samples.records().values() if bird.crest == "no").with_values(
        head="red", crest="tall", beak_shape="conical", upperparts="green", wing="plain", breast="plain"
    )
    kinds = [bird, bird.with_values(background="desert"), bird.with_values(head="green", crest="no", beak_shape="flat")]
    asked = [class_attribute(label) for label in (*LABELS, "a stork")]
    seen = verifier.seen([Sight(render(one)) for one in kinds], asked)
    cardinal, duck = LABELS.index("cardinal"), LABELS.index("duck")
    assert [row[: len(LABELS)].argmax() for row in seen] == [cardinal, cardinal, duck]
    assert (seen[:2, cardinal] > 0.9).all()
    assert seen[2, cardinal] < 0.1
    np.testing.assert_allclose(seen[:, : len(LABELS)].sum(axis=1), 1, atol=1e-6)
    assert np.isnan(seen[:, -1]).all()


def test_two_attributes_that_mean_the_same_do_not_exclude_each_other() -> None:
    verifier = open_verifier("birds:probe", "cpu")
    assert verifier is not None
    named = [("a", "white head"), ("b", "red head"), ("c", "white head"), ("d", "tall crest"), ("e", "short crest")]
    found = verifier.exclusive([Attribute(id, prompt, prompt) for id, prompt in named])
    assert {tuple(sorted(ids)) for ids in found} == {("a", "b"), ("b", "c"), ("d", "e")}


def test_only_what_there_is_can_be_named() -> None:
    with pytest.raises(UsageError, match=r"no birds verifier 'prob' .*did you mean 'probe'"):
        open_verifier("birds:prob")
    with pytest.raises(UsageError, match="has no options"):
        open_verifier("birds:probe:batch=2")
