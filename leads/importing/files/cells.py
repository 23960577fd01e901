"""What a cell says, by the kind of column it stands in. A cell that cannot be taken says why."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.timezone import now
from django.utils.translation import gettext as _

from leads.importing.files.moments import read_day, read_moment
from leads.importing.files.numbers import POINT, number_in
from leads.models.leads import Lead
from leads.text.folding import fold, visible
from leads.text.placeholders import is_error, is_placeholder
from smarketing.currencies import codes_of, decimals_of


class Refused(Exception):
    """This cell cannot be taken; the text says why."""


class Garbled(Refused):
    """This cell holds letters that are lost. Its row waits for the right ones, whatever the column is."""


@dataclass
class Reading:
    """What reading a cell may need to know of the file."""

    zone: ZoneInfo
    # Which of 3/4/2025 comes first, and which mark divides decimals: the column's own.
    date_order: str = ""
    decimal: str = ""
    # The company's.
    currency: str = "JPY"
    # Called with what was done to a cell that was taken otherwise than it was written.
    warn: Callable[[str], None] = lambda text: None


# A cell, without spaces around it and not empty → what it says. None: nothing. A dict: values of several fields.
Reader = Callable[[str, Reading], Any]

YES = {"true", "yes", "y", "1", "on", "t", "はい", "有", "有り", "あり", "済", "可", "○", "◯", "✓", "✔", "x"}
NO = {"false", "no", "n", "0", "off", "f", "いいえ", "無", "無し", "なし", "未", "不可", "×", "-", "—"}
CONSENT = {
    "given": "given", "withdrawn": "withdrawn", "granted": "given", "subscribed": "given", "opt-in": "given",
    "opted in": "given", "unsubscribed": "withdrawn", "opt-out": "withdrawn", "opted out": "withdrawn",
    "revoked": "withdrawn", "同意": "given", "同意済": "given", "同意済み": "given", "許諾": "given", "購読": "given",
    "配信停止": "withdrawn", "停止": "withdrawn", "拒否": "withdrawn", "不同意": "withdrawn", "撤回": "withdrawn",
    "unknown": "", "不明": "", "未確認": "",
}  # fmt: skip
# What is an address without a doubt, told in a tenth of the time.
PLAIN_ADDRESS = re.compile(
    r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}", re.A | re.I
)
BETWEEN_ADDRESSES = re.compile(r"[;,\s、；，]+")
JAPANESE = re.compile(r"[\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\u3005]")
GREATEST_WHOLE = 2_147_483_647


def one_line(cell: str, reading: Reading) -> str:
    """Text as it came, its lines joined."""
    return " ".join(cell.split()) if ("\n" in cell or "\r" in cell) else cell


def text(longest: int) -> Reader:
    """The same, of at most so many characters."""

    def read(cell: str, reading: Reading) -> str:
        plain = "" if is_error(cell) else one_line(cell, reading)
        if len(plain) > longest:
            raise Refused(_("Longer than %(longest)s characters.") % {"longest": longest})
        return plain

    return read


def words(longest: int) -> Reader:
    """The same, where a word for none and a mark alone say nothing."""
    plain = text(longest)
    return lambda cell, reading: None if is_placeholder(cell) else plain(cell, reading)


def reading_of_name(longest: int) -> Reader:
    """A reading: half-width kana as full-width."""
    plain = text(longest)
    return lambda cell, reading: plain(unicodedata.normalize("NFKC", cell), reading)


def telephone(cell: str, reading: Reading) -> str | None:
    plain: str | None = words(40)(unicodedata.normalize("NFKC", cell), reading)
    return plain


def external_id(cell: str, reading: Reading) -> str | None:
    """By what another system knows somebody. None where a word stands for nothing: the row goes by what else it has."""
    if is_placeholder(cell):
        warn_of_placeholder(cell, reading)
        return None
    known: str = text(200)(visible(cell), reading)
    return known


def warn_of_placeholder(cell: str, reading: Reading) -> None:
    reading.warn(_("“%(cell)s” identifies nothing and was left out.") % {"cell": shortened(cell)})


def email(cell: str, reading: Reading) -> str | None:
    """The first address, where several stand in the cell. None where a word stands for nothing."""
    if len(cell) < 200 and PLAIN_ADDRESS.fullmatch(cell):
        return cell
    if is_placeholder(cell):
        warn_of_placeholder(cell, reading)
        return None
    plain = visible(unicodedata.normalize("NFKC", cell)).strip().removeprefix("mailto:")
    candidates = [part.strip("<>") for part in addresses_in(plain) if "@" in part]
    first = candidates[0] if candidates else plain
    try:
        validate_email(first)
    except ValidationError:
        raise Refused(_("“%(cell)s” is not an e-mail address.") % {"cell": shortened(cell)})
    if len(first) > 254:
        raise Refused(_("Longer than %(longest)s characters.") % {"longest": 254})
    if len(candidates) > 1:
        reading.warn(_("A lead has one e-mail: %(taken)s was taken, %(left_out)s was not.") % {
            "taken": first, "left_out": ", ".join(candidates[1:]),
        })  # fmt: skip
    return first


def addresses_in(text: str) -> Iterator[str]:
    """What may be an address. A slash stands between two of them or belongs to one: info/sales@x.example."""
    for part in BETWEEN_ADDRESSES.split(text):
        pieces = part.split("/")
        yield from pieces if all("@" in piece for piece in pieces) else [part]


def moment(cell: str, reading: Reading) -> Any:
    try:
        return read_moment(cell, reading.zone, reading.date_order)
    except (ValueError, OverflowError):
        raise Refused(_("“%(cell)s” is not a date.") % {"cell": shortened(cell)})


def day(cell: str, reading: Reading) -> Any:
    try:
        return read_day(cell, reading.zone, reading.date_order)
    except (ValueError, OverflowError):
        raise Refused(_("“%(cell)s” is not a date.") % {"cell": shortened(cell)})


def past_moment(cell: str, reading: Reading) -> Any:
    """A moment that is not still to come."""
    at = moment(cell, reading)
    if at > now():
        raise Refused(_("“%(cell)s” is still to come.") % {"cell": shortened(cell)})
    return at


def number(cell: str, reading: Reading) -> Decimal:
    """1204, 1,204, ¥1,204, 1,204円, 120万; 1.204,50 where the column has decimal commas."""
    return money(cell, reading).value


@dataclass(frozen=True)
class Money:
    """A number, and the currencies that its sign may mean: none where it has no sign."""

    value: Decimal
    currencies: tuple[str, ...] = ()


def money(cell: str, reading: Reading) -> Money:
    try:
        found = number_in(cell)
        marks = found.marks()
        value = found.value(reading.decimal or (POINT if POINT in marks else marks[0]))
    except (ValueError, IndexError):
        raise Refused(_("“%(cell)s” is not a number.") % {"cell": shortened(cell)})
    if abs(value) >= Decimal(10) ** 14:
        raise Refused(_("“%(cell)s” is not a number.") % {"cell": shortened(cell)})
    return Money(value, found.currencies)


def whole_number(cell: str, reading: Reading) -> int:
    value = number(cell, reading)
    if value < 0 or value > GREATEST_WHOLE:
        raise Refused(_("“%(cell)s” is not a number from 0.") % {"cell": shortened(cell)})
    if value != int(value):
        raise Refused(_("“%(cell)s” is not a whole number.") % {"cell": shortened(cell)})
    return int(value)


def amount(cell: str, reading: Reading) -> Decimal:
    """An amount in the company's currency."""
    found = money(cell, reading)
    if found.currencies and reading.currency not in found.currencies:
        raise Refused(_("“%(cell)s” is not in %(currency)s.") % {"cell": shortened(cell), "currency": reading.currency})
    return found.value.quantize(Decimal("0.01"))


