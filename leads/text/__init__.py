"""Text as it is compared, and what an address says."""
