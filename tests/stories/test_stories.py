"""The story of each kind of user, in a real browser, from the persona to the weekly page; in English and Japanese.

A test goes on where the one before it ended, as the work of a company does.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from tests.browser import DESKTOP, PHONE, Person, confirm, person
from tests.site import DOMAIN, PASSWORD, Site

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Words:
    """What the story looks for on the pages of one language."""

    language: str
    persona: str
    match: str
    accepted: str
    rejected: str
    why: str
    # Each language tells the same story of the same company: a definition that is already agreed would change nothing.
    employees: str


ENGLISH = Words("en", "Line lead", "match now", "is yours", "went back to marketing", "Why this lead", "300")
JAPANESE = Words(
    "ja", "ライン長", "当てはまる", "あなたの担当になりました", "マーケティングに戻しました", "このリードの理由", "310"
)


@pytest.fixture(scope="module", params=[ENGLISH, JAPANESE], ids=["en", "ja"])
def words(request: pytest.FixtureRequest) -> Words:
    given: Words = request.param
    return given


@contextmanager
def signed_in(
    browser: Browser,
    site: Site,
    who: str,
    words: Words,
    *,
    size: tuple[int, int] | None = None,
    javascript: bool = True,
) -> Iterator[Person]:
    email = who if "@" in who else f"{who}@{DOMAIN}"
    with person(
        browser,
        site.url,
        email,
        PASSWORD,
        size=size or DESKTOP,
        language=words.language,
        javascript=javascript,
    ) as somebody:
        yield somebody


# (a) A persona, a definition, two signatures


def makes_anew(answer: Response) -> bool:
    """Whether it is the whole editor, and not what is counted while somebody types."""
    request = answer.request
    return request.method == "POST" and not request.headers.get("hx-target", "").endswith("-live")


def edit(page: Page, action: str) -> None:
    """Press a button of the conditions' editor and wait for what it makes of them."""
    with page.expect_response(makes_anew):
        page.locator(f'button[name="criteria.do"][value="{action}"]').first.dispatch_event("click")
    settled(page)


def settled(page: Page) -> None:
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)


def choose(page: Page, path: str, part: str, value: str) -> None:
    select = page.locator(f'[name="criteria.{path}.{part}"]')
    if select.input_value() != value:
        with page.expect_response(makes_anew):
            select.select_option(value)
        settled(page)


def say(page: Page, path: str, part: str, value: str) -> None:
    page.locator(f'[name="criteria.{path}.{part}"]').fill(value)


def clear(page: Page) -> None:
    while page.locator('button[name="criteria.do"][value="remove:r-0"]').count():
        edit(page, "remove:r-0")


def nested(page: Page, words: Words) -> None:
    """Some hundred employees or more, and either a leading title or a manager."""
    edit(page, "add:r")
    choose(page, "r-0", "what", "field:company.employees")
    choose(page, "r-0", "op", ">=")
    say(page, "r-0", "value", words.employees)
    edit(page, "group:r")
    page.locator('[name="criteria.r-1.join"]').select_option("any")
    choose(page, "r-1-0", "what", "field:title")
    choose(page, "r-1-0", "op", "contains")
    say(page, "r-1-0", "value", "Line lead")
    edit(page, "add:r-1")
    choose(page, "r-1-1", "what", "field:title")
    choose(page, "r-1-1", "op", "contains")
    say(page, "r-1-1", "value", "ライン長")


def test_a_marketer_writes_a_persona(browser: Browser, site: Site, words: Words) -> None:
    with signed_in(browser, site, "marketer", words) as mara:
        page = mara.go("/personas/new/")
        page.locator('[name="name"]').fill(words.persona)
        page.locator('[name="goals"]').fill("A line that runs.")
        nested(page, words)
        page.locator("form .form__foot .btn--primary").click()
        expect(page.locator("h1")).to_contain_text(words.persona)
        expect(page.locator("main")).to_contain_text(words.employees)


def test_b_marketer_drafts_a_definition_and_all_heads_sign_it(browser: Browser, site: Site, words: Words) -> None:
    stage = site.ask("SELECT id FROM funnel_stage WHERE role = 'mql'")[0][0]
    with signed_in(browser, site, "marketer", words) as mara:
        page = mara.go(f"/definitions/{stage}/")
        page.locator('form[action$="/draft/new/"] button').first.click()
        expect(page.locator("form#definition [data-criteria]")).to_be_visible()
        clear(page)
        nested(page, words)
        edit(page, "refresh:r")
        expect(page.locator(".criteria-editor__live")).to_contain_text(words.match)
        expect(page.locator(".criteria-editor__live")).to_contain_text(words.employees)
        page.locator('form#definition button[value="propose"]').click()
        page.wait_for_url(re.compile("/agreement/"))
    number = site.ask("SELECT max(number) FROM sla_agreement")[0][0]
    for head in ("head-of-marketing", "head-of-sdr", "head-of-sales"):
        with signed_in(browser, site, head, words) as signer:
            page = signer.go(f"/agreement/v{number}/signature/")
            page.locator('[name="agrees"]').check()
            page.locator("form .btn--primary").first.click()
            confirm(page, PASSWORD)
            page.wait_for_url(re.compile(f"/agreement/(v{number}/)?$"))
    begins = "SELECT in_force_from > now() AND in_force_from < now() + interval '25 hours' FROM sla_agreement"
    assert site.ask(f"{begins} WHERE number = %s", number) == [(True,)]
    site.a_night_passes()


