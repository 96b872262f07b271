"""What ``run.yaml`` remembers of each stage."""

from __future__ import annotations

from typing import Any

from diffex_cli.artifacts.provenance import provenance
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core.settings import Settings


def record(run: RunDirectory, stage: str, settings: Settings, target: str | None = None) -> None:
    """Remember the settings that the user gave, and all that this stage uses.

    Called once they are known to be valid and before the work begins, so that after an interrupt, or on
    the way to the next stage, nothing has to be typed again. An unchanged record is not written.

    Args:
        run: the run directory.
        stage: the stage's name.
        settings: as resolved.
        target: the class that is explained, if it is known to exist. Until then ``search`` does not
            remember a ``--target``: a misspelt one would stick. A configuration file's target is
            remembered by the stages before it, since that file is where it would be mended.
    """
    before = run.recorded()
    given = settings.given()
    if target is None and stage == "search":
        given.pop("target", None)
    remembered: dict[str, Any] = dict(before.get("settings") or {})
    stages: dict[str, Any] = dict(before.get("stages") or {})
    used = {name: value for name, value in settings.values().items() if name != "run"}
    used["target"] = target
    old = dict((stages.get(stage) or {}).get("settings") or {})
    if target is None:
        old["target"] = None
    if remembered | given == remembered and old == used:
        return
    stages[stage] = {"settings": used, "provenance": provenance(stage, {})}
    run.write_recorded(remembered | given, stages)
