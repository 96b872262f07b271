"""What is said of pictures whose scores are not finite: they are left out, never silently."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from diffex_cli.artifacts.rows import InputImage, Scores
from diffex_cli.core.errors import UsageError
from diffex_cli.measure.session import Session

_NAMED = 3


def unusable(
    scores: Scores, images: Mapping[str, InputImage], edits: Iterable[tuple[str, str, str]]
) -> tuple[str, ...]:
    """A sentence that names the pictures among these whose scores are not finite, if there are any.

    Args:
        images: by key.
        edits: key, candidate's id and image's key; those of other images are of no concern.
    """
    originals = [image for key, image in images.items() if key in scores.unusable]
    edited = {key: (candidate, image) for key, candidate, image in edits if key in scores.unusable and image in images}
    names = [image.source for image in originals]
    for candidate, image in edited.values():
        names.append(f"{f'the edit {candidate!r}' if candidate else 'the reconstruction'} of {images[image].source}")
    if not names:
        return ()
    return (
        f"the classifier's scores are not finite on {_pictures(len(names))}, which "
        f"{'is' if len(names) == 1 else 'are'} left out: {_listed(names)}",
    )


def check_originals(session: Session) -> None:
    """Refuse input images with whose scores nothing can be compared.

    Raises:
        UsageError: there are some; the sentence names them.
    """
    lost = [image.source for key, image in session.images.items() if key in session.scores.unusable]
    if lost:
        raise UsageError(
            f"the scores of the classifier {session.settings.classifier} are not finite on {len(lost)} of the "
            f"{len(session.images)} input images ({_listed(lost)}), with which nothing can be compared: take them out "
            f"and run `diffex corpus` again, or mend the classifier, remove {session.run.path / 'scores'} and run this "
            "again"
        )


def _pictures(n: int) -> str:
    return f"{n} picture{'' if n == 1 else 's'}"


def _listed(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
