"""The language model ``transformers``: one in Hugging Face's format that runs here, local or from the hub."""

from __future__ import annotations

import dataclasses
import functools
import io
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from diffex_cli.artifacts.keys import digest, digest_files
from diffex_cli.core.adapters import check_adapter, refuse_hub_adapter
from diffex_cli.core.errors import DiffexError, UsageError, one_line
from diffex_cli.core.machine import local_folder, pick_device, quiet_transformers, resolve_commit
from diffex_cli.core.registry import Spec
from diffex_cli.language_models.answers import ONE_WORD, instruction, parse_answer, turns
from diffex_cli.language_models.base import Answer, FirstWord, Prices, Question, Usage
from diffex_cli.language_models.costs import estimate
from diffex_cli.language_models.specs import ModelSpec
from diffex_cli.language_models.thoughts import opens_thought

if TYPE_CHECKING:
    import torch

_OPTIONS = ("device", "max_tokens", "price_in", "price_out", "revision")
# So many tokens hold the longest mark that opens the thoughts.
_MARK = 16
# A word, and the blanks that may come before it; and of how many tokens it is looked whether they are it.
_WORD, _LIKELIEST = 5, 20
_FILES = ("*.json", "*.jinja", "*.model", "*.txt", "*.safetensors")


@dataclasses.dataclass(frozen=True, slots=True)
class _Loaded:
    """A model that is ready to be asked."""

    model: Any
    processor: Any
    device: torch.device
    ends: frozenset[int]


