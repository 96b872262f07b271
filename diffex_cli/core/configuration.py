"""Resolves the settings of a run from all the places that may give one.

Layers, the first that gives a value wins::

    flag            --beam 3
    environment     DIFFEX_BEAM=3
    config file     beam: 3            (--config FILE.yaml)
    run.yaml        beam: 3            (what was given to an earlier stage of this run)
    domain          the domain's own classifier, editor, …
    default         the defaults of :class:`Settings`

A value that is not given is ``None`` in its layer; ``0`` and ``""`` are values. The default domain is for its own
samples: somebody's own images or hierarchy are of the domain that the hierarchy's file or the run names, else of none.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

from diffex_cli.core import inside, parsers
from diffex_cli.core.errors import SecretError, UsageError, shortened
from diffex_cli.core.registry import did_you_mean
from diffex_cli.core.settings import (
    CORPUS_ORIGIN,
    DECLARATIONS,
    DEFAULT_ORIGIN,
    DOMAIN_ORIGIN,
    FIELDS,
    OF_THE_CALL,
    RUN_ORIGIN,
    STORED,
    Settings,
    flag,
    variable,
)
from diffex_cli.core.typed_paths import typed_path

RUN_SCHEMA = "diffex.run/1"


@dataclasses.dataclass(frozen=True, slots=True)
class _Layer:
    """Raw values, and how to name where one of them came from."""

    values: Mapping[str, object | None]
    origin: Callable[[str], str]
    place: Callable[[str], str]
    """The start of a sentence about a bad value."""


def resolve(
    flags: Mapping[str, object | None],
    env: Mapping[str, str],
    config_file: Path | None = None,
    required: Collection[str] = (),
) -> Settings:
    """Merge the layers.

    ``flags`` are ``None`` where they were not given; an empty variable counts as not set, but for those
    of paths, which are mistakes; the ``required`` must have a
    value (the classifier and the editor have no general default). Relative paths, those of the file included, are
    relative to the current folder.
    """
    layers = [
        _Layer(flags, lambda name: f"flag {flag(name)}", flag),
        _Layer({name: _variable(name, env) for name in FIELDS}, variable, variable),
    ]
    if config_file is not None:
        # a file of the name of a run's own is no run's own
        origin = f"./{config_file}" if str(config_file) in STORED else str(config_file)
        layers.append(_file_layer(_read_mapping(config_file), str(config_file), origin))
    run = _first("run", layers) or (Settings().run, DEFAULT_ORIGIN)
    run_file = cast(Path, run[0]) / "run.yaml"
    if inside.is_file(run_file):
        layers.append(_file_layer(_run_settings(run_file), str(run_file), RUN_ORIGIN))
    domain = _domain(layers, cast(Path, run[0]))
    layers.append(_domain_layer(cast(str, domain[0]), _first("images", layers) is not None))

    values: dict[str, Any] = {"run": run[0], "domain": domain[0]}
    origins: dict[str, str] = {"run": run[1], "domain": domain[1]}
    for name in FIELDS:
        if name in values:
            continue
        found = _first(name, layers)
        origins[name] = DEFAULT_ORIGIN if found is None else found[1]
        if found is not None:
            values[name] = found[0]
    _agree_on_provider(values, origins, layers)
    for name, companion in (("merge", "provider"), ("base_url", "provider"), ("name", "classifier")):
        _keep_with(companion, name, values, origins, layers)
    for name in required:
        if values.get(name) in (None, ""):
            raise _missing(name, values, layers)
    return Settings(**values, origins=origins)


def _variable(name: str, env: Mapping[str, str]) -> str | None:
    given = env.get(variable(name))
    return given if given or DECLARATIONS[name].parse is parsers.path else None


def _missing(name: str, values: Mapping[str, Any], layers: Sequence[_Layer]) -> UsageError:
    if name == "domain":
        return _no_domain(values, _hierarchy_file(layers))
    domain = values["domain"]
    why = f", and the domain {domain!r} has no default for it" if domain else ""
    return UsageError(f"nothing says which {name} to use{why}: give {flag(name)}, or {name}: in a config file")


def _no_domain(values: Mapping[str, Any], file: _HierarchyFile | None) -> UsageError:
    if file is None:
        return UsageError(
            f"nothing says what the images in {values['images']} show: give --domain NAME, a domain that comes with "
            "diffex or a few words of your own"
        )
    if file.path.suffix != ".json":
        _read_mapping(file.path)  # one that cannot be read names no domain either
    return UsageError(f"{file.path} names no domain: give --domain NAME, or write 'domain:' into the file")


def _domain(layers: Sequence[_Layer], run: Path) -> tuple[object, str]:
    """The domain, and where it comes from; empty if there are images or a hierarchy of which nobody says it."""
    from diffex_cli.core import domains

    named, file = _first("domain", layers), _hierarchy_file(layers)
    if file is not None and file.rank < _rank("domain", layers):
        found = domains.domain_of(file.path)
        if found is not None:
            return found, file.origin
    if named is not None:
        return named
    if file is None and _first("images", layers) is None:
        return Settings().domain, DEFAULT_ORIGIN
    corpus = run / "corpus.yaml"
    found = domains.domain_of(corpus) if inside.is_file(corpus) else None
    return ("", DEFAULT_ORIGIN) if found is None else (found, CORPUS_ORIGIN)


class _HierarchyFile(NamedTuple):
    path: Path
    rank: int
    origin: str


def _hierarchy_file(layers: Sequence[_Layer]) -> _HierarchyFile | None:
    """The file that the hierarchy is read from, of the layer ``rank``; ``None`` if it comes from elsewhere."""
    file, provider = _first("corpus_file", layers), _first("provider", layers)
    ranks = _rank("corpus_file", layers), _rank("provider", layers)
    reads_file = provider is not None and str(provider[0]).partition(":")[0] == "file"
    if file is not None and (ranks[0] < ranks[1] or reads_file):
        return _HierarchyFile(cast(Path, file[0]), ranks[0], file[1])
    path = str(provider[0]).partition(":")[2] if provider is not None and reads_file else ""
    return _HierarchyFile(typed_path(path), ranks[1], provider[1]) if provider is not None and path else None


def _first(name: str, layers: Collection[_Layer]) -> tuple[object, str] | None:
    """The value of a field in the first layer that has one, parsed, and its origin."""
    for layer in layers:
        raw = layer.values.get(name)
        if raw is None:
            continue
        try:
            return DECLARATIONS[name].parse(raw), layer.origin(name)
        except SecretError as error:
            raise SecretError(f"{layer.place(name).rstrip(':')}: {error}") from None
        except ValueError as error:
            raise UsageError(f"{layer.place(name)} {shortened(repr(raw), 100)} {error}") from None
    return None


def _agree_on_provider(values: dict[str, object], origins: dict[str, str], layers: Sequence[_Layer]) -> None:
    """A corpus file is read by the provider ``file``; of two layers that disagree the higher one wins."""
    if "corpus_file" not in values or str(values.get("provider", "")).partition(":")[0] == "file":
        return
    file, provider = _rank("corpus_file", layers), _rank("provider", layers)
    if file < provider:
        values["provider"], origins["provider"] = "file", origins["corpus_file"]
    elif file > provider or origins["provider"] == RUN_ORIGIN:
        # run.yaml keeps the file when a later stage was given another provider.
        del values["corpus_file"]
        origins["corpus_file"] = origins["provider"]
    else:
        places = f"{layers[file].place('corpus_file')} and {layers[provider].place('provider')} {values['provider']}"
        raise UsageError(f"{places} contradict each other: give only one of them")


def _keep_with(
    companion: str, name: str, values: dict[str, object], origins: dict[str, str], layers: Sequence[_Layer]
) -> None:
    """Drop what came with a provider or a classifier that is overruled: no key goes to an address that was meant for
    another, and no classifier is called by another's name."""
    rank = _rank(name, layers)
    beside = layers[rank].values.get(companion) if rank < len(layers) else None
    if beside is not None and beside != values.get(companion):
        del values[name]
        origins[name] = origins[companion]


