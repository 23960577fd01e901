"""Which browser asks, in words that its user recognises."""

from __future__ import annotations

from django.http import HttpRequest

# The first that is named: browsers also name those that they are like.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def browser_name(request: HttpRequest) -> str:
    return name_of(request.headers.get("User-Agent", ""))


def name_of(user_agent: str) -> str:
    """Such as "Firefox, Windows"; what is none of the usual browsers keeps its first word; without one, nothing."""
    browser = next((name for part, name in BROWSERS if part in user_agent), "")
    if not browser:
        return user_agent.split("/")[0].split(" ")[0][:60]
    system = next((name for part, name in SYSTEMS if part in user_agent), "")
    return f"{browser}, {system}" if system else browser
