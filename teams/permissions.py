"""The table of permissions: which roles may open which view.

Views are named by their URL names. A view without a row is closed to everyone, and a test fails.
"""

from enum import StrEnum

from django.db.models import Q

from teams.models import Role, User

# Anyone, signed in or not.
PUBLIC: frozenset[str] = frozenset({"*"})
# Anyone who is signed in.
SIGNED_IN: frozenset[str] = frozenset(Role.values)
MARKETING = frozenset({Role.MARKETER.value, Role.MANAGER.value})
SELLING = frozenset({Role.SDR.value, Role.REP.value})
MANAGING = frozenset({Role.MANAGER.value})
# A policy may send leads to the head of a team.
ANSWERING = SELLING | MANAGING
ADMINISTERING = frozenset({Role.ADMINISTRATOR.value})
NOBODY: frozenset[str] = frozenset()

WHO_MAY: dict[str, frozenset[str]] = {
    # smarketing
    "healthz": PUBLIC,
    "livez": PUBLIC,
    "set_language": PUBLIC,
    # teams
    **dict.fromkeys(
        (
            "people",
            "person",
            "person_new",
            "person_reset",
            "person_second_factor",
            "person_deactivation",
            "person_activation",
            "team",
            "team_new",
            "team_delete",
            "organization",
            "audit",
            "audit_export",
            "changes",
            "changes_export",
        ),
        ADMINISTERING,
    ),
    **dict.fromkeys(
        (
            "profile",
            "tokens",
            "token_revocation",
            "sessions",
            "session_ending",
            "sessions_ending",
            "notices",
            "notice",
            "notices_read",
        ),
        SIGNED_IN,
    ),
    # leads
    **dict.fromkeys(
        ("lead_new", "lead_edit", "lead_taking", "company_new", "company_edit", "company_names"), MARKETING | SELLING
    ),
    **dict.fromkeys(("companies", "campaigns", "campaign"), SIGNED_IN),
    **dict.fromkeys(("campaign_new", "campaign_edit"), MARKETING),
    **dict.fromkeys(
        (
            "custom_fields",
            "custom_field_new",
            "custom_field_edit",
            "free_mail",
            "activity_kinds",
            "activity_kind_new",
            "activity_kind_edit",
            "activity_kind_retirement",
        ),
        ADMINISTERING,
    ),
    # leads: personas, segments, conditions
    **dict.fromkeys(("criteria_preview", "personas", "persona", "persona_version", "persona_comment"), SIGNED_IN),
    **dict.fromkeys(("persona_new", "persona_edit", "persona_discard", "persona_retirement"), MARKETING),
    **dict.fromkeys(("lead_persona", "segments", "segment_new", "segment_edit", "segment_delete"), MARKETING | SELLING),
    # leads: imports
    **dict.fromkeys(
        ("imports", "import", "import_mapping", "import_start", "import_cancellation", "import_rejected"),
        MARKETING | ADMINISTERING,
    ),
    # dashboards: leads
    **dict.fromkeys(("home", "leads", "lead", "lead_changes", "company"), SIGNED_IN),
    **dict.fromkeys(
        ("lead_selection", "lead_activity", "lead_quadrant", "lead_merge", "lead_merge_with"), MARKETING | SELLING
    ),
    "lead_reassignment": MANAGING,
    # dashboards: numbers
    **dict.fromkeys(
        ("weekly", "weekly_week", "weekly_computation", "goals", "metrics", "metric", "funnel", "behind"), SIGNED_IN
    ),
    **dict.fromkeys(("attainment", "attainment_computation", "attainment_clause"), SIGNED_IN),
    **dict.fromkeys(("goal_new", "goal", "goal_delete"), MANAGING),
    # dashboards: reviews; that only the heads of its parties and managers write in one is the view's own rule
    **dict.fromkeys(
        (
            "reviews",
            "review",
            "review_leads",
            "review_decision_new",
            "review_decision_delete",
            "review_notes",
            "review_holding",
        ),
        SIGNED_IN,
    ),
    "review_draft": MARKETING,
    # scoring
    **dict.fromkeys(("scoring", "score_model", "score_comparison", "quadrants"), SIGNED_IN),
    **dict.fromkeys(
        (
            "score_draft",
            "score_draft_new",
            "score_draft_discard",
            "fit_rule_new",
            "fit_rule",
            "fit_rule_delete",
            "score_preview",
        ),
        MARKETING,
    ),
    # funnel
    **dict.fromkeys(("stages", "reasons", "deal_stages"), SIGNED_IN),
    **dict.fromkeys(
        (
            "stage_new",
            "stage_edit",
            "stage_delete",
            "reason_new",
            "reason_edit",
            "reason_retirement",
            "reason_order",
            "deal_stage_new",
            "deal_stage_edit",
            "deal_stage_retirement",
            "deal_stage_order",
        ),
        MANAGING | ADMINISTERING,
    ),
    # To be read; whoever may change it finds its form there.
    "opportunity": SIGNED_IN,
    **dict.fromkeys(("journey_step", "journey_recycling", "journey_end"), MARKETING | SELLING),
    **dict.fromkeys(
        (
            "opportunity_new",
            "opportunity_taking",
            "opportunity_stage",
            "opportunity_won",
            "opportunity_lost",
            "opportunity_reopened",
        ),
        MARKETING | SELLING,
    ),
    # sla: the agreement; that only a head signs is the agreement's own rule
    **dict.fromkeys(
        (
            "agreement",
            "agreement_version",
            "agreement_history",
            "agreement_comparison",
            "agreement_signature",
            "agreement_return",
            "definitions",
            "definition",
            "stage_definition",
            "definition_trial",
            "definition_standing",
            "definition_comparison",
        ),
        SIGNED_IN,
    ),
    **dict.fromkeys(
        (
            "agreement_draft",
            "agreement_draft_new",
            "agreement_discard",
            "agreement_withdrawal",
            "definition_draft",
            "definition_draft_new",
            "definition_discard",
            "score_model_publication",
        ),
        MARKETING,
    ),
    # sla
    "inbox": ANSWERING,
    "inbox_answered": ANSWERING,
    "handoff": ANSWERING,
    "acceptance": ANSWERING,
    "rejection": ANSWERING,
    "thread_answers": ANSWERING,
    **dict.fromkeys(("inbox_working", "touches", "touch_undoing", "touch_pause", "giving_up", "taking"), ANSWERING),
    "untouched": SELLING | MANAGING,
    # SDRs offer leads as well: they see the rejections of their own team's offers.
    **dict.fromkeys(("rejections", "dispute"), MARKETING | {Role.SDR.value}),
    "settlement": MANAGING,
    **dict.fromkeys(
        (
            "calendar",
            "calendar_new",
            "calendar_other",
            "calendar_delete",
            "closed_day_new",
            "closed_day_delete",
        ),
        ADMINISTERING | MANAGING,
    ),
    **dict.fromkeys(("absences", "absence_delete", "absence_offers", "feed", "feed_renewal"), SIGNED_IN),
    # Whoever knows its secret.
    "feed_calendar": PUBLIC,
    # That only a manager or the head of the team changes its turns is the view's own rule.
    **dict.fromkeys(
        ("capacity", "capacity_limits", "territory_new", "territory", "territory_move", "territory_delete"),
        SELLING | MANAGING,
    ),
    "set_theme": PUBLIC,
    # signing in, by allauth; people come in by invitation, and the e-mail is the administrator's to change
    **dict.fromkeys(
        (
            "account_login",
            "account_logout",
            "account_inactive",
            "account_signup",
            "account_confirm_login_code",
            "account_reset_password",
            "account_reset_password_done",
            "account_reset_password_from_key",
            "account_reset_password_from_key_done",
            "mfa_authenticate",
        ),
        PUBLIC,
    ),
    **dict.fromkeys(
        (
            "account_reauthenticate",
            "account_change_password",
            "account_set_password",
            "mfa_index",
            "mfa_reauthenticate",
            "mfa_activate_totp",
            "mfa_deactivate_totp",
            "mfa_view_recovery_codes",
            "mfa_generate_recovery_codes",
            "mfa_download_recovery_codes",
        ),
        SIGNED_IN,
    ),
    **dict.fromkeys(("account_email", "account_email_verification_sent", "account_confirm_email"), NOBODY),
    "usersessions_list": NOBODY,  # Ours is "sessions".
    # integrations: telling people; whose team's chat it is, the view asks
    **dict.fromkeys(
        (
            "telling",
            "my_channel",
            "my_channel_test",
            "my_channel_deletion",
            "team_channel",
            "team_channel_test",
            "team_channel_deletion",
        ),
        SIGNED_IN,
    ),
    **dict.fromkeys(("deliveries", "delivery_retry", "deliveries_retry", "mails", "mail", "mail_html"), ADMINISTERING),
    **dict.fromkeys(("restored_copy", "restored_copy_confirmation"), ADMINISTERING),
    # the API: the same roles as the pages
    "api-schema": PUBLIC,
    "api-reference": PUBLIC,
    "api-not-found": PUBLIC,
    **dict.fromkeys(
        (
            "api-leads",
            "api-lead",
            "api-lead-taking",
            "api-activities",
            "api-activity-kinds",
            "api-opportunities",
            "api-reasons",
            "api-deal-stages",
            "api-opportunity",
            "api-opportunity-taking",
            "api-winning",
            "api-loss",
            "api-reopening",
            "api-metrics",
            "api-metric",
        ),
        SIGNED_IN,
    ),
    **dict.fromkeys(
        (
            "api-leads:write",
            "api-lead:write",
            "api-lead-taking:write",
            "api-activities:write",
            "api-opportunities:write",
            "api-opportunity:write",
            "api-opportunity-taking:write",
            "api-reopening:write",
            "api-winning:write",
            "api-loss:write",
        ),
        MARKETING | SELLING,
    ),
    **dict.fromkeys(
        (
            "api-handoffs",
            "api-handoff",
            "api-acceptance",
            "api-rejection",
            "api-touches",
            "api-handoff-taking",
            "api-acceptance:write",
            "api-rejection:write",
            "api-touches:write",
            "api-handoff-taking:write",
        ),
        ANSWERING,
    ),
}


