"""PostgreSQL as Django knows it, and each statement that writes says who writes."""
