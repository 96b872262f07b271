"""The verifier ``birds:probe``: the attribute probe reads the values of an embedded bird off its picture."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Collection, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from diffex_cli.artifacts.keys import digest
from diffex_cli.birds.attributes import ATTRIBUTES
from diffex_cli.birds.meanings import FINE
from diffex_cli.birds.probe import ATTRIBUTE_LABELS, attribute_columns
from diffex_cli.birds.species import LABELS, SPECIES, TRAIT_SHARE
from diffex_cli.classifiers.opened import open_classifier
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import Spec, did_you_mean
from diffex_cli.verifiers.attributes import class_attribute
from diffex_cli.verifiers.base import Attribute, Sight

_NAMES = ("probe",)
_SPECIES = {class_attribute(label).prompt: place for place, label in enumerate(LABELS)}
_COLUMNS = {label: column for column, label in enumerate(ATTRIBUTE_LABELS)}


def open_birds_verifier(spec: Spec, device: str = "auto") -> ProbeVerifier:
    if spec.model not in _NAMES:
        raise UsageError(f"{spec.text!r}: there is no birds verifier {spec.model!r}{did_you_mean(spec.model, _NAMES)}")
    if spec.options:
        raise UsageError(f"{spec.text!r}: the verifier birds:probe has no options: leave them out")
    return ProbeVerifier(device)


class ProbeVerifier:
    """Knows an attribute by its prompt. The values of one attribute of a bird share their probability; a species is
    what the values make probable. Of placebos, groups and words that it does not know it cannot tell."""

    costs = False
    calibrated = True

    def __init__(self, device: str = "auto") -> None:
        self._probe = open_classifier("birds:probe", device)

    @functools.cached_property
    def fingerprint(self) -> str:
        return digest({"verifier": "birds:probe", "probe": self._probe.fingerprint})

    def exclusive(self, attributes: Sequence[Attribute]) -> Collection[frozenset[str]]:
        values: dict[str, dict[str, list[str]]] = {}
        for attribute in attributes:
            for name, value in FINE.get(attribute.prompt, ()):
                values.setdefault(name, {}).setdefault(value, []).append(attribute.id)
        return tuple(itertools.chain.from_iterable(_exclusive(list(of_one.values())) for of_one in values.values()))

    def seen(self, sights: Sequence[Sight], attributes: Sequence[Attribute]) -> NDArray[np.float64]:
        logits = self._probe.logits([sight.picture for sight in sights])
        shares = np.concatenate([_softmax(logits[:, columns]) for columns in attribute_columns()], axis=1)
        found = np.full((len(sights), len(attributes)), np.nan)
        for place, attribute in enumerate(attributes):
            for name, value in FINE.get(attribute.prompt, ()):
                found[:, place] = shares[:, _COLUMNS[f"{name}={value}"]]
            if attribute.prompt in _SPECIES:
                found[:, place] = species_shares(shares)[:, _SPECIES[attribute.prompt]]
        return found


def _exclusive(values: Sequence[Sequence[str]]) -> Iterator[frozenset[str]]:
    """Of each value of one feature the ids that mean it; two that mean the same do not exclude each other."""
    if all(len(ids) == 1 for ids in values):
        yield frozenset(ids[0] for ids in values)
        return
    for some, others in itertools.combinations(values, 2):
        yield from map(frozenset, itertools.product(some, others))


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return shares


def species_shares(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """The probability of each species, all equally likely before, by Bayes' rule from how the species' birds are drawn.

    Args:
        shares: of each value of each attribute, shape (n, values).

    Returns:
        shape (n, species).
    """
    odds = np.zeros((len(shares), len(LABELS)))
    for place, species in enumerate(SPECIES.values()):
        for name, value in species.traits.items():
            column = shares[:, _COLUMNS[f"{name}={value}"]]
            # where a bird does not show its trait by intent, it is drawn uniformly
            chance = (1 - TRAIT_SHARE) / len(ATTRIBUTES[name])
            odds[:, place] += np.log(column * (TRAIT_SHARE + chance) + (1 - column) * chance)
            odds[:, place] -= np.log(1 / len(ATTRIBUTES[name]))
    return _softmax(odds)
