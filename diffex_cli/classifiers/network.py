"""What the adapters of networks share: options, labels, batches, and the meaning of the outputs."""

from __future__ import annotations

import abc
import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.artifacts.keys import digest
from diffex_cli.classifiers.checks import in_batches
from diffex_cli.classifiers.gradients import Gradients, logits_of, without_gradients
from diffex_cli.classifiers.labels import read_labels
from diffex_cli.classifiers.outputs import Kind, OutputOptions, Outputs, as_rows, parse_outputs
from diffex_cli.core.errors import DiffexError, UsageError, one_line
from diffex_cli.core.output_kinds import OutputKind
from diffex_cli.core.registry import Spec
from diffex_cli.core.spec_options import file, read_options, whole

if TYPE_CHECKING:
    import torch

Prepare = Callable[[Sequence[Image.Image]], Any]

_NOT_IN_FINGERPRINT = ("batch", "labels", "processor", "revision", "trust", "weights")
"""They change no logit, or what they name is in the fingerprint by its content."""


@dataclasses.dataclass(frozen=True, slots=True)
class Inside:
    """What a network that PyTorch can differentiate has beside its numbers. ``pixels``: what ``prepare`` made, as a
    tensor of shape (n, channels, height, width) on the network's device. ``forward``: such a tensor in, the model's
    numbers out, with their graph."""

    module: torch.nn.Module
    pixels: Callable[[Any], torch.Tensor]
    forward: Callable[[torch.Tensor], torch.Tensor]


@dataclasses.dataclass(frozen=True, slots=True)
class Network:
    """A model that is ready to score.

    Attributes:
        prepare: n pictures in, what ``run`` takes out.
        run: numbers of shape (n, columns) or (n,).
        names: of the classes, if the model's own configuration has them.
        kind: of the outputs, if the configuration says.
        batch: how many pictures ``run`` takes; ``None`` for any number from ``least`` to ``most``.
        inside: how its gradients are reached; ``None`` if they cannot be.
    """

    prepare: Prepare
    run: Callable[[Any], NDArray[Any]]
    names: tuple[str, ...] | None = None
    kind: Kind = "softmax"
    batch: int | None = None
    most: int | None = None
    least: int = 1
    inside: Inside | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Prepared:
    """A batch that is ready for the network: of how many pictures, and what its ``prepare`` made of them."""

    count: int
    pixels: Any


@dataclasses.dataclass(frozen=True)
class NetworkOptions(OutputOptions):
    """``batch``: pictures at a time; ``labels``: a file for :func:`~diffex_cli.classifiers.labels.read_labels`."""

    batch: int = whole(32)
    labels: Path | None = file()


OptionsT = TypeVar("OptionsT", bound=NetworkOptions)


