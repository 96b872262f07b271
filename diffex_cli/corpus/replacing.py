"""What the stage ``corpus`` does not replace without ``--force``.

That is a hierarchy of another domain, and what a finished search was made of: its hierarchy and its images. More images
are welcome to a finished search, since none of its edits is lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from diffex_cli.artifacts.corpus_yaml import CorpusDocument
from diffex_cli.artifacts.results import has_results
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core.errors import IncompleteError, UsageError
from diffex_cli.core.hierarchy import Corpus
from diffex_cli.core.progress import SilentProgress
from diffex_cli.core.settings import Settings
from diffex_cli.corpus.inputs import Source, choose
from diffex_cli.corpus.proposing import INPUTS


def made_of(document: CorpusDocument, inputs: Mapping[str, object]) -> bool:
    """Whether a hierarchy was made of these :data:`~diffex_cli.corpus.proposing.INPUTS`."""
    made = document.provenance.get("settings") or {}
    return all(made.get(key) == inputs[key] for key in INPUTS)


def check_hierarchy(run: RunDirectory, domain: str, inputs: Mapping[str, object], new: Corpus | None) -> None:
    """Refuse to replace a hierarchy that somebody would miss; one that cannot be read is made again.

    Args:
        new: what would take its place, if that can be known for nothing.

    Raises:
        UsageError: it is of another domain, or what a finished search was made of.
    """
    try:
        document = run.corpus_document()
    except (IncompleteError, UsageError):
        return
    if made_of(document, inputs):
        return  # the questions that were left open are asked
    corpus = document.corpus
    if corpus == new:
        return
    what = f"the hierarchy of {sum(1 for _ in corpus.walk())} attributes of the domain {corpus.domain!r}"
    if corpus.domain != domain:
        search = ", which its search was made of," if _is_searched(run) else ""
        raise _refusal(run, f"{what}{search} would be replaced by one of {domain!r}")
    if _is_searched(run):
        raise _refusal(run, f"{what}, which its search was made of, would be replaced")


def check_images(settings: Settings, run: RunDirectory, given: Sequence[Source] | None) -> None:
    """Refuse to leave out images of a finished search. Writes nothing.

    Raises:
        UsageError: some would be left out.
    """
    if not _is_searched(run):
        return
    try:
        before = run.images()
    except (IncompleteError, UsageError):
        return
    now = {image.image for image in choose(settings, run, SilentProgress(), given, write=False).images}
    gone = sum(image.image not in now for image in before)
    if gone:
        raise _refusal(run, f"{gone} of the {len(before)} images that its search was made of would be left out")


def _is_searched(run: RunDirectory) -> bool:
    return has_results(run.path)


def _refusal(run: RunDirectory, loss: str) -> UsageError:
    return UsageError(f"{run.path}: {loss}: name another folder with --run, or give --force")
