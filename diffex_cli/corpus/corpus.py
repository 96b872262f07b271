"""The stage ``corpus``: a provider's hierarchy and the input images, into the run directory."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence

from diffex_cli.artifacts.corpus_yaml import write_corpus
from diffex_cli.artifacts.provenance import provenance
from diffex_cli.artifacts.rows import InputImage
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core.errors import IncompleteError, UsageError
from diffex_cli.core.hierarchy import Corpus, Node
from diffex_cli.core.inside import check_run
from diffex_cli.core.progress import Progress, SilentProgress
from diffex_cli.core.settings import Settings
from diffex_cli.corpus.generation import prompts
from diffex_cli.corpus.generation.pictures import SHOWN, evenly
from diffex_cli.corpus.inputs import Source, check_readable, choose, sources
from diffex_cli.corpus.proposing import Pictures, Proposed, Sources
from diffex_cli.corpus.replacing import check_hierarchy, check_images, made_of
from diffex_cli.language_models.base import Picture
from diffex_cli.language_models.costs import Spending
from diffex_cli.language_models.pictures import small
from diffex_cli.language_models.rehearsal import Estimate
from diffex_cli.measure import plan as plans
from diffex_cli.measure.recording import record
from diffex_cli.measure.session import locked_session


@dataclasses.dataclass(frozen=True, slots=True)
class CorpusSummary:
    """What the stage did.

    Attributes:
        attributes, levels: of the hierarchy.
        images: how many input images there are.
        up_to_date: hierarchy and images were there already.
        warnings: a sentence for each image file that was passed over, and for each answer that could not be used.
        spending: what language models were asked; ``None`` if none was.
    """

    domain: str
    attributes: int
    levels: int
    images: int
    up_to_date: bool
    warnings: tuple[str, ...]
    spending: Spending | None = None


def run(
    settings: Settings, progress: Progress, pictures: Sequence[Source] | None = None, force: bool = False
) -> CorpusSummary:
    """Write ``corpus.yaml``, ``images.parquet`` and the images.

    A hierarchy that was made of the same inputs is kept, edited by hand or not, unless questions were left
    open and nobody has edited it.

    Args:
        pictures: the input images to choose from, instead of the folder that the settings name.
        force: replace what :mod:`~diffex_cli.corpus.replacing` protects.

    Raises:
        UsageError: the domain, the provider, its file or the images cannot be had, or the run has others to lose.
        DiffexError: a language model cannot be reached, or gave no usable answer.
    """
    with locked_session("corpus", settings) as session:
        begun = _begin(settings, session.run, progress, pictures, force)
        opened, inputs, corpus, proposed = begun.opened, begun.inputs, begun.corpus, begun.proposed
        kept = corpus is not None
        images = choose(settings, session.run, progress, pictures)
        record(session.run, "corpus", settings)
        if corpus is None and opened.asks:
            interview = opened.interview()
            try:
                proposed = opened.propose(interview, _shown(settings), progress)
            finally:
                if interview.asker.answered:
                    session.proved.add("provider")
        made = provenance("corpus", {**opened.settings, **inputs})
        if proposed is not None:
            corpus = proposed.corpus
            session.run.write_corpus(corpus, made | _answers(proposed))
        assert corpus is not None
        new_images = images.images != _old_images(session.run)
        if new_images:
            session.run.write_images(images.images, made)
        return CorpusSummary(
            domain=corpus.domain,
            attributes=sum(1 for _ in corpus.walk()),
            levels=max(map(_height, corpus.roots)),
            images=len(images.images),
            up_to_date=kept and not new_images,
            warnings=(*images.warnings, *(proposed.warnings if proposed else ())),
            spending=proposed.spending if proposed else None,
        )


@dataclasses.dataclass(frozen=True, slots=True)
class _Begun:
    """What is known before anything is asked or written: the sources, what is kept of an earlier time, and what needs
    no language model."""

    opened: Sources
    inputs: Mapping[str, object]
    corpus: Corpus | None
    proposed: Proposed | None


def _begin(
    settings: Settings, run: RunDirectory, progress: Progress, pictures: Sequence[Source] | None, force: bool
) -> _Begun:
    """Complain about all that can be seen to be wrong."""
    opened = Sources(settings)
    inputs = opened.inputs()
    corpus = _kept_corpus(run, inputs)
    proposed: Proposed | None = None
    if corpus is None and not opened.asks:
        proposed = opened.propose(opened.interview(), _no_pictures, progress)
    if corpus is None:
        _ = opened.knowledge  # so that no folder without texts is remembered
    if corpus is None and not force:
        check_hierarchy(run, settings.domain, inputs, proposed.corpus if proposed else None)
    if not force:
        check_images(settings, run, pictures)
    return _Begun(opened, inputs, corpus, proposed)


def estimate(settings: Settings) -> Estimate | None:
    """What :func:`run` would ask language models; ``None`` if none. Asks nobody and writes nothing."""
    opened = Sources(settings)
    run = RunDirectory(settings.run)
    if not opened.asks or _kept_corpus(run, opened.inputs()) is not None:
        return None
    interview = opened.interview(rehearse=True)
    opened.propose(interview, _shown(settings), SilentProgress())
    return interview.estimate


def plan(settings: Settings, force: bool = False) -> plans.Plan:
    """What :func:`run` would do. Of the pictures one is opened."""
    check_run("corpus", settings.run)
    _begin(settings, RunDirectory(settings.run), SilentProgress(), None, force)
    check_readable(settings)
    available = len(sources(settings))
    wanted = available if settings.n_images is None else min(available, settings.n_images)
    return plans.count("corpus", "images", wanted, wanted)


def _no_pictures(turn: int) -> tuple[Picture, ...]:
    return ()


def _shown(settings: Settings) -> Pictures:
    """A few of all pictures in the folder, so that another ``--n-images`` asks no new questions."""
    files = sorted(sources(settings), key=lambda source: source.name)

    def pictures(turn: int) -> tuple[Picture, ...]:
        shown = []
        for source in evenly(files, SHOWN, turn):
            try:
                shown.append(small(source.open().picture))
            except OSError:
                continue  # the choice of the input images warns of it
        return tuple(shown)

    return pictures


def _kept_corpus(run: RunDirectory, inputs: Mapping[str, object]) -> Corpus | None:
    """The hierarchy in the run directory, if it was made of the same inputs, can be read, and is complete or edited."""
    try:
        document = run.corpus_document()
    except (IncompleteError, UsageError):
        return None
    if not made_of(document, inputs):
        return None
    answers = document.provenance.get("answers") or {}
    unfinished = answers.get("complete") is False and answers.get("hierarchy_sha256") == _digest(document.corpus)
    return None if unfinished else document.corpus


def _answers(proposed: Proposed) -> dict[str, object]:
    """What the provenance says of the questions, if there were any."""
    if proposed.spending is None:
        return {}
    return {
        "answers": {
            **dataclasses.asdict(proposed.spending),
            "prompts_sha256": prompts.digest(),
            "hierarchy_sha256": _digest(proposed.corpus),
        }
    }


def _digest(corpus: Corpus) -> str:
    return hashlib.sha256(write_corpus(corpus, {}).encode()).hexdigest()


def _old_images(run: RunDirectory) -> tuple[InputImage, ...] | None:
    try:
        return run.images()
    except (IncompleteError, UsageError):
        return None


def _height(node: Node) -> int:
    return 1 + max(map(_height, node.children), default=0)
