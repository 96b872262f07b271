"""Logits that are a known function of what the probe reads off a picture.

A formula is a polynomial of probabilities, each that an attribute has one of some values. With a probe that is sure of
what it sees, these are 0 or 1, and a product is an AND.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeAlias

from diffex_cli.birds.attributes import ATTRIBUTES


@dataclasses.dataclass(frozen=True, slots=True)
class Has:
    """That an attribute has one of these values; a ValueError if it has no such value, or one comes twice."""

    attribute: str
    values: tuple[str, ...]

    def __post_init__(self) -> None:
        known = ATTRIBUTES.get(self.attribute, ())
        if not self.values or len(set(self.values)) != len(self.values) or not set(self.values) <= set(known):
            raise ValueError(f"{self.attribute}={'|'.join(self.values)} is no attribute of the birds")

    def __str__(self) -> str:
        return f"{self.attribute}={'|'.join(self.values)}"


Probability: TypeAlias = Callable[[Has], Any]
"""What the probe says of an attribute: an array or a tensor of shape (n_images,)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Term:
    """A weight, in logits, times the probability that all of ``factors`` hold, taken as independent."""

    weight: float
    factors: tuple[Has, ...]

    def __str__(self) -> str:
        return f"{self.weight:+g}·" + "·".join(f"[{factor}]" for factor in self.factors)


@dataclasses.dataclass(frozen=True, slots=True)
class Formula:
    """bias + Σ weight · Π probability, in logits."""

    bias: float
    terms: tuple[Term, ...]

    def logit(self, probability: Probability) -> Any:
        """The logit of every image, of the type that ``probability`` answers with, shape (n_images,)."""
        total: Any = self.bias
        for term in self.terms:
            product: Any = term.weight
            for factor in term.factors:
                product = product * probability(factor)
            total = total + product
        return total

    def __str__(self) -> str:
        return " ".join([f"{self.bias:g}", *map(str, self.terms)])


def has(attribute: str, *values: str) -> Has:
    """One of these values."""
    return Has(attribute, values)


def additive(*terms: tuple[float, Has]) -> Formula:
    """Attributes that do not know of each other; unbiased half-way between the least and the largest logit."""
    return Formula(-sum(weight for weight, _ in terms) / 2, tuple(Term(weight, (one,)) for weight, one in terms))


def conjunction(weight: float, *factors: Has) -> Formula:
    """Nothing unless all are there."""
    return Formula(-weight / 2, (Term(weight, factors),))


def exclusive(weight: float, first: Has, second: Has) -> Formula:
    """One or the other, but not both: p + q − 2pq."""
    return Formula(-weight / 2, (Term(weight, (first,)), Term(weight, (second,)), Term(-2 * weight, (first, second))))
