from __future__ import annotations

import numpy as np
import pytest

from diffex_cli.artifacts.corpus_yaml import read_corpus
from diffex_cli.birds import samples
from diffex_cli.birds.meanings import FINE, MEANINGS
from diffex_cli.core.domains import corpus_file
from diffex_cli.core.errors import UsageError
from diffex_cli.verifiers.attributes import every_attribute
from diffex_cli.verifiers.base import Sight
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


def test_only_what_there_is_can_be_named() -> None:
    with pytest.raises(UsageError, match=r"no birds verifier 'prob' .*did you mean 'probe'"):
        open_verifier("birds:prob")
    with pytest.raises(UsageError, match="has no options"):
        open_verifier("birds:probe:batch=2")
