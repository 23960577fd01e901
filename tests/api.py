"""A program that calls the API as somebody."""

import json
from typing import Any

from django.test import Client

from teams.models import Scope, Token, User

PROBLEM = "application/problem+json"


class Program:
    """Calls below /api/v1/ with a token of its own."""

    def __init__(self, person: User, *scopes: Scope) -> None:
        self.person = person
        self.token, self.secret = Token.objects.issue(person, name="Test", scopes=scopes or [Scope.READ, Scope.WRITE])
        self.client = Client(headers={"Authorization": f"Bearer {self.secret}"})

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(self.address(path), query)

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        return self.client.post(self.address(path), written(body), content_type="application/json", **more)

    def patch(self, path: str, body: Any) -> Any:
        return self.client.patch(self.address(path), written(body), content_type="application/json")

    @staticmethod
    def address(path: str) -> str:
        return path if path.startswith("http") else f"/api/v1/{path}"


def written(body: Any) -> str:
    return body if isinstance(body, str) else json.dumps(body)


def faults(answer: Any, status: int = 400) -> dict[str, str]:
    """What a problem says is wrong, by where it lies."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == PROBLEM
    said = answer.json()
    assert said["status"] == status
    assert said["title"]
    assert said["detail"]
    return {error.get("pointer") or error.get("parameter") or "": error["detail"] for error in said.get("errors", [])}
