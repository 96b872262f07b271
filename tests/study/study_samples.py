"""Small studies, pages and answers with chosen contents."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from diffex_cli.study.answers import ANSWERS_SCHEMA, AnswerFile
from diffex_cli.study.order import turn_of
from diffex_cli.study.page import Page, Shown
from diffex_cli.study.pictures import Album
from diffex_cli.study.study import Item, Study
from diffex_cli.study.wording import METHODS, Kind

HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)> & co"


def item(id: str, name: str = "tall crest", **more: Any) -> Item:
    """An item on an image of its own."""
    return Item(**{"id": id, "turn": 0, "candidate": name, "name": name, "image": f"image-{id}", "edit": id, **more})


def quality(n: int = 2) -> Study:
    """Items q1, q2, …, each of another attribute."""
    items = tuple(item(f"q{number}", f"attribute {number}") for number in range(1, n + 1))
    return Study("0123456789abcdef", "quality", "birds", "", 1, items)


def joint(sizes: Sequence[int] = (1, 2, 5)) -> Study:
    """An item of each size."""
    items = tuple(item(f"j{size}", f"set of {size}", size=size) for size in sizes)
    return Study("fedcba9876543210", "joint", "birds", "", 1, items)


def identify(names: Sequence[str] = ("tall crest", "red head")) -> Study:
    """Each attribute by every method on three images, as a Latin square."""
    items = []
    for name in names:
        options = (name, "blue wings", "long tail", "dark eye")
        for image in range(3):
            for number, method in enumerate(METHODS):
                id = f"{name[:3].strip()}{image}{method[0]}"
                items.append(item(id, name, turn=(number - image) % 3, method=method, options=options))
    return Study("00112233445566aa", "identify", "birds", "gradcam", 3, tuple(items))


def of_turn(study: Study, turn: int, prefix: str = "p") -> str:
    """A participant's code that leads to a turn."""
    return next(code for code in (f"{prefix}{n}" for n in range(99)) if turn_of(study.id, code, study.turns) == turn)


def given(study: Study, participant: str, answers: Mapping[str, Mapping[str, int | str]], **more: Any) -> AnswerFile:
    """A checked file of answers."""
    values = {"rater": "person", "model": {}, "complete": True, **more}
    return AnswerFile(Path(f"{participant}.json"), study.id, study.kind, participant, answers=answers, **values)


def content(study: Study, participant: str = "ann", **changes: Any) -> dict[str, Any]:
    """What a person's complete file holds; every rating is 4, every choice right."""
    items = study.of_turn(turn_of(study.id, participant, study.turns))
    ratings: dict[Kind, Any] = {
        "quality": {"quality": 4, "disentanglement": 4, "seconds": 1.5},
        "joint": {"disentanglement": 4, "seconds": 1.5},
    }
    answers = {one.id: ratings.get(study.kind, {"choice": (*one.options, "")[0], "seconds": 1.5}) for one in items}
    return {
        "schema": ANSWERS_SCHEMA,
        "study": study.id,
        "kind": study.kind,
        "participant": participant,
        "rater": {"kind": "person"},
        "complete": True,
        "answers": answers,
        **changes,
    }


def written(folder: Path, what: object, name: str = "ann.json") -> Path:
    """A JSON file."""
    file = folder / name
    file.write_text(what if isinstance(what, str) else json.dumps(what))
    return file


def page_of(study: Study, words: str = "") -> Page:
    """A page for a study, with pictures of one colour each; ``words`` stand above every item that has some."""
    album = Album()
    shown = []
    for number, one in enumerate(study.items):
        pictures = [album.add(Image.new("RGB", (24, 16), (9 * number, shade, 90))) for shade in (0, 200)]
        if one.method == "heatmap":
            pictures.append(album.add(Image.new("RGB", (24, 16), (250, 250, 9 * number))))
        text = (words or one.name) if one.method in ("", "words") else ""
        shown.append(Shown(one.id, one.turn, tuple(pictures), text, tuple(sorted(one.options))))
    return Page(study.id, study.kind, study.turns, tuple(shown), album.uris)
