"""Where the stage ``corpus`` gets its hierarchy: providers, files and other runs, asked and merged."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffex_cli.artifacts.consent import Consent
from diffex_cli.artifacts.corpus_yaml import parse_corpus, read_text
from diffex_cli.artifacts.provenance import authors
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core import domains, registry
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.foreign import called, foreign
from diffex_cli.core.hierarchy import Corpus
from diffex_cli.core.progress import Progress
from diffex_cli.core.settings import Settings
from diffex_cli.corpus.base import Provider
from diffex_cli.corpus.file import read_hierarchy
from diffex_cli.corpus.generation.draft import Draft, merged
from diffex_cli.corpus.generation.providers import open_providers
from diffex_cli.corpus.interview import Conversation
from diffex_cli.language_models.base import Picture
from diffex_cli.language_models.costs import Spending, check_prices
from diffex_cli.language_models.providers import ModelProvider

if TYPE_CHECKING:
    from diffex_cli.corpus.knowledge import Excerpts

ANSWERS = "corpus-answers"
"""The folder of kept answers in a run directory."""

INPUTS = ("domain", "provider", "file_sha256", "merge", "base_url", "depth", "breadth", "runs", "knowledge_sha256")
"""What a hierarchy depends on; ``None`` where it does not."""

_MOST_QUESTIONS = 20_000

Pictures = Callable[[int], tuple[Picture, ...]]
"""The number of a run, from 0 → the pictures that are shown in it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Proposed:
    """A hierarchy, what language models were asked, if any were, and a sentence for each imperfect answer."""

    corpus: Corpus
    spending: Spending | None
    warnings: tuple[str, ...]


