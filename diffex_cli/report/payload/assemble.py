"""The whole payload, ``diffex.report/1``."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from diffex_cli.report import choose, claims, facts, sentences, sentences_of_edits
from diffex_cli.report.bars import Axis
from diffex_cli.report.data import Pair, ReportData, Row, Shot
from diffex_cli.report.leak_matrix import matrix
from diffex_cli.report.leaks import Leak
from diffex_cli.report.payload import values
from diffex_cli.report.payload.attributes import attribute
from diffex_cli.report.payload.pairs import columns
from diffex_cli.report.payload.values import number, numbers, segments
from diffex_cli.report.payload.views import Views, prediction
from diffex_cli.report.pictures import Album
from diffex_cli.report.tree import Branch, Tree
from diffex_cli.report.words import Text, words
from diffex_cli.search.statistics.claims import CLAIMS

SCHEMA = "diffex.report/1"
_ROOM = 1.4
"""So many times as far as for its bars an axis goes at most, for the dots of single pictures."""


def files_shown(data: ReportData) -> tuple[Path, ...]:
    """Every picture that a report shows, originals first, then attribute by attribute; each once."""
    return tuple(dict.fromkeys(_files(data)))


def _files(data: ReportData) -> Iterator[Path]:
    pairs = [pair for row in facts.ranked(data.rows) for pair in data.pairs.get(row.candidate, ())]
    heat = data.evidence.heat
    for pair in sorted(pairs, key=lambda pair: pair.image):
        shots = (pair.original, pair.reconstruction)
        yield from (shot.file for shot in shots if shot)
    yield from (pair.edited.file for pair in pairs)
    for shot in (shot for pair in pairs for shot in (pair.original, pair.edited)):
        if shot.file in heat:
            yield heat[shot.file]


def assemble(data: ReportData, tree: Tree, album: Album, files: Mapping[str, str | None]) -> dict[str, Any]:
    """Everything that the page shows, as JSON values.

    Args:
        data: the report's data.
        tree: the ranking as a hierarchy.
        album: holds :func:`files_shown`.
        files: names of the files that are written beside the page.
    """
    rows = facts.ranked(data.rows)
    index = {row.candidate: i for i, row in enumerate(rows)}
    floor = facts.noise_floor(data)
    views, shown = Views(data), _images(data)
    places = {one.key: i for i, one in enumerate(shown)}
    classes = {label: i for i, label in enumerate(_classes(data))}
    parents = dict(_parents(tree.roots, None))
    attributes = [
        attribute(data, row, columns(data, row, views, album, places, classes), floor, parents, index) for row in rows
    ]
    axes = [float(f"{axis:.5g}") for axis in _axes(attributes, data, rows)]
    edits = [edit for row in rows for edit in data.evidence.edits.get(row.candidate, {}).values()]
    return {
        "schema": SCHEMA,
        "title": " · ".join(filter(None, (_title(data), data.name, "diffex"))),
        "domain": data.domain,
        "classifier": data.classifier,
        "name": data.name or None,
        "editor": data.editor,
        "created": data.created,
        "search": data.search,
        "target": data.target,
        "target_kind": _kind(data),
        "subject": sentences.subject(data.target),
        "scale": data.scale,
        "quantity": data.quantity,
        "unit": data.unit,
        "judged": data.judged,
        "verified": data.verified,
        "verifier": None if data.trust is None else values.of_verifier(data.trust),
        "own_class": data.own_class or None,
        "delta": number(data.delta),
        "n_images": data.n_images,
        "n_held_out": data.n_held_out,
        "raced": any(row.images is not None and row.images < data.n_images for row in rows),
        "floor": None if floor is None else {**dataclasses.asdict(floor), "value": number(floor.value)},
        "detectable": number(data.detectable),
        "corrected_for": data.corrected_for,
        "corrected_for_sets": data.corrected_for_sets,
        "axis": axes[0],
        "counts": _counts(data, rows, attributes),
        "overview": _overview(data, album, index),
        "views": views.descriptions(axes),
        "classes": list(classes),
        "images": [_image(one, data, views, album, classes) for one in shown],
        "attributes": attributes,
        "tree": {"roots": [_node(root, index) for root in tree.roots], "unseen": list(tree.unseen)},
        "order": {
            "sets": [index[row.candidate] for row in facts.sets(rows)],
            "found": [index[row.candidate] for row in claims.shown(data)],
            "strip": [index[row.candidate] for row in choose.leading_rows(data, tree)[: choose.COLUMNS]],
        },
        "best_joint": index.get(data.best_joint or ""),
        "quality": values.of_run(edits),
        "leaks": _leaks(data, index),
        "trace": _trace(data, index),
        "settings": [{"name": one.name, "value": _text(one.value), "origin": one.origin} for one in data.settings],
        "provenance": [{"stage": stage, "text": _text(dict(made))} for stage, made in data.provenance.items()],
        "heat": {"kind": data.evidence.heat_kind, "note": data.evidence.heat_note} if data.evidence.heat_kind else None,
        "files": dict(files),
    }


@dataclasses.dataclass(frozen=True, slots=True)
class _Image:
    """An input image; a pair that shows it, or ``None`` if no edit of it is shown."""

    key: str
    pair: Pair | None


def _images(data: ReportData) -> list[_Image]:
    pairs: dict[str, Pair] = {}
    for row in facts.ranked(data.rows):
        for pair in data.pairs.get(row.candidate, ()):
            if pair.image not in pairs or pairs[pair.image].reconstruction is None:
                pairs[pair.image] = pair
    keys = dict.fromkeys((*data.evidence.images, *sorted(pairs)))
    return [_Image(key, pairs.get(key)) for key in keys]


def _image(one: _Image, data: ReportData, views: Views, album: Album, classes: Mapping[str, int]) -> dict[str, object]:
    evidence = data.evidence
    known = evidence.images.get(one.key)
    base = evidence.edits.get("", {}).get(one.key)
    original = one.pair.original if one.pair else None
    reconstruction = one.pair.reconstruction if one.pair else None
    seen, base_seen = views.picture(one.key), views.picture(base.edit if base else None)
    predicted = prediction(evidence.scores.get(one.key))
    base_predicted = prediction(evidence.scores.get(base.edit)) if base else None
    return {
        "key": one.key[:16],
        "source": known.source if known else "",
        "file": known.file if known else None,
        "label": known.label if known else None,
        "picture": album.number(original.file) if original else None,
        "reconstruction": album.number(reconstruction.file) if reconstruction else None,
        "heat": album.number(evidence.heat.get(original.file)) if original else None,
        "prediction": None if predicted is None else classes[predicted],
        "value": [_own(data, original, "value"), *numbers(view.value for view in seen)],
        "probability": [_own(data, original, "probability"), *numbers(view.probability for view in seen)],
        "base_prediction": None if base_predicted is None else classes[base_predicted],
        "base_value": [_own(data, reconstruction, "value"), *numbers(view.value for view in base_seen)],
        "base_probability": [
            _own(data, reconstruction, "probability"),
            *numbers(view.probability for view in base_seen),
        ],
    }


def _own(data: ReportData, shot: Shot | None, figure: str) -> float | None:
    """A figure of the search's own target; with all classes it is another target for every attribute."""
    return None if shot is None or data.every_class else number(getattr(shot, figure))


