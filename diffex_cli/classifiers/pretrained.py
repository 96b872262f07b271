"""Models in the format of ``save_pretrained``: a folder, or a hub id that is pinned to a commit."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from diffex_cli.artifacts.keys import digest_files
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.machine import quiet_transformers, resolve_commit
from diffex_cli.core.registry import Spec

T = TypeVar("T")

PROCESSOR = ("preprocessor_config.json", "processor_config.json")
CONFIGURATION = ("config.json", *PROCESSOR, "*.safetensors", "*.safetensors.index.json")


class Pretrained:
    """Where a spec's model is.

    A hub model is pinned to the commit that is in the local cache, or else to the newest; the option ``revision`` asks
    for another one.
    """

    def __init__(self, spec: Spec, files: tuple[str, ...], needed: Mapping[str, tuple[str, ...]], hint: str) -> None:
        """Look at the spec and, for a folder, at its files.

        Args:
            spec: the spec.
            files: patterns of the folder's files that can change a logit.
            needed: what a folder must have, by the name that the error uses: patterns of which one has to match.
            hint: how such a folder is made, for the error.

        Raises:
            UsageError: no model is named, or the folder is missing or incomplete.
        """
        if not spec.model:
            raise UsageError(f"{spec.text!r} names no model: write {spec.name}:FOLDER or {spec.name}:HUB-ID")
        self._spec = spec
        self._files = files
        self._revision = spec.options.get("revision")
        self.folder = _local_folder(spec, needed, hint)
        if self.folder is not None and self._revision is not None:
            raise UsageError(f"{spec.text!r}: a local folder has no revision: remove the option")

    @functools.cached_property
    def identity(self) -> Mapping[str, object]:
        """Of a folder its files' digest, of a hub model its id and commit.

        Raises:
            UsageError, DiffexError: as for :func:`~diffex_cli.core.machine.resolve_commit`.
        """
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
        of the model's own code is allowed to run.

        Raises:
            UsageError: it fails.
        """
        with quiet_transformers():
            if self.folder is not None:
                return self._try(loader, str(self.folder))
            commit = str(self.identity["commit"])
            try:
                return loader(self._spec.model, revision=commit, local_files_only=True, trust_remote_code=False)
            except OSError:
                return self._try(loader, self._spec.model, revision=commit)
            except DiffexError:
                raise
            except Exception as error:
                raise self._refused(error) from error

    def _try(self, loader: Callable[..., T], source: str, **where: Any) -> T:
        try:
            return loader(source, trust_remote_code=False, **where)
        except DiffexError:
            raise
        except Exception as error:
            raise self._refused(error) from error

    def _refused(self, error: Exception) -> UsageError:
        return UsageError(f"cannot load the classifier {self._spec.text}: {' '.join(str(error).split())[:300]}")


def refuse_untrained(info: Mapping[str, Any], spec: Spec, what: str) -> None:
    """Refuse a model of which a weight is not in the checkpoint.

    Args:
        info: ``from_pretrained``'s ``output_loading_info``.
        spec: the classifier's spec, for the error.
        what: what it ought to be.

    Raises:
        DiffexError: a weight is missing, or of another shape.
    """
    lacking = sorted({*info["missing_keys"], *(str(key[0]) for key in info["mismatched_keys"])})
    if lacking:
        raise DiffexError(
            f"the classifier {spec.text} has no usable weights for {', '.join(lacking[:3])}"
            f"{' …' if len(lacking) > 3 else ''}: it is not {what}"
        )


def _local_folder(spec: Spec, needed: Mapping[str, tuple[str, ...]], hint: str) -> Path | None:
    """The spec's folder, with all that is needed in it; ``None`` if the spec is a hub id."""
    folder = Path(spec.model).expanduser()
    if not folder.is_dir():
        looks_local = spec.model.startswith((".", "/", "~")) or spec.model.count("/") > 1 or "\\" in spec.model
        if looks_local or folder.exists():
            raise UsageError(f"{spec.text!r}: there is no folder {folder}")
        return None
    for name, patterns in needed.items():
        if not any(True for pattern in patterns for _ in folder.glob(pattern)):
            raise UsageError(f"the folder {folder} has no {name}: {hint}")
    return folder
