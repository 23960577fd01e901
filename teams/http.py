"""What a view is given: a request by somebody who is signed in."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from teams.models import User


class UserRequest(HttpRequest):
    user: User
    htmx: HtmxDetails
