"""``diffex verify --review``: what a verifier saw, shown to people who do not know what it saw.

``choosing`` draws readings, ``making`` writes the page or asks in the terminal, ``answering`` takes in what people
answered and compares it with what the verifier said. The page, its files of answers and their order are a study's.
"""
