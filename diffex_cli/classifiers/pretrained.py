"""Models in the format of ``save_pretrained``: a folder, or a hub id that is pinned to a commit."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from diffex_cli.artifacts.keys import digest_files
from diffex_cli.classifiers.network import NetworkOptions, cannot_load
from diffex_cli.core.adapters import ADAPTER, check_adapter, refuse_hub_adapter
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.machine import load_from_hub, local_folder, quiet_transformers, resolve_commit
from diffex_cli.core.registry import Spec
from diffex_cli.core.spec_options import need_model, text

T = TypeVar("T")

PROCESSOR = ("preprocessor_config.json", "processor_config.json")
CONFIGURATION = ("config.json", *PROCESSOR, ADAPTER, "*.safetensors", "*.safetensors.index.json")


@dataclasses.dataclass(frozen=True)
class PretrainedOptions(NetworkOptions):
    """``revision``: a hub model's branch, tag or commit."""

    revision: str | None = text(None)


class Pretrained:
    """Where a spec's model is. A hub model is pinned to the commit that is in the local cache, or else to the newest;
    the option ``revision`` asks for another one."""

    def __init__(
        self,
        spec: Spec,
        files: tuple[str, ...],
        needed: Mapping[str, tuple[str, ...]],
        hint: str,
        what: str = "classifier",
    ) -> None:
        """Look at the spec and, for a folder, at its files. ``files``: patterns of the folder's files that can change a
        logit. ``needed``: what a folder must have, by the name that the error uses: patterns of which one has to match.
        ``what``: the backend's kind, for sentences.
        """
        need_model(spec, f"{spec.name}:FOLDER or {spec.name}:HUB-ID")
        self._spec, self._what = spec, what
        self._files = files
        self._revision = spec.options.get("revision")
        self.folder = local_folder(spec.model, repr(spec.text))
        if self.folder is None:
            return
        check_adapter(self.folder, repr(spec.text))
        for name, patterns in needed.items():
            if not any(True for pattern in patterns for _ in self.folder.glob(pattern)):
                raise UsageError(f"the folder {self.folder} has no {name}: {hint}")
        if self._revision is not None:
            raise UsageError(f"{spec.text!r}: a local folder has no revision: remove the option")

    @functools.cached_property
    def identity(self) -> Mapping[str, object]:
        """Of a folder its files' digest, of a hub model its id and commit."""
        if self.folder is not None:
            return {"files": digest_files(self.folder, self._files)}
        return {"model": self._spec.model, "commit": resolve_commit(self._spec.model, self._revision)}

    @property
    def shown(self) -> Mapping[str, object]:
        """What is no part of the identity: a folder's name, or the revision that was asked for."""
        if self.folder is not None:
            return {"model": self.folder.resolve().name}
        return {"revision": self._revision or "main"}

    def load(self, loader: Callable[..., T]) -> T:
        """Call ``loader(source, **where)`` as transformers' ``from_pretrained`` wants it, the local cache first. None
        of the model's own code is allowed to run."""
        safe = functools.partial(loader, trust_remote_code=False)
        with quiet_transformers():
            try:
                if self.folder is not None:
                    return safe(str(self.folder))
                loaded = load_from_hub(safe, self._spec.model, str(self.identity["commit"]))
            except DiffexError:
                raise
            except Exception as error:
                raise cannot_load(self._spec, error, self._what) from error
        for part in loaded if isinstance(loaded, tuple) else (loaded,):
            refuse_hub_adapter(part, self._spec.text)
        return loaded


def lacking_weights(info: Mapping[str, Any], but: str = "?") -> str:
    """Which weights a checkpoint lacks or has of another shape; empty if none. ``but``: missing ones with this in their
    names do not matter."""
    missing = {key for key in info["missing_keys"] if but not in key}
    lacking = sorted(missing | {str(key[0]) for key in info["mismatched_keys"]})
    return ", ".join(lacking[:3]) + (" …" if lacking[3:] else "")


def refuse_untrained(info: Mapping[str, Any], spec: Spec, wanted: str, what: str = "classifier") -> None:
    """Refuse a model of which a weight is not in the checkpoint. ``wanted``: what it should be; ``what``: the backend's
    kind."""
    if lacking := lacking_weights(info):
        raise DiffexError(f"the {what} {spec.text} has no usable weights for {lacking}: it is not {wanted}")
