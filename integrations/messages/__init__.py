"""One message on its way out: what it says, where it goes, and why it failed."""
