"""The classifiers of the embedded birds domain, by name: ``birds:species`` and so on, ``birds:panel-NAME`` for those of
the panel with known answers."""

from __future__ import annotations

import dataclasses

from diffex_cli.classifiers.backends.transformers import TransformersClassifier
from diffex_cli.classifiers.base import Classifier
from diffex_cli.core.domains import packaged
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import Spec, did_you_mean

NAMES = ("null", "probe", "shortcut", "species")


def open_birds(spec: Spec, device: str = "auto") -> Classifier:
    if spec.model.startswith("panel-"):
        from diffex_cli.birds.panel.classifiers import open_member

        return open_member(spec, device)
    if spec.model not in NAMES:
        raise UsageError(f"{spec.text!r}: there is no birds classifier {spec.model!r}{did_you_mean(spec.model, NAMES)}")
    folder = packaged(spec.model)
    if not folder.is_dir():
        raise UsageError(f"{spec.text!r}: the model is not installed ({folder} is missing): run `make train-birds`")
    return TransformersClassifier(dataclasses.replace(spec, model=str(folder)), device=device)
