"""The currencies of ISO 4217, how many decimals each has, and the signs by which people write them."""

from __future__ import annotations

from decimal import Decimal

# Those in use, without funds, metals and codes for testing.
IN_USE = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF "
    "CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD "
    "HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD "
    "MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN "
    "PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY "
    "TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG "
)
CODES = frozenset(IN_USE.split())
NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
THREE = "BHD IQD JOD KWD LYD OMR TND"
# All others have two.
DECIMALS = dict.fromkeys(NONE.split(), 0) | dict.fromkeys(THREE.split(), 3) | {"CLF": 4}
# An amount of any currency is kept whole: so many digits, so many of them decimals.
DIGITS, MOST_DECIMALS = 18, 4
DOLLARS = ("USD", "AUD", "CAD", "HKD", "MXN", "NZD", "SGD", "TWD")
# The first is meant where nothing else is said; a sign without one needs the code beside it.
SIGNS: dict[str, tuple[str, ...]] = {
    "$": DOLLARS, "us$": ("USD",), "a$": ("AUD",), "c$": ("CAD",), "hk$": ("HKD",), "nz$": ("NZD",), "s$": ("SGD",),
    "nt$": ("TWD",), "r$": ("BRL",), "€": ("EUR",), "euro": ("EUR",), "£": ("GBP",), "¥": ("JPY", "CNY"),
    "円": ("JPY",), "yen": ("JPY",), "元": ("CNY",), "₩": ("KRW",), "₹": ("INR",), "₫": ("VND",), "₺": ("TRY",),
    "₴": ("UAH",), "₽": ("RUB",), "₪": ("ILS",), "฿": ("THB",), "zł": ("PLN",), "kč": ("CZK",), "ft": ("HUF",),
}  # fmt: skip


def decimals_of(code: str) -> int:
    """How many decimals an amount in this currency has."""
    return DECIMALS.get(code, 2)


def in_currency(amount: Decimal, code: str) -> Decimal:
    """The amount with the decimals that its currency has. A finer one keeps what it has: nothing is rounded away."""
    exact = amount.quantize(Decimal(1).scaleb(-decimals_of(code)))
    return exact if exact == amount else Decimal(f"{amount.normalize():f}")


def is_too_fine(amount: Decimal, code: str) -> bool:
    """Whether the amount has more decimals than its currency."""
    return amount.quantize(Decimal(1).scaleb(-decimals_of(code))) != amount


def codes_of(sign: str) -> tuple[str, ...]:
    """The currencies that a sign or a code may stand for, the likeliest first; none for what is neither."""
    return SIGNS.get(sign.lower()) or ((sign.upper(),) if sign.upper() in CODES else ())
