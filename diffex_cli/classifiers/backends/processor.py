"""How a model that is a single file wants its pixels: from a processor's configuration, or spelled out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.artifacts.keys import digest_files
from diffex_cli.classifiers import preprocessing
from diffex_cli.classifiers.preprocessing import Layout, parse_preprocessing
from diffex_cli.classifiers.pretrained import PROCESSOR
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import Spec

OPTIONS = ("processor", *preprocessing.OPTIONS)


class FilePreparation:
    """The options ``processor=FOLDER`` or those of :func:`~diffex_cli.classifiers.preprocessing.parse_preprocessing`.

    The folder holds a ``preprocessor_config.json``, as Hugging Face's exporters leave it beside the model.
    """

    def __init__(self, spec: Spec) -> None:
        """Check the options before anything is loaded.

        Raises:
            UsageError: one is wrong or missing, or there are both.
        """
        self._spec = spec
        self._folder = _processor_folder(spec)
        if self._folder is None:
            # The model itself may say the size; any will do to check the rest.
            parse_preprocessing(spec, size=None if "size" in spec.options else (1, 1))

    @property
    def identity(self) -> dict[str, object]:
        """A digest of the processor's configuration, if there is one."""
        return {"processor": digest_files(self._folder, PROCESSOR)} if self._folder else {}

    def load(self, size: tuple[int, int] | None, layout: Layout) -> Callable[[Sequence[Image.Image]], NDArray[Any]]:
        """What prepares pictures.

        Args:
            size: height and width that the model insists on, if it does.
            layout: the model's, where no option says.

        Raises:
            UsageError: the options do not fit the model, or the processor cannot be loaded.
        """
        if self._folder is None:
            return parse_preprocessing(self._spec, size=size, layout=layout)
        from transformers import AutoImageProcessor

        try:
            processor = AutoImageProcessor.from_pretrained(str(self._folder), backend="pil", trust_remote_code=False)
        except Exception as error:
            reason = " ".join(str(error).split())[:200]
            raise UsageError(f"{self._spec.text!r}: cannot load the processor in {self._folder}: {reason}") from error

        def prepare(pictures: Sequence[Image.Image]) -> NDArray[Any]:
            pixels = np.asarray(processor(images=list(pictures), return_tensors="np")["pixel_values"])
            return np.ascontiguousarray(pixels.transpose(0, 2, 3, 1)) if layout == "nhwc" else pixels

        return prepare


def _processor_folder(spec: Spec) -> Path | None:
    text = spec.options.get("processor")
    if text is None:
        return None
    folder = Path(text).expanduser()
    if not any((folder / name).is_file() for name in PROCESSOR):
        raise UsageError(f"{spec.text!r}: the folder {folder} has no preprocessor_config.json")
    both = [option for option in preprocessing.OPTIONS if option in spec.options]
    if both:
        raise UsageError(f"{spec.text!r}: processor and {both[0]} both say how pixels are prepared: give one of them")
    return folder
