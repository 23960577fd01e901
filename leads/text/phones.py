"""Phone numbers as they are compared: as typed, 03-1234-5678 and +81 (3) 1234 5678 are two texts of one number."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers
from babel import Locale

from leads.text.folding import fold


def e164(typed: str, country: str, ours: str) -> str:
    """The number in E.164 (+81312345678); empty for what is none. Without +, it is dialled in `country` (as people
    write it), or where that is unknown in `ours` (a code of ISO 3166)."""
    if not typed.strip():
        return ""
    try:
        number = phonenumbers.parse(typed, region_of(country) or ours)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    # Without the extension: E.164 has none.
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@lru_cache(maxsize=1024)
def region_of(country: str) -> str:
    """JP of Japan, 日本 or jp; empty for what is no country."""
    return _regions().get(fold(country).strip(), "")


@lru_cache(maxsize=1)
def _regions() -> dict[str, str]:
    """Codes by themselves and by their names in both languages, folded."""
    found = {"usa": "US", "uk": "GB", "england": "GB", "korea": "KR", "米国": "US", "英国": "GB"}
    for code in phonenumbers.SUPPORTED_REGIONS:
        found[fold(code)] = code
    for language in ("en", "ja"):
        for code, name in Locale(language).territories.items():
            if code in phonenumbers.SUPPORTED_REGIONS:
                found.setdefault(fold(name), code)
    return found
