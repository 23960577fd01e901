"""The small modules in static/js, in a real browser, on pages made of nothing but what they look for."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from playwright.sync_api import Browser, Page, Route, sync_playwright

pytestmark = pytest.mark.browser

HOST = "http://smarketing.test"
POLICY = "default-src 'self'; script-src 'self'; style-src 'self'"
TYPES = {".js": "text/javascript", ".css": "text/css", ".json": "application/json"}
AT = "2025-11-18T14:58:00+09:00"
AT_SECONDS = 1763445480


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        if not path and not Path(playwright.chromium.executable_path).exists():
            pytest.skip("no Chromium is installed: apt-get install chromium")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(color_scheme="light")
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    context.close()
    assert problems == []


def show(page: Page, body: str, lang: str = "en") -> None:
    html = (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><link rel="icon" href="data:,">'
        '<link rel="stylesheet" href="/static/css/app.css">'
        f'<script type="module" src="/static/js/app.js"></script></head><body>{body}</body></html>'
    )

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(HOST).split("?")[0]
        if path.startswith("/static/"):
            found = Path(str(finders.find(path.removeprefix("/static/"))))
            route.fulfill(path=found, content_type=TYPES[found.suffix])
        elif path == "/":
            policy = f"{POLICY}; img-src 'self' data:"
            route.fulfill(body=html, content_type="text/html", headers={"Content-Security-Policy": policy})
        else:
            route.fulfill(body=f"<title>{path}</title>", content_type="text/html")

    page.route("**/*", answer)
    page.goto(f"{HOST}/")


def clock(left: int, total: int = 14_400) -> str:
    return (
        f'<span class="countdown" data-countdown data-at="{AT}" data-left="{left}" data-total="{total}"'
        ' data-text-left="{} left" data-text-over="{} over"><svg class="countdown__ring"><circle/>'
        '<circle stroke-dasharray="50 100"/></svg><time>–</time></span>'
    )


def open_for(*windows: tuple[int, int]) -> str:
    return str([[AT_SECONDS + 60 * start, AT_SECONDS + 60 * end] for start, end in windows])


@pytest.mark.parametrize(
    ("minutes", "words", "tone"),
    [
        (5, "2 h 45 min left", "neutral"),
        (90, "2 h 40 min left", "neutral"),  # a break from the 10th minute to the 120th
        (240, "40 min left", "risk"),
        (301, "20 min over", "breached"),
    ],
)
def test_a_countdown_counts_opening_hours_only(page: Page, minutes: int, words: str, tone: str) -> None:
    page.clock.install()
    show(page, f'<main data-open-windows="{open_for((-60, 10), (120, 600))}">{clock(170 * 60)}</main>')
    page.clock.run_for(1000 * (60 * minutes - 5))  # the last tick is a few seconds before the full minute
    assert page.locator("time").inner_text() == words
    assert page.locator(".countdown").get_attribute("data-tone") == tone
    assert page.locator(".countdown__ring").count() == (0 if tone == "breached" else 1)


def test_a_countdown_says_that_it_stands_still_until_it_runs(page: Page) -> None:
    page.clock.install()
    still = f'<span data-begins="{AT_SECONDS + 600}">begins today</span></span>'
    clocks = clock(1200).removesuffix("</span>") + still
    show(page, f'<main data-open-windows="{open_for((10, 600))}">{clocks}</main>')
    page.clock.run_for(1000 * 590)
    assert page.locator("[data-begins]").count() == 1
    page.clock.run_for(1000 * 20)
    assert page.locator("[data-begins]").count() == 0
    page.clock.run_for(1000 * 60 * 19)
    assert page.locator("time").inner_text() == "under 1 min left"


def test_a_countdown_speaks_japanese(page: Page) -> None:
    page.clock.install()
    show(page, f'<main data-open-windows="{open_for((600, 700))}">{clock(102 * 60)}</main>', lang="ja")
    page.clock.run_for(20_000)
    assert page.locator("time").inner_text() == "1時間42分 left"


LIST = """
<input type="search" data-search aria-label="Search">
<ol><li data-item><a href="/one">One</a><button data-key="a" value="1">A</button></li>
<li data-item><a href="/two">Two</a><button data-key="a" value="2">A</button></li></ol>
<dialog class="dialog" id="keyboard"><label><input type="checkbox" data-keys-switch>On</label>
<form method="dialog"><button>Close</button></form></dialog>
"""


def test_keys_walk_through_a_list(page: Page) -> None:
    show(page, LIST)
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent") == "One"
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent") == "Two"
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.textContent") == "One"


def test_a_key_presses_the_button_of_the_current_item(page: Page) -> None:
    show(page, LIST)
    page.evaluate("addEventListener('click', (event) => (window.pressed = event.target.value))")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("a")
    assert page.evaluate("window.pressed") == "2"


def test_a_slash_goes_to_the_search_and_letters_are_letters_there(page: Page) -> None:
    show(page, LIST)
    page.keyboard.press("/")
    page.keyboard.type("ja/?")
    assert page.locator("[data-search]").input_value() == "ja/?"
    assert not page.locator("#keyboard").is_visible()


def test_single_keys_can_be_turned_off(page: Page) -> None:
    show(page, LIST)
    page.keyboard.press("?")
    page.get_by_label("On").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent") != "One"


THEME = """
<form method="post" action="/theme/" data-theme-form><button name="theme" value="dark">Dark</button>
<button name="theme" value="">Automatic</button></form>
"""


def test_the_theme_changes_at_once_and_is_sent(page: Page) -> None:
    show(page, THEME)
    with page.expect_request(f"{HOST}/theme/") as sent:
        page.get_by_role("button", name="Dark").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert "dark" in str(sent.value.post_data)
    assert page.url == f"{HOST}/"
    page.get_by_role("button", name="Automatic").click()
    assert page.evaluate("document.documentElement.dataset.theme ?? 'none'") == "none"


FIGURE = """
<figure class="figure" data-figure="chart" data-plotly="/static/plotly/plotly.min.js"
  data-template="/static/plotly-template.json"><div class="figure__plot" role="img" aria-label="Won"></div></figure>
