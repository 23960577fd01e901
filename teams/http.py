"""The type of a request by a person who is signed in."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from teams.models import User


class UserRequest(HttpRequest):
    user: User
    htmx: HtmxDetails
