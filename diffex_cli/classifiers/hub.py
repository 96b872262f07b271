"""Which commit a model of the Hugging Face hub stands for, without loading the model."""

from __future__ import annotations

from pathlib import Path

from diffex_cli.errors import DiffexError, UsageError

_SECONDS = 10.0


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
        raise UsageError(f"{nowhere}, and it is no hub id: write FOLDER or OWNER/NAME") from None
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
