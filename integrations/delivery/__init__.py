"""By which ways notices go out, and what became of them."""
