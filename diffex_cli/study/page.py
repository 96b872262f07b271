"""The page for participants: one file, no network, no right answer in it."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from diffex_cli.core.errors import UsageError
from diffex_cli.core.plain_json import read_json
from diffex_cli.study.answers import ANSWERS_SCHEMA
from diffex_cli.study.wording import HIGHEST, LOWEST, WORDINGS, Kind

PAGE_SCHEMA = "diffex.study-page/1"
_REMEDY = "take the page as `diffex study make` wrote it"
_DATA = re.compile(r'<script type="application/json" id="study">(.*?)</script>', re.DOTALL)


@dataclasses.dataclass(frozen=True, slots=True)
class Shown:
    """An item as participants see it.

    Attributes:
        turn: participants of this turn see it.
        pictures: names of the pictures: before, after and, for some, a heat map over the latter.
        words: what stands above them; empty for nothing.
        options: what to choose from, in an order that says nothing; empty where ratings are asked for.
    """

    id: str
    turn: int
    pictures: tuple[str, ...]
    words: str = ""
    options: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """All that a page holds.

    Attributes:
        study: the study's id.
        turns: every participant takes one of so many.
        items: in an order that says nothing.
        pictures: name → ``data:`` URI.
    """

    study: str
    kind: Kind
    turns: int
    items: tuple[Shown, ...]
    pictures: Mapping[str, str]


def render(page: Page) -> str:
    """The page as a complete HTML document; the same page gives the same text."""
    from markupsafe import Markup

    from diffex_cli.report.html import digest, environment, source

    templates = environment("diffex_cli.study")
    style, script = source(templates, "study.css"), source(templates, "study.js")
    return templates.get_template("study.html.j2").render(
        wording=WORDINGS[page.kind],
        data=Markup(_embedded(_content(page))),  # noqa: S704 - cannot end the element
        style=style,
        script=script,
        style_hash=digest(style),
        script_hash=digest(script),
    )


def read_page(file: Path) -> Page:
    """Read a page back.

    Raises:
        UsageError: it is missing, or no page of a study.
    """
    if file.is_fifo():
        raise UsageError(f"{file} is a FIFO, not a file: {_REMEDY}")
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {file} ({error}): {_REMEDY}") from error
    found = _DATA.search(text)
    if found is None:
        raise UsageError(f"{file} is not a study's page: {_REMEDY}")
    try:
        content = _read(found[1], file)
        if content["schema"] != PAGE_SCHEMA or content["kind"] not in get_args(Kind):
            raise UsageError(f"{file} is not a page of this version of diffex (schema {PAGE_SCHEMA}): {_REMEDY}")
        if content["kind"] == "review":
            raise UsageError(f"{file} asks people about a verifier, and a language model is none: open it in a browser")
        items = tuple(
            Shown(one["id"], one["turn"], tuple(one["pictures"]), one["words"], tuple(one["options"]))
            for one in content["items"]
        )
        pictures = {str(name): str(uri) for name, uri in content["pictures"].items()}
        if any(name not in pictures for item in items for name in item.pictures):
            raise KeyError("pictures")
        if not all(type(number) is int for number in (content["turns"], *(item.turn for item in items))):
            raise TypeError("turns")
        return Page(content["study"], content["kind"], content["turns"], items, pictures)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{file} is broken ({error!r}): {_REMEDY}") from error


def _read(text: str, file: Path) -> Any:
    try:
        return read_json(text, "its data")
    except UsageError as error:
        raise UsageError(f"{file} is broken ({error}): {_REMEDY}") from None


def _content(page: Page) -> dict[str, Any]:
    wording = WORDINGS[page.kind]
    return {
        "schema": PAGE_SCHEMA,
        "answers": ANSWERS_SCHEMA,
        "named": wording.named,
        "titles": wording.titles,
        "queries": [{**dataclasses.asdict(query), "rated": query.rated} for query in wording.queries],
        "scale": list(range(LOWEST, HIGHEST + 1)),
        **dataclasses.asdict(page),
    }


def _embedded(content: Mapping[str, Any]) -> str:
    """JSON that no HTML parser takes for anything else."""
    text = json.dumps(content, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
