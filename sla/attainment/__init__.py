"""How far each clause is kept, period by period."""
