from django.http import HttpResponse

from teams.http import UserRequest


def lead(request: UserRequest, pk: int) -> HttpResponse: ...
