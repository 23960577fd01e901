"""Read settings from the environment, and refuse what cannot be read in one clear line."""

import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit
from zoneinfo import ZoneInfo


class Refused(SystemExit):
    """The environment says something the product cannot work with. Uncaught, it ends the program with its line."""

    def __init__(self, line: str) -> None:
        super().__init__(f"smarketing: {line}")
        self.line = line


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def yes_or_no(name: str, default: bool) -> bool:
    value = text(name).lower()
    if not value:
        return default
    if value in ("true", "yes", "on", "1"):
        return True
    if value in ("false", "no", "off", "0"):
        return False
    raise Refused(f"{name}={value!r}: write true or false.")


def whole_number(name: str, default: int, *, at_least: int = 0, at_most: int | None = None) -> int:
    value = text(name)
    if not value:
        return default
    bounds = f"from {at_least} to {at_most}" if at_most is not None else f"of at least {at_least}"
    try:
        number = int(value)
    except ValueError:
        raise Refused(f"{name}={value!r}: write a whole number {bounds}.")
    if number < at_least or (at_most is not None and number > at_most):
        raise Refused(f"{name}={value!r}: write a whole number {bounds}.")
    return number


def words(name: str, default: Sequence[str] = ()) -> list[str]:
    """A comma-separated list."""
    value = text(name)
    return [word.strip() for word in value.split(",") if word.strip()] if value else list(default)


def one_of(name: str, choices: Sequence[str], default: str) -> str:
    value = text(name, default)
    if value not in choices:
        raise Refused(f"{name}={value!r}: write one of {', '.join(choices)}.")
    return value


def folder(name: str, default: Path) -> Path:
    value = text(name)
    path = Path(value).expanduser() if value else default
    path = Path(os.path.abspath(path))
    try:
        is_file = path.exists() and not path.is_dir()
    except OSError as problem:  # A folder on the way is closed to us.
        raise Refused(f"{name}={str(path)!r}: {problem.strerror}. Name a folder that this user can reach.")
    if is_file:
        raise Refused(f"{name}={value!r}: this is a file; name a folder.")
    return path


def zone(name: str) -> ZoneInfo | None:
    value = text(name)
    if not value:
        return None
    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise Refused(f"{name}={value!r}: write the name of a time zone, such as Asia/Tokyo.")


def web_address(name: str, default: str) -> SplitResult:
    """An absolute http(s) address without a path."""
    value = text(name, default)
    hint = f"{name}={value!r}: write an address such as https://smarketing.example.com."
    try:
        parts = urlsplit(value)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        raise Refused(hint)
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_fine:
        raise Refused(hint)
    if parts.path.rstrip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise Refused(f"{name}={value!r}: write the address alone, without a path, a name or a password.")
    return parts


def database(name: str) -> dict[str, str] | None:
    """Django's connection settings of a postgres:// address; None when the variable is not given."""
    value = text(name)
    if not value:
        return None
    hint = f"{name}: write an address such as postgres://user:password@host:5432/database."
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise Refused(hint)
    path = unquote(parts.path.lstrip("/"))
    if parts.scheme not in ("postgres", "postgresql") or not path:
        raise Refused(hint)
    query = dict(item.partition("=")[::2] for item in parts.query.split("&") if item)
    return {
        "NAME": path,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(query.get("host", "")) or unquote(parts.hostname or ""),
        "PORT": str(port or ""),
        "SSLMODE": query.get("sslmode", ""),
    }


def queue(name: str) -> str | None:
    """A redis://, rediss:// or unix:// address; None when the variable is not given."""
    value = text(name)
    if not value:
        return None
    try:
        fine = urlsplit(value).scheme in ("redis", "rediss", "unix")
    except ValueError:
        fine = False
    if not fine:
        raise Refused(f"{name}: write an address such as redis://:password@host:6379/0.")
    return value


def celery_address(queue: str) -> str:
    """The same queue as Celery writes it: a socket's database is its "virtual host"."""
    if not queue.startswith("unix:"):
        return queue
    return f"redis+socket{queue.removeprefix('unix')}".replace("db=", "virtual_host=")


def new_key() -> str:
    """A key that encrypts: 32 random bytes in base64."""
    return urlsafe_b64encode(secrets.token_bytes(32)).decode()


def encryption_keys(name: str) -> list[str]:
    keys = words(name)
    for key in keys:
        try:
            fine = len(urlsafe_b64decode(key)) == 32
        except ValueError:
            fine = False
        if not fine:
            raise Refused(f"{name}: write keys of 32 bytes in base64, such as {new_key()}, with commas between.")
    return keys