def _classes(data: ReportData) -> list[str]:
    evidence = data.evidence
    subjects = (*evidence.images, *(edit.edit for of_one in evidence.edits.values() for edit in of_one.values()))
    predicted = (prediction(evidence.scores.get(subject)) for subject in subjects)
    return sorted({label for label in predicted if label is not None})


def _kind(data: ReportData) -> str:
    if data.every_class:
        return "all"
    labels = next(iter(data.evidence.scores.values())).labels if data.evidence.scores else ()
    if data.target in labels:
        return "class"
    if data.target == "predicted":
        return "predicted"
    return "contrast" if " - " in data.target else "class"


def _parents(branches: Iterable[Branch], above: str | None) -> Iterator[tuple[str, str]]:
    for branch in branches:
        if branch.row and above is not None:
            yield branch.row.candidate, above
        yield from _parents(branch.children, branch.row.candidate if branch.row else above)


def _node(branch: Branch, index: Mapping[str, int]) -> dict[str, object]:
    return {
        "id": branch.id,
        "name": branch.name,
        "attribute": index[branch.row.candidate] if branch.row else None,
        "children": [_node(child, index) for child in branch.children],
        "unseen": list(branch.unseen),
    }


def _axes(attributes: Sequence[dict[str, Any]], data: ReportData, rows: Sequence[Row]) -> list[float]:
    """For each view the span of its axis: that of the bars, and of single pictures as far as :data:`_ROOM` allows."""
    if not attributes:
        return [_span(data, rows), *[0.0] * (len(Views(data)) - 1)]
    columns = list(zip(*(one["views"] for one in attributes), strict=True))
    bars = [_span(data, rows), *(max((abs(one["effect"]) for one in some if one), default=0.0) for some in columns[1:])]
    deltas = list(zip(*(one["pairs"]["delta"] for one in attributes), strict=True))
    farthest = [max((abs(one) for some in of for one in some if one is not None), default=0.0) for of in deltas]
    return [max(bar, min(far, _ROOM * bar)) for bar, far in zip(bars, farthest, strict=True)]


