"""Language models that look at pictures and answer in JSON."""