# (b) An import brings leads that meet it


def test_c_an_import_is_qualified_and_offered_within_seconds(browser: Browser, site: Site, words: Words) -> None:
    tag = words.language
    title = {"en": "Line lead", "ja": "ライン長"}[tag]
    rows = [f"{tag}{n}@story-{tag}-{n}.example,{n} 山田,{title},Story {tag} {n},{400 + n}" for n in range(6)]
    # Two leads of one company go to one rep, in one thread.
    rows += [f"{tag}-pair-{n}@story-{tag}-pair.example,{n} 鈴木,{title},Pair {tag},420" for n in range(2)]
    rows += [f"small@story-small-{tag}.example,小 山田,{title},Small {tag},12", "nobody,無 山田,,,"]
    content = "\n".join(["e-mail,氏名,役職,会社名,従業員数", *rows]).encode()
    with signed_in(browser, site, "marketer", words) as mara:
        page = mara.go("/imports/")
        page.locator('input[type="file"]').set_input_files(
            {"name": f"story-{tag}.csv", "mimeType": "text/csv", "buffer": content}
        )
        page.locator("form[enctype] .btn--primary").click()
        page.locator('[name="qualify_at_once"]').check()
        page.locator('button[value="check"]').click()
        page.locator('form[action$="/start/"] .btn--primary').click(timeout=60_000)
        expect(page.locator("#state a[href$='rejected.csv']")).to_be_visible(timeout=60_000)
    offered = "SELECT count(*) FROM sla_handoff h JOIN leads_lead l ON l.id = h.lead_id WHERE l.email LIKE %s"
    until = time.monotonic() + 60
    while site.ask(offered, f"{tag}%@story-{tag}-%.example")[0][0] != 8:
        assert time.monotonic() < until, site.log.read_text()[-3000:]
        time.sleep(0.3)
    assert site.ask(offered, f"small@story-small-{tag}.example") == [(0,)]
    made_by = """
        SELECT DISTINCT t.how, d.in_force_from IS NOT NULL AND d.replaced_at IS NULL
        FROM funnel_transition t
        JOIN funnel_definition d ON d.id = t.definition_id
        JOIN leads_lead l ON l.id = t.lead_id
        WHERE l.email LIKE %s
    """
    assert site.ask(made_by, f"{tag}%@story-{tag}-%.example") == [("machine", True)]


# (c) The rep accepts one and rejects another; the marketer sees the reason

MINE = """
    SELECT h.id, l.id, u.email FROM sla_handoff h
    JOIN leads_lead l ON l.id = h.lead_id JOIN teams_user u ON u.id = h.rep_id
    WHERE l.email LIKE %s AND h.answer = '' ORDER BY u.email, h.id
"""


def open_offers(site: Site, words: Words) -> list[tuple[int, int, str]]:
    """The story's open hand-offs of the rep who has most of them, but for the pair's: (hand-off, lead, rep)."""
    rows: list[tuple[int, int, str]] = [
        (int(str(handoff)), int(str(lead)), str(rep))
        for handoff, lead, rep in site.ask(MINE, f"{words.language}_@story-{words.language}-%.example")
    ]
    reps = [rep for _, _, rep in rows]
    busiest = max(reps, key=reps.count)
    return [row for row in rows if row[2] == busiest]


def answer_of(site: Site, handoff: int) -> str:
    return str(site.ask("SELECT answer FROM sla_handoff WHERE id = %s", handoff)[0][0])


