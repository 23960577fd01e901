"""Conditions while somebody works on them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from leads.criteria.editing.buttons import press, pressed
from leads.criteria.editing.posting import posted
from leads.criteria.editor import Editor
from leads.criteria.forms import from_json

SCOPES = ("all", "fit", "persona")


@require_POST
def criteria_preview(request: HttpRequest) -> HttpResponse:
    """The component again, after a button or another choice: with its counts and its sentence."""
    name = request.POST.get("criteria", "criteria")
    root = posted(request.POST, name)
    button = pressed(request.POST, name)
    focus = press(root, button) if button else ""
    scope = request.POST.get(f"{name}.scope", "all")
    verdicts = {code: request.POST.get(f"{name}.verdict_{code}", "") for code in ("en", "ja")}
    editor = Editor(
        root,
        name,
        scope=scope if scope in SCOPES else "all",
        verdicts={code: text for code, text in verdicts.items() if text},
        baseline=from_json(request.POST.get(f"{name}.baseline")),
        focus=focus,
    )
    return render(request, "leads/criteria/criteria.html", {"editor": editor})
