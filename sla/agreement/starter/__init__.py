"""A complete first agreement to start from: personas, definitions, score model, hand-offs and clauses."""