@pytest.mark.parametrize("how", ["desktop", "phone", "plain"])
def test_d_rep_accepts_and_rejects(browser: Browser, site: Site, words: Words, how: str) -> None:
    """On a desktop, on a phone, and without JavaScript."""
    offers = open_offers(site, words)
    size, javascript = (PHONE if how == "phone" else None), how != "plain"
    if how != "desktop":
        # One offer of this rep is left for either verb: the other is shown by the desktop.
        offers = offers[:1]
    handoff, _lead, rep = offers[0]
    with signed_in(browser, site, rep, words, size=size, javascript=javascript) as somebody:
        page = somebody.go(f"/inbox/{handoff}/#handoff")
        expect(page.locator("#why")).to_have_text(words.why)
        if how == "phone":
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        page.locator(f'.answer form[action="/handoffs/{handoff}/acceptance/"] button').click()
        expect(page.locator("#flashes")).to_contain_text(words.accepted)
        assert answer_of(site, handoff) == "accepted"
        if how == "desktop":
            other = offers[1][0]
            reject(page, somebody, other, words)
            assert answer_of(site, other) == "rejected"
    if how == "desktop":
        with signed_in(browser, site, "marketer", words) as mara:
            page = mara.go(f"/leads/{offers[1][1]}/")
            expect(page.locator("main")).to_contain_text("Not this year: 予算")
            expect(mara.go("/").locator("main")).to_contain_text("予算")


def reject(page: Page, somebody: Person, handoff: int, words: Words) -> None:
    """Without a reason it is refused at its place, and what was typed stays; with one it is done in one step."""
    page = somebody.go(f"/inbox/{handoff}/#handoff")
    page.locator(".answer__reject summary").click()
    page.locator('.answer__form [name="note"]').fill("Not this year: 予算")
    page.locator('.answer__form [name="reason"][value="no_project"]').evaluate("radio => radio.form.noValidate = true")
    page.locator(".answer__form .btn--danger").click()
    expect(page.locator(".answer__form .field__error").first).to_be_visible()
    expect(page.locator('.answer__form [name="note"]')).to_have_value("Not this year: 予算")
    page.locator('.answer__form label:has([name="reason"][value="no_project"])').click()
    # Asked of a lead with a persona.
    if (fits := page.locator('.answer__form label:has([name="verdict"][value="fits"])')).count():
        fits.click()
    page.locator(".answer__form .btn--danger").click()
    expect(page.locator("#flashes")).to_contain_text(words.rejected)


def test_d_two_leads_of_one_company_are_answered_together(browser: Browser, site: Site, words: Words) -> None:
    pair = site.ask(MINE, f"{words.language}-pair-_@story-{words.language}-pair.example")
    handoffs, reps = [int(str(row[0])) for row in pair], {str(row[2]) for row in pair}
    assert (len(handoffs), len(reps)) == (2, 1)
    with signed_in(browser, site, reps.pop(), words, size=PHONE) as somebody:
        page = somebody.go(f"/inbox/{handoffs[1]}/#handoff")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        for pk, given in zip(handoffs, ("accept", "reject"), strict=True):
            page.locator(f'#thread label:has([name="handoff-{pk}-answer"][value="{given}"])').click()
        page.locator("#thread button").click()
        # A rejection without a reason gives neither answer.
        expect(page.locator("#thread .field__error").first).to_be_visible()
        assert [answer_of(site, pk) for pk in handoffs] == ["", ""]
        page.locator(f'[name="handoff-{handoffs[1]}-reason"]').select_option(value="no_project")
        page.locator(f'[name="handoff-{handoffs[1]}-note"]').fill("Not this year: 予算")
        page.locator("#thread button").click()
        expect(page.locator("#flashes")).to_contain_text("2")
        assert [answer_of(site, pk) for pk in handoffs] == ["accepted", "rejected"]


# (d) The manager opens the week, clicks a number and sees exactly those leads


@pytest.mark.parametrize("how", ["desktop", "phone"])
def test_e_manager_opens_the_leads_behind_a_number(browser: Browser, site: Site, words: Words, how: str) -> None:
    size = PHONE if how == "phone" else None
    with signed_in(browser, site, "manager", words, size=size) as gina:
        page = gina.go("/weekly/")
        if page.locator('form[action*="recompute"] button, form[action$="/recomputation/"] button').count():
            page.locator('form[action*="recompute"] button, form[action$="/recomputation/"] button').first.click()
        if how == "phone":
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        number = page.locator('a.num[href*="/behind/entered/"][href*="to=mql"]').first
        shown = int(re.sub(r"\D", "", number.inner_text()))
        assert shown >= 6
        number.click()
        page.wait_for_url(re.compile("/behind/entered/"))
        assert page.locator("main tbody tr").count() == min(shown, 50)
        emails = f"{words.language}%@story-{words.language}-%.example"
        ids = [row[0] for row in site.ask("SELECT id FROM leads_lead WHERE email LIKE %s", emails)]
        links = page.locator("main tbody a[href^='/leads/']").evaluate_all(
            "all => all.map(a => a.getAttribute('href'))"
        )
        if shown <= 50:
            assert {f"/leads/{lead}/" for lead in ids} <= set(links)
