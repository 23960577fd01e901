"""Pages of leads and companies that need no score and no stage."""
