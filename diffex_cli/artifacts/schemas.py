"""The tables of a run directory. ``docs/artifacts.md`` says what each column means."""

from __future__ import annotations

import math

import pyarrow as pa

from diffex_cli.artifacts.row_rules import (
    Rule,
    a_file,
    a_key,
    at_least,
    one_of,
    present_unless,
    unique,
    within,
)
from diffex_cli.artifacts.tables import TableSchema

STATUSES = ("ok", "no-op", "failed")


def _schema(
    name: str, version: int = 1, rules: tuple[Rule, ...] = (), /, **columns: pa.DataType | tuple[pa.DataType]
) -> TableSchema:
    """A one-tuple around a type marks a column that may be empty."""
    fields = [
        pa.field(column, kind[0], nullable=True) if isinstance(kind, tuple) else pa.field(column, kind, nullable=False)
        for column, kind in columns.items()
    ]
    return TableSchema(name, version, pa.schema(fields), rules)


IMAGES = _schema(
    "diffex.images",
    1,
    (a_key("image"), unique("image"), a_file("file"), *at_least(1, "width", "height")),
    image=pa.string(),
    file=pa.string(),
    source=pa.string(),
    width=pa.int32(),
    height=pa.int32(),
    label=(pa.string(),),
)

EDITS = _schema(
    "diffex.edits",
    1,
    (
        *(a_key("edit"), a_key("image"), one_of("status", *STATUSES)),
        *(a_file("file"), present_unless("file", "status", "failed")),
        *within(0, 1, "changed", "mean_change", "mask_share", "change_inside", "change_outside", "saturated"),
        *within(0, math.inf, "seconds", "perceptual"),
    ),
    edit=pa.string(),
    image=pa.string(),
    candidate=pa.string(),
    editor=pa.string(),
    seed=pa.int64(),
    file=(pa.string(),),
    status=pa.string(),
    reason=(pa.string(),),
    changed=pa.float64(),
    mean_change=pa.float64(),
    seconds=pa.float64(),
    mask_share=(pa.float64(),),
    change_inside=(pa.float64(),),
    change_outside=(pa.float64(),),
    saturated=(pa.float64(),),
    perceptual=(pa.float64(),),
)

_SCORED = (a_key("subject"), one_of("kind", "original", "edit"))
"""Logits may be anything, and unknown kinds of them are told by who reads all parts."""

SCORES = _schema(
    "diffex.scores",
    2,
    _SCORED,
    subject=pa.string(),
    kind=pa.string(),
    classifier=pa.string(),
    logits=pa.list_(pa.float32()),
    output_kind=(pa.string(),),
)
"""One row a picture; the classes' names are in the file's metadata (:mod:`~diffex_cli.artifacts.score_files`)."""

LONG_SCORES = _schema(
    "diffex.scores",
    1,
    _SCORED,
    subject=pa.string(),
    kind=pa.string(),
    classifier=pa.string(),
    label=pa.string(),
    logit=pa.float64(),
    probability=(pa.float64(),),
    output_kind=(pa.string(),),
)
"""One row a picture and class, as earlier versions wrote it and other programs may; only read."""

_WORDS = pa.dictionary(pa.int32(), pa.string())
"""Texts of which each stands in many rows."""

SEEN = _schema(
    "diffex.seen",
    1,
    (a_key("subject"), a_key("attribute"), a_key("verifier"), *within(0, 1, "probability", nan=True)),
    subject=_WORDS,
    attribute=_WORDS,
    verifier=_WORDS,
    probability=(pa.float32(),),
    asked=(_WORDS,),
    reason=(_WORDS,),
)

REQUESTS = _schema(
    "diffex.requests",
    1,
    (a_key("edit"), unique("edit"), a_key("image"), a_file("file")),
    edit=pa.string(),
    image=pa.string(),
    file=pa.string(),
    candidate=pa.string(),
    instructions=pa.string(),
    editor=pa.string(),
    seed=pa.int64(),
)

