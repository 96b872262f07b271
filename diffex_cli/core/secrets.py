"""What nobody should write into a spec or an address: both are written down in the run, on pages and in messages."""

from __future__ import annotations

import re

_NAMES = (
    r"(?:[\w-]*[_-])?(?:token|pass(?:word|wd|phrase)?|pwd|secret|bearer|auth(?:orization)?|credentials?|sig(?:nature)?)"
    r"|(?:[\w-]*[_-])?(?:api|access|secret|private|subscription)[_-]?key"
)
_OPTION = re.compile(rf"(?:^|[:,\s])(?:{_NAMES})\s*=", re.IGNORECASE)
_QUERY = re.compile(rf"[?&;](?:{_NAMES}|key|code)=", re.IGNORECASE)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*:[\\/]{2}(?P<host>[^/\\?#\s]*)", re.IGNORECASE)
REMEDY = (
    "keep it in the environment, such as in DIFFEX_HTTP_TOKEN or OPENAI_API_KEY, since this is written down in the run"
)


def secret_in(text: str) -> str:
    """What secret a spec or an address holds, in words; empty if none is seen: a password before an address's host, or
    an option or a query's parameter with the name of a secret."""
    if any("@" in found["host"] for found in _ADDRESS.finditer(text)):
        return "a user name or password"
    return "a key, token or password" if _OPTION.search(text) or _QUERY.search(text) else ""
