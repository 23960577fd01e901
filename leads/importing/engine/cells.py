"""What a cell says, by the kind of column it stands in. A cell that cannot be taken says why."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from leads.importing.engine.moments import read_day, read_moment
from leads.models.leads import Lead
from leads.text.folding import fold


class Refused(Exception):
    """This cell cannot be taken; the text says why."""


@dataclass
class Reading:
    """What reading a cell may need to know of the file."""

    zone: ZoneInfo
    date_order: str = ""
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
ADDRESSES = re.compile(r"[;,\s、；，/]+")
NUMBER_NOISE = re.compile(r"[\s,，_'’]|[$€£¥￥円]|usd|eur|jpy|brl|r(?=[\d-])", re.I)
JAPANESE = re.compile(r"[\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\u3005]")
MULTIPLES = {"千": 10**3, "万": 10**4, "百万": 10**6, "億": 10**8, "k": 10**3, "m": 10**6}
GREATEST_WHOLE = 2_147_483_647


def one_line(cell: str, reading: Reading) -> str:
    """Text as it came, its lines joined."""
    return " ".join(cell.split()) if ("\n" in cell or "\r" in cell) else cell


def text(longest: int) -> Reader:
    """The same, of at most so many characters."""

    def read(cell: str, reading: Reading) -> str:
        plain = one_line(cell, reading)
        if len(plain) > longest:
            raise Refused(_("Longer than %(longest)s characters.") % {"longest": longest})
        return plain

    return read


def reading_of_name(longest: int) -> Reader:
    """A reading: half-width kana as full-width."""
    plain = text(longest)
    return lambda cell, reading: plain(unicodedata.normalize("NFKC", cell), reading)


def telephone(cell: str, reading: Reading) -> str:
    plain: str = text(40)(unicodedata.normalize("NFKC", cell), reading)
    return plain


def email(cell: str, reading: Reading) -> str:
    """The first address, where several stand in the cell."""
    if len(cell) < 200 and PLAIN_ADDRESS.fullmatch(cell):
        return cell
    plain = unicodedata.normalize("NFKC", cell).strip().removeprefix("mailto:")
    candidates = [part.strip("<>") for part in ADDRESSES.split(plain) if "@" in part]
    first = candidates[0] if candidates else plain
    try:
        validate_email(first)
    except ValidationError:
        raise Refused(_("“%(cell)s” is not an e-mail address.") % {"cell": shortened(cell)})
    if len(first) > 254:
        raise Refused(_("Longer than %(longest)s characters.") % {"longest": 254})
    if len(candidates) > 1:
        left_out = ", ".join(candidates[1:])
        reading.warn(_("A lead has one e-mail: %(taken)s was taken, %(left_out)s was not.") % {
            "taken": first, "left_out": left_out,
        })  # fmt: skip
    return first


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


def number(cell: str, reading: Reading) -> Decimal:
    """1204, 1,204, ¥1,204, 1,204円, 120万."""
    plain = NUMBER_NOISE.sub("", unicodedata.normalize("NFKC", cell))
    times = 1
    for unit, multiple in MULTIPLES.items():
        if plain.endswith(unit):
            plain, times = plain.removesuffix(unit), multiple
    try:
        value = Decimal(plain) * times
    except InvalidOperation:
        raise Refused(_("“%(cell)s” is not a number.") % {"cell": shortened(cell)})
    if not value.is_finite() or abs(value) >= Decimal(10) ** 14:
        raise Refused(_("“%(cell)s” is not a number.") % {"cell": shortened(cell)})
    return value


def whole_number(cell: str, reading: Reading) -> int:
    value = number(cell, reading)
    if value < 0 or value > GREATEST_WHOLE:
        raise Refused(_("“%(cell)s” is not a number from 0.") % {"cell": shortened(cell)})
    return int(value)


def amount(cell: str, reading: Reading) -> Decimal:
    return number(cell, reading).quantize(Decimal("0.01"))


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
    code = unicodedata.normalize("NFKC", cell).strip().upper()
    code = {"¥": "JPY", "円": "JPY", "$": "USD", "€": "EUR", "£": "GBP", "R$": "BRL"}.get(code, code)
    if not re.fullmatch("[A-Z]{3}", code):
        raise Refused(_("“%(cell)s” is not a currency such as JPY.") % {"cell": shortened(cell)})
    return code


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
