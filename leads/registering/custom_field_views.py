"""The attributes of our own that an administrator keeps."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_http_methods

from leads.models.custom_fields import CustomField
from leads.registering.custom_field_forms import CustomFieldForm
from smarketing.pages.answers import save_or_show
from teams.http import UserRequest


@require_GET
def custom_fields(request: UserRequest) -> HttpResponse:
    return render(request, "leads/registering/custom_fields.html", {"fields": CustomField.objects.known()})


@require_http_methods(["GET", "POST"])
def custom_field_new(request: UserRequest) -> HttpResponse:
    return _edited(request, CustomFieldForm(request.POST or None))


@require_http_methods(["GET", "POST"])
def custom_field_edit(request: UserRequest, pk: int) -> HttpResponse:
    return _edited(request, CustomFieldForm(request.POST or None, instance=get_object_or_404(CustomField, pk=pk)))


def _edited(request: UserRequest, form: CustomFieldForm) -> HttpResponse:
    return save_or_show(request, form, "leads/registering/custom_field_edit.html", then="custom_fields")
