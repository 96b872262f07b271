"""How the help pages look: the commands in the order of work, and switches without a type."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from diffex_cli.core.errors import shortened
from diffex_cli.core.parsers import LARGEST_NUMBER, LARGEST_SEED
from diffex_cli.core.printable import printable

Function = TypeVar("Function", bound=Callable[..., Any])

PANELS: Mapping[str, Sequence[str]] = {
    "The five stages, in order": ("corpus", "edit", "score", "search", "report"),
    "All of them, in one process": ("run",),
    "Between them, if you like": ("verify",),
    "After a search": ("compare", "check", "study", "birds"),
    "Before you start": ("doctor", "classify", "config"),
}
"""The program's commands, by the panel of its help page that they are listed in."""


@contextmanager
def _printable_errors() -> Iterator[None]:
    """An error repeats what was typed, perhaps by a script."""
    try:
        yield
    except typer.TyperException as error:
        if hasattr(error, "message"):
            error.message = shortened(printable(error.message, also="\n"), 600)
        raise


def _check_numbers(ctx: Any, params: Sequence[Any]) -> None:
    """Refuse what is a number to Python only: ``nan`` and ``inf`` pass Typer's ranges, and 10²⁵ fits no library."""
    for param in params:
        value = ctx.params.get(param.name)
        if isinstance(value, float) and not abs(value) <= LARGEST_NUMBER:
            raise typer.BadParameter(f"{value} is not a number of at most {LARGEST_NUMBER:g}.", ctx=ctx, param=param)
        if isinstance(value, int) and value > LARGEST_SEED:
            raise typer.BadParameter(f"{value} is larger than {LARGEST_SEED}.", ctx=ctx, param=param)


class _Command(TyperCommand):
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        with _printable_errors():
            rest = super().parse_args(ctx, args)
            _check_numbers(ctx, self.params)
            return rest

    def __init__(self, *args: Any, help: str | None = None, **attributes: Any) -> None:
        super().__init__(*args, help=_paragraphs(help), **attributes)

    def get_params(self, ctx: Any) -> Any:
        return _untyped(super().get_params(ctx))


class _Group(TyperGroup):
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        with _printable_errors():
            rest = super().parse_args(ctx, args)
            _check_numbers(ctx, self.params)
            return rest

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        with _printable_errors():
            return super().resolve_command(ctx, args)

    def __init__(self, *, help: str | None = None, **attributes: Any) -> None:
        super().__init__(help=_paragraphs(help), **attributes)

    def get_params(self, ctx: Any) -> Any:
        return _untyped(super().get_params(ctx))


class _Program(_Group):
    """Typer would list groups of commands, such as the first stage, after all others."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for panel, names in PANELS.items():
            for name in names:
                vars(self.commands[name])["rich_help_panel"] = panel
        self.commands = {name: self.commands[name] for names in PANELS.values() for name in names}


def _paragraphs(help: str | None) -> str | None:
    """With the line breaks of the source taken out, which Typer keeps from the second paragraph on."""
    return help and re.sub(r"(?<!\n)\n(?!\n)", " ", inspect.cleandoc(help))


def _untyped(params: Sequence[Any]) -> Sequence[Any]:
    """Without ``<bool>`` beside a switch, which takes no value, and ``<list[Path]>`` beside FILES, which says it."""
    for param in params:
        if param.param_type_name == "argument" or param.is_flag:
            param.display_type_rich = _no_type
    return params


def _no_type(ctx: Any) -> str:
    return ""


class App(typer.Typer):
    """A group of commands; ``program`` for the one that holds all others."""

    def __init__(self, *, program: bool = False, **options: Any) -> None:
        super().__init__(cls=_Program if program else _Group, **options)

    def command(self, name: str | None = None, **options: Any) -> Callable[[Function], Function]:
        """As Typer's, of a command whose help page looks like all others."""
        return super().command(name, cls=_Command, **options)
