"""Whether the first sentence names the true cause."""
