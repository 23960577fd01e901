"""An activity in one line: its icon, and what its properties say."""

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from leads.models.activities import Activity
from smarketing.pages.wording import person_name
from teams.models import User

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


def people_who_logged(activities: Iterable[Activity]) -> dict[str, User]:
    """Return the people whom these activities name as who logged them, by the name as it was written."""
    written = (activity.properties.get("by") for activity in activities)
    return User.objects.by_written_name({name for name in written if isinstance(name, str) and name})


def describe_activity(activity: Activity, people: Mapping[str, User]) -> str:
    """Return what a reader wants to know of the activity, and who logged it: one of `people`, or the name as it is."""
    parts = [str(activity.properties[key]) for key in TEXT_PROPERTIES if activity.properties.get(key)][:1]
    if by := activity.properties.get("by"):
        person = people.get(by) if isinstance(by, str) else None
        parts.append(_("logged by %(person)s") % {"person": person_name(person) if person else by})
    return " · ".join(parts)
