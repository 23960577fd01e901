"""Browsers that signed in before, known by a signed cookie: others who try the same account do not slow them."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

COOKIE = "known_browser"
SALT = "teams.sign_in.known_browsers"
KEPT_FOR = timedelta(days=180)
# How many accounts one browser is known for: people share a computer, but not with a crowd.
MOST = 10
# In the session: the account whose password was just set by a link, which proves as much.
PROVED = "proved_account"


def account_digest(email: str) -> str:
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()[:32]


def browser_of(request: HttpRequest, email: str) -> str:
    """The number of the browser if it signed in to this account before; else nothing."""
    if request.session.get(PROVED) == account_digest(email):
        return str(request.session.session_key)
    cookie = _read(request)
    return str(cookie["browser"]) if account_digest(email) in cookie["accounts"] else ""


def remember(request: HttpRequest, response: HttpResponseBase, email: str) -> None:
    """Let the browser prove later that it signed in to this account."""
    cookie = _read(request)
    others = [each for each in cookie["accounts"] if each != account_digest(email)]
    cookie["accounts"] = [*others, account_digest(email)][-MOST:]
    response.set_cookie(
        COOKIE,
        signing.dumps(cookie, salt=SALT, compress=True),
        max_age=KEPT_FOR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def prove(request: HttpRequest, email: str) -> None:
    """Know the browser for now: whoever uses it can read the mails of this account."""
    request.session[PROVED] = account_digest(email)


def _read(request: HttpRequest) -> dict[str, Any]:
    try:
        cookie = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=KEPT_FOR)
        return {"browser": str(cookie["browser"]), "accounts": [str(each) for each in cookie["accounts"]]}
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        return {"browser": secrets.token_hex(16), "accounts": []}
