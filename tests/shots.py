"""Screenshots of every page, as each demo person sees it, into var/shots/, with an index page.

    make shots

Each page of the permission table is shown by the first person who may open it in all variants (desktop and phone, light
and dark, English and Japanese), and by everybody else who may in one. Named pages (`python -m tests.shots inbox lead`)
are shown in the four variants in which every two of these choices meet. Pages that need an object are found by
following links, as a person does.

It fails on a page that breaks, a console error, a request to another host, an untranslated string, or a violation of
WCAG 2.2 AA that axe finds.
"""

import html
import os
import re
import sys
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import django
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from playwright.sync_api import Browser, BrowserContext, Page

from smarketing import embedded
from tests.browser import DESKTOP, MISSING, PHONE, Complaints, chromium, new_context, sign_in
from tests.site import DOMAIN, PASSWORD, Site, can_be_made, demo_site

PEOPLE = (
    "manager",
    "marketer",
    "rep1",
    "sdr",
    "admin",
    "head-of-marketing",
    "head-of-sales",
    "head-of-sdr",
    "rep2",
)
# What `make test` looks at.
MAIN = (
    "home",
    "inbox",
    "leads",
    "lead",
    "company",
    "persona",
    "imports",
    "agreement",
    "definition",
    "score_model",
    "board",
    "funnel",
    "weekly",
    "goals",
    "people",
    "profile",
)
SIZES = {"desktop": DESKTOP, "phone": PHONE}
SCHEMES = ("light", "dark")
LANGUAGES = ("en", "ja")
Variant = tuple[str, str, str]
VARIANTS = tuple(product(SIZES, SCHEMES, LANGUAGES))
PLAIN = ("desktop", "light", "en")
# Two of the eight in which every choice is seen once, and four in which every two meet.
OPPOSITES = (PLAIN, ("phone", "dark", "ja"))
PAIRS = (PLAIN, ("phone", "light", "ja"), ("desktop", "dark", "ja"), ("phone", "dark", "en"))
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
VISIBLE_TEXT = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (!parent || parent.closest("script, style, noscript, code, pre, [translate=no], [lang=en]")) continue;
    if (!parent.checkVisibility()) continue;
    const text = walker.currentNode.textContent.replace(/\\s+/g, " ").trim();
    if (text) found.push(text);
  }
  for (const element of document.querySelectorAll("[placeholder], [aria-label], [title]")) {
    if (element.closest("[lang=en], [translate=no]")) continue;
    for (const name of ["placeholder", "aria-label", "title"]) {
      if (element.hasAttribute(name)) found.push(element.getAttribute(name).trim());
    }
  }
  return found;
}"""


@dataclass(frozen=True)
class Shot:
    """One page as one person sees it in one variant."""

    name: str
    path: str
    who: str
    size: str
    scheme: str
    language: str

    @property
    def file(self) -> str:
        return f"{self.name}.{self.who}.{self.size}.{self.scheme}.{self.language}.png"


@dataclass
class Album:
    """The shots of one run and what was wrong with them."""

    folder: Path
    wrong: dict[Shot, list[str]] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    unseen: list[str] = field(default_factory=list)

    @property
    def complaints(self) -> list[str]:
        seen = {f"{shot.file}: {problem}" for shot, problems in self.wrong.items() for problem in problems}
        return sorted(self.broken | seen)

    def write_index(self) -> None:
        pages: dict[str, list[Shot]] = {}
        for shot in self.wrong:
            pages.setdefault(shot.name, []).append(shot)
        parts = [INDEX_HEAD]
        if self.unseen:
            parts.append(f"<p>Not reached by any link: {html.escape(', '.join(self.unseen))}</p>")
        for name in sorted(pages):
            parts.append(f"<h2>{name}</h2><div>")
            parts.extend(self._figure(shot) for shot in pages[name])
            parts.append("</div>")
        (self.folder / "index.html").write_text("\n".join(parts))

    def _figure(self, shot: Shot) -> str:
        problems = "".join(f"<li>{html.escape(problem)}</li>" for problem in self.wrong[shot])
        caption = f"{shot.who}, {shot.size}, {shot.scheme}, {shot.language}"
        return (
            f'<figure><a href="{shot.file}"><img src="{shot.file}" loading="lazy" alt=""></a>'
            f"<figcaption>{caption}<ul>{problems}</ul></figcaption></figure>"
        )


INDEX_HEAD = """<!doctype html><meta charset="utf-8"><title>Smarketing, page by page</title>
<style>body{font:14px system-ui;margin:2rem}div{display:flex;flex-wrap:wrap;gap:1rem;align-items:start}
figure{margin:0;width:18rem}img{width:100%;max-height:24rem;object-fit:cover;object-position:top;border:1px solid #ccc}
li{color:#b00}</style><h1>Smarketing, page by page</h1>"""


class Photographer:
    """Goes through one running site and takes the pictures."""

    def __init__(self, browser: Browser, site: Site, album: Album) -> None:
        self.browser, self.site, self.album = browser, site, album
        self.axe = Axe()
        self.theirs = site.texts()

    def take_all(self, names: Iterable[str] | None = None, variants: Iterable[Variant] = PAIRS) -> None:
        """Every page, or those of these names: each by the first person who comes to it."""
        if names is None:
            self.take_every_page()
            return
        missing, variants = set(names), tuple(variants)
        for who in PEOPLE:
            wanted = missing & self.open_to(who)
            found = self.places_of(who, wanted) if wanted else {}
            missing -= set(found)
            for variant in variants:
                self.take(who, found, *variant)
        self.album.unseen = sorted(missing)

    def take_every_page(self) -> None:
        seen_in_full: set[str] = set()
        for who in PEOPLE:
            found = self.places_of(who, self.open_to(who))
            fresh = {name: path for name, path in found.items() if name not in seen_in_full}
            seen_in_full |= set(fresh)
            for variant in VARIANTS:
                self.take(who, found if variant == PLAIN else fresh, *variant)
        self.album.unseen = sorted(set(table()) - seen_in_full)

    def take(self, who: str, places: dict[str, str], size: str, scheme: str, language: str) -> None:
        if not places:
            return
        with self.signed_in(who, size=size, scheme=scheme, language=language) as context:
            for name, path in places.items():
                self.take_one(context, Shot(name, path, who, size, scheme, language))

    def take_one(self, context: BrowserContext, shot: Shot) -> None:
        with context.new_page() as page:
            complaints = Complaints(urlsplit(self.site.url).netloc)
            complaints.listen(page)
            page.goto(f"{self.site.url}{shot.path}", wait_until="load")
            page.wait_for_timeout(100)
            # Now, before the camera and axe bring styles of their own, which the page's policy refuses.
            problems = complaints.take()
            page.screenshot(path=self.album.folder / shot.file, full_page=True, animations="disabled")
            self.album.wrong[shot] = [*problems, *self.check(page, shot.language)]

    def check(self, page: Page, language: str) -> Iterator[str]:
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 1:
            yield f"wider than the window by {wide} px"
        found = self.axe.run(page, options=WCAG).response["violations"]
        for violation in found:
            where = violation["nodes"][0]["target"]
            yield f"axe: {violation['id']}: {violation['help']} ({len(violation['nodes'])}×, first at {where})"
        if language == "ja":
            for text in page.evaluate(VISIBLE_TEXT):
                if is_ours_in_english(text) and text not in self.theirs:
                    yield f"untranslated: {text}"

    def open_to(self, who: str) -> set[str]:
        """The names of the pages that the permission table opens to this person."""
        from teams.permissions import WHO_MAY  # noqa: PLC0415

        ((roles,),) = self.site.ask("SELECT roles FROM teams_user WHERE email = %s", f"{who}@{DOMAIN}")
        return {name for name in table() if not WHO_MAY[name].isdisjoint(cast(list[str], roles))}

    def places_of(self, who: str, wanted: Set[str]) -> dict[str, str]:
        """The first address of each of these pages that this person comes to: by its name, or by links from others."""
        found: dict[str, str] = {}
        with self.signed_in(who) as context:
            waiting = [reverse(name) for name in table() if needs_nothing(name)]
            tried: set[str] = set()
            while waiting and not wanted <= found.keys():
                waiting.sort(key=lambda path: name_of(path) not in wanted)
                path = waiting.pop(0)
                name = name_of(path)
                if name is None or name in found or path in tried:
                    continue
                tried.add(path)
                answer = context.request.get(f"{self.site.url}{path}", max_redirects=0)
                if answer.status >= 500:
                    self.album.broken.add(f"{answer.status} at {path} for {who}")
                if answer.status != 200 or "text/html" not in answer.headers.get("content-type", ""):
                    continue
                found[name] = path
                links = re.findall(r'href="(/[^"#]*)', answer.text())
                waiting += [urlsplit(html.unescape(link)).path for link in links]
        return {name: path for name, path in found.items() if name in wanted}

    def signed_in(self, who: str, **variant: str) -> "SignedIn":
        return SignedIn(self, who, **variant)


class SignedIn:
    """One person at one browser window, in their language; nothing is left open."""

    def __init__(
        self, by: Photographer, who: str, size: str = "desktop", scheme: str = "light", language: str = "en"
    ) -> None:
        self.by, self.who, self.language = by, who, language
        self.context: BrowserContext = new_context(
            by.browser,
            size=SIZES[size],
            scheme="dark" if scheme == "dark" else "light",
            language=language,
        )

    def __enter__(self) -> BrowserContext:
        email = f"{self.who}@{DOMAIN}"
        self.by.site.ask("UPDATE teams_user SET language = %s, theme = '' WHERE email = %s", self.language, email)
        with self.context.new_page() as page:
            sign_in(page, self.by.site.url, email, PASSWORD)
        return self.context

    def __exit__(self, *problem: object) -> None:
        self.context.close()


@cache
def table() -> tuple[str, ...]:
    """The names of the pages that somebody may open by signing in."""
    from teams.permissions import NOBODY, PUBLIC, WHO_MAY  # noqa: PLC0415

    # No pages: an answer to a form, a file, the suggestions below a field, what a frame shows.
    files = {"mfa_download_recovery_codes", "audit_export", "changes_export"}
    closed = files | {"account_logout", "company_names", "mail_html"}
    pages = {name: who for name, who in WHO_MAY.items() if name not in closed and not name.startswith("api-")}
    return tuple(name for name, who in pages.items() if who not in (PUBLIC, NOBODY))


def needs_nothing(name: str) -> bool:
    try:
        reverse(name)
    except NoReverseMatch:
        return False
    return True


@cache
def name_of(path: str) -> str | None:
    try:
        name = resolve(path).view_name
    except Resolver404:
        return None
    return name if name in table() else None


# Untranslated: English words on a Japanese page that our own code or templates say. What the data say is theirs.


def is_ours_in_english(text: str) -> bool:
    return bool(re.search(r"[a-z]{3}", text)) and text.isascii() and text in our_words()


@cache
def our_words() -> frozenset[str]:
    """The messages of the catalogues, and the text that templates say outside of them."""
    from smarketing.translations import areas, catalogue_path  # noqa: PLC0415

    words: set[str] = set()
    for area in areas():
        path = catalogue_path(area)
        if path.exists():
            words |= {
                " ".join(found.split())
                for found, said in re.findall(r'^msgid "(.+)"\nmsgstr "(.*)"$', path.read_text(), re.MULTILINE)
                if found != said
            }
    for template in Path(settings.BASE_DIR, "templates").rglob("*.html"):
        plain = re.sub(r"{#.*?#}|{% comment.*?endcomment %}|<script.*?</script>", "", template.read_text(), flags=re.S)
        plain = re.sub(r"{%.*?%}|{{.*?}}|<[^>]*>", "\0", plain, flags=re.S)
        words |= {" ".join(part.split()) for part in plain.split("\0")}
    return frozenset(words - {"", "Smarketing"})


def take(names: Iterable[str] | None = None, variants: Iterable[Variant] = PAIRS) -> Album:
    """Take the pictures of these pages, or of all, into var/shots/."""
    folder = Path(settings.VAR_DIR) / "shots"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    album = Album(folder)
    with demo_site("shots") as site, chromium() as browser:
        if browser is None:
            raise SystemExit(f"smarketing: {MISSING}")
        Photographer(browser, site, album).take_all(names, variants)
    album.write_index()
    return album


def main() -> None:
    with embedded.attached():
        os.environ["DJANGO_SETTINGS_MODULE"] = "smarketing.settings"
        django.setup()
        if not can_be_made():
            raise SystemExit("smarketing: there is no demo company to show.")
        album = take(sys.argv[1:] or None)
    print(f"{len(album.wrong)} screenshots: {album.folder / 'index.html'}")
    for name in album.unseen:
        print(f"not reached by a link: {name}")
    for complaint in album.complaints:
        print(complaint)
    sys.exit(bool(album.complaints))


if __name__ == "__main__":
    main()
