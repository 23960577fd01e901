"""An agreement as a document: parts and numbered lines, made from the rows in the reader's language."""
