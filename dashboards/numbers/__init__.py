"""Any number, its picture, and the leads behind it."""
