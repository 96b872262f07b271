"""What stands on a figure: matplotlib notes every text beside its outlines."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET

import numpy as np
from PIL import Image, ImageColor

from diffex_cli.report.publication.drawing import Drawing


def texts(drawing: Drawing) -> str:
    """All texts of a drawing, in the order in which they were drawn."""
    svg = drawing.sheet.render("svg", drawing.title, "", dpi=30).decode()
    ET.fromstring(svg)
    return " ".join(re.findall(r"<!-- (.*?) -->", svg))


def share(drawing: Drawing, color: str) -> float:
    """How much of a drawing has a colour, of 1."""
    with Image.open(io.BytesIO(drawing.sheet.render("png", "", "", dpi=150))) as opened:
        pixels = np.asarray(opened.convert("RGB")).astype(int)
    near = np.abs(pixels - ImageColor.getrgb(color)).max(axis=2) < 8
    return float(near.mean())
