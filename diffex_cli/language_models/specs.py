"""What the user wrote after the provider's name: the model and the options, checked."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import Spec
from diffex_cli.core.secrets import secret_in
from diffex_cli.core.spec_options import choice, number, read_options, text, whole
from diffex_cli.language_models.base import Prices

# The values that the SDKs know. Which of them a model takes is its provider's to say.
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


@dataclasses.dataclass(frozen=True)
class ModelOptions:
    """All that there are; each provider knows some."""

    base_url: str | None = text(None)
    device: str = text("auto")
    effort: str | None = choice(None, EFFORTS)
    max_tokens: int | None = whole(None)
    price_cached: float | None = number(None)
    price_in: float | None = number(None)
    price_out: float | None = number(None)
    retries: int | None = whole(None, 0, 100)
    revision: str | None = text(None)
    temperature: float | None = number(None)
    timeout: float | None = number(None, above=True)


class ModelSpec:
    """A spec, read.

    Attributes:
        text: the spec as the user wrote it, for errors, without a password or a query that stands in it.
        model: what is between the provider's name and the options; may be empty.
        options: ``None`` where not given.
    """

    def __init__(self, spec: Spec, known: Sequence[str]) -> None:
        """Read the options; ``known`` are those that the provider has."""
        self.text = re.sub(r"//[^/@]*@", "//…@", re.sub(r"\?.*", "?…", spec.text))
        self.model = spec.model
        self.options = read_options(dataclasses.replace(spec, text=self.text), ModelOptions(), known)

    def base_url(self, variable: str, environment: Mapping[str, str]) -> str | None:
        """The server's address: the option ``base_url``, or else a variable of the environment.

        Raises:
            UsageError: it is no plain ``http(s)://host[:port][/path]``.
        """
        name, url = "base_url", self.options.base_url
        if url is None:
            name, url = variable, environment.get(variable) or None
        if url is None:
            return None
        try:
            parts = urlsplit(url)
            plain = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            plain = False
            parts = urlsplit("")
        if parts.username is not None or parts.query or parts.fragment or secret_in(url):
            raise UsageError(
                f"{name} must not contain a user name, password, ? or #: the address is written down in the run; "
                "keys come from the environment"
            )
        if not plain:
            raise UsageError(f"{name} must be an address like http://localhost:11434/v1, not {url!r}")
        return url.rstrip("/")

    def prices(self, listed: Prices | None) -> Prices | None:
        """The options ``price_in``, ``price_out`` and ``price_cached``, where not given the list's.

        Raises:
            UsageError: one is no number, or only one of the first two is known.
        """
        options = self.options
        read, written, cached = options.price_in, options.price_out, options.price_cached
        if read is None and written is None and cached is None:
            return listed
        if listed is None and (read is None or written is None):
            raise UsageError(f"{self.text!r}: the model is not in the price list: give both price_in and price_out")
        if read is None and listed is not None:
            read = listed.input
        if written is None and listed is not None:
            written = listed.output
        assert read is not None
        assert written is not None
        if cached is None:
            cached = listed.cached if listed is not None and options.price_in is None else read
        return Prices(input=read, output=written, cached=cached)
