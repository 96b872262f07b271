"""The verifier ``birds:probe``: the attribute probe reads the values of an embedded bird off its picture."""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from diffex_cli.artifacts.keys import digest
from diffex_cli.birds.meanings import FINE
from diffex_cli.birds.probe import ATTRIBUTE_LABELS, attribute_columns
from diffex_cli.classifiers.opened import open_classifier
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import Spec, did_you_mean
from diffex_cli.verifiers.base import Attribute, Sight

_NAMES = ("probe",)
_COLUMNS = {label: column for column, label in enumerate(ATTRIBUTE_LABELS)}


def open_birds_verifier(spec: Spec, device: str = "auto") -> ProbeVerifier:
    if spec.model not in _NAMES:
        raise UsageError(f"{spec.text!r}: there is no birds verifier {spec.model!r}{did_you_mean(spec.model, _NAMES)}")
    if spec.options:
        raise UsageError(f"{spec.text!r}: the verifier birds:probe has no options: leave them out")
    return ProbeVerifier(device)


class ProbeVerifier:
    """Knows an attribute by its prompt. The values of one attribute of a bird share their probability; of placebos,
    groups and words that it does not know it cannot tell."""

    costs = False
    calibrated = True

    def __init__(self, device: str = "auto") -> None:
        self._probe = open_classifier("birds:probe", device)

    @functools.cached_property
    def fingerprint(self) -> str:
        return digest({"verifier": "birds:probe", "probe": self._probe.fingerprint})

    def exclusive(self, attributes: Sequence[Attribute]) -> Collection[frozenset[str]]:
        values: dict[str, set[str]] = {}
        for attribute in attributes:
            for name, _ in FINE.get(attribute.prompt, ()):
                values.setdefault(name, set()).add(attribute.id)
        return tuple(map(frozenset, values.values()))

    def seen(self, sights: Sequence[Sight], attributes: Sequence[Attribute]) -> NDArray[np.float64]:
        logits = self._probe.logits([sight.picture for sight in sights])
        shares = np.concatenate([_softmax(logits[:, columns]) for columns in attribute_columns()], axis=1)
        found = np.full((len(sights), len(attributes)), np.nan)
        for place, attribute in enumerate(attributes):
            for name, value in FINE.get(attribute.prompt, ()):
                found[:, place] = shares[:, _COLUMNS[f"{name}={value}"]]
        return found


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return shares