class Sources:
    """All that the settings name as a source, opened but not yet asked; a UsageError if one is wrong or not there."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._spec = provider_spec(settings)
        self._merge = [_merge_path(item, settings.run) or registry.parse_spec(item) for item in settings.merge]
        texts = [self._spec.text, *(item.text for item in self._merge if isinstance(item, registry.Spec))]
        agree(settings, self._spec.text, *texts[1:])
        providers = open_providers(texts, settings.base_url)
        self._called = {
            id(one): called(registry.CORPUS_PROVIDERS, text) for one, text in zip(providers, texts, strict=True)
        }
        further = iter(providers[1:])
        self._all: list[Provider | ModelProvider | Path] = [
            providers[0],
            *(item if isinstance(item, Path) else next(further) for item in self._merge),
        ]
        self.asks = any(isinstance(source, ModelProvider) for source in self._all)
        """Whether a language model is asked."""
        if self.asks:
            _check_size(settings)
        for source in self._all:
            if isinstance(source, ModelProvider):
                check_prices(source.language_model, settings.max_cost)

    @functools.cached_property
    def knowledge(self) -> Excerpts | None:
        """The passages of the folder of texts; ``None`` if there is none, or nobody to ask."""
        if self._settings.knowledge is None or not self.asks:
            return None
        from diffex_cli.corpus.knowledge import passages

        return passages(self._settings.knowledge)

    @property
    def settings(self) -> dict[str, object]:
        """What the sources say of themselves, for the provenance."""
        first, *others = [source.settings for source in self._all if not isinstance(source, Path)]
        files = [
            _own_file(self._settings, self._spec),
            *(_corpus_file(one) for one in self._all if isinstance(one, Path)),
        ]
        wrote = [author for file in files if file is not None for author in _authors(file)]
        return {
            **first,
            **({"further": [dict(other) for other in others]} if others else {}),
            **({"authors": wrote} if wrote else {}),
        }

    def inputs(self) -> dict[str, object]:
        """All that the hierarchy depends on, as far as it can be told without asking: :data:`INPUTS`."""
        settings = self._settings
        file = _own_file(settings, self._spec)
        inputs: dict[str, object] = dict.fromkeys(INPUTS)
        inputs |= {
            "domain": settings.domain,
            "provider": self._spec.name if file else self._spec.text,
            "file_sha256": _digest(file),
        }
        if self._merge:
            inputs["merge"] = [
                _digest(_corpus_file(item)) if isinstance(item, Path) else item.text for item in self._merge
            ]
        if self.asks:
            inputs |= {
                "base_url": settings.base_url,
                "depth": settings.depth,
                "breadth": settings.breadth,
                "runs": settings.runs,
                "knowledge_sha256": _folder_digest(settings.knowledge),
            }
        return inputs

    def interview(self, rehearse: bool = False) -> Conversation:
        """What puts the questions of these settings to the models, or only counts them."""
        return Conversation(self._settings, self._settings.run / ANSWERS, rehearse)

    def propose(self, interview: Conversation, pictures: Pictures, progress: Progress) -> Proposed:
        """Ask, read and merge.

        Raises:
            UsageError: a source has no hierarchy, or not without a change by the user.
            DiffexError: a model cannot be reached, or gave no usable answer at all.
        """
        settings = self._settings
        hierarchies: list[Draft | Corpus] = []
        knowledge = self.knowledge
        if knowledge is not None:
            interview.warnings += knowledge.warnings
        for source in self._all:
            if isinstance(source, Path):
                hierarchies.append(_read(source, settings.domain))
            elif isinstance(source, ModelProvider):
                for repetition in range(settings.runs):
                    shown = pictures(repetition)
                    draft = interview.hold(source.language_model, shown, knowledge, repetition, progress)
                    if draft is not None:
                        hierarchies.append(draft)
            else:
                hierarchies.append(_corpus_of(source, self._called[id(source)], settings.domain))
        if not hierarchies:
            raise interview.no_answer()
        corpus = _one(hierarchies, settings.domain)
        return Proposed(corpus, interview.asker.spending() if self.asks else None, tuple(interview.warnings))


def _corpus_of(provider: Provider, who: str, domain: str) -> Corpus:
    with foreign(who):
        found: object = provider.corpus(domain)
    if not isinstance(found, Corpus):
        raise DiffexError(f"{who} gave {type(found).__name__}, and no Corpus")
    return found


def agree(settings: Settings, provider: str, *merged: str) -> None:
    """Refuse sources that only the run directory names and that run code or send something somewhere.

    Raises:
        UsageError: as of :meth:`~diffex_cli.artifacts.consent.Consent.check`.
    """
    consent = Consent.of(settings)
    consent.check("provider", provider)
    for text in merged:
        consent.check("merge", text)
    if settings.base_url is not None:
        consent.check("base_url", settings.base_url)


def provider_spec(settings: Settings) -> registry.Spec:
    """The spec of the first provider; ``--corpus-file`` alone means the provider ``file``."""
    if settings.corpus_file is not None:
        return registry.Spec(f"file:{settings.corpus_file}", "file", str(settings.corpus_file), {})
    return registry.parse_spec(settings.provider)


def _one(hierarchies: Sequence[Draft | Corpus], domain: str) -> Corpus:
    if len(hierarchies) > 1:
        return merged(hierarchies).corpus(domain, range(len(hierarchies)))
    (only,) = hierarchies
    return only if isinstance(only, Corpus) else only.corpus(domain)


def _check_size(settings: Settings) -> None:
    questions = sum(settings.breadth**level for level in range(settings.depth))
    if questions > _MOST_QUESTIONS:
        raise UsageError(
            f"--depth {settings.depth} with --breadth {settings.breadth} would ask {questions:,} questions, "
            f"more than {_MOST_QUESTIONS:,}: lower one of them"
        )


def _merge_path(item: str, run: Path) -> Path | None:
    """The file or folder that an item of ``--merge`` names; ``None`` for a provider's spec."""
    path = Path(item)
    if path.exists():
        if _corpus_file(path).resolve() == (run / "corpus.yaml").resolve():
            raise UsageError(f"--merge {item} is what this run writes: give --run another folder")
        return path
    known = registry.names(registry.CORPUS_PROVIDERS)
    if item.partition(":")[0] not in known:
        raise UsageError(
            f"--merge {item!r} is not a file, run directory or corpus provider (the providers are: {', '.join(known)})"
        )
    return None


def _read(path: Path, domain: str) -> Corpus:
    return RunDirectory(path).corpus() if path.is_dir() else read_hierarchy(path, domain)


def _corpus_file(path: Path) -> Path:
    return path / "corpus.yaml" if path.is_dir() else path


def _own_file(settings: Settings, spec: registry.Spec) -> Path | None:
    """The file of the first provider, if it reads one."""
    if settings.corpus_file is not None:
        return settings.corpus_file
    if spec.name == "file":
        return Path(spec.text.partition(":")[2])
    bundled = spec.name == "bundled" and settings.domain in domains.names()
    return domains.corpus_file(settings.domain) if bundled else None


def _authors(file: Path) -> list[dict[str, Any]]:
    """Who wrote a hierarchy in a file: the models' providers and names."""
    try:
        provenance = parse_corpus(read_text(file), str(file)).provenance
    except UsageError:  # nested JSON has none, and of what is wrong somebody else complains
        return []
    return [{key: one[key] for key in ("provider", "model", "files") if key in one} for one in authors(provenance)]


def _digest(file: Path | None) -> str | None:
    try:
        return None if file is None else hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return None  # whoever reads it says it better


def _folder_digest(folder: Path | None) -> str | None:
    if folder is None:
        return None
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    content: Mapping[str, str | None] = {path.relative_to(folder).as_posix(): _digest(path) for path in files}
    return hashlib.sha256(repr(sorted(content.items())).encode()).hexdigest()
