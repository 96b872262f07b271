"""Figures and tables for papers and talks, made from the same data as the page."""
