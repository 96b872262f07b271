"""What the machine has and keeps: devices, the cache folder, the hub of models, and libraries that talk too much."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from diffex_cli.core.errors import DiffexError, UsageError

if TYPE_CHECKING:
    import torch

T = TypeVar("T")


def pick_device(name: str) -> torch.device:
    """A device that is there; ``auto`` is CUDA, else MPS, else the CPU.

    Raises:
        UsageError: torch knows no such device, or it is not there.
    """
    import torch

    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (AssertionError, RuntimeError) as error:
        raise UsageError(f"--device {name} is not available here: use auto or cpu") from error
    return device


def parse_devices(text: str) -> tuple[str, ...]:
    """The names in ``--device``: one, several with commas between, or ``cuda:all``. The editor works on all of
    them, one process each; everything else uses the first.

    Whether a device is there is :func:`pick_device`'s business; only ``cuda:all`` has to look.

    Raises:
        UsageError: a name is empty, ``auto`` is one of several, or ``cuda:all`` finds no GPU.
    """
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise UsageError(f"--device {text!r} has an empty name: write one device, or several like cuda:0,cuda:1")
    if "auto" in names and len(names) > 1:
        raise UsageError(f"--device {text} names auto beside others: write auto alone, or the devices themselves")
    return tuple(device for name in names for device in (_all_gpus() if name == "cuda:all" else (name,)))


def _all_gpus() -> tuple[str, ...]:
    import torch

    count = torch.cuda.device_count()
    if not count:
        raise UsageError("--device cuda:all finds no CUDA device here: use auto or cpu")
    return tuple(f"cuda:{index}" for index in range(count))


@contextlib.contextmanager
def quiet_transformers() -> Iterator[None]:
    """Without transformers' progress bars and reports, which would tear ours apart. Diffusers imports
    transformers, so its pipelines are imported and loaded in here, too."""
    from transformers.utils import logging

    bars, verbosity = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def cache_folder() -> Path:
    """``$DIFFEX_CACHE``, else diffex's folder among the user's caches; it need not exist."""
    folder = os.environ.get("DIFFEX_CACHE")
    if not folder:
        import platformdirs

        folder = platformdirs.user_cache_dir("diffex")
    return Path(folder)


_SECONDS = 10.0


def local_folder(name: str, place: str, remedy: str = "") -> Path | None:
    """The folder that a model's name means, with ``~`` expanded; ``None`` if it is a hub id.

    Args:
        name: as the user wrote it.
        place: where, for the error.
        remedy: what else to do, for the error.

    Raises:
        UsageError: it can only be meant as a path, and there is no such folder.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    if name.startswith((".", "/", "~")) or name.count("/") > 1 or "\\" in name or folder.exists():
        raise UsageError(f"{place}: there is no folder {folder}{remedy and f': {remedy}'}")
    return None


def refuse_missing_folder(model: str, spec: str) -> None:
    """Complain early about a model that can only be meant as a path where there is nothing.

    Raises:
        UsageError: of :func:`local_folder`.
    """
    if not Path(model).expanduser().exists():
        local_folder(model, repr(spec), "give one that exists, or a hub id")


def load_from_hub(load: Callable[..., T], model: str, commit: str) -> T:
    """``load(model, revision=commit)``, from the local cache alone if all of it is there."""
    try:
        return load(model, revision=commit, local_files_only=True)
    except OSError:
        return load(model, revision=commit)


def resolve_commit(model: str, revision: str | None = None) -> str:
    """The commit of a model: the one in the local cache if there is one, else the hub's.

    Pinning to the cached commit keeps a run's scores valid when the hub's model moves on.

    Args:
        model: the hub id.
        revision: branch, tag or commit; the main branch if ``None``.

    Raises:
        UsageError: the id is malformed, or the hub has no such model or revision, or asks for permission.
        DiffexError: it is not cached and the hub cannot be reached.
    """
    from huggingface_hub import HfApi, try_to_load_from_cache
    from huggingface_hub.errors import (
        GatedRepoError,
        HFValidationError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    nowhere = f"there is no folder {model!r} here"
    try:
        cached = try_to_load_from_cache(model, "config.json", revision=revision or "main")
        if isinstance(cached, str):
            return Path(cached).parent.name
        commit = HfApi().model_info(model, revision=revision, timeout=_SECONDS).sha
    except HFValidationError:
        raise UsageError(f"{nowhere}, and it is not a hub id: write FOLDER or OWNER/NAME") from None
    except GatedRepoError:
        raise UsageError(f"the hub asks for permission to use {model}: accept its terms there and log in") from None
    except RepositoryNotFoundError:
        raise UsageError(f"{nowhere}, and the hub has no public model of that name") from None
    except RevisionNotFoundError:
        raise UsageError(f"the hub's model {model} has no revision {revision!r}") from None
    except Exception as error:
        raise DiffexError(
            f"{nowhere}, and the hub cannot be reached to look for a model of that name "
            f"({type(error).__name__}): connect to the network, or give a local folder"
        ) from error
    if not commit:
        raise DiffexError(f"the hub names no commit for {model}: give a local folder")
    return commit
