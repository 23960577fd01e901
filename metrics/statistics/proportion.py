"""What a share of a count tells about the share behind it."""

from math import sqrt


def wilson(numerator: int, denominator: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """Return Wilson's 95 % interval of numerator ÷ denominator.

    Wilson, E. B. (1927), "Probable inference, the law of succession, and statistical inference".
    The numerator is at least 0 and at most the denominator, which is at least 1.
    """
    if not 0 <= numerator <= denominator or denominator < 1:
        raise ValueError(f"{numerator} / {denominator} is not a share")
    share = numerator / denominator
    weight = z * z / denominator
    middle = (share + weight / 2) / (1 + weight)
    half = z * sqrt(share * (1 - share) / denominator + weight / (4 * denominator)) / (1 + weight)
    return max(0.0, middle - half), min(1.0, middle + half)
