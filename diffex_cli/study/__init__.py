"""The paper's three user studies (section 4.2) as a kit: a page for participants, and what their answers say.

``choosing`` draws items from a run, ``page`` makes one HTML file of them that knows no right answer, ``study`` keeps
those apart. Participants, or a language model (``raters``), leave files of ``answers``; ``analysis`` and ``agreement``
turn them into figures, ``tables`` into the paper's tables.
"""
