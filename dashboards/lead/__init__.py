"""One lead, one company, and the list of leads."""
