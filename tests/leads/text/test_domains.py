"""Which part of a domain was registered by somebody."""

import pytest

from leads.text.domains import registrable


@pytest.mark.parametrize(
    ("domain", "registered"),
    [
        ("mihon.co.jp", "mihon.co.jp"),
        ("SHOP.Mihon.co.jp", "mihon.co.jp"),
        ("a.b.mihon.com", "mihon.com"),
        ("mihon.example", "mihon.example"),
        ("a.b.mihon.example", "mihon.example"),
        ("shop.mihon.github.io", "mihon.github.io"),
        ("例え.jp", "例え.jp"),
        ("co.jp", ""),
        ("github.io", ""),
        ("localhost", ""),
        ("10.0.0.1", ""),
        ("[2001:db8::1]", ""),
        ("", ""),
    ],
)
def test_a_domain_is_its_registrant_s(domain: str, registered: str) -> None:
    assert registrable(domain) == registered