class Reach(StrEnum):
    """Which records of a kind somebody may change; the others they read."""

    ALL = "all"
    # Those that they, or somebody of their team, own or work; what is nobody's they may take.
    TEAM = "team"
    # Those that nobody owns or works.
    NOBODYS = "nobodys"


# Of the records behind the views, by kind: how far each role reaches. A role that has no row reads.
OF_LEADS: dict[Role, frozenset[Reach]] = {
    Role.MARKETER: frozenset({Reach.ALL}),
    Role.MANAGER: frozenset({Reach.ALL}),
    Role.SDR: frozenset({Reach.TEAM}),
    Role.REP: frozenset({Reach.TEAM}),
}
WHO_CHANGES: dict[str, dict[Role, frozenset[Reach]]] = {
    "lead": OF_LEADS,
    "company": OF_LEADS,
    "opportunity": OF_LEADS | {Role.MARKETER: frozenset({Reach.TEAM, Reach.NOBODYS})},
}

# Of numbers by rep: who sees each rep's. A head sees those of the team; everybody else their own, and the rest as one.
SEEING_REPS = MANAGING | ADMINISTERING

# A method of the API that changes something has a row of its own.
WRITING = "{}:write"


def reaches(person: User, kind: str) -> frozenset[Reach]:
    """How far somebody reaches among the records of a kind; of nobody who left or has no role, not at all."""
    of_kind = WHO_CHANGES[kind]
    roles = [Role(role) for role in person.roles] if person.is_active else []
    return frozenset().union(*(of_kind[role] for role in roles if role in of_kind))


def people_shown_to(user: User) -> frozenset[str] | None:
    """Whose rows of a number by person somebody sees, by their ids; the rest is one row. None: everybody's."""
    if user.is_active and SEEING_REPS & set(user.roles):
        return None
    team = User.objects.get_queryset().filter(Q(team__head=user.pk) | Q(pk=user.pk))
    return frozenset(str(pk) for pk in team.values_list("pk", flat=True))


def may(user: object, url_name: str) -> bool:
    """Whether `user` may open the view with this URL name; an unknown view is closed."""
    roles = WHO_MAY.get(url_name, frozenset())
    if roles is PUBLIC:
        return True
    return isinstance(user, User) and user.is_active and bool(roles & set(user.roles))
