"""Invitations: a link that sets a password, sent by mail and shown once to the administrator."""

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from teams.models import Organization, User


def password_link(user: User) -> str:
    """Return a URL at which `user` sets a password; valid for one use, and for three days."""
    key = default_token_generator.make_token(user)
    arguments = {"uidb36": user_pk_to_url_str(user), "key": key}
    return settings.PUBLIC_URL.rstrip("/") + reverse("account_reset_password_from_key", kwargs=arguments)


def send_link(user: User, link: str, *, by: User) -> None:
    """Send the link in the person's language. Raises `OSError` when the mail cannot go out."""
    with translation.override(user.language or translation.get_language() or "en"):
        context = {"person": user, "by": by, "link": link, "organization": Organization.ours()}
        subject = _("Your way into Smarketing")
        text = render_to_string("teams/mail/invitation.txt", context)
        mail = EmailMultiAlternatives(subject, text, to=[user.email])
        mail.attach_alternative(render_to_string("teams/mail/invitation.html", context), "text/html")
        mail.send()
