"""List prices of well-known models, in US dollars per million tokens.

They are those of the providers' own interfaces at their standard speed, for requests below the length at which
some models cost more (100,000 tokens for Haiku 5.5, 272,000 for GPT), as of October 2026. Few of them could be read on
the providers' own pages (https://platform.claude.com/docs/en/about-claude/pricing,
https://developers.openai.com/api/docs/pricing); most are from notes of third parties who copied them, so a cost is an
estimate. Prices change: the options ``price_in``, ``price_out`` and ``price_cached`` of a spec take precedence. What
some providers ask on top for *writing* to their cache (a quarter of the input's price) is not counted.
"""

from __future__ import annotations

import re

from diffex_cli.corpus.language_models.base import Prices

# Written as (input, output, cached).
_ANTHROPIC = {
    "claude-fable-5-1": (10.0, 50.0, 0.25),
    "claude-fable-5": (10.0, 50.0, 1.0),
    "claude-opus-5-5": (4.0, 20.0, 0.2),
    "claude-opus-5": (5.0, 25.0, 0.5),
    "claude-opus-4-8": (5.0, 25.0, 0.5),
    "claude-opus-4-7": (5.0, 25.0, 0.5),
    "claude-opus-4-6": (5.0, 25.0, 0.5),
    "claude-opus-4-5": (5.0, 25.0, 0.5),
    "claude-sonnet-5-5": (2.0, 10.0, 0.1),
    "claude-sonnet-5": (2.0, 10.0, 0.2),
    "claude-sonnet-4-6": (3.0, 15.0, 0.3),
    "claude-sonnet-4-5": (3.0, 15.0, 0.3),
    "claude-haiku-5-5": (0.1, 0.5, 0.01),
    "claude-haiku-4-5": (1.0, 5.0, 0.1),
}
_OPENAI = {
    "gpt-6-astra": (10.0, 50.0, 1.0),
    "gpt-6.1-sol": (2.0, 10.0, 0.1),
    "gpt-6-sol": (2.0, 10.0, 0.2),
    "gpt-6.1-terra": (1.0, 5.0, 0.05),
    "gpt-6-luna": (0.1, 0.5, 0.01),
    "gpt-5.6-terra": (2.0, 12.0, 0.2),
    "gpt-5.6-luna": (0.2, 1.2, 0.02),
    "gpt-5.5": (5.0, 30.0, 0.5),
    "gpt-5.4": (2.5, 15.0, 0.25),
    "gpt-5.4-mini": (0.75, 4.5, 0.075),
}
_LISTS = {"anthropic": _ANTHROPIC, "openai": _OPENAI}
_DATE = re.compile(r"-\d{8}$|-\d{4}-\d\d-\d\d$")


def list_prices(provider: str, model: str) -> Prices | None:
    """A model's list price, whether it is named with or without the date of its release.

    Args:
        provider: ``anthropic`` or ``openai``.
        model: as the provider calls it.

    Returns:
        ``None`` if it is not listed here.
    """
    price = _LISTS[provider].get(_DATE.sub("", model))
    return None if price is None else Prices(*price)
