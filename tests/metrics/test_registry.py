"""Asking for numbers, by a toy metric: leads that were made in the period, and how many of them have a phone."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, F, Q
from django.utils.translation import gettext_lazy

from leads.models import Lead
from metrics import question as questions
from metrics import registry
from metrics.period import Period
from metrics.question import Dimension
from metrics.rate import Rate, Row
from metrics.registry import BadQuestion, Metric, Question, Unit, UnknownMetric, View, metric

TOKYO = ZoneInfo("Asia/Tokyo")
AT = datetime(2018, 6, 15, tzinfo=UTC)
SPRING = Period(date(2018, 4, 1), date(2018, 7, 1), TOKYO)


def made_in(question: Question):
    made = Lead.objects.filter(created_at__gte=question.period.starts_at, created_at__lt=question.period.ends_at)
    return question.filtered(made, "")


def reachable(question: Question) -> list[Row]:
    counted = made_in(question).annotate(key=question.key("created_at", "")).values("key")
    counted = counted.annotate(n=Count("pk"), reachable=Count("pk", filter=~Q(phone=""))).order_by("key")
    return [Row.of_rate(row["key"], Rate(row["reachable"], row["n"])) for row in counted]


def reachable_leads(question: Question, part: str):
    leads = made_in(question)
    return (leads.exclude(phone="") if part == "numerator" else leads).values("pk")


@pytest.fixture(autouse=True)
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_metrics", {})
    monkeypatch.setattr(questions, "_dimensions", dict(questions._dimensions))
    registry.register_dimension(
        Dimension("toy_source", gettext_lazy("Source"), "tests", lambda lead: F(f"{lead}source"))
    )
    registry.register(
        Metric(
            name="reachable",
            label=gettext_lazy("Reachable"),
            definition=gettext_lazy("Leads with a phone ÷ leads that were made in the period."),
            unit=Unit.RATE,
            count=reachable,
            leads=reachable_leads,
            views=(View.COHORT, View.PERIOD),
            dimensions=("month", "week", "toy_source"),
            stages="pair",
            roles=("lead", "mql", "customer"),
            takes_window=True,
        )
    )


def ask(**changes: Any) -> Question:
    asked: dict[str, Any] = {"period": SPRING, "from_role": "lead", "to_role": "customer", "at": AT}
    return Question(**asked | changes)


@pytest.fixture
def ada(db) -> Lead:
    return make("ada", datetime(2018, 4, 9, 12, tzinfo=UTC), phone="1", source="fair")


@pytest.fixture
def bob(db) -> Lead:
    """Made on Tokyo's first of May, when it was still April in UTC."""
    return make("bob", datetime(2018, 4, 30, 20, tzinfo=UTC))


def make(name: str, at: datetime, **fields: str) -> Lead:
    return Lead.objects.create(email=f"{name}@example.com", created_at=at, **fields)


class TestAnswers:
    def test_without_a_cut_there_is_one_row(self, ada, bob):
        assert metric("reachable").rows(ask()) == [Row("all", 1, 2, 0.5, mature=False)]
        assert metric("reachable").value(ask(by="month")) == Row("all", 1, 2, 0.5, mature=False)

    def test_months_are_the_companys_and_empty_ones_are_there(self, ada, bob):
        assert metric("reachable").rows(ask(by="month")) == [
            Row("2018-04", 1, 1, 1.0),
            Row("2018-05", 0, 1, 0.0),
            Row("2018-06", 0, 0, None, mature=False),
        ]

    def test_weeks_are_called_by_their_monday(self, ada, bob):
        rows = metric("reachable").rows(ask(by="week"))
        assert [(row.key, row.denominator) for row in rows if row.denominator] == [("2018-04-09", 1), ("2018-04-30", 1)]
        assert len(rows) == 14

    def test_an_empty_dimension_has_an_empty_key(self, ada, bob):
        rows = metric("reachable").rows(ask(by="toy_source"))
        assert {row.key: row.denominator for row in rows} == {"fair": 1, "": 1}

    def test_a_filter_leaves_only_its_leads(self, ada, bob):
        assert metric("reachable").value(ask(filters={"toy_source": "fair"})) == Row("all", 1, 1, 1.0, mature=False)

    def test_nothing_at_all_is_still_a_row(self, db):
        assert metric("reachable").rows(ask()) == [Row("all", 0, 0, None, mature=False)]

    def test_the_first_view_is_meant_when_none_is_named(self):
        assert metric("reachable").accept(ask()).view == "cohort"


class TestBehind:
    @pytest.mark.parametrize("by", ["", "month", "week", "toy_source"])
    def test_every_number_opens_exactly_its_leads(self, ada, bob, by):
        question = ask(by=by)
        for row in metric("reachable").rows(question):
            assert len(metric("reachable").behind(question, row.key, "denominator")) == row.denominator
            assert len(metric("reachable").behind(question, row.key)) == row.numerator

    def test_they_are_sql_to_filter_leads_by(self, ada, bob):
        behind = metric("reachable").behind(ask(by="month"), "2018-05", "denominator")
        assert list(Lead.objects.filter(pk__in=behind)) == [bob]

    @pytest.mark.parametrize(("by", "key"), [("", "2018-04"), ("month", "2017-01"), ("week", "2018-04-03")])
    def test_a_row_that_is_not_there_opens_nothing(self, by, key):
        with pytest.raises(BadQuestion, match="no row"):
            metric("reachable").behind(ask(by=by), key)

    def test_a_number_has_no_other_parts(self):
        with pytest.raises(BadQuestion, match="numerator"):
            metric("reachable").behind(ask(), "all", "quotient")  # type: ignore[arg-type]


