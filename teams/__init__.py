"""People: who may do what, who is told what, what may come in."""
