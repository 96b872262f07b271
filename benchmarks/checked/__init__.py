"""How much truer an explanation is for checking its edits, by whole searches at the shipped defaults."""
