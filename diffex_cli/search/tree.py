"""The search through the hierarchy, as the settings want it, with the edits of one editor."""

from __future__ import annotations

import dataclasses

from diffex_cli.core.hierarchy import Corpus
from diffex_cli.core.settings import Settings
from diffex_cli.search.algorithm.algorithms import Rules, Trace, search
from diffex_cli.search.budget import Budget
from diffex_cli.search.evaluation import Evaluator
from diffex_cli.search.outlook import Outlook
from diffex_cli.search.statistics.claims import ALPHA


def search_tree(
    corpus: Corpus, evaluator: Evaluator, limit: Budget, settings: Settings, outlook: Outlook, look: bool = True
) -> Trace:
    """Search a hierarchy.

    Args:
        corpus: the evaluator's, or a part of it.
        outlook: hears of every level before and after it.
        look: below groups, before they are discarded.
    """
    outlook.level(0, corpus.roots)
    return search(
        corpus,
        evaluator,
        rules(settings) if look else dataclasses.replace(rules(settings), probe=0),
        budget=lambda depth: limit.for_level(corpus, depth, settings.max_depth, evaluator.images),
        below=evaluator.below,
        on_level=outlook.searched,
    )


def rules(settings: Settings) -> Rules:
    """The rules as the settings want them."""
    alpha = ALPHA if settings.accept == "tested" else None
    return Rules(settings.algorithm, settings.beam, settings.delta, alpha, settings.max_depth, settings.racing)
