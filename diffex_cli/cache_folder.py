"""Where diffex keeps what it can make again."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """``$DIFFEX_CACHE``, else diffex's folder among the user's caches; it need not exist."""
    folder = os.environ.get("DIFFEX_CACHE")
    if not folder:
        import platformdirs

        folder = platformdirs.user_cache_dir("diffex")
    return Path(folder)
