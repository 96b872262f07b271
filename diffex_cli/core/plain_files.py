"""The one reader of YAML and JSON that people and other programs write.

YAML 1.1, which PyYAML reads, takes a bare ``no`` for false, ``010`` for eight and ``12:30`` for 750, and of a key that
is given twice silently keeps one. Here a scalar is a number, a boolean or null only where it looks like one in JSON,
keys are always text, and what could be a mistake or an attack is an error with its line: a key given twice, an alias, a
tag, more than one document, deep nesting.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NoReturn

import yaml
from yaml.parser import ParserError
from yaml.scanner import ScannerError

from diffex_cli.core.errors import UsageError

MAX_NESTING = 100

_NULL = re.compile(r"~|null|Null|NULL|")
_BOOLEAN = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,99})")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*([eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+)")
_SPECIAL = re.compile(r"([-+]?)\.(inf|nan)", re.IGNORECASE)
_TAG = "tag:yaml.org,2002:"
_TAGS = {yaml.MappingNode: "map", yaml.SequenceNode: "seq", yaml.ScalarNode: "str"}
_LFS = "version https://git-lfs.github.com/spec/"


def read_text_file(path: Path, what: str) -> str:
    """A text file's content. ``what`` it is, for the sentence: ``the file of labels``.

    Raises:
        UsageError: it cannot be read, is not UTF-8, or is the pointer that Git LFS leaves for a file.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"cannot read {what} {path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{what} {path} is not UTF-8 text: save it as UTF-8") from None
    if text.startswith(_LFS):
        raise UsageError(f"{what} {path} is a Git LFS pointer, not the file itself: run git lfs pull")
    return text


def is_lfs_pointer(path: Path) -> bool:
    """Whether a file is what Git LFS leaves in the place of a large one that was not fetched."""
    try:
        with path.open("rb") as file:
            return file.read(len(_LFS)) == _LFS.encode()
    except OSError:
        return False


def refuse_lfs_pointer(path: Path) -> None:
    if is_lfs_pointer(path):
        raise UsageError(f"{path} is a Git LFS pointer, not the file itself: run git lfs pull")


def read_plain_file(path: Path, what: str, *, verbatim: bool = False) -> Any:
    """A YAML file's values, or a JSON file's where the name ends in ``.json``. See :func:`read_yaml`.

    Raises:
        UsageError: of :func:`read_text_file` or :func:`read_yaml`.
    """
    text = read_text_file(path, what)
    return (read_json if path.suffix.lower() == ".json" else read_yaml)(text, f"{what} {path}", verbatim=verbatim)


def read_yaml(text: str, source: str, *, verbatim: bool = False) -> Any:
    """A YAML document's values: mappings with text as keys, lists, texts, numbers, booleans and None.

    Args:
        source: the file's name, for errors.
        verbatim: every scalar is the text that was written, so that a class may be called ``no`` or ``1.50``; only what
            is left empty is None.

    Raises:
        UsageError: it is no YAML, or holds what this reader refuses; the sentence names the line.
    """
    try:
        loader = _Untyped(text)
        try:
            root = loader.get_single_node()
            return None if root is None else _value(root, verbatim)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        place = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        problem = ", ".join(part for part in (error.context, error.problem) if part)
        broken = " is not valid YAML" if isinstance(error, ScannerError | ParserError) else ""
        raise UsageError(f"{source}{broken}{place}: {problem}") from None
    except yaml.YAMLError as error:
        raise UsageError(f"{source} is not valid YAML: {' '.join(str(error).split())}") from None


def read_json(text: str, source: str, *, verbatim: bool = False) -> Any:
    """A JSON document's values, as :func:`read_yaml` gives them; ``verbatim`` makes texts of its numbers."""
    number = str if verbatim else None
    try:
        return json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=number, parse_float=number
        )
    except json.JSONDecodeError as error:
        raise UsageError(f"{source}, line {error.lineno}: this is not valid JSON: {error.msg}") from None
    except RecursionError:
        raise UsageError(f"{source} is nested too deeply: at most {MAX_NESTING} levels are read") from None
    except ValueError as error:
        raise UsageError(f"{source}: {error}") from None


def write_yaml(content: Any) -> str:
    """The text of a YAML document that :func:`read_yaml` reads; keys keep their order."""
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


class _Dumper(yaml.SafeDumper):
    """Writes no aliases, which the reader refuses."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_str(self, data: str) -> yaml.ScalarNode:
        """In quotes where the reader would take it for something else than a text."""
        style = None if isinstance(_typed(data), str) else "'"
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)


_Dumper.add_representer(str, _Dumper.represent_str)


class GuardedLoader(yaml.SafeLoader):
    """Composes nodes without aliases, with which a small file can grow exponentially, and without deep nesting."""

    _nesting = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, f"alias *{event.anchor}: write the value out, aliases are not read")
        if self._nesting == MAX_NESTING:
            self._refuse(event, f"nested more than {MAX_NESTING} deep: make it flatter")
        self._nesting += 1
        node = super().compose_node(parent, index)
        self._nesting -= 1
        return node

    def _refuse(self, event: yaml.Event, problem: str) -> NoReturn:
        raise yaml.composer.ComposerError(None, None, problem, event.start_mark)  # type: ignore[arg-type]


class _Untyped(GuardedLoader):
    """Leaves every scalar as the text that it is."""

    yaml_implicit_resolvers = {}  # noqa: RUF012


def _value(node: yaml.Node, verbatim: bool) -> Any:
    if node.tag != f"{_TAG}{_TAGS[type(node)]}":
        _fail(node, f"the tag {node.tag.removeprefix(_TAG)}: write the plain value, tags are not read")
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, verbatim)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, verbatim) for item in node.value]
    if not isinstance(node, yaml.ScalarNode) or node.style:
        return node.value
    if verbatim:
        return node.value or None
    return _typed(node.value)


def _mapping(node: yaml.MappingNode, verbatim: bool) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            _fail(key, "a key must be a plain text or number")
        if key.value in values:
            _fail(key, f"{key.value!r} is given twice: remove one")
        values[key.value] = _value(value, verbatim)
    return values


def _typed(text: str) -> object:
    if _NULL.fullmatch(text):
        return None
    if text in _BOOLEAN:
        return _BOOLEAN[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    special = _SPECIAL.fullmatch(text)
    return float(special[1] + special[2]) if special else text


def _fail(node: yaml.Node, problem: str) -> NoReturn:
    raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"{next(key for key in keys if keys.count(key) > 1)!r} is given twice: remove one")
    return values


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number in JSON: remove it")