def _span(data: ReportData, rows: Sequence[Row]) -> float:
    floor = facts.noise_floor(data)
    return Axis.over(rows, data.delta, floor.value if floor else None).span


def _title(data: ReportData) -> str:
    return f"What moves {'each class' if data.every_class else f'‘{data.target}’'}"


def _counts(data: ReportData, rows: Sequence[Row], attributes: Sequence[dict[str, Any]]) -> dict[str, int]:
    return {
        "attributes": sum(not facts.is_set(row) for row in rows),
        **{one.replace(" ", "_"): sum(row.claim == one and not facts.is_set(row) for row in rows) for one in CLAIMS},
        "sets": len(facts.sets(rows)),
        "edits": sum(one["pairs"]["available"] for one in attributes),
        "ok": sum(one["pairs"]["status"].count(0) for one in attributes),
        "no_op": sum(one["pairs"]["status"].count(1) for one in attributes),
        "failed": sum(one["pairs"]["status"].count(2) for one in attributes),
        "flipped": sum(one["quality"]["flipped"] for one in attributes),
    }


def _overview(data: ReportData, album: Album, index: Mapping[str, int]) -> dict[str, object]:
    def told(texts: Iterable[Text | str]) -> list[object]:
        return [segments(words(text), index) for text in texts]

    joint, detectable = sentences.joint_sentence(data), sentences.detectable_sentence(data)
    placebo = sentences.placebo_sentence(data)
    return {
        "headline": segments(sentences.headline(data), index),
        "findings": told(sentences.findings(data)),
        "could_matter": told(filter(None, [sentences.could_matter(data)])),
        "small": told(sentences.small(data)),
        "not_tested": told(sentences.not_tested(data)),
        "joint": None if joint is None else segments(joint, index),
        "counts": segments(words(sentences.counts_sentence(data)), index),
        "floor": segments(words(sentences.floor_sentence(data), *((" ", placebo) if placebo else ())), index),
        "detectable": None if detectable is None else segments(words(detectable), index),
        "cautions": told(sentences.cautions(data)),
        "warnings": told((*data.warnings, *album.warnings)),
    }


def _leaks(data: ReportData, index: Mapping[str, int]) -> dict[str, object] | None:
    found = matrix(data)
    if found is None:
        return None
    return {
        "told": sentences_of_edits.matrix_sentence(found),
        "rows": [index[row.candidate] for row in found.rows],
        "columns": [{"id": one.id, "name": one.name, "protected": one.protected} for one in found.columns],
        "cells": [[None if one is None else _cell(one) for one in row] for row in found.cells],
    }


def _cell(one: Leak) -> dict[str, object]:
    figures = {"low": number(one.low), "high": number(one.high), "told": sentences_of_edits.how_often(one)}
    return {"share": number(one.share), "n": one.n, "kin": one.kin, **figures}


def _trace(data: ReportData, index: Mapping[str, int]) -> dict[str, object]:
    return {
        "screening": data.screening,
        "levels": [
            {
                "level": level.number,
                "candidates": [
                    {
                        "attribute": index.get(step.candidate),
                        "id": step.candidate,
                        "name": step.name,
                        "effect": number(step.effect),
                        "low": number(step.low),
                        "high": number(step.high),
                        "reach": number(step.reach),
                        "n": step.n,
                        "status": step.status,
                        "expanded": step.expanded,
                        "reason": step.reason,
                        "parent": step.parent,
                    }
                    for step in level.steps
                ],
            }
            for level in data.levels
        ],
    }


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False, default=str)
