"""Text as it is compared."""

import unicodedata

# Letters that nobody sees: spaces without width, marks of direction, the mark at the beginning of a file.
INVISIBLE = dict.fromkeys((0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF))


def visible(text: str) -> str:
    """Text without what nobody sees: two addresses that look the same are the same."""
    return text.translate(INVISIBLE)


def fold(text: str) -> str:
    """Unicode NFKC, then case folded: two spellings of one word are one. The twin of fold() in SQL."""
    return unicodedata.normalize("NFKC", text).casefold()
