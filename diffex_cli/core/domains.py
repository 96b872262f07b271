"""The domains that come with diffex: where each one's hierarchy, defaults and sample images are.

``birds`` is embedded: it has defaults, sample images and a model of its own. Of all others there is a
hierarchy only, ``bundled_domains/NAME.yaml``; a file more in that folder is a domain more. To ask for
one that is not bundled is a ``UsageError``.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import did_you_mean

_PACKAGE = Path(__file__).parent.parent
_HIERARCHIES = _PACKAGE / "corpus" / "bundled_domains"


def packaged(name: str) -> Path:
    """The folder of a model that ships in the package, e.g. ``"species"`` or ``"panel/null-untrained-1"``; it need not
    exist."""
    return _PACKAGE / "birds" / "models" / name


@dataclasses.dataclass(frozen=True, slots=True)
class _Domain:
    """The files of one domain; ``None`` where it has none."""

    corpus: Path
    defaults: Path | None = None
    samples: Path | None = None


@functools.cache
def _domains() -> Mapping[str, _Domain]:
    found = {file.stem: _Domain(corpus=file) for file in _HIERARCHIES.glob("*.yaml")}
    found["birds"] = _Domain(
        corpus=_PACKAGE / "birds" / "corpus.yaml",
        defaults=_PACKAGE / "birds" / "defaults.yaml",
        samples=_PACKAGE / "birds" / "samples",
    )
    return MappingProxyType(found)


def names() -> tuple[str, ...]:
    """The bundled domains, sorted."""
    return tuple(sorted(_domains()))


def defaults(domain: str) -> Mapping[str, object]:
    """The settings that a domain brings along: field name of ``Settings`` → value, ``None`` for not set."""
    file = _find(domain).defaults
    if file is None:
        return {}
    from diffex_cli.core.plain_files import read_plain_file

    content: dict[str, object] = read_plain_file(file, "the domain's defaults")
    return content


def corpus_file(domain: str) -> Path:
    """The file of a domain's hierarchy."""
    return _find(domain).corpus


def samples(domain: str) -> tuple[Path, ...] | None:
    """A domain's embedded sample images, sorted by name; ``None`` if it has none."""
    folder = _find(domain).samples
    if folder is None:
        return None
    return tuple(sorted(folder.glob("*.png"))) or None


def domain_of(file: Path) -> str | None:
    """The domain that a hierarchy's file names, YAML or nested JSON; ``None`` if it names none or cannot be read."""
    from diffex_cli.core.plain_files import read_json, read_text_file, read_yaml

    try:
        text = read_text_file(file, "the hierarchy")
        read = read_json if text.lstrip().startswith("{") else read_yaml
        content = read(text, str(file))
    except UsageError:
        return None  # whoever reads the hierarchy says it better
    named = content.get("domain") if isinstance(content, dict) else None
    return named if isinstance(named, str) and named.strip() else None


def _find(domain: str) -> _Domain:
    found = _domains().get(domain)
    if found is None:
        raise UsageError(f"there is no bundled domain {domain!r}{did_you_mean(domain, names())}")
    return found
