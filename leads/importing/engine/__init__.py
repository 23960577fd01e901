"""Reading, mapping, checking and running one import, whatever its rows are."""
