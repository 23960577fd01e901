"""The secrets of second factors, encrypted anew."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator

from smarketing import encryption


def reencrypt_second_factors(model: Any = Authenticator) -> int:
    """Encrypt them by the first key, and return how many there are. Raises `encryption.WrongKey`."""
    rows = list(model.objects.select_for_update().order_by("pk"))
    for row in rows:
        for name in ("secret", "seed"):
            if isinstance(row.data.get(name), str):
                row.data[name] = encryption.reencrypt(row.data[name])
        if "migrated_codes" in row.data:
            row.data["migrated_codes"] = [encryption.reencrypt(code) for code in row.data["migrated_codes"]]
    model.objects.bulk_update(rows, ["data"], batch_size=500)
    return len(rows)


encryption.register("second factors", reencrypt_second_factors)
