"""What can be said about an attribute once its images are scored: pure functions on arrays.

Conventions of every module here. Arrays are aligned by image, shape (n_images,) or (n_images, classes); NaN marks an
edit that failed, and such an image is left out of that figure alone. A figure that is not known is NaN, and every
figure has its own n. Randomness has a fixed seed and is handed out in an order of the data's own, so that neither the
order of the images nor that of the candidates changes a bit of the result. Input of a wrong shape, or with infinite
values, is a ``ValueError``.

One candidate
    ``summary`` gathers ``intervals``, ``outcomes``, ``flips``, ``necessity`` and ``cout``; ``holdout`` says which
    images the search does not use; ``interaction`` takes a joint candidate apart.
All candidates of a search
    ``multiplicity`` corrects p-values, ``floor`` says what noise alone would show, ``coverage`` ranks greedily.
"""
