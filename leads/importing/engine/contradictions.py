"""Rows of one file that name one thing by one key, and cannot be about one thing: nobody says which is right."""

from __future__ import annotations

from django.utils.translation import gettext as _

from leads.importing.engine.fields import Values
from leads.importing.engine.rows import RowFormat

# What a row says of whom its key names. Two contradict each other that differ in each part.
Claim = tuple[str, ...]


class Contradictions:
    """What the rows claim of each key that several of them have."""

    def __init__(self, kind: RowFormat) -> None:
        self.kind = kind
        # By key and claim, the lines.
        self.claims: dict[str, dict[Claim, list[int]]] = {}

    def note(self, line: int, values: Values) -> None:
        for key, claim in self.kind.claims(values):
            self.claims.setdefault(key, {}).setdefault(claim, []).append(line)

    def by_line(self) -> dict[int, str]:
        """The lines that are not to be taken, each with the reason."""
        found: dict[int, str] = {}
        for key, claims in self.claims.items():
            for claim, lines in claims.items():
                others = [lines[0] for other, lines in claims.items() if _contradict(claim, other)]
                if others:
                    found.update({line: found.get(line) or _told(key, line, others[0]) for line in lines})
        return found


def _contradict(one: Claim, other: Claim) -> bool:
    return all(mine != theirs for mine, theirs in zip(one, other, strict=True))


def _told(key: str, line: int, other: int) -> str:
    sort, _space, written = key.partition(" ")
    if sort == "email":
        text = _("Lines %(first)s and %(second)s are two people at one address, “%(key)s”. Neither was taken.")
    else:
        text = _("Lines %(first)s and %(second)s give one id, “%(key)s”, two addresses. Neither was taken.")
    return text % {"first": min(line, other), "second": max(line, other), "key": written}
