from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django import forms
from django.template import Context, Template
from django.utils import translation

from smarketing.pages.icons import ICONS
from smarketing.pages.navigation import GROUPS

AT = datetime(2025, 11, 18, 5, 58, tzinfo=UTC)


def drawn(source: str, **context: object) -> str:
    return Template("{% load wording badges figures navigation fields rates %}" + source).render(Context(context))


def test_a_rate_shows_its_count_and_opens_its_rows():
    shown = drawn("{% rate 79 84 href=rows interval=True %}", rows="/leads/?x=1&y=2")
    assert '<a class="num" href="/leads/?x=1&amp;y=2">94.0%</a>' in shown
    assert "79 / 84" in shown
    assert "87–97%" in shown


def test_a_rate_over_nothing_is_a_dash_and_no_link():
    shown = drawn('{% rate 0 0 href="/leads/" interval=True %}')
    assert "–</span>" in shown
    assert "<a" not in shown
    assert "%" not in shown


def test_a_rate_takes_what_has_a_numerator_and_a_denominator():
    assert "20.9%" in drawn("{% rate r %}", r=SimpleNamespace(numerator=86, denominator=412))


def test_a_share_of_fewer_than_five_is_its_two_numbers_each_with_its_rows():
    source = '{% percentage r "/n/" "/of/" %}{% if not r|is_two_numbers %} beside it{% endif %}'

    def shown(n: int, of: int) -> str:
        return drawn(source, r=SimpleNamespace(numerator=n, denominator=of))

    assert shown(2, 4) == '<a class="num" href="/n/">2</a> / <a class="num" href="/of/">4</a>'
    assert shown(6, 5) == '<a class="num" href="/n/">6</a> / <a class="num" href="/of/">5</a>'
    assert shown(4, 8) == '<a class="num" href="/n/">50.0%</a> beside it'
    assert "–</span> beside it" in shown(0, 0)


@pytest.mark.parametrize(
    ("left", "tone", "words"),
    [
        (timedelta(hours=2, minutes=50), "neutral", "2 h 50 min left"),
        (timedelta(minutes=42), "risk", "42 min left"),
        (timedelta(seconds=59), "risk", "under 1 min left"),
        (timedelta(seconds=-1), "breached", "under 1 min over"),
        (timedelta(minutes=-46), "breached", "46 min over"),
    ],
)
def test_a_countdown_says_what_is_left(left, tone, words):
    shown = drawn("{% countdown due left total at=at %}", due=AT + left, left=left, total=timedelta(hours=4), at=AT)
    assert f'data-tone="{tone}"' in shown
    assert f">{words}</time>" in shown
    assert ("countdown__ring" in shown) == (tone != "breached")


def test_a_countdown_that_stands_still_says_from_when_it_runs():
    def shown(due_at: datetime) -> str:
        return drawn(
            "{% countdown due 3600 at=at begins_at=begins %}", due=due_at, at=AT, begins=AT + timedelta(hours=12)
        )

    assert "begins today 17:58, due 18:58</span>" in shown(AT + timedelta(hours=13))
    assert "begins today 17:58, due tomorrow 6:58</span>" in shown(AT + timedelta(hours=25))
    assert "begins today 17:58, due 22 Nov 5:58</span>" in shown(AT + timedelta(days=4))


def test_a_countdown_without_open_time_before_it_says_when_it_is_due():
    shown = drawn("{% countdown due 0 at=at %}", due=AT + timedelta(hours=13), at=AT)
    assert ">Due today 18:58</time>" in shown
    assert "data-countdown" not in shown


def test_a_countdown_speaks_japanese():
    with translation.override("ja"):
        assert "残り42分" in drawn("{% countdown due 2520 %}", due=AT)


def test_a_bar_stays_within_its_track():
    assert 'width="100.0%"' in drawn("{% bar 70 48 %}")
    assert 'width="0.0%"' in drawn("{% bar 3 0 %}")
    assert 'x="51.04%"' in drawn("{% bar 23 48 mark=24.5 %}")


def test_progress_without_a_total_only_says_that_it_runs():
    assert "aria-valuenow" not in drawn('{% progress 5 None "Import" %}')
    assert 'aria-valuenow="50"' in drawn('{% progress 5 10 "Import" %}')


def test_a_delta_is_neutral_by_itself():
    assert "data-tone" not in drawn("{% delta 0.06 %}")
    assert "delta--down" in drawn("{% delta down %}", down=-0.028)
    assert "same" in drawn("{% delta 0 %}")
    assert drawn("{% delta nothing %}", nothing=None) == ""


def test_a_figure_cannot_break_out_of_its_script():
    shown = drawn('{% figure chart "c" "label" %}', chart={"data": ["</script><script>alert(1)"]})
    assert "</script><script>alert" not in shown


def test_names_are_escaped():
    assert "<b>" not in drawn("{% person p %}", p=SimpleNamespace(given_name="<b>", family_name="x", team=None))


def test_the_way_around_has_an_icon_for_each_page():
    assert all(item.icon in ICONS for group in GROUPS for item in group.items)


class Persona(forms.Form):
    name = forms.CharField(label="Name", help_text="As both teams say it.")
    hours = forms.IntegerField(label="Answer within")
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea(attrs={"class": "mine"}))
    agreed = forms.BooleanField(label="Agreed", required=False)
    reason = forms.ChoiceField(choices=[("a", "A")], widget=forms.RadioSelect(attrs={"class": "chips"}))

    def clean(self) -> None:
        raise forms.ValidationError("The whole is wrong.")


def test_a_form_says_what_is_wrong_at_the_field_and_keeps_what_was_typed():
    page = str(Persona({"name": "", "hours": "four"}))
    assert 'aria-describedby="id_name_helptext id_name_error"' in page
    assert 'id="id_name_error"' in page
    assert 'aria-invalid="true"' in page
    assert 'value="four"' in page
    assert 'type="number"' not in page
    assert "The whole is wrong." in page


def test_fields_take_our_look_and_keep_their_own_class():
    page = str(Persona())
    assert 'class="field__input mine"' in page
    assert 'class="chip"' in page
    assert 'class="check"><input type="checkbox"' in page
    assert page.count(">optional<") == 1  # a box that may stay empty needs no word
