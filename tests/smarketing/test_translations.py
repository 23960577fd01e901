from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from smarketing import translations


@pytest.mark.parametrize("area", translations.areas())
def test_everything_is_said_in_japanese(area: str) -> None:
    merged = translations.merge(area)
    assert merged.missing == []
    assert merged.wrong == []


def test_no_text_is_said_in_two_ways() -> None:
    assert translations.conflicting_translations() == []


# The word that pages use, and another that was used beside it.
ONE_WORD = {"ログイン": "サインイン", "有効": "発効中", "二要素認証": "多要素認証"}


@pytest.mark.parametrize(("word", "other"), ONE_WORD.items())
def test_one_thing_has_one_japanese_word(word: str, other: str) -> None:
    told = "".join(
        line
        for area in translations.areas()
        for line in translations.catalogue_path(area).read_text().splitlines()
        if not line.startswith("#~")
    )
    assert word in told
    assert other not in told


@pytest.fixture
def project(tmp_path: Path, settings: Settings) -> Path:
    settings.BASE_DIR = tmp_path
    settings.LOCALE_PATHS = [tmp_path / "locale" / "leads", tmp_path / "locale" / "sla"]
    (tmp_path / "leads").mkdir()
    (tmp_path / "templates" / "leads").mkdir(parents=True)
    return tmp_path


def say(project: Path, python: str = "", template: str = "") -> None:
    (project / "leads" / "views.py").write_text(python)
    (project / "templates" / "leads" / "leads.html").write_text(template)


def catalogue(project: Path, text: str, area: str = "leads") -> Path:
    path = project / "locale" / area / "ja" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(translations.HEADER + text)
    return path


def test_texts_come_from_code_and_templates(project: Path) -> None:
    say(
        project,
        'title = gettext_lazy("Leads")\nngettext("%(n)s lead", "%(n)s leads", 2)',
        "{% load i18n %}\n  <p title='it’s \"so\"'>\n{% translate 'New lead' %}</p>"
        "{% blocktranslate count n=n %}{{ n }} row{% plural %}{{ n }} rows{% endblocktranslate %}"
        '{% include "x.html" with title=_("No leads yet") %}',
    )
    assert sorted(translations.merge("leads").missing) == [
        "%(n)s lead",
        "%(n)s row",
        "Leads",
        "New lead",
        "No leads yet",
    ]


def test_taking_in_new_texts_keeps_what_is_translated(project: Path) -> None:
    path = catalogue(project, 'msgid "Leads"\nmsgstr "リード"\n')
    say(project, '_("Leads"); _("Companies")')
    call_command("messages", "leads")
    assert 'msgid "Leads"\nmsgstr "リード"' in path.read_text()
    assert 'msgid "Companies"\nmsgstr ""' in path.read_text()


def test_a_text_that_left_is_remembered_for_when_it_comes_back(project: Path) -> None:
    path = catalogue(project, 'msgid "Leads"\nmsgstr "リード"\n')
    say(project)
    call_command("messages", "leads")
    assert '#~ msgid "Leads"' in path.read_text()
    say(project, '_("Leads")')
    call_command("messages", "leads")
    assert 'msgid "Leads"\nmsgstr "リード"' in path.read_text()
    assert "#~" not in path.read_text()


def test_another_catalogue_helps_out(project: Path) -> None:
    catalogue(project, 'msgid "Save"\nmsgstr "保存"\n', area="sla")
    say(project, '_("Save")')
    call_command("messages", "leads")
    assert translations.merge("leads").missing == []


def test_the_check_changes_nothing_and_fails(project: Path) -> None:
    path = catalogue(project, 'msgid "Leads"\nmsgstr "リード"\n')
    before = path.read_text()
    say(project, '_("Leads"); _("Companies")')
    with pytest.raises(CommandError, match="1 texts need"):
        call_command("messages", "leads", check=True)
    assert path.read_text() == before


def test_a_fuzzy_translation_counts_as_missing(project: Path) -> None:
    catalogue(project, '#, fuzzy\nmsgid "Leads"\nmsgstr "リード"\n')
    say(project, '_("Leads")')
    assert translations.merge("leads").missing == ["Leads"]


@pytest.mark.parametrize("japanese", ["件", "%(m)s件"])
def test_a_translation_names_the_same_things(project: Path, japanese: str) -> None:
    catalogue(project, f'msgid "%(n)s leads"\nmsgstr "{japanese}"\n')
    say(project, '_("%(n)s leads")')
    assert translations.merge("leads").wrong == ["%(n)s leads"]


def test_one_text_in_two_ways_is_found(project: Path) -> None:
    catalogue(project, 'msgid "Offer"\nmsgstr "提示"\n')
    catalogue(project, 'msgid "Offer"\nmsgstr "オファー"\n', area="sla")
    assert len(translations.conflicting_translations()) == 1


def test_compiling_makes_only_what_has_changed(project: Path) -> None:
    catalogue(project, 'msgid "Leads"\nmsgstr "リード"\n')
    assert len(translations.compile_all()) == 1
    assert translations.compile_all() == []
