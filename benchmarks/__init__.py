"""Benchmarks: what ``make bench`` measures and writes into the documentation."""
