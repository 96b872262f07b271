"""What zero-shot classes are called and how they are described, from a file."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diffex_cli.classifiers.labels import DOCUMENTS, WHAT, read_labels
from diffex_cli.core.errors import UsageError
from diffex_cli.core.plain_files import read_plain_file
from diffex_cli.core.wording import nfc

TEMPLATE = "a photo of a {}."
"""Around a bare name (Radford et al. 2021, section 3.1.4)."""

_SHAPE = "it must hold a list of names, or a mapping from each class to its description or list of descriptions"


@dataclasses.dataclass(frozen=True, slots=True)
class Described:
    """A class and the texts that stand for it, at least one."""

    name: str
    texts: tuple[str, ...]


def read_descriptions(path: Path) -> tuple[Described, ...]:
    """Classes with their descriptions, in the file's order.

    A text file holds one name a line. A YAML or JSON file holds a list of names, or a mapping from class to
    description or descriptions; either may stand under ``classes`` beside a ``template``, which every text is put
    into in the place of ``{}``. Descriptions are taken as they are without a template, bare names get
    :data:`TEMPLATE`::

        template: "a fundus photograph of {}"
        classes:
          healthy: [no lesion, clear optic disc]
          diabetic retinopathy: [hard exudates, cotton wool spots]
    """
    if path.suffix.lower() not in DOCUMENTS:
        return _described(list(read_labels(path)), None, path)
    document = read_plain_file(path, WHAT, verbatim=True)
    template = None
    if isinstance(document, Mapping) and isinstance(document.get("classes"), Mapping | list):
        unknown = document.keys() - {"classes", "template"}
        if unknown:
            raise UsageError(f"the file of labels {path}: unknown key {min(map(str, unknown))!r} beside classes")
        template, document = document.get("template"), document["classes"]
        if template is not None and not (isinstance(template, str) and template.count("{}") == 1):
            raise UsageError(f"the file of labels {path}: template must be a text with one {{}} in it")
    return _described(document, template, path)


def _described(document: Any, template: str | None, path: Path) -> tuple[Described, ...]:
    if isinstance(document, list) and all(isinstance(name, str) for name in document):
        around = template or TEMPLATE
        classes = [Described(nfc(name), (around.replace("{}", name),)) for name in document]
    elif isinstance(document, Mapping):
        classes = [_with_texts(nfc(name), texts, template, path) for name, texts in document.items()]
    else:
        raise UsageError(f"the file of labels {path}: {_SHAPE}")
    if len(classes) < 2:
        raise UsageError(f"the file of labels {path} names {len(classes)} class(es): zero-shot needs at least two")
    return tuple(classes)


def _with_texts(name: str, texts: Any, template: str | None, path: Path) -> Described:
    if isinstance(texts, str):
        texts = [texts]
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) and text.strip() for text in texts):
        raise UsageError(f"the file of labels {path}, class {name!r}: {_SHAPE}")
    return Described(name, tuple((template or "{}").replace("{}", text) for text in texts))
