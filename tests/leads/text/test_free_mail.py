"""Whether an address is of a provider that gives addresses to anyone."""

import pytest

from leads.text.folding import fold
from leads.text.free_mail import FREE_MAIL, is_free_mail


@pytest.mark.parametrize(
    "email", ["a@gmail.com", "A@GMAIL.COM", "ａ＠ｇｍａｉｌ．ｃｏｍ", "a@docomo.ne.jp", "a@web.de "]
)
def test_a_provider_is_known_however_it_is_written(email: str) -> None:
    assert is_free_mail(email)


@pytest.mark.parametrize("email", ["a@mihon.example", "a@mail.gmail.com", "a@notgmail.com", "a@gmail.com.example"])
def test_only_the_whole_domain_counts(email: str) -> None:
    assert not is_free_mail(email)


def test_the_last_at_sign_divides() -> None:
    assert is_free_mail('"a@mihon.example"@gmail.com')
    assert not is_free_mail('"a@gmail.com"@mihon.example')


@pytest.mark.parametrize("text", ["", "@", "nobody"])
def test_what_is_no_address_is_not_free_mail(text: str) -> None:
    assert not is_free_mail(text)


def test_providers_are_listed_as_they_are_compared() -> None:
    assert {fold(provider) for provider in FREE_MAIL} == FREE_MAIL
