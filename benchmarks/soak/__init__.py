"""``make soak``: many short runs, and many killed ones."""
