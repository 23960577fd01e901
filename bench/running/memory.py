"""Memory: what web, worker and tick hold after a manager opened every page of the permission table once.

It is PSS: what processes share counts once. A page that takes the number of a row is asked for the first one there is;
what answers that there is none, or that it takes no questions, was opened as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing

from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from bench.machine import memory
from bench.report import keep, say
from bench.running.product import Product, running
from bench.timers import HEAD, prepare
from teams.permissions import WHO_MAY, may

AIM = 400
# Whoever opens it is signed out.
LEAVES = ("account_logout",)


def run(leads: int) -> None:
    prepare(leads)
    with running() as product:
        answers = _open_all(product)
        parts = {name: sum(map(memory, pids)) / 2**20 for name, pids in product.programs().items()}
        counts = {name: len(pids) for name, pids in product.programs().items()}
    total = sum(parts.values())
    listed = ", ".join(f"{name} {size:,.0f} MB ({counts[name]})" for name, size in parts.items())
    verdict = "reached" if total <= AIM else "missed"
    print(f"Memory after {answers.total()} pages of {leads:,} leads, as PSS, with the number of processes")
    print(f"  {listed}: {total:,.0f} MB; the aim is at most {AIM}: {verdict}", flush=True)
    facts = {"leads": leads, "megabytes": round(total), "aim": AIM, "pages": answers.total()}
    parts_kept = {name: round(size, 1) for name, size in parts.items()}
    keep("memory", facts | {"parts": parts_kept, "processes": counts, "answers": dict(answers)})


def _open_all(product: Product) -> Counter[str]:
    """Ask for each, and count the answers by their status."""
    manager = get_user_model().objects.get(email=HEAD)
    browser = Client()
    browser.force_login(manager)
    cookies = f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"
    answers = Counter[str]()
    for name, address in addresses():
        if not may(manager, name) or name in LEAVES:
            continue
        # Each by a connection of its own, which either of the web workers takes.
        with closing(product.connect()) as line:
            line.request("GET", address, headers={"Cookie": cookies})
            answer = line.getresponse()
            answer.read()
        answers[str(answer.status)] += 1
        if answer.status >= 500:
            raise AssertionError(f"{address} answered {answer.status}.")
        say(f"  {answer.status} {address}")
    return answers


def addresses() -> Iterator[tuple[str, str]]:
    """Each page of the permission table by its name, without those of the API."""
    for pattern in _patterns(get_resolver()):
        if pattern.name in WHO_MAY and not str(pattern.name).startswith("api-"):
            try:
                yield pattern.name, reverse(pattern.name, kwargs=dict.fromkeys(pattern.pattern.converters, 1))
            except NoReverseMatch:
                continue  # It takes a word, not a number.


def _patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _patterns(entry)
        else:
            yield entry
