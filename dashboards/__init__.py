"""The pages of numbers both teams look at."""
