import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from smarketing import env
from smarketing.embedded.place import BASE_DIR
from tests.smarketing.embedded.embedding import data_folder, environment


@pytest.fixture(scope="module")
def var() -> Iterator[Path]:
    with data_folder() as folder:
        yield folder / "var"


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("PORT", "eighty", "write a whole number from 1 to 65535"),
        ("PORT", "70000", "write a whole number from 1 to 65535"),
        ("DEBUG", "maybe", "write true or false"),
        ("PUBLIC_URL", "smarketing.example.com", "write an address such as https://"),
        ("PUBLIC_URL", "https://smarketing.example.com/app", "without a path"),
        ("PUBLIC_URL", "https://host:port", "write an address such as https://"),
        ("COMPANY_TIME_ZONE", "Tokyo", "write the name of a time zone"),
        ("COMPANY_TIME_ZONE", "../etc/passwd", "write the name of a time zone"),
        ("DATABASE_URL", "mysql://host/db", "write an address such as postgres://"),
        ("DATABASE_URL", "postgres://host:5432", "write an address such as postgres://"),
        ("REDIS_URL", "http://host", "write an address such as redis://"),
        ("LOG_LEVEL", "loud", "write one of DEBUG, INFO, WARNING, ERROR"),
        ("VAR_DIR", "/etc/hostname", "name a folder"),
        ("VAR_DIR", f"/tmp/{'x' * 300}", "File name too long. Name a folder that this user can reach"),
        ("EMAIL_PROVIDER", "pigeon", "write one of brevo, mailersend"),
    ],
)
def test_a_bad_value_stops_the_start_with_one_clear_line(name: str, value: str, hint: str, var: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import smarketing.settings"],
        cwd=BASE_DIR,
        env=environment(var, **{name: value}),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"smarketing: {name}")
    assert hint in line


def test_the_address_of_a_database_is_read_with_its_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://sma%40rt:p%2Fw@db:6543/market%20ing?sslmode=require")
    assert env.database("DATABASE_URL") == {
        "NAME": "market ing",
        "USER": "sma@rt",
        "PASSWORD": "p/w",
        "HOST": "db",
        "PORT": "6543",
        "SSLMODE": "require",
    }


def test_a_database_on_a_socket_is_named_by_its_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql:///smarketing?host=/run/postgresql")
    database = env.database("DATABASE_URL")
    assert database is not None
    assert (database["HOST"], database["NAME"]) == ("/run/postgresql", "smarketing")


@pytest.mark.parametrize(("value", "meant"), [("", None), ("on", True), ("True", True), ("0", False), ("no", False)])
def test_yes_and_no_are_read_as_people_write_them(
    value: str, meant: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUESTION", value)
    assert env.yes_or_no("QUESTION", True) is (True if meant is None else meant)
    assert env.yes_or_no("QUESTION", False) is (False if meant is None else meant)


SAFETY = """
from smarketing import settings as s
print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS > 0)
print(*s.ALLOWED_HOSTS, *s.CSRF_TRUSTED_ORIGINS)
"""


@pytest.mark.parametrize(
    ("public_url", "secure", "hosts"),
    [
        ("", "False False False False", "localhost localhost 127.0.0.1 http://localhost:8123"),
        (
            "https://crm.example.com/",
            "True True True True",
            "crm.example.com localhost 127.0.0.1 https://crm.example.com",
        ),
    ],
)
def test_cookies_and_redirects_follow_the_public_address(public_url: str, secure: str, hosts: str, var: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SAFETY],
        cwd=BASE_DIR,
        env=environment(var, PUBLIC_URL=public_url, PORT="8123"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [secure, hosts]


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ({"EMAIL_PROVIDER": "postmark"}, "EMAIL_API_KEY: EMAIL_PROVIDER=postmark needs the key"),
        (
            {"EMAIL_PROVIDER": "postmark", "EMAIL_HOST": "mail.example.org"},
            "EMAIL_PROVIDER: EMAIL_HOST is given as well",
        ),
    ],
)
def test_a_provider_of_mail_that_lacks_something_stops_the_start(given: dict[str, str], hint: str, var: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import smarketing.settings"],
        cwd=BASE_DIR,
        env=environment(var, **given),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"smarketing: {hint}")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "integrations.mail.mailbox.EmailBackend False False"),
        ({"EMAIL_HOST": "mail.example.org"}, "django.core.mail.backends.smtp.EmailBackend True False"),
        (
            {"EMAIL_HOST": "m.example.org", "EMAIL_PORT": "465"},
            "django.core.mail.backends.smtp.EmailBackend False True",
        ),
        ({"EMAIL_PROVIDER": "mailgun", "EMAIL_API_KEY": "x"}, "anymail.backends.mailgun.EmailBackend True False"),
    ],
)
def test_mail_goes_by_the_server_or_the_provider_that_is_given(given: dict[str, str], said: str, var: Path) -> None:
    code = (
        "from smarketing import settings as s; from django.utils.module_loading import import_string;"
        "import django; django.setup(); import_string(s.OUTGOING_EMAIL_BACKEND);"
        "print(s.OUTGOING_EMAIL_BACKEND, s.EMAIL_USE_TLS and bool(s.EMAIL_HOST or s.EMAIL_PROVIDER), s.EMAIL_USE_SSL)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=BASE_DIR,
        env=environment(var, DJANGO_SETTINGS_MODULE="smarketing.settings", **given),
        capture_output=True,
        text=True,
    )
    assert (done.stdout.strip(), done.stderr) == (said, "")
