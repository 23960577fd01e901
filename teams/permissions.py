"""The table of permissions: which roles may open which view.

Views are named by their URL names. A view without a row is closed to everyone, and a test fails.
"""

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
        ),
        ADMINISTERING,
    ),
    **dict.fromkeys(
        ("profile", "tokens", "token_revocation", "notices", "notice", "notices_read"),
        SIGNED_IN,
    ),
    # leads
    **dict.fromkeys(("lead_new", "lead_edit", "company_new", "company_edit", "company_names"), MARKETING | SELLING),
    **dict.fromkeys(("companies", "campaigns", "campaign"), SIGNED_IN),
    **dict.fromkeys(("campaign_new", "campaign_edit"), MARKETING),
    **dict.fromkeys(
        (
            "custom_fields",
            "custom_field_new",
            "custom_field_edit",
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
    **dict.fromkeys(("stages", "reasons"), SIGNED_IN),
    **dict.fromkeys(
        (
            "stage_new",
            "stage_edit",
            "stage_delete",
            "reason_new",
            "reason_edit",
            "reason_retirement",
            "reason_order",
        ),
        MANAGING | ADMINISTERING,
    ),
    **dict.fromkeys(("journey_step", "journey_recycling", "journey_end"), MARKETING | SELLING),
    **dict.fromkeys(
        (
            "opportunity_new",
            "opportunity",
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
    **dict.fromkeys(("inbox_working", "touches", "touch_undoing", "touch_pause", "giving_up"), ANSWERING),
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
    # the API: the same roles as the pages
    "api-schema": PUBLIC,
    "api-reference": PUBLIC,
    "api-not-found": PUBLIC,
    **dict.fromkeys(
        (
            "api-leads",
            "api-lead",
            "api-activities",
            "api-activity-kinds",
            "api-opportunities",
            "api-reasons",
            "api-opportunity",
            "api-winning",
            "api-loss",
            "api-metrics",
            "api-metric",
        ),
        SIGNED_IN,
    ),
    **dict.fromkeys(
        (
            "api-leads:write",
            "api-lead:write",
            "api-activities:write",
            "api-opportunities:write",
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
            "api-acceptance:write",
            "api-rejection:write",
            "api-touches:write",
        ),
        ANSWERING,
    ),
}

# A method of the API that changes something has a row of its own.
WRITING = "{}:write"


def may(user: object, url_name: str) -> bool:
    """Whether `user` may open the view with this URL name; an unknown view is closed."""
    roles = WHO_MAY.get(url_name, frozenset())
    if roles is PUBLIC:
        return True
    return isinstance(user, User) and user.is_active and bool(roles & set(user.roles))