class NetworkClassifier(abc.ABC, Generic[OptionsT]):
    """A classifier that prepares pictures and runs a network on them, batch by batch. Weights are read from safetensors
    only and no code of a model's own is run, where an adapter does not say otherwise."""

    backend: ClassVar[str]
    defaults: OptionsT
    """The options that there are."""

    def __init__(self, spec: Spec, device: str = "auto") -> None:
        self._spec, self._device = spec, device
        self._options: OptionsT = read_options(spec, self.defaults)
        parse_outputs(spec, self._options)

    @abc.abstractmethod
    def _weights(self) -> Mapping[str, object]:
        """What identifies the model: digests of files, or a hub id and its commit. Loads nothing."""

    @abc.abstractmethod
    def _shown(self) -> Mapping[str, object]:
        """What else people want to read: names, which change no logit."""

    @abc.abstractmethod
    def _load(self) -> Network: ...

    @property
    def fingerprint(self) -> str:
        """A digest of the weights and of the options that change a logit. The batch and the device, which change one by
        rounding only, are not in it, nor is a file's or a folder's name."""
        return digest(self._identity)

    @functools.cached_property
    def settings(self) -> Mapping[str, object]:
        return {**self._shown(), **self._identity}

    @functools.cached_property
    def labels(self) -> tuple[str, ...]:
        """The names of the classes: from the file of labels, else from the model's configuration, else numbers;
        repeated ones get their column's number."""
        names = self._file_names or self._network.names
        if names is not None:
            return self.outputs.labels(names)
        raw = self._run(self._prepared([Image.new("RGB", (64, 64), (128, 128, 128))]))
        return self.outputs.unnamed(raw.shape[1] if raw.ndim == 2 else 1)

    @functools.cached_property
    def outputs(self) -> Outputs:
        """What the model's numbers mean: what the options say, else its configuration, else softmax logits."""
        return parse_outputs(self._spec, self._options, self._network.kind)

    @property
    def output_kind(self) -> OutputKind:
        return self.outputs.output_kind

    @property
    def batch(self) -> int:
        network = self._network
        return network.batch or max(network.least, min(self._options.batch, network.most or self._options.batch))

    def prepare(self, images: Sequence[Image.Image]) -> Prepared:
        """Resize, cut and normalise one batch of images of any size and mode."""
        pictures = [image.convert("RGB") for image in images]
        return Prepared(len(pictures), self._prepared(pictures))

    def score(self, prepared: Prepared) -> NDArray[np.float64]:
        raw = self._run(prepared.pixels)[: prepared.count]
        return self.outputs.logits(raw, prepared.count, len(self.labels), self._spec.text)

    def logits(self, images: Sequence[Image.Image]) -> NDArray[np.float64]:
        """Score images of any size and mode, in evaluation mode and float32. Returns shape (len(images), len(labels));
        what they mean is in :class:`~diffex_cli.classifiers.outputs.Outputs`."""
        return in_batches(self, images, len(self.labels))

    def gradients(self) -> Gradients | None:
        """The network from the inside; ``None`` if its gradients cannot be reached."""
        inside = self._network.inside
        if inside is None:
            return None
        return Gradients(
            inside.module,
            prepare=lambda images: inside.pixels(self._network.prepare([image.convert("RGB") for image in images])),
            logits=lambda pixels: logits_of(self.outputs, inside.forward(pixels)),
        )

    @functools.cached_property
    def _network(self) -> Network:
        return self._load()

    @functools.cached_property
    def _file_names(self) -> tuple[str, ...] | None:
        return read_labels(self._options.labels) if self._options.labels else None

    @functools.cached_property
    def _identity(self) -> dict[str, object]:
        given = {key: value for key, value in self._spec.options.items() if key not in _NOT_IN_FINGERPRINT}
        identity: dict[str, object] = {"backend": self.backend, **self._weights(), **self._options.rules}
        if self._file_names:
            identity["labels"] = digest(list(self._file_names))
        return {**identity, "options": given} if given else identity

    def _prepared(self, pictures: Sequence[Image.Image]) -> Any:
        """A network that needs more pictures gets the last one again."""
        missing = max(0, (self._network.batch or self._network.least) - len(pictures))
        return self._network.prepare([*pictures, *[pictures[-1]] * missing])

    def _run(self, prepared: Any) -> NDArray[Any]:
        try:
            return as_rows(self._network.run(prepared))
        except DiffexError:
            raise
        except Exception as error:
            raise DiffexError(
                f"the classifier {self._spec.text} failed: {type(error).__name__}: {one_line(error)}"
            ) from error


def tensor_network(model: Any, device: torch.device, prepare: Prepare, names: tuple[str, ...] | None) -> Network:
    """A network of PyTorch that takes the array that ``prepare`` makes."""
    import torch

    def pixels(prepared: NDArray[Any]) -> torch.Tensor:
        return torch.from_numpy(prepared).to(device)

    run = without_gradients(lambda prepared: model(pixels(prepared)))
    return Network(prepare, run, names, inside=Inside(model, pixels, model))


def cannot_load(spec: Spec, error: Exception, what: str = "classifier") -> UsageError:
    return UsageError(f"cannot load the {what} {spec.text}: {one_line(error)}")