def amount_in(found: Money, currency: str) -> Decimal:
    """An amount in its currency. Raises `Refused` for another sign than that currency's, and for more decimals than it
    has."""
    if found.currencies and currency not in found.currencies:
        names = {"sign": found.currencies[0], "currency": currency}
        raise Refused(_("The amount is in %(sign)s, the currency is %(currency)s.") % names)
    kept = found.value.quantize(Decimal(1).scaleb(-decimals_of(currency)))
    if kept != found.value:
        raise Refused(_("%(amount)s has more decimals than %(currency)s.") % {
            "amount": found.value, "currency": currency,
        })  # fmt: skip
    return kept


def yes_or_no(cell: str, reading: Reading) -> bool:
    word = fold(cell)
    if word in YES:
        return True
    if word in NO:
        return False
    raise Refused(_("“%(cell)s” is neither yes nor no.") % {"cell": shortened(cell)})


def consent(cell: str, reading: Reading) -> str | None:
    word = fold(cell)
    if word in CONSENT:
        return CONSENT[word] or None
    return (Lead.Consent.GIVEN if yes_or_no(cell, reading) else Lead.Consent.WITHDRAWN).value


def currency(cell: str, reading: Reading) -> str:
    """A code of ISO 4217, or a sign."""
    codes = codes_of(unicodedata.normalize("NFKC", cell).strip())
    if not codes:
        raise Refused(_("“%(cell)s” is not a currency such as JPY.") % {"cell": shortened(cell)})
    return codes[0]


def domain(cell: str, reading: Reading) -> str:
    """example.com, also out of an address of a page."""
    plain = unicodedata.normalize("NFKC", cell).strip().lower()
    try:
        host = urlsplit(plain if "//" in plain else f"//{plain}").hostname or ""
    except ValueError:
        host = ""
    host = host.removeprefix("www.")
    if "." not in host or " " in host or len(host) > 120:
        raise Refused(_("“%(cell)s” is not a domain such as example.com.") % {"cell": shortened(cell)})
    return host


def one_of(words: dict[str, str]) -> Reader:
    """One of some values, by any of the words for it (folded)."""

    def read(cell: str, reading: Reading) -> str:
        try:
            return words[fold(cell)]
        except KeyError:
            known = ", ".join(sorted(set(words.values()))[:30])
            raise Refused(_("“%(cell)s” is none of: %(known)s.") % {"cell": shortened(cell), "known": known})

    return read


def full_name(family: str, given: str, of_name: Reader) -> Reader:
    """A name in one cell: 「中村 彩」 family first, "Aya Nakamura" given first, "Nakamura, Aya" as the comma says."""

    def read(cell: str, reading: Reading) -> dict[str, Any]:
        first, second = split_name(cell)
        return {
            name: of_name(part, reading) for name, part in ((family, first), (given, second)) if part
        }  # fmt: skip

    return read


def split_name(name: str) -> tuple[str, str]:
    """Family name and given name."""
    if "," in name:
        family, _comma, given = name.partition(",")
        return family.strip(), given.strip()
    parts = name.split()
    if len(parts) < 2:
        return name.strip(), ""
    if JAPANESE.search(name):
        return parts[0], " ".join(parts[1:])
    return parts[-1], " ".join(parts[:-1])


def shortened(cell: str) -> str:
    plain = " ".join(cell.split())
    return plain if len(plain) <= 60 else f"{plain[:59]}…"
