"""``make bench-truth``: what every method finds on classifiers of which the exact answers are known."""
