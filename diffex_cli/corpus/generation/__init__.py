"""Makes a hierarchy of attributes by asking a vision-language model about a domain's pictures.

::

    prompts, pictures, grounding   what is asked
    missing, grafting              the same of a finished hierarchy: what it lacks
    reading, draft                 what is made of the answers: checked, each attribute once
    engine                         level by level, the questions of a level in parallel

Source: the paper's Sec. 3.2.1. What it leaves open (how the levels come about, what happens to wrong
answers) is decided here and in ``language_models.asking``.
"""