_FIGURES = (
    *("effect", "low", "high", "effect_original", "effect_holdout", "low_holdout", "high_holdout"),
    *("joint_sum", "interaction", "interaction_low", "interaction_high", "effect_asked"),
)
_SHARES = (
    *("p_value", "p_corrected", "flip_to", "flip_from", "up", "down", "valid", "landed", "landed_low", "landed_high"),
    "class_lost",
    *(
        f"{what}{end}"
        for what in ("necessity", "sufficiency", "necessity_sufficiency")
        for end in ("", "_low", "_high")
    ),
)

RANKING = _schema(
    "diffex.ranking",
    1,
    (
        *(a_key("candidate"), unique("candidate", "target")),
        *(one_of("status", "kept", "dropped"), one_of("claim", "matters", "small", "undecided", "not tested")),
        *at_least(1, "rank", "coverage_rank"),
        *at_least(0, "n", "depth", "n_holdout", "images", "shown", "n_landed", "n_class"),
        *within(0, math.inf, "influence", nan=True),
        *within(-math.inf, math.inf, *_FIGURES, nan=True),
        *within(0, 1, *_SHARES, nan=True),
        *within(-1, 1, "delta_probability", "cace", nan=True),
        # an interval of Student's t may reach further than what it is of can
        *within(-math.inf, math.inf, "delta_probability_low", "delta_probability_high", nan=True),
    ),
    rank=pa.int32(),
    candidate=pa.string(),
    name=pa.string(),
    target=pa.string(),
    effect=pa.float64(),
    influence=pa.float64(),
    low=pa.float64(),
    high=pa.float64(),
    n=pa.int32(),
    depth=pa.int32(),
    group=pa.bool_(),
    placebo=pa.bool_(),
    status=pa.string(),
    reason=pa.string(),
    effect_original=pa.float64(),
    p_value=(pa.float64(),),
    p_corrected=(pa.float64(),),
    delta_probability=(pa.float64(),),
    delta_probability_low=(pa.float64(),),
    delta_probability_high=(pa.float64(),),
    flip_to=(pa.float64(),),
    flip_from=(pa.float64(),),
    up=(pa.float64(),),
    down=(pa.float64(),),
    cace=(pa.float64(),),
    necessity=(pa.float64(),),
    necessity_low=(pa.float64(),),
    necessity_high=(pa.float64(),),
    sufficiency=(pa.float64(),),
    sufficiency_low=(pa.float64(),),
    sufficiency_high=(pa.float64(),),
    necessity_sufficiency=(pa.float64(),),
    necessity_sufficiency_low=(pa.float64(),),
    necessity_sufficiency_high=(pa.float64(),),
    cout=(pa.float64(),),
    valid=(pa.float64(),),
    coverage_rank=(pa.int32(),),
    below_floor=(pa.bool_(),),
    passed=(pa.bool_(),),
    effect_holdout=(pa.float64(),),
    low_holdout=(pa.float64(),),
    high_holdout=(pa.float64(),),
    n_holdout=(pa.int32(),),
    confirmed=(pa.bool_(),),
    images=(pa.int32(),),
    decided=(pa.bool_(),),
    joint_sum=(pa.float64(),),
    interaction=(pa.float64(),),
    interaction_low=(pa.float64(),),
    interaction_high=(pa.float64(),),
    claim=(pa.string(),),
    effect_asked=(pa.float64(),),
    shown=(pa.int32(),),
    landed=(pa.float64(),),
    landed_low=(pa.float64(),),
    landed_high=(pa.float64(),),
    n_landed=(pa.int32(),),
    class_lost=(pa.float64(),),
    n_class=(pa.int32(),),
)

MEASURED = _schema(
    "diffex.measured",
    1,
    (
        *(a_key("image"), a_key("edit"), unique("candidate", "image")),
        *within(-math.inf, math.inf, "asked", "change", nan=True),
    ),
    candidate=pa.string(),
    image=pa.string(),
    edit=pa.string(),
    shown=pa.bool_(),
    asked=pa.float64(),
    change=pa.float64(),
    landed=(pa.bool_(),),
    held_out=pa.bool_(),
    class_lost=(pa.bool_(),),
)