class TransformersModel:
    """``transformers:<folder or hub id>[:max_tokens=N,device=D,revision=R]``.

    Any model that ``AutoModelForImageTextToText`` loads and whose processor has a chat template. Only
    safetensors weights are read, and no code of the model's own is run. It always writes the likeliest token,
    so that the same question gets the same answer. Threads wait for each other.
    """

    always_same = True
    """The same question gets the same answer."""

    def __init__(self, spec: Spec) -> None:
        parsed = ModelSpec(spec, _OPTIONS)
        if not parsed.model:
            raise UsageError(f"{parsed.text!r} names no model: write transformers:FOLDER or transformers:HUB-ID")
        self._model = parsed.model
        self._name = f"transformers:{self._model}"
        self._max_tokens = parsed.options.max_tokens
        self._device = parsed.options.device
        self._revision = parsed.options.revision
        self._prices = parsed.prices(None)
        self._folder = _local_folder(self._model, parsed.text)
        if self._folder is not None and self._revision is not None:
            raise UsageError(f"{parsed.text!r}: a local folder has no revision: remove the option")
        self._lock = threading.Lock()

    @functools.cached_property
    def settings(self) -> Mapping[str, object]:
        """The provider; of a folder its name and files' digest, of a hub model its id and commit."""
        settings: dict[str, object] = {"provider": "transformers"}
        if self._max_tokens is not None:
            settings["max_tokens"] = self._max_tokens
        if self._folder is not None:
            return {**settings, "model": self._folder.resolve().name, "files": digest_files(self._folder, _FILES)}
        commit = resolve_commit(self._model, self._revision)
        return {**settings, "model": self._model, "revision": self._revision or "main", "commit": commit}

    @property
    def fingerprint(self) -> str:
        """A digest of the folder's files, or of the hub id and commit, and of the options; not of the device."""
        left_out = "model" if self._folder is not None else "revision"
        return digest({key: value for key, value in self.settings.items() if key != left_out})

    @property
    def prices(self) -> Prices | None:
        """Only by option."""
        return self._prices

    def estimate(self, question: Question) -> Usage:
        """About what a question takes; the model is not loaded."""
        return estimate(question, self._limit(question))

    def ask(self, question: Question) -> Answer:
        """Ask the model; the first question loads it.

        Raises:
            MalformedAnswer: it wrote no JSON object.
            UsageError: it cannot be loaded, has no chat template, or the question is too long for it.
            DiffexError: it has no trained weights, or there is not enough memory.
        """
        with self._lock, quiet_transformers():
            text, usage, ended = self._write(self._loaded, question)
        limit = self._limit(question)
        return parse_answer(text, question, usage, model=self._name, limit=limit, cut_off=not ended)

    def first_word(self, question: Question) -> FirstWord:
        with self._lock, quiet_transformers():
            loaded = self._loaded
            output, n_read = self._generated(loaded, question, ONE_WORD, _WORD)
            written = output.sequences[0, n_read:]
            for token, logits in zip(written, output.logits, strict=True):
                if loaded.processor.decode(token).strip():
                    chances, ids = logits[0].float().softmax(-1).topk(min(_LIKELIEST, logits.shape[-1]))
                    tokens: dict[str, float] = {}
                    for id, chance in zip(ids, chances.tolist(), strict=True):
                        word = loaded.processor.decode(id)
                        tokens[word] = tokens.get(word, 0.0) + chance
                    return FirstWord(tokens, Usage(n_read, len(written)))
        return FirstWord({}, Usage(n_read, len(written)))

    def _write(self, loaded: _Loaded, question: Question) -> tuple[str, Usage, bool]:
        """What the model writes, what it takes, and whether it came to an end."""
        output, n_read = self._generated(loaded, question, instruction(question), self._limit(question))
        written = output.sequences[0, n_read:]
        ended = bool(len(written)) and int(written[-1]) in loaded.ends
        # In some models the marks of the thoughts are special tokens, and the template opens them.
        text = loaded.processor.decode(written[: len(written) - ended], skip_special_tokens=False)
        begin = output.sequences[0, max(0, n_read - _MARK) : n_read]
        if opens_thought(loaded.processor.decode(begin, skip_special_tokens=False)):
            text = f"<think>{text}"
        return text, Usage(n_read, len(written)), ended

    def _generated(self, loaded: _Loaded, question: Question, told: str, limit: int) -> tuple[Any, int]:
        """What the model's ``generate`` gives, the raw logits too, and how many tokens of that are the question's."""
        import torch

        try:
            inputs = loaded.processor.apply_chat_template(
                _conversation(question, told),
                add_generation_prompt=True,
                tokenize=True,
                return_dict=True,
                return_tensors="pt",
            )
        except Exception as error:
            raise UsageError(
                f"{self._name} cannot be asked about {len(question.pictures)} images in this way "
                f"({one_line(error)}): choose another model"
            ) from error
        inputs = inputs.to(loaded.device, dtype=loaded.model.dtype)
        n_read = int(inputs["input_ids"].shape[1])
        room = getattr(loaded.model.config.get_text_config(), "max_position_embeddings", None)
        if room is not None and n_read + limit > room:
            raise UsageError(
                f"the question ({n_read} tokens) and its answer (up to {limit}) are longer than the {room} tokens of "
                f"{self._name}: give fewer or smaller images, or a smaller max_tokens=… in --provider"
            )
        try:
            with torch.inference_mode():
                output = loaded.model.generate(
                    **inputs,
                    max_new_tokens=limit,
                    do_sample=False,
                    return_dict_in_generate=True,
                    output_logits=limit <= _WORD,
                )
        except torch.OutOfMemoryError as error:
            raise DiffexError(
                f"not enough memory on {loaded.device} for {self._name}: choose a smaller model"
            ) from error
        return output, n_read

    def _limit(self, question: Question) -> int:
        return question.max_tokens if self._max_tokens is None else self._max_tokens

    @functools.cached_property
    def _loaded(self) -> _Loaded:
        device = pick_device(self._device)
        if self._folder is not None:
            return self._load(str(self._folder), device)
        commit = str(self.settings["commit"])
        try:
            loaded = self._load(self._model, device, revision=commit, local_files_only=True)
        except OSError:
            loaded = self._load(self._model, device, revision=commit)
        refuse_hub_adapter(loaded.model, self._name)
        return loaded

    def _load(self, source: str, device: torch.device, **where: Any) -> _Loaded:
        """Raises OSError only when asked for local files that are not there."""
        where["trust_remote_code"] = False
        try:
            from transformers import AutoModelForImageTextToText, AutoProcessor

            processor = AutoProcessor.from_pretrained(source, **where)
            model, info = AutoModelForImageTextToText.from_pretrained(
                source, use_safetensors=True, dtype="auto", output_loading_info=True, **where
            )
        except Exception as error:
            if isinstance(error, OSError) and where.get("local_files_only"):
                raise
            raise UsageError(f"cannot load the language model {self._name}: {one_line(error)}") from error
        lacking = sorted({*info["missing_keys"], *(str(key[0]) for key in info["mismatched_keys"])})
        if lacking:
            raise DiffexError(
                f"{self._name} has no usable weights for {', '.join(lacking[:3])}{' …' if len(lacking) > 3 else ''}: "
                "it is not a trained language model"
            )
        if not getattr(processor, "chat_template", None):
            raise UsageError(f"{self._name} has no chat template: choose a model that was trained to answer")
        ends = model.generation_config.eos_token_id
        return _Loaded(
            model.to(device).eval(), processor, device, frozenset(ends if isinstance(ends, list) else [ends])
        )


def _conversation(question: Question, told: str) -> list[dict[str, Any]]:
    """The task goes into the first turn: some chat templates know no system part, or none beside pictures."""
    pictures = [
        {"type": "image", "image": Image.open(io.BytesIO(picture.data)).convert("RGB")} for picture in question.pictures
    ]
    task = f"{question.system}\n\n{told}\n\n{question.text}"
    return turns(dataclasses.replace(question, text=task), pictures)


def _local_folder(model: str, spec: str) -> Path | None:
    """The spec's folder; ``None`` if it is a hub id."""
    folder = local_folder(model, repr(spec))
    if folder is not None:
        check_adapter(folder, repr(spec))
        if not (folder / "config.json").is_file():
            raise UsageError(f"the folder {folder} has no config.json: save the model there with save_pretrained")
    return folder
