"""A company that never was, with a year of believable data: made by the product's own verbs, from one seed."""
