"""How a model that is a single file wants its pixels: from a processor's configuration, or spelled out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.artifacts.keys import digest_files
from diffex_cli.classifiers.network import NetworkOptions
from diffex_cli.classifiers.preprocessing import Input, PixelOptions, parse_preprocessing
from diffex_cli.classifiers.pretrained import PROCESSOR
from diffex_cli.classifiers.quick import quick
from diffex_cli.core.errors import UsageError, one_line
from diffex_cli.core.registry import Spec
from diffex_cli.core.spec_options import need_model, option, text
from diffex_cli.core.typed_paths import typed_path


def _folder(given: str) -> Path:
    folder = typed_path(given)
    if not any((folder / name).is_file() for name in PROCESSOR):
        raise ValueError
    return folder


@dataclasses.dataclass(frozen=True)
class FileOptions(NetworkOptions, PixelOptions):
    """``processor``: a folder, as Hugging Face's exporters leave it beside the model, or else the pixels' options;
    ``output``: which of several."""

    processor: Path | None = option(None, "a folder with a preprocessor_config.json", _folder)
    output: str | None = text(None)


class FilePreparation:
    """What the options say of pixels; they are checked before anything is loaded."""

    def __init__(self, spec: Spec, options: FileOptions) -> None:
        self._spec, self._options = spec, options
        if options.processor is None:
            # The model itself may say the size; any will do to check the rest.
            parse_preprocessing(spec, options, wanted_input=Input(None if options.size else (1, 1)))
        elif both := [field.name for field in dataclasses.fields(PixelOptions) if field.name in spec.options]:
            raise UsageError(
                f"{spec.text!r}: processor and {both[0]} both say how pixels are prepared: give one of them"
            )

    @property
    def identity(self) -> dict[str, object]:
        folder = self._options.processor
        return {"processor": digest_files(folder, PROCESSOR)} if folder else {}

    def load(self, wanted: Input) -> Callable[[Sequence[Image.Image]], NDArray[Any]]:
        """What prepares pictures for a model that says this of its input."""
        folder = self._options.processor
        if folder is None:
            return parse_preprocessing(self._spec, self._options, wanted_input=wanted)
        from transformers import AutoImageProcessor

        try:
            processor = AutoImageProcessor.from_pretrained(str(folder), backend="pil", trust_remote_code=False)
        except Exception as error:
            reason = one_line(error)
            raise UsageError(f"{self._spec.text!r}: cannot load the processor in {folder}: {reason}") from error

        # A network that takes 8-bit numbers scales and normalises them itself.
        plain = {"do_rescale": False, "do_normalize": False} if wanted.eight_bit else {}
        processed = processing(processor, grey=wanted.channels == 1, return_tensors="np", **plain)

        def prepare(pictures: Sequence[Image.Image]) -> NDArray[Any]:
            pixels = np.asarray(processed(pictures)["pixel_values"])
            return np.ascontiguousarray(pixels.transpose(0, 2, 3, 1)) if wanted.layout == "nhwc" else pixels

        return prepare


def processing(processor: Any, *, grey: bool, **how: Any) -> Callable[[Sequence[Image.Image]], Any]:
    """What an image processor of transformers makes of RGB pictures, or, for a network of one channel, of grey ones."""
    if not grey:
        return quick(processor, **how)
    return lambda pictures: processor(
        images=[picture.convert("L") for picture in pictures], do_convert_rgb=False, **how
    )


def model_file(spec: Spec, example: str) -> Path:
    path = typed_path(need_model(spec, example))
    if not path.is_file():
        raise UsageError(f"{spec.text!r}: there is no file {path}")
    return path
