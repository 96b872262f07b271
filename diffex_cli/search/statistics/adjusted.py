"""Effects adjusted for what edits were seen to do besides what they were asked for, or instead of it.

An edit that is asked for a crest may draw none, or change the beak as well. What it did is known as far as a verifier
reads it: the changes x of the attributes' probabilities, edit minus reconstruction. Over all edits of a search, Δ is
regressed on x (ridge); with the coefficients β, an edit's Δ becomes

    Δ + β · (ideal − x),

where *ideal* are the changes that it was asked for. A faithful edit keeps its Δ, whatever the coefficients are; of
what was seen elsewhere, the linear part is taken away, and of what is lacking it is added. That is the
augmented estimator of Robins, Rotnitzky & Zhao 1994 with the edit's own outcome as its base: wrong readings shrink
the correction, but do not replace the measurement.

The coefficients for an image are fitted on the other images' edits (cross-fitting: Chernozhukov et al. 2018), so that
no edit is corrected by itself. The interval is a bootstrap over the images of the whole procedure, coefficients
included.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from diffex_cli.search.statistics.influence import CONFIDENCE
from diffex_cli.search.statistics.intervals import Estimate
from diffex_cli.search.statistics.student import student_t_quantile

FOLDS = 5
RESAMPLES = 1000
PENALTIES = (*(10.0 ** (k / 2) for k in range(-4, 7)), math.inf)
"""Ridge penalties that are tried; with the last, nothing is corrected."""

Floats = NDArray[np.float64]


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """The coefficients, in the target's unit per certainty that an attribute is seen.

    Attributes:
        coefficients: shape (images, attributes): for each image those fitted on the other folds' images.
        whole: shape (attributes,): fitted on all of them; for images that no edit of the fit is of.
        resampled: shape (resamples, attributes): fitted on resamples of the images.
        weights: shape (resamples, images): how often each image is in them.
        penalty: the ridge's, chosen by cross-validation over the images; infinite where no correction predicts better.
    """

    coefficients: Floats
    whole: Floats
    resampled: Floats
    weights: Floats
    penalty: float

    def corrected(self, deltas: Floats, lacking: Floats, rows: Sequence[int] | None = None) -> Floats:
        """Δ after the correction.

        Args:
            deltas: shape (n,), as measured, NaN where there is none.
            lacking: shape (n, attributes): ideal − seen; 0 where nothing was edited or is known.
            rows: which image of the fit each is, −1 for one that is not in it; by default all of the fit, in order.
        """
        known = np.vstack([self.coefficients, self.whole])
        coefficients = self.coefficients if rows is None else known[list(rows)]
        adjusted: Floats = deltas + (coefficients * lacking).sum(axis=1)
        return adjusted

    def interval(self, deltas: Floats, lacking: Floats) -> Estimate:
        """The mean of :meth:`corrected`, with its 95 % interval: the basic bootstrap's, widened as Student's t is wider
        than the normal distribution with so few images; no ends for fewer than two."""
        known = ~np.isnan(deltas)
        n = int(known.sum())
        values = self.corrected(deltas, lacking)[known]
        mean = math.fsum(values.tolist()) / n if n else math.nan
        if n < 2:
            return Estimate(mean, math.nan, math.nan, n)
        weights = self.weights[:, known]
        totals = weights.sum(axis=1)
        there = totals > 0
        weights = weights[there] / totals[there, None]
        again = weights @ deltas[known]
        again += np.einsum("rj,rj->r", weights @ lacking[known], self.resampled[there])
        centre = mean if math.isinf(self.penalty) else float(again.mean())
        sides = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)
        low, high = (float(np.quantile(again, side)) - centre for side in sides)
        wider = student_t_quantile(sides[1], n - 1) / NormalDist().inv_cdf(sides[1]) * math.sqrt(n / (n - 1))
        return Estimate(mean, mean + low * wider, mean + high * wider, n)


def fit(changes: Floats, deltas: Floats, image: NDArray[np.int64], images: int, seed: int = 0) -> Correction | None:
    """Fit the coefficients.

    Args:
        changes: shape (edits, attributes), finite: what was seen to change.
        deltas: shape (edits,), finite.
        image: shape (edits,): which of the images each is of.

    Returns:
        ``None`` if there are fewer than :data:`FOLDS` images, or no edits.
    """
    if images < FOLDS or not len(deltas):
        return None
    grams, products, squares = _by_image(changes, deltas, image, images)
    folds = np.arange(images) % FOLDS
    apart = [(grams[folds != k].sum(0), products[folds != k].sum(0)) for k in range(FOLDS)]
    inside = [(grams[folds == k].sum(0), products[folds == k].sum(0)) for k in range(FOLDS)]

    def error(penalty: float) -> float:
        lost = squares
        for (gram, product), (own_gram, own_product) in zip(apart, inside, strict=True):
            beta = _ridge(gram, product, penalty)
            lost += float(beta @ own_gram @ beta - 2 * beta @ own_product)
        return lost

    penalty = min(reversed(PENALTIES), key=error)
    by_fold = np.stack([_ridge(gram, product, penalty) for gram, product in apart])
    weights = np.random.default_rng([seed, images]).multinomial(images, np.full(images, 1 / images), RESAMPLES)
    shape = grams.shape[1:]
    again = (weights @ grams.reshape(images, -1)).reshape(RESAMPLES, *shape)
    return Correction(
        coefficients=by_fold[folds],
        whole=_ridge(grams.sum(0), products.sum(0), penalty),
        resampled=_ridge(again, weights @ products, penalty),
        weights=weights.astype(np.float64),
        penalty=penalty,
    )


def _by_image(changes: Floats, deltas: Floats, image: NDArray[np.int64], images: int) -> tuple[Floats, Floats, float]:
    """XᵀX and Xᵀy of each image's edits, and yᵀy of all."""
    attributes = changes.shape[1]
    grams, products = np.zeros((images, attributes, attributes)), np.zeros((images, attributes))
    for k in range(images):
        own = changes[image == k]
        grams[k], products[k] = own.T @ own, own.T @ deltas[image == k]
    return grams, products, float(deltas @ deltas)


def _ridge(gram: Floats, product: Floats, penalty: float) -> Floats:
    """(XᵀX + penalty · 1)⁻¹ Xᵀy, also of many."""
    if math.isinf(penalty):
        return np.zeros_like(product)
    solved = np.linalg.solve(gram + penalty * np.eye(gram.shape[-1]), product[..., None])[..., 0]
    return np.asarray(solved, np.float64)
