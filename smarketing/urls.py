"""Where everything is mounted. Apps are named here, never imported: this package is the floor they all stand on."""

from importlib import import_module
from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path, re_path

from smarketing import health
from smarketing.api.endpoint import NOT_FOUND, NotFoundEndpoint
from smarketing.api.schema import SchemaEndpoint, reference
from smarketing.pages import themes

# From the highest app down: where two could answer, the page lives in the highest app that it touches.
APPS = ("dashboards", "integrations", "sla", "funnel", "scoring", "leads", "metrics", "history", "teams")
MOUNTED = [import_module(f"{app}.urls") for app in APPS if find_spec(f"{app}.urls")]

API: list[URLPattern | URLResolver] = [
    *(path("", include(urls.api_urlpatterns)) for urls in MOUNTED if hasattr(urls, "api_urlpatterns")),
    path("schema/", SchemaEndpoint.as_view(), name="api-schema"),
    path("", reference, name="api-reference"),
    # Last: it matches every address that is none of the others.
    re_path(r"^[\s\S]+$", NotFoundEndpoint.as_view(), name=NOT_FOUND),
]

handler403 = "teams.refusal_views.refused"
handler500 = "smarketing.api.problems.server_error"
# Asked for by allauth.
handler429 = "smarketing.pages.answers.too_many_tries"

urlpatterns: list[URLPattern | URLResolver] = [
    *(path("", include(urls)) for urls in MOUNTED),
    path("api/v1/", include(API)),
    # The middleware answers it before anything else is asked of the request.
    path("healthz", health.healthz, name="healthz"),
    path("livez", health.livez, name="livez"),
    path("account/", include("allauth.urls")),
    path("language/", themes.set_language, name="set_language"),
    path("theme/", themes.set_theme, name="set_theme"),
]
