"""Tokens: until when they live, and what is kept of them."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction

from teams.models import Scope, Token, User
from tests import make

pytestmark = pytest.mark.django_db
AT = make.TEN


@pytest.fixture
def sam() -> User:
    return make.user()


def test_a_token_lives_until_its_moment_and_not_at_it(sam: User):
    token, _secret = Token.objects.issue(sam, name="Script", scopes=[Scope.READ], expires_at=AT)
    assert Token.objects.live(AT - timedelta(microseconds=1)).get() == token
    assert not Token.objects.live(AT).exists()


def test_a_token_without_an_end_lives_until_it_is_revoked(sam: User):
    token, _secret = Token.objects.issue(sam, name="Script", scopes=[Scope.READ])
    assert Token.objects.live(AT + timedelta(days=36_500)).get() == token
    Token.objects.update(revoked_at=AT)
    assert not Token.objects.live(AT).exists()


def test_the_tokens_of_who_left_do_not_live(sam: User):
    Token.objects.issue(sam, name="Script", scopes=[Scope.READ])
    User.objects.get_queryset().update(is_active=False)
    assert not Token.objects.live().exists()


def test_a_secret_says_whose_product_it_opens_and_is_never_the_same(sam: User):
    secrets = {Token.objects.issue(sam, name="Script", scopes=[Scope.READ])[1] for _ in range(5)}
    assert len(secrets) == 5
    assert all(re.fullmatch(r"smk_[\w-]{43}", secret) for secret in secrets)


def test_of_a_secret_only_the_digest_is_kept(sam: User):
    token, secret = Token.objects.issue(sam, name="Script", scopes=[Scope.READ])
    assert token.digest == Token.digest_of(secret)
    assert re.fullmatch("[0-9a-f]{64}", token.digest)
    with pytest.raises(IntegrityError), transaction.atomic():
        Token.objects.create(user=sam, name="Twin", scopes=["read"], digest=token.digest)


def test_a_scope_given_twice_is_kept_once_in_order(sam: User):
    token, _secret = Token.objects.issue(sam, name="Script", scopes=[Scope.WRITE, Scope.READ, Scope.WRITE])
    assert token.scopes == ["read", "write"]


@time_machine.travel(AT, tick=False)
def test_a_token_is_over_from_its_moment_on():
    assert not Token().is_over
    assert not Token(expires_at=AT + timedelta(microseconds=1)).is_over
    assert Token(expires_at=AT).is_over