class TestMaturity:
    def test_a_cohort_is_mature_when_its_window_has_passed(self):
        ends = SPRING.ends_at
        assert not ask(window_days=30, at=ends + timedelta(days=29)).is_mature()
        assert ask(window_days=30, at=ends + timedelta(days=30)).is_mature()
        assert ask(at=ends).is_mature()
        assert not ask(at=ends - timedelta(microseconds=1)).is_mature()


class TestRefusals:
    @pytest.mark.parametrize(
        ("changes", "field", "says"),
        [
            ({"view": "stock"}, "view", "no view “stock”"),
            ({"from_role": "boss"}, "from", "no stage “boss”"),
            ({"from_role": ""}, "from", "needs the stages"),
            ({"to_role": ""}, "to", "needs the stages"),
            ({"from_role": "customer", "to_role": "mql"}, "to", "comes after"),
            ({"from_role": "mql", "to_role": "mql"}, "to", "comes after"),
            ({"window_days": 0}, "window", "number of days"),
            ({"window_days": 30, "view": "period"}, "window", "takes no window"),
            ({"by": "shoe_size"}, "by", "cannot be cut"),
            ({"filters": {"shoe_size": "40"}}, "by", "cannot be cut"),
        ],
    )
    def test_a_refused_question_names_its_wrong_field(self, changes, field, says):
        with pytest.raises(BadQuestion, match=says) as refused:
            metric("reachable").rows(ask(**changes))
        assert refused.value.field == field

    def test_an_unknown_metric_is_reported_with_the_registered_ones(self):
        with pytest.raises(UnknownMetric, match="no metric “happiness”, but: reachable"):
            metric("happiness")

    def test_a_number_is_defined_once(self):
        another = Metric("reachable", "Another", "Something else.", Unit.COUNT, reachable, reachable_leads)
        with pytest.raises(ValueError, match="defined twice"):
            registry.register(another)
        registry.register(metric("reachable"))

    def test_a_dimension_has_one_owner(self):
        with pytest.raises(ValueError, match="belongs to tests"):
            registry.register_dimension(Dimension("toy_source", "Source", "another", lambda lead: F(f"{lead}source")))


class TestCommand:
    arguments = ("reachable", "--start=2018-04-01", "--end=2018-06-01", "--from=lead", "--to=customer")

    @pytest.fixture(autouse=True)
    def in_tokyo(self, settings):
        settings.COMPANY_TIME_ZONE = "Asia/Tokyo"

    def test_it_prints_one_object_on_one_line(self, ada, bob, capsys):
        call_command("metric", *self.arguments, "--by=month", "--json")
        printed = capsys.readouterr().out
        assert printed.count("\n") == 1
        assert json.loads(printed) == {
            "metric": "reachable",
            "view": "cohort",
            "rows": [
                {"key": "2018-04", "numerator": 1, "denominator": 1, "value": 1.0, "mature": True},
                {"key": "2018-05", "numerator": 0, "denominator": 1, "value": 0.0, "mature": True},
            ],
        }

    def test_a_person_reads_a_table(self, ada, bob, capsys):
        call_command("metric", *self.arguments, "--by=month")
        lines = capsys.readouterr().out.splitlines()
        assert lines[1] == "Leads with a phone ÷ leads that were made in the period."
        assert lines[-2].split() == ["2018-04", "–", "1", "/", "1", "21–100%"]
        assert lines[-1].split() == ["2018-05", "–", "0", "/", "1", "0–79%"]

    def test_the_list_names_every_metric_with_its_definition(self, capsys):
        call_command("metric", "--list")
        assert "reachable: Leads with a phone ÷ leads that were made in the period." in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("wrong", "says"),
        [
            (["happiness", "--start=2018-04-01", "--end=2018-05-01"], "no metric “happiness”"),
            (["--start=2018-04-01", "--end=2018-05-01"], "Name a metric"),
            (["reachable", "--end=2018-05-01"], "--start is missing"),
            (["reachable", "--start=April", "--end=2018-05-01"], "“April” is not a date"),
            (["reachable", "--start=2018-05-01", "--end=2018-05-01"], "comes after --start"),
            ([*arguments, "--window=soon"], "“soon” is not a number of days"),
            ([*arguments, "--window=0"], "number of days from 1"),
            ([*arguments, "--view=sideways"], "no view “sideways”"),
            ([*arguments, "--by=shoe_size"], "cannot be cut by “shoe_size”"),
            (["reachable", "--start=2018-04-01", "--end=2018-05-01"], "needs the stages"),
        ],
    )
    def test_bad_input_gets_one_clear_line_and_exit_code_2(self, db, wrong, says):
        with pytest.raises(CommandError, match=says) as refused:
            call_command("metric", *wrong)
        assert refused.value.returncode == 2
        assert "\n" not in str(refused.value)
