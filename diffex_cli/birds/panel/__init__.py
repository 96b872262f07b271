"""A panel of classifiers of the birds whose inner workings are known, for the benchmark with known answers.

Some are a known function of what the attribute probe reads, some were trained on birds with a planted shortcut, and
some know nothing about birds at all.
"""
