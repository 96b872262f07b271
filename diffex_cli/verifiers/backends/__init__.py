"""The verifiers that come with diffex, a file each."""
