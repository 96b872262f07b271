"""What a run directory may not decide by itself: whose code is run, and where pictures and secrets go.

A run directory may be a colleague's, or come from a cache. What it names in ``run.yaml`` or ``search.yaml`` counts as
wanted once the person at this machine gave the same value for this very run, in this call or in an earlier one.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from diffex_cli.artifacts.files import write_bytes
from diffex_cli.artifacts.keys import digest
from diffex_cli.core import registry
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.settings import RUN_ORIGIN, Settings, flag

_ADDRESS = "base_url"
_GROUPS: Mapping[str, str] = {
    "classifier": registry.CLASSIFIERS,
    "editor": registry.EDITORS,
    "screen": registry.EDITORS,
    "verifier": registry.VERIFIERS,
    "region": registry.REGIONS,
    "keep_region": registry.REGIONS,
    "provider": registry.CORPUS_PROVIDERS,
    "merge": registry.CORPUS_PROVIDERS,
}
_CALLED: Mapping[str, str] = {
    "classifier": "the classifier",
    "editor": "the editor",
    "screen": "the editor that screens,",
    "verifier": "the verifier",
    "region": "the region",
    "keep_region": "the region to keep",
    "provider": "the corpus provider",
    "merge": "the corpus provider",
    _ADDRESS: "the address",
}
_LONGEST = 120


@dataclasses.dataclass(frozen=True, slots=True)
class Consent:
    """What the person at this machine wants of a run; by default nothing that needs to be asked for.

    Attributes:
        run: the run directory.
        given: settings and values by flag, variable or ``--config`` of this call; one for each item of a list.
        trusted: ``--trust-run``.
    """

    run: Path
    given: frozenset[tuple[str, str]] = frozenset()
    trusted: bool = False

    @classmethod
    def of(cls, settings: Settings) -> Consent:
        """As settings say it, which know where they come from."""
        given = settings.given(now=True).items()
        pairs = frozenset((name, item) for name, value in given for item in _items(value))
        return cls(settings.run, pairs, settings.trust_run)

    def check(self, name: str, value: str, file: Path | None = None) -> None:
        """Refuse what only the run directory names and what runs code or sends something somewhere.

        Args:
            name: the setting that a command takes it by.
            value: a spec or an address.
            file: what names it, if no flag of the command can name it as well; ``None`` is ``run.yaml``.

        Raises:
            UsageError: nobody gave it; the sentence names file and remedy.
        """
        consequence = _consequence(name, value)
        if not consequence or self.trusted or (name, value) in self.given or self._file(name, value).is_file():
            return
        again = "" if file is not None else f"give it again ({flag(name)}) if it is what you want, or "
        raise UsageError(
            f"{file or self.run / RUN_ORIGIN} names {_CALLED[name]} {_short(value)}, {consequence}, and nobody on this "
            f"machine gave that for this run: {again}add --trust-run if you trust whoever made it"
        )

    def remember(self) -> None:
        """Note what was given, so that later commands on the same run need not be given it again. The notes are the
        user's, outside of any run; where they cannot be written, the next command asks."""
        with contextlib.suppress(DiffexError):
            for name, value in sorted(self.given):
                if _consequence(name, value) and not self._file(name, value).is_file():
                    text = f"{self.run.resolve()}\n{name}: {value}\n"
                    write_bytes(self._file(name, value), text.encode(errors="backslashreplace"))

    def _file(self, name: str, value: str) -> Path:
        return _folder() / digest([ascii(str(self.run.resolve())), name, ascii(value)])


def _folder() -> Path:
    import platformdirs

    return Path(platformdirs.user_state_dir("diffex", appauthor=False)) / "agreed"


def _items(value: object) -> Iterator[str]:
    for item in value if isinstance(value, Sequence) and not isinstance(value, str) else [value]:
        yield str(item)


def _consequence(name: str, value: str) -> str:
    """What opening it would do, as a relative clause; empty for what is harmless, or no spec."""
    if name == _ADDRESS:
        return "to which questions, pictures and the API key would be sent"
    group = _GROUPS.get(name)
    if group is None:
        return ""
    try:
        spec = registry.parse_spec(value)
    except UsageError:
        return ""  # who opens it says what is wrong
    if group == registry.VERIFIERS and spec.name == "vlm":
        return _of_language_model(value.partition(":")[2])
    if spec.name == "python" or spec.options.get("trust", "no") != "no" or registry.is_foreign(group, spec.name):
        return "which runs code that does not come with diffex"
    if spec.name == "http" or _ADDRESS in spec.options or "://" in value:
        secret = "DIFFEX_HTTP_TOKEN" if spec.name == "http" else "the API key"
        return f"to which pictures and {secret} would be sent"
    return ""


def _of_language_model(provider: str) -> str:
    found = _consequence("provider", provider)
    if found or provider.partition(":")[0] == "transformers":
        return found
    return "which sends the pictures to the service of a language model, at a price"


def _short(value: str) -> str:
    return repr(value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…")
