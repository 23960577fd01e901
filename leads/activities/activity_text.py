"""An activity in one line: its icon, and what its properties say."""

from django.utils.translation import gettext as _

from leads.models.activities import Activity

ICONS = {
    "page_view": "page",
    "pricing_page_view": "money",
    "content_download": "download",
    "form_submission": "form",
    "demo_request": "form",
    "webinar_registered": "video",
    "webinar_attended": "video",
    "newsletter_signup": "mail",
    "email_open": "mail",
    "email_click": "click",
    "social_follow": "share",
    "call": "phone",
    "meeting": "meeting",
    "unsubscribe": "mail",
}
# The properties that say most of an activity: the first that it has is shown.
TEXT_PROPERTIES = ("note", "title", "name", "subject", "page", "path", "url", "content", "message")
OTHER_ICON = "star"


def icon_of(activity: Activity) -> str:
    """Return the name of an icon, also for kinds that the company added."""
    return ICONS.get(activity.kind.key, OTHER_ICON)


def describe_activity(activity: Activity) -> str:
    """Return what a reader wants to know of the activity, and who logged it."""
    parts = [str(activity.properties[key]) for key in TEXT_PROPERTIES if activity.properties.get(key)][:1]
    if activity.properties.get("by"):
        parts.append(_("logged by %(person)s") % {"person": activity.properties["by"]})
    return " · ".join(parts)