<script type="application/json" id="chart">{"data": [{"type": "bar", "x": ["W1", "W2"], "y": [3, 5],
  "marker": {"color": "$sales"}, "customdata": ["/leads/?w=1", "/leads/?w=2"]}]}</script>
"""


def test_a_figure_follows_the_theme_under_a_strict_policy(page: Page) -> None:
    show(page, FIGURE + THEME)
    page.wait_for_selector("[data-drawn=light] .bars path")
    light = page.locator(".bars path").first.evaluate("(bar) => getComputedStyle(bar).fill")
    page.get_by_role("button", name="Dark").click()
    page.wait_for_selector("[data-drawn=dark]")
    dark = page.locator(".bars path").first.evaluate("(bar) => getComputedStyle(bar).fill")
    assert (light, dark) == ("rgb(50, 153, 210)", "rgb(117, 198, 240)")


def test_a_point_opens_the_leads_behind_it(page: Page) -> None:
    show(page, FIGURE)
    page.wait_for_selector("[data-drawn] .bars path")
    box = page.locator(".bars path").last.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_url(f"{HOST}/leads/?w=2")


def test_a_message_goes_when_it_is_read(page: Page) -> None:
    show(page, '<p class="flash"><span>Done.</span><button data-dismiss>Close</button></p>')
    page.get_by_role("button", name="Close").click()
    assert page.locator(".flash").count() == 0


def test_a_dialog_opens_and_closes(page: Page) -> None:
    dialog = '<dialog class="dialog" id="d"><button data-close>No</button></dialog>'
    show(page, f'<button data-dialog="d">Sign…</button>{dialog}')
    page.get_by_role("button", name="Sign…").click()
    assert page.locator("#d").is_visible()
    page.get_by_role("button", name="No").click()
    assert not page.locator("#d").is_visible()
