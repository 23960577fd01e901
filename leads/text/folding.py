"""Text as it is compared."""

import unicodedata


def fold(text: str) -> str:
    """Unicode NFKC, then case folded: two spellings of one word are one. The twin of fold() in SQL."""
    return unicodedata.normalize("NFKC", text).casefold()
