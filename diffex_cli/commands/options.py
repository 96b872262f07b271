"""Makes a command of a function: its options are those of the settings that it takes, and its own."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import os
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeAlias, get_args, get_type_hints

import typer

from diffex_cli.commands import completion
from diffex_cli.commands.errors import guarded
from diffex_cli.core.configuration import resolve
from diffex_cli.core.settings import DECLARATIONS, WORK, Settings, flag
from diffex_cli.core.typed_paths import expanded

CONFIG = "config"
"""Names the option ``--config`` among settings."""

Config: TypeAlias = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE.yaml", help="Settings to start from.", rich_help_panel=WORK),
]
DryRun: TypeAlias = Annotated[
    bool,
    typer.Option("--dry-run", help="Only say how much there is to do, and how long it may take.", rich_help_panel=WORK),
]
ShardOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="I/N",
        help="Do the I-th of N shares of the images; the others may run at the same time, on other machines too.",
        rich_help_panel=WORK,
    ),
]
All: TypeAlias = Annotated[
    bool, typer.Option("--all", help="List every attribute, not only the ten strongest.", rich_help_panel=WORK)
]


def _path_parser(*, may_be_folder: bool) -> Callable[[str | Path], Path]:
    """Of a path as an option or an argument gives it; Typer would take an empty one, of a variable that is not set, for
    the current folder."""

    def path(given: str | Path) -> Path:
        try:
            found = expanded(str(given))
        except ValueError as error:
            raise typer.BadParameter(f"{str(given)!r} {error}") from None
        if not may_be_folder and found.is_dir():
            raise typer.BadParameter(f"{str(given)!r} is a folder: name a file in it")
        return found

    return path


Command: TypeAlias = Callable[..., None]


@dataclasses.dataclass(frozen=True, slots=True)
class Given:
    """The settings as the command line gives them: raw, ``None`` where it does not."""

    flags: Mapping[str, Any]
    config: Path | None = None

    def settings(self, *required: str, **instead: object) -> Settings:
        """All settings, resolved; ``instead`` of flags of these names, or beside them."""
        return resolve({**self.flags, **instead}, os.environ, self.config, required)

    def only(self, names: Collection[str]) -> Given:
        """What a command that takes the settings of these names would have been given."""
        return Given({name: value for name, value in self.flags.items() if name in names}, self.config)

    def run(self) -> Path:
        """The run directory, whatever else is given."""
        return resolve({"run": self.flags["run"]}, os.environ, self.config).run


def listed(panel: str) -> tuple[str, ...]:
    """The settings of one panel of a help page."""
    return tuple(name for name, declared in DECLARATIONS.items() if declared.panel == panel)


def takes(*names: str, **otherwise: object) -> Callable[[Command], Command]:
    """Make a Typer command of a function that takes the settings of these names.

    Each of the function's parameters stands where its options come on the help page: one of type :class:`Given` for the
    settings named, one whose type is another dataclass for its fields, any other for itself.

    Args:
        names: fields of ``Settings``, or :data:`CONFIG`.
        otherwise: setting → annotation of its option, for a command that reads it in another way.
    """

    def command_of(function: Command) -> Command:
        parts = {part.name: part for part in inspect.signature(function, eval_str=True).parameters.values()}
        options = {name: tuple(_options(part, names, otherwise)) for name, part in parts.items()}

        @guarded
        @functools.wraps(function)
        def command(**values: Any) -> None:
            own = {name: {option.name: values[option.name] for option in options[name]} for name in parts}
            function(**{name: _argument(part, own[name]) for name, part in parts.items()})

        signature = inspect.Signature([option for one in options.values() for option in one])
        vars(command)["__signature__"] = signature
        return command

    return command_of


def _options(
    part: inspect.Parameter, names: Iterable[str], otherwise: Mapping[str, object]
) -> Iterable[inspect.Parameter]:
    if part.annotation is Given:
        for name in names:
            annotation = Config if name == CONFIG else otherwise.get(name) or _annotation(name)
            yield _option(name, annotation, None)
    elif _is_group(part):
        hints = _hints(part.annotation)
        for field in dataclasses.fields(part.annotation):
            required = field.default is dataclasses.MISSING
            yield _option(field.name, hints[field.name], inspect.Parameter.empty if required else field.default)
    else:
        yield _option(part.name, part.annotation, part.default)


def _argument(part: inspect.Parameter, values: dict[str, Any]) -> object:
    if part.annotation is Given:
        return Given({name: value for name, value in values.items() if name != CONFIG}, values.get(CONFIG))
    return part.annotation(**values) if _is_group(part) else values[part.name]


def _is_group(part: inspect.Parameter) -> bool:
    return dataclasses.is_dataclass(part.annotation)


def _option(name: str, annotation: object, default: object) -> inspect.Parameter:
    kind, *infos = get_args(annotation) or (annotation,)
    if _speaks_of(kind, Path):
        infos[0].parser = _path_parser(may_be_folder=infos[0].dir_okay)
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _speaks_of(kind: object, part: type) -> bool:
    return kind is part or any(_speaks_of(one, part) for one in get_args(kind))


@functools.cache
def _annotation(name: str) -> object:
    """The Typer annotation of a setting's option."""
    declared, kind = DECLARATIONS[name], _hints(Settings)[name]
    spelled = f"{flag(name)}/--no-{flag(name)[2:]}" if kind is bool else flag(name)
    option = typer.Option(
        spelled,
        metavar=declared.metavar,
        help=declared.help,
        autocompletion=getattr(completion, declared.complete) if declared.complete else None,
        rich_help_panel=declared.panel,
        show_default=False,
    )
    return Annotated[list[str] | None if kind == tuple[str, ...] else kind | None, option]


@functools.cache
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind, include_extras=True)
