"""Invitations: a link that sets a password, sent by mail and shown once to the administrator."""

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from teams.models import Organization, User


def send_link(user: User, link: str, *, by: User) -> None:
    """Send the link in the person's language. Raises `OSError` when the mail cannot go out."""
    with translation.override(user.language or translation.get_language() or "en"):
        context = {"person": user, "by": by, "link": link, "organization": Organization.ours()}
        subject = _("Your way into Smarketing")
        text = render_to_string("teams/mail/invitation.txt", context)
        mail = EmailMultiAlternatives(subject, text, to=[user.email])
        mail.attach_alternative(render_to_string("teams/mail/invitation.html", context), "text/html")
        mail.send()
