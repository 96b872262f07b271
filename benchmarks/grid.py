"""A picture of edits: sample images down, attribute values across, so that a metric can be checked by eye."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw

from diffex_cli.artifacts import corpus_yaml
from diffex_cli.birds import samples
from diffex_cli.birds.meanings import FINE
from diffex_cli.birds.renderer import SIZE
from diffex_cli.core import domains
from diffex_cli.core.hierarchy import RECONSTRUCTION
from diffex_cli.editors.base import Editor, EditRequest

_COLUMNS = 8
_LABEL = 16
_GAP = 4


def edit_grid(editor: Editor, image: str, seed: int = 0) -> Image.Image:
    """One sample image, its reconstruction, and its edits towards every value, each with its prompt below."""
    picture = samples.pictures()[image]
    nodes = {node.prompt: node for node in corpus_yaml.read_corpus(domains.corpus_file("birds")).walk()}
    requests = [EditRequest("reconstruction", image, RECONSTRUCTION)]
    requests += [EditRequest(prompt, image, nodes[prompt].candidate) for prompt in FINE]
    results = {result.key: result.image for result in editor.edit({image: picture}, requests, seed)}
    missing = Image.new("RGB", picture.size)
    return _tiles([("original", picture), *((request.key, results[request.key] or missing) for request in requests)])


def _tiles(labelled: Sequence[tuple[str, Image.Image]]) -> Image.Image:
    rows = -(-len(labelled) // _COLUMNS)
    sheet = Image.new("RGB", (_COLUMNS * (SIZE + _GAP), rows * (SIZE + _LABEL + _GAP)), "white")
    draw = ImageDraw.Draw(sheet)
    for k, (label, tile) in enumerate(labelled):
        x, y = k % _COLUMNS * (SIZE + _GAP), k // _COLUMNS * (SIZE + _LABEL + _GAP)
        sheet.paste(tile, (x, y))
        draw.text((x + SIZE / 2, y + SIZE + _LABEL / 2), label, fill="black", anchor="mm")
    return sheet
