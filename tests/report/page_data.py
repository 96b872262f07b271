"""A page's data, made by hand, with all that a page can meet: hostile names, failed edits, sets, another class."""

from __future__ import annotations

import base64
import io
from typing import Any

from PIL import Image, ImageDraw

HOSTILE = "<img src=x onerror=alert(1)>"
HOSTILE_FILE = '"><script>alert(2)</script>.png'
N_IMAGES = 9
_CLASSES = ["cardinal", "jay"]

# id, name, kind, effect, kept, passed, below the floor
_ROWS: tuple[tuple[str, str, str, float, bool, bool, bool], ...] = (
    ("background/snow + crest", "snow background + crest", "set", 3.3, True, True, False),
    ("background/snow", "snow background", "attribute", 2.31, True, True, False),
    ("crest", "crest", "group", 0.9, True, True, False),
    ("-crest/none", "no crest", "attribute", -0.61, True, False, False),
    ("evil", HOSTILE, "attribute", 0.3, False, False, False),
    ("background", "background", "group", 0.15, False, False, True),
    ("background/water", "water background", "attribute", 0.05, False, False, True),
    ("hat", "hat", "attribute", 0.01, False, False, False),
    ("tail", "tail", "attribute", -0.02, False, False, True),
    ("beak", "beak", "attribute", 0.005, False, False, True),
    ("background/snow + evil", f"snow background + {HOSTILE}", "set", 2.2, False, False, False),
)
_PARENTS = {"background/snow": 5, "background/water": 5, "-crest/none": 2}
_PARTS = {"background/snow + crest": (1, 2), "background/snow + evil": (1, 4)}


def index(candidate: str) -> int:
    """An attribute's number."""
    return [row[0] for row in _ROWS].index(candidate)


def report(**changes: Any) -> dict[str, Any]:
    """The data; ``changes`` replace top-level keys."""
    attributes = [_attribute(number) for number in range(len(_ROWS))]
    data: dict[str, Any] = {
        "schema": "diffex.report/1",
        "title": "What moves ‘cardinal’ · diffex",
        "domain": "birds",
        "classifier": "birds:species",
        "name": None,
        "editor": HOSTILE,
        "created": "2026-01-02T03:04:05Z",
        "target": "cardinal",
        "target_kind": "class",
        "subject": "‘cardinal’",
        "scale": "logit",
        "quantity": "logit",
        "unit": "logits",
        "own_class": None,
        "delta": 0.1,
        "n_images": N_IMAGES,
        "n_held_out": 4,
        "judged": True,
        "raced": True,
        "floor": {"value": 0.18, "source": "placebos", "arms": 2},
        "axis": 4.0,
        "counts": {
            "attributes": 9,
            "matters": 2,
            "undecided": 3,
            "small": 3,
            "not_tested": 1,
            "sets": 2,
            "edits": 99,
            "ok": 77,
            "no_op": 11,
            "failed": 11,
        },
        "overview": _overview(),
        "views": [
            {"label": "cardinal", "kind": "search", "axis": 4.0, "unit": "logits", "note": ""},
            {"label": "jay", "kind": "class", "axis": 2.0, "unit": "logits", "note": "Seen for another class."},
        ],
        "classes": _CLASSES,
        "images": [_image(i) for i in range(N_IMAGES)],
        "attributes": attributes,
        "tree": {"roots": [_node(i) for i in (5, 2, 4, 7, 8, 9)], "unseen": ["wings"]},
        "order": {"sets": [0, 10], "found": [1, 2], "strip": [1, 2]},
        "best_joint": 0,
        "quality": {
            **{"edits": 99, "ok": 77, "no_op": 11, "failed": 11, "seconds": 12.5},
            "columns": [
                {"key": "changed", "label": "pixels changed", "meaning": "share that differ", "unit": "share"},
                {"key": "seconds", "label": "seconds", "meaning": "time of one edit", "unit": "s"},
            ],
            "reasons": [{"text": HOSTILE, "count": 11}],
        },
        "leaks": _leaks(),
        "trace": {"screening": "", "levels": [_level(1, (5, 2, 4, 7, 8, 9)), _level(2, (1, 3, 6))]},
        "settings": [
            {"name": "beam", "value": "5", "origin": "default"},
            {"name": "x", "value": HOSTILE, "origin": ""},
        ],
        "provenance": [{"stage": "search", "text": '{"editor": "</script>"}'}],
        "heat": {"kind": "occlusion", "note": "Brighter: more important."},
        "files": {
            "csv": "ranking.csv",
            "json": "report.json",
            "edits": "edits.csv",
            "figure": "figure.png",
            "leaks": None,
        },
    }
    data["counts"]["flipped"] = sum(one["quality"]["flipped"] for one in attributes)
    return {**data, **changes}


