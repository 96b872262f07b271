"""The public names of diffex, for packages and notebooks that build on it.

Each is imported when it is first used, so that ``import diffex_cli`` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diffex_cli.artifacts.keys import digest as digest
    from diffex_cli.artifacts.rows import RankingRow as RankingRow
    from diffex_cli.classifiers.base import Classifier as Classifier
    from diffex_cli.classifiers.base import TwoPartClassifier as TwoPartClassifier
    from diffex_cli.classifiers.outputs import Outputs as Outputs
    from diffex_cli.classifiers.preprocessing import Preprocessing as Preprocessing
    from diffex_cli.core.errors import DiffexError as DiffexError
    from diffex_cli.core.errors import UsageError as UsageError
    from diffex_cli.core.hierarchy import Candidate as Candidate
    from diffex_cli.core.hierarchy import Corpus as Corpus
    from diffex_cli.core.hierarchy import Node as Node
    from diffex_cli.core.hierarchy import Term as Term
    from diffex_cli.core.hierarchy import slug as slug
    from diffex_cli.core.progress import Progress as Progress
    from diffex_cli.core.registry import Spec as Spec
    from diffex_cli.corpus.base import Provider as Provider
    from diffex_cli.editors.base import Editor as Editor
    from diffex_cli.editors.base import EditRequest as EditRequest
    from diffex_cli.editors.base import EditResult as EditResult
    from diffex_cli.editors.regions.base import RegionImage as RegionImage
    from diffex_cli.editors.regions.base import Regions as Regions
    from diffex_cli.python.explain import explain as explain
    from diffex_cli.python.explanation import Explanation as Explanation
    from diffex_cli.verifiers.base import Attribute as Attribute
    from diffex_cli.verifiers.base import Sight as Sight
    from diffex_cli.verifiers.base import Verifier as Verifier

_HOMES = {
    "Attribute": "diffex_cli.verifiers.base",
    "Candidate": "diffex_cli.core.hierarchy",
    "Classifier": "diffex_cli.classifiers.base",
    "Corpus": "diffex_cli.core.hierarchy",
    "DiffexError": "diffex_cli.core.errors",
    "EditRequest": "diffex_cli.editors.base",
    "EditResult": "diffex_cli.editors.base",
    "Editor": "diffex_cli.editors.base",
    "Explanation": "diffex_cli.python.explanation",
    "Node": "diffex_cli.core.hierarchy",
    "Outputs": "diffex_cli.classifiers.outputs",
    "Preprocessing": "diffex_cli.classifiers.preprocessing",
    "Progress": "diffex_cli.core.progress",
    "Provider": "diffex_cli.corpus.base",
    "RankingRow": "diffex_cli.artifacts.rows",
    "RegionImage": "diffex_cli.editors.regions.base",
    "Regions": "diffex_cli.editors.regions.base",
    "Sight": "diffex_cli.verifiers.base",
    "Spec": "diffex_cli.core.registry",
    "Term": "diffex_cli.core.hierarchy",
    "TwoPartClassifier": "diffex_cli.classifiers.base",
    "UsageError": "diffex_cli.core.errors",
    "Verifier": "diffex_cli.verifiers.base",
    "digest": "diffex_cli.artifacts.keys",
    "explain": "diffex_cli.python.explain",
    "slug": "diffex_cli.core.hierarchy",
}

__all__ = tuple(_HOMES)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
