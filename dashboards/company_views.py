from django.http import HttpResponse

from teams.http import UserRequest


def company(request: UserRequest, pk: int) -> HttpResponse: ...
