"""Where an edit may change a picture, and what becomes of an edit outside of that."""
