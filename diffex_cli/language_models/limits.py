"""How much of a service's answer is read, and for how long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any

MOST_BYTES = 64_000_000
"""Of one answer: some hundred times the longest that a model writes."""


class BeyondLimit(Exception):  # noqa: N818
    """An answer that is not read to its end; the text goes on after the server's name."""


def limited(sdk: ModuleType, seconds: float) -> Any:
    """The SDK's own HTTP client, with limits: an answer is not packed, follows no redirection, has at most
    :data:`MOST_BYTES` and is whole after so many seconds, however slowly its pieces come."""

    def ask_plainly(request: Any) -> None:
        request.headers["accept-encoding"] = "identity"

    def limit(response: Any) -> None:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise BeyondLimit("packs its answer, though it was asked not to")
        response.stream = _limited_stream(response.stream, seconds)

    hooks = {"request": [ask_plainly], "response": [limit]}
    return sdk.DefaultHttpxClient(event_hooks=hooks, follow_redirects=False)


def _limited_stream(stream: Any, seconds: float) -> Any:
    import httpx2

    class Limited(httpx2.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            end, size = time.monotonic() + seconds, 0
            for part in stream:
                size += len(part)
                if size > MOST_BYTES:
                    raise BeyondLimit(f"answers with more than {MOST_BYTES / 1e6:g} MB")
                if time.monotonic() > end:
                    raise BeyondLimit(f"did not finish its answer within {seconds:g} s")
                yield part

        def close(self) -> None:
            stream.close()

    return Limited()
