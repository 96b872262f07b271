"""A verifier as the stages use it, whoever wrote it: what it is asked and what it answers goes through here."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from diffex_cli.artifacts.keys import checked_identity
from diffex_cli.classifiers.checks import numbers_of
from diffex_cli.core import registry
from diffex_cli.core.errors import DiffexError
from diffex_cli.core.foreign import called, foreign, open_backend
from diffex_cli.verifiers.base import Attribute, Sight, Verifier

NONE = "none"
"""The name that asks for no verifier."""

_SLACK = 1e-6
"""By how much a probability may leave [0, 1]: others round in float32."""


class OpenedVerifier:
    """A :class:`~diffex_cli.verifiers.base.Verifier`, whatever it is made of. ``own``: the verifier itself; ``spec``:
    what sentences call it.

    Every method raises a DiffexError that names the verifier if its code fails, or gives something else than it must.
    """

    def __init__(self, own: Verifier, spec: str) -> None:
        self.own, self.spec = own, spec
        self.who = called(registry.VERIFIERS, spec)

    @functools.cached_property
    def fingerprint(self) -> str:
        with foreign(self.who):
            return checked_identity(self.own.fingerprint, self.who)

    @functools.cached_property
    def costs(self) -> bool:
        with foreign(self.who):
            costs: object = self.own.costs
        return self._told(costs, "it costs")

    @functools.cached_property
    def calibrated(self) -> bool:
        with foreign(self.who):
            calibrated: object = getattr(self.own, "calibrated", True)
        return self._told(calibrated, "it is calibrated")

    def _told(self, found: object, what: str) -> bool:
        if not isinstance(found, bool):
            raise DiffexError(f"{self.who} says {found!r:.80} of whether {what}, which must be True or False")
        return found

    def exclusive(self, attributes: Sequence[Attribute]) -> tuple[frozenset[str], ...]:
        """Sets of at least two ids."""
        known = {one.id for one in attributes}
        with foreign(self.who):
            found = tuple(frozenset(one) for one in self.own.exclusive(attributes))
        for one in found:
            if strange := one - known:
                raise DiffexError(
                    f"{self.who} excludes {min(map(repr, strange)):.80}, which is no id of an attribute it was asked of"
                )
        return tuple(one for one in found if len(one) > 1)

    def seen(self, sights: Sequence[Sight], attributes: Sequence[Attribute]) -> NDArray[np.float64]:
        """Shape (pictures, attributes), in [0, 1] or NaN."""
        shape = len(sights), len(attributes)
        if not sights or not attributes:
            return np.zeros(shape)
        with foreign(self.who):
            found = numbers_of(self.own.seen(sights, attributes), f"{self.who} gave probabilities")
        if found.shape != shape:
            raise DiffexError(
                f"{self.who} gave probabilities of shape {found.shape} for {shape[0]} pictures and {shape[1]} "
                "attributes; it must give one row per picture and one column per attribute"
            )
        wrong = (found < -_SLACK) | (found > 1 + _SLACK)
        if wrong.any():
            picture, attribute = np.argwhere(wrong)[0]
            raise DiffexError(
                f"{self.who} gave {found[picture, attribute]:.6g} for the attribute {attributes[attribute].id!r}, "
                "where a probability from 0 to 1, or NaN, is expected"
            )
        return found.clip(0, 1)


def open_verifier(text: str, device: str = "auto") -> OpenedVerifier | None:
    """The verifier that a spec names, its model not loaded yet; ``None`` for ``none``."""
    if text == NONE:
        return None
    spec = registry.parse_spec(text)
    return OpenedVerifier(open_backend(registry.VERIFIERS, spec, device=device), spec.text)
