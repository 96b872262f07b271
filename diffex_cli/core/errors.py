"""Every error that diffex raises on purpose.

::

    DiffexError              1   something went wrong that is nobody's typing mistake
    ├── UsageError           2   a flag, key, file or folder that the user can mend
    ├── IncompleteError      3   the stage needs work that another stage has to do first
    └── GateError            4   a gate (``diffex check``) failed

The number is the exit code. A message is one sentence: what happened, to which file, key or
option, and what to do about it. 130 is the exit code of an interrupted stage.
"""

from __future__ import annotations

LONGEST = 2000
"""Characters of a message: what it quotes may come from a file, a server or a language model, and be of any length."""


class DiffexError(Exception):
    """The base of all; its text is shown to the user as it is, but for the middle of a very long one."""

    exit_code = 1

    def __init__(self, message: str = "") -> None:
        left_out = len(message) - LONGEST
        if left_out > 0:
            half = (LONGEST - 60) // 2
            message = f"{message[:half]} … ({left_out + 60} characters left out) … {message[-half:]}"
        super().__init__(message)


class UsageError(DiffexError):
    """The user can mend this: the text names the file, key or option, and the remedy."""

    exit_code = 2


class IncompleteError(DiffexError):
    """A stage cannot finish until another stage has done the work that the text names."""

    exit_code = 3


class GateError(DiffexError):
    """A classifier did not pass a gate."""

    exit_code = 4


def one_line(error: BaseException, most: int = 300) -> str:
    """What another library says is wrong, on one line of about so many characters at most: its beginning and its end,
    where the cause is."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= most else f"{text[: most // 2]} … {text[-most // 2 :]}"
