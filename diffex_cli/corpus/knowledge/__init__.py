"""A folder of texts about a domain, cut into passages that ground the questions to a language model.

::

    documents   files → paragraphs, each with its place: text and Markdown; pdf: PDF
    splitting   paragraphs → passages of a few sentences
    index       passages → those that fit a query (BM25)

The same folder gives the same passages in the same order, on any machine.
"""

from diffex_cli.corpus.knowledge.index import Excerpts, passages

__all__ = ["Excerpts", "passages"]
