"""The stage ``corpus``: a provider's hierarchy and the input images, into the run directory."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

from diffex_cli import registry
from diffex_cli.artifacts.provenance import provenance
from diffex_cli.artifacts.rows import InputImage
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.corpus import domains
from diffex_cli.corpus.base import Provider
from diffex_cli.corpus.hierarchy import Corpus, Node
from diffex_cli.errors import IncompleteError, UsageError
from diffex_cli.settings import Settings
from diffex_cli.stages import plan as plans
from diffex_cli.stages.bench import locked_bench
from diffex_cli.stages.inputs import choose, sources
from diffex_cli.stages.progress import Progress
from diffex_cli.stages.record import record


@dataclasses.dataclass(frozen=True, slots=True)
class CorpusSummary:
    """What the stage did.

    Attributes:
        domain: the corpus' domain.
        attributes: how many nodes the hierarchy has.
        levels: how deep it is.
        images: how many input images there are.
        up_to_date: both were there already.
        warnings: a sentence for each image file that was passed over.
    """

    domain: str
    attributes: int
    levels: int
    images: int
    up_to_date: bool
    warnings: tuple[str, ...]


def run(settings: Settings, progress: Progress) -> CorpusSummary:
    """Write ``corpus.yaml``, ``images.parquet`` and the images.

    A hierarchy that was made of the same inputs is kept, edited by hand or not.

    Args:
        settings: as resolved.
        progress: hears of the task ``images``.

    Raises:
        UsageError: the domain, the provider, its file or the images cannot be had.
    """
    with locked_bench("corpus", settings) as bench:
        old = _kept_corpus(bench.run, settings)
        provider = _provider(settings)
        corpus = old or provider.corpus(settings.domain)
        inputs = choose(settings, bench.run, progress)
        record(bench.run, "corpus", settings)
        made = provenance("corpus", {**provider.settings, **_inputs(settings)})
        if old is None:
            bench.run.write_corpus(corpus, made)
        new_images = inputs.images != _old_images(bench.run)
        if new_images:
            bench.run.write_images(inputs.images, made)
        return CorpusSummary(
            domain=corpus.domain,
            attributes=sum(1 for _ in corpus.walk()),
            levels=max(map(_height, corpus.roots)),
            images=len(inputs.images),
            up_to_date=old is not None and not new_images,
            warnings=inputs.warnings,
        )


def plan(settings: Settings) -> plans.Plan:
    """What :func:`run` would do: how many images it would read."""
    available = len(sources(settings))
    wanted = available if settings.n_images is None else min(available, settings.n_images)
    return plans.count("corpus", "images", wanted, wanted)


def _provider(settings: Settings) -> Provider:
    spec = _provider_spec(settings)
    provider: Provider = registry.find(registry.CORPUS_PROVIDERS, spec.name)(spec)
    return provider


def _provider_spec(settings: Settings) -> registry.Spec:
    """``--corpus-file`` alone means the provider ``file``."""
    if settings.corpus_file is not None:
        return registry.Spec(f"file:{settings.corpus_file}", "file", str(settings.corpus_file), {})
    return registry.parse_spec(settings.provider)


def _inputs(settings: Settings) -> dict[str, object]:
    """All that the hierarchy depends on, as far as it can be told without asking the provider."""
    spec = _provider_spec(settings)
    file: Path | None = settings.corpus_file
    if file is None and spec.name == "file":
        file = Path(spec.text.partition(":")[2])
    if file is None and spec.name == "bundled":
        file = domains.corpus_file(settings.domain)
    try:
        content = None if file is None else hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        content = None  # the provider says it better
    return {"domain": settings.domain, "provider": spec.name if file else spec.text, "file_sha256": content}


def _kept_corpus(run: RunDirectory, settings: Settings) -> Corpus | None:
    """The hierarchy in the run directory, if it was made of the same inputs and can be read."""
    try:
        document = run.corpus_document()
    except (IncompleteError, UsageError):
        return None
    made = document.provenance.get("settings") or {}
    return document.corpus if all(made.get(key) == value for key, value in _inputs(settings).items()) else None


def _old_images(run: RunDirectory) -> tuple[InputImage, ...] | None:
    try:
        return run.images()
    except (IncompleteError, UsageError):
        return None


def _height(node: Node) -> int:
    return 1 + max(map(_height, node.children), default=0)
