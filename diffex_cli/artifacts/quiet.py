"""Pillow's remarks, which are of nobody's interest, unheard in any number of threads."""

from __future__ import annotations

import contextlib
import re
import threading
import warnings
from collections.abc import Iterator

_MODULES = r"PIL\."
_FILTER = ("ignore", None, Warning, re.compile(_MODULES), 0)
_lock = threading.Lock()
_inside = 0


@contextlib.contextmanager
def quiet_pillow() -> Iterator[None]:
    """Ignore what Pillow warns of.

    ``warnings.catch_warnings`` is not for threads: two that overlap leave every warning of the process ignored.
    """
    global _inside
    with _lock:
        _inside += 1
        if _FILTER not in warnings.filters:
            warnings.filterwarnings("ignore", module=_MODULES)
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                with contextlib.suppress(ValueError):  # somebody else has put other filters in place
                    warnings.filters.remove(_FILTER)  # type: ignore[attr-defined]
