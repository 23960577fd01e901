"""Columns by which another system marks rows of its export as deleted there, or as merged into another row."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence

from leads.importing.files.cells import YES
from leads.text.folding import fold
from leads.text.placeholders import is_placeholder

# By header, without what writers do differently: a flag that says yes, and what is filled only where it is gone.
FLAGS = frozenset({
    "isdeleted", "deleted", "deletedflag", "deleteflag", "ismerged", "isarchived", "archived", "inrecyclebin",
    "削除", "削除フラグ", "削除済", "削除済み", "削除区分", "統合済", "統合済み", "gelöscht", "supprimé", "eliminado",
})  # fmt: skip
FILLED = frozenset({
    "masterrecordid", "masterrecord", "mergedinto", "mergedintoid", "mergedto", "mergedintorecord", "mergemasterid",
    "deletedat", "deletedon", "deleteddate", "datedeleted", "deletedtime", "archivedat", "mergedat",
    "削除日", "削除日時", "統合先", "統合先id", "マージ先", "マージ先id",
})  # fmt: skip
# Beside yes and its like, what systems write into such a flag.
GONE_WORDS = YES | {
    fold(word) for word in ("deleted", "merged", "archived", "削除", "削除済", "削除済み", "統合済み", "ja", "oui")
}
SaysGone = Callable[[str], bool]


def gone_marks(headers: Sequence[str], mapped: Container[int]) -> list[tuple[int, str, SaysGone]]:
    """The columns that mark a row as gone, each with how it says so; not those that were given a field."""
    found: list[tuple[int, str, SaysGone]] = []
    for place, header in enumerate(headers):
        word = "".join(letter for letter in fold(header) if letter.isalnum())
        if place in mapped:
            continue
        if word in FLAGS:
            found.append((place, header, lambda cell: fold(cell) in GONE_WORDS))
        elif word in FILLED:
            found.append((place, header, lambda cell: not is_placeholder(cell)))
    return found