def pictures(base: str = "data:image/png;base64,") -> dict[str, Any]:
    """The pictures: originals, then those of the edits, of which the left half differs, then two heat maps."""
    files = [_png(50, 50), _png(50, 51), _png(200, 50), _png(90, 50), _png(20, 120), _png(120, 20)]
    sources = [base64.b64encode(file).decode("ascii") for file in files]
    return {"base": base, "sources": sources, "width": [64] * len(files), "height": [48] * len(files)}


def _png(left: int, right: int) -> bytes:
    image = Image.new("RGB", (64, 48), (right, 60, 60))
    ImageDraw.Draw(image).rectangle((0, 0, 31, 47), fill=(left, 60, 60))
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def _words(*pieces: str | int) -> list[dict[str, Any]]:
    return [
        {"text": piece, "attribute": None} if isinstance(piece, str) else {"text": _ROWS[piece][1], "attribute": piece}
        for piece in pieces
    ]


def _leaks() -> dict[str, Any]:
    told = {"low": 0.43, "high": 0.82, "told": f"65 % of 20 edits of {HOSTILE}"}
    cells = [{"share": share, "n": 20, "kin": kin, **told} for share, kin in ((0.65, False), (0.0, False), (1.0, True))]
    return {
        "told": "The verifier looked at the edits of 9 attributes.",
        "rows": [1, 3],
        "columns": [
            {"id": f"x/{i}", "name": name, "protected": i == 0} for i, name in enumerate((HOSTILE, "eye", "y"))
        ],
        "cells": [[*cells], [None, None, cells[0]]],
    }


def _overview() -> dict[str, Any]:
    return {
        "headline": _words("‘cardinal’ is recognised by ", 1, ": with it, 7 of the 9 pictures that were not are."),
        "findings": [_words(1, " speaks for it most. Its effect is +2.31 logits."), _words(2, " speaks for it.")],
        "could_matter": [_words("9 images are too few to say whether this matters: ", 4, ".")],
        "small": [_words("Shown to do less than δ: ", 8, ".")],
        "not_tested": [_words("The editor cannot draw this, so it was not tested: ", 7, ".")],
        "joint": _words("Best joint combination: ", 0, "."),
        "counts": _words("Of 8 attributes, 2 were shown to matter and 3 to be small; 3 could matter."),
        "floor": _words("Noise floor: 0.18 logits."),
        "detectable": _words("A smaller effect than 0.77 logits could have been missed."),
        "cautions": [_words("Measured on fewer than all 9 images: ", 3, ".")],
        "warnings": [_words(f"The folder {HOSTILE} was skipped.")],
    }


def _image(i: int) -> dict[str, Any]:
    return {
        "key": f"{i:016x}",
        "source": HOSTILE_FILE if i == 0 else f"bird-{i}.png",
        "file": f"images/{HOSTILE}.png",
        "label": None,
        "picture": 0,
        "reconstruction": 1,
        "prediction": 1,
        "value": [-1.0, 1.0],
        "probability": [0.12, 0.88],
        "base_value": [-1.0, 1.0],
        "base_probability": [0.13, 0.87],
        "base_prediction": 1,
        "heat": 4,
    }


