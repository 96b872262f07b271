"""Makes a hierarchy of attributes by asking a vision-language model about a domain's pictures.

::

    prompts, pictures, grounding   what is asked
    missing, grafting              the same of a finished hierarchy: what it lacks
    asking, answers, ledger        how: answers kept on disk, wrong ones asked again, a limit on the cost
    reading, wording, draft        what is made of the answers: checked, normalised, each attribute once
    engine                         level by level, the questions of a level in parallel
    rehearsal                      the same without asking anybody, for an estimate

Source: the paper's Sec. 3.2.1. What it leaves open (how the levels come about, what happens to wrong
answers) is decided here.
"""
