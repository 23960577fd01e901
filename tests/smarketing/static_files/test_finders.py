"""Our static files as they are served: what is written apart is offered as one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from playwright.sync_api import Browser, Route
from pytest_django import Settings

from smarketing.static_files.finders import JoiningFinder
from tests.browser import MISSING, chromium

SOURCES = Path(settings.BASE_DIR) / "static"
RULES = """() => {
  const flat = (rules, layer) => [...rules].flatMap((rule) => {
    if (rule instanceof CSSImportRule) return flat(rule.styleSheet.cssRules, rule.layerName);
    if (rule instanceof CSSLayerBlockRule) return flat(rule.cssRules, rule.name);
    return [`${layer}: ${rule.cssText}`];
  });
  return flat(document.styleSheets[0].cssRules, "");
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        if found is None:
            pytest.skip(MISSING)
        yield found


@pytest.fixture
def sources(tmp_path: Path, settings: Settings) -> Path:
    """A folder of static files with one component and one module."""
    folder = tmp_path / "static"
    for name, text in {
        "css/app.css": '@import url("one.css") layer(a);\n',
        "css/one.css": "p { color: red }\n",
        "js/app.js": 'import "./one.js";\n',
        "js/one.js": "console.log(1);\n",
        "robots.txt": "",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    settings.STATICFILES_DIRS = [folder]
    settings.VAR_DIR = tmp_path
    return folder


def read(finder: JoiningFinder, name: str) -> str:
    return Path(finder.find(name)).read_text()


def test_parts_are_offered_in_their_entry_alone(sources: Path) -> None:
    finder = JoiningFinder()
    assert "color: red" in read(finder, "css/app.css")
    assert [finder.find("css/one.css"), finder.find("js/one.js", find_all=True)] == [[], []]
    assert sorted(name for name, _storage in finder.list([])) == ["css/app.css", "js/app.js", "robots.txt"]


def test_what_changes_in_a_part_is_there_the_next_time(sources: Path) -> None:
    finder = JoiningFinder()
    read(finder, "css/app.css")
    (sources / "css" / "one.css").write_text("p { color: green }\n")
    assert "color: green" in read(finder, "css/app.css")
    (sources / "css" / "one.css").unlink()
    (sources / "css" / ".#app.css").symlink_to("an-editor@here.1")
    (sources / "css" / "app.css").write_text("b { color: blue }\n")
    assert read(finder, "css/app.css") == "b { color: blue }\n"


def test_another_process_finds_the_same_file_as_old_as_it_was(sources: Path) -> None:
    paths = [Path(JoiningFinder().find("css/app.css")) for _process in range(2)]
    before = paths[0].stat()
    JoiningFinder().find("css/app.css")
    after = paths[1].stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_a_changed_part_changes_the_name_under_which_all_are_fetched(sources: Path, settings: Settings) -> None:
    settings.STATICFILES_FINDERS = ["smarketing.static_files.finders.JoiningFinder"]
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "smarketing.static_files.storage.StaticFiles"},
    }
    seen: set[str] = set()
    for color in ("red", "green", "red"):
        (sources / "css" / "one.css").write_text(f"p {{ color: {color} }}\n")
        seen.add(collected(settings, sources.parent / f"collected-{len(seen)}-{color}")["css/app.css"])
    assert len(seen) == 2


def collected(settings: Settings, root: Path) -> dict[str, str]:
    """The names in production."""
    finders.get_finder.cache_clear()
    settings.STATIC_ROOT = root
    try:
        call_command("collectstatic", interactive=False, verbosity=0)
    finally:
        finders.get_finder.cache_clear()
    names: dict[str, str] = json.loads((root / "staticfiles.json").read_text())["paths"]
    assert sorted(names) == ["css/app.css", "js/app.js", "robots.txt"]
    assert (root / names["css/app.css"]).exists()
    return names


@pytest.mark.browser
def test_each_rule_of_each_component_is_in_the_one_sheet_once_in_its_place(browser: Browser) -> None:
    def sheet_of(answer: Any) -> list[str]:
        page = browser.new_page()
        page.route("**/*", answer)
        page.goto("http://localhost/")
        rules: list[str] = page.evaluate(RULES)
        page.close()
        return rules

    def apart(route: Route) -> None:
        serve(route, SOURCES / route.request.url.removeprefix("http://localhost/static/"))

    def joined(route: Route) -> None:
        serve(route, Path(str(finders.find(route.request.url.removeprefix("http://localhost/static/")))))

    rules = sheet_of(apart)
    assert len(rules) > 500
    assert sheet_of(joined) == rules


def serve(route: Route, path: Path) -> None:
    if route.request.url.endswith(".css"):
        route.fulfill(path=path, content_type="text/css")
    else:
        route.fulfill(body='<link rel="stylesheet" href="/static/css/app.css">', content_type="text/html")


def test_each_of_our_files_is_in_an_entry_or_of_a_page_of_its_own() -> None:
    finder = JoiningFinder()
    sources = {path.relative_to(SOURCES).as_posix() for kind in ("css", "js") for path in (SOURCES / kind).rglob("*.*")}
    offered = {name for name, _storage in finder.list([])}
    parts = {part for joined in finder.entries().values() for part in joined.parts}
    assert sources - parts == {"css/app.css", "js/app.js", "js/reference.js"} == offered & sources
