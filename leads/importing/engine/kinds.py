"""Kinds of rows that can be imported: each a class, which knows its rows and how a batch of them is written."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from leads.importing.engine.batches import Batch
from leads.importing.engine.rows import RowFormat


class ImportKind(RowFormat, ABC):
    """Leads, companies, activities, …: what a row is, and how rows of it are imported."""

    # The tables that grow.
    tables: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def import_batch(self, batch: Batch) -> None:
        """Write the rows of one batch, set at a time, in the caller's transaction."""

    def vocabulary(self) -> Mapping[str, set[str]]:
        """The fields that take only words of ours, with those words, folded."""
        return {}


_kinds: dict[str, ImportKind] = {}


def register_kind(kind: ImportKind) -> None:
    """Let rows of this kind be imported. An app above may replace a kind by one that does more."""
    _kinds[kind.key] = kind


def kinds() -> dict[str, ImportKind]:
    return dict(_kinds)


def kind_of(key: str) -> ImportKind:
    """Raises `KeyError` for a kind that nobody imports."""
    return _kinds[key]