def _rank(name: str, layers: Sequence[_Layer]) -> int:
    """The index of the first layer that gives a field, or how many layers there are."""
    return next((index for index, layer in enumerate(layers) if layer.values.get(name) is not None), len(layers))


def _file_layer(values: Mapping[str, object | None], file: str, origin: str) -> _Layer:
    for key in values:
        if key not in FIELDS:
            raise UsageError(f"{file}: unknown key {key!r}{did_you_mean(str(key), FIELDS)}")
    return _Layer(values, lambda _: origin, lambda name: f"{file}: {name}:")


def _domain_layer(domain: str, own_images: bool) -> _Layer:
    from diffex_cli.core import domains

    defaults = dict(domains.defaults(domain)) if domain in domains.names() else {}
    if own_images:
        # how many a domain takes of its own samples says nothing about somebody's pictures
        defaults.pop("n_images", None)
    return _file_layer(defaults, f"the defaults of the domain {domain}", f"{DOMAIN_ORIGIN}{domain}")


def _read_mapping(file: Path) -> dict[str, object]:
    """A YAML file that holds one mapping; an empty file holds an empty one."""
    from diffex_cli.core.plain_files import read_text_file, read_yaml

    content = read_yaml(read_text_file(file, "the settings in"), str(file))
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise UsageError(f"{file} must hold one mapping of settings, such as 'beam: 5'")
    return content


def _run_settings(file: Path) -> dict[str, object]:
    content = _read_mapping(file)
    if content.get("schema") != RUN_SCHEMA:
        raise UsageError(f"{file} is not a run file of this version of diffex (schema {RUN_SCHEMA})")
    settings = content.get("settings")
    if settings is None:
        return {}
    if not isinstance(settings, dict):
        raise UsageError(f"{file}: settings: must be a mapping")
    for name in OF_THE_CALL:
        if name in settings:
            raise UsageError(f"{file}: {name}: is not a run directory's to say: remove that line")
    return settings
