"""The page of ``diffex compare``: two runs side by side, and what changed."""