def _attribute(number: int) -> dict[str, Any]:
    candidate, name, kind, effect, kept, passed, below = _ROWS[number]
    claim = "matters" if passed else None if candidate == "hat" else "small" if below else "undecided"
    status = [*[0] * 7, 1, 2]
    flips = candidate == "background/snow"
    parts = [{"attribute": i, "name": _ROWS[i][1], "effect": _ROWS[i][3]} for i in _PARTS.get(candidate, ())]
    return {
        **{
            "id": candidate,
            "name": name,
            "rank": number + 1,
            "depth": candidate.count("/"),
            "n": N_IMAGES - number % 3,
        },
        **{"tried": None, "kind": kind, "placebo": candidate == "hat", "kept": kept, "below_floor": below},
        **{"passed": passed, "confirmed": True if passed else None, "decided": None, "target": "cardinal"},
        "claim": claim,
        "standing": {"matters": "matters", "undecided": "could matter", "small": "small", None: "placebo"}[claim],
        "reason": f"because of {HOSTILE}",
        "parent": _PARENTS.get(candidate),
        "parts": parts,
        **{"effect": effect, "influence": abs(effect), "low": effect - 0.2, "high": effect + 0.2},
        "effect_original": None,
        "holdout": {"effect": effect * 0.9, "low": effect - 0.5, "high": effect + 0.3, "n": 4} if passed else None,
        **{"p_value": 0.01, "p_corrected": 0.02 if passed else 0.4},
        "joint_sum": sum(part["effect"] for part in parts) if parts else None,
        **{"interaction": 0.09 if parts else None, "interaction_low": -0.2, "interaction_high": 0.4},
        **{"delta_probability": 0.1, "delta_probability_low": 0.05, "delta_probability_high": 0.2},
        **{"flip_to": 0.5, "flip_from": 0.0, "up": 0.9, "down": 0.1, "valid": 0.9},
        "checks": [{"label": "Edits that landed", "value": "31 of 44 edits show it", "meaning": HOSTILE}],
        "also_changed": [],
        "details": [{"label": "CaCE", "value": "+0.10", "meaning": "causal concept effect"}],
        "views": [
            {"effect": effect, "low": effect - 0.2, "high": effect + 0.2, "n": N_IMAGES - number % 3},
            {"effect": -effect / 2, "low": -effect / 2 - 0.1, "high": -effect / 2 + 0.1, "n": N_IMAGES - number % 3},
        ],
        "quality": {
            **{"ok": 7, "no_op": 1, "failed": 1, "flipped": 7 * flips, "changed": 0.5, "mean_change": 0.1},
            **dict.fromkeys(("mask_share", "change_inside", "change_outside", "saturated", "perceptual")),
            "seconds": 0.1,
        },
        "after": name if candidate.startswith("-") else f"{name} added",
        "called": "called ‘cardinal’",
        "examples": [1, 0, 2],
        "pairs": {
            "image": list(range(N_IMAGES)),
            "status": status,
            "picture": [None if one == 2 else 0 if one == 1 else 2 + number % 2 for one in status],
            "delta": [
                [None if one == 2 else effect for one in status],
                [None if one == 2 else -effect for one in status],
            ],
            "probability": [
                [None if one == 2 else 0.75 for one in status],
                [None if one == 2 else 0.25 for one in status],
            ],
            "logit": [None if one == 2 else [-1.99, -1.9, 0.41] for one in status],
            "file": [None if one == 2 else f"edits/files/{HOSTILE}.png" for one in status],
            "prediction": [None if one == 2 else 0 if flips else 1 for one in status],
            "class_lost": [False] * 9,
            "flipped": [flips and one == 0 for one in status],
            "changed": [None if one == 2 else 0.5 for one in status],
            "mean_change": [None if one == 2 else 0.1 for one in status],
            "reason": [None, *[None] * 6, "nothing changed", "out of memory"],
            "heat": [5 if at < 4 else None for at in range(N_IMAGES)],
            "pictured": N_IMAGES - 1,
            "available": N_IMAGES,
        },
    }


def _node(number: int) -> dict[str, Any]:
    children = [_node(child) for child in (1, 3, 6) if _PARENTS[_ROWS[child][0]] == number]
    unseen = ["desert background"] if number == 5 else []
    return {
        "id": _ROWS[number][0],
        "name": _ROWS[number][1],
        "attribute": number,
        "children": children,
        "unseen": unseen,
    }


def _level(level: int, numbers: tuple[int, ...]) -> dict[str, Any]:
    steps = [(number, _ROWS[number]) for number in numbers]
    return {
        "level": level,
        "candidates": [
            {
                **{"attribute": number, "id": row[0], "name": row[1], "effect": row[3], "low": None, "high": None},
                **{
                    "reach": abs(row[3]),
                    "n": 9,
                    "status": "kept" if row[4] else "dropped",
                    "expanded": row[2] == "group",
                },
                **{"reason": HOSTILE, "parent": None},
            }
            for number, row in steps
        ],
    }
