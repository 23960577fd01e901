"""Where everything is mounted. Apps are named here, never imported: this package is the floor they all stand on."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from smarketing import health, themes

# From the highest app down: where two could answer, the page lives in the highest app that it touches.
MOUNTED = ("dashboards", "integrations", "sla", "funnel", "scoring", "leads", "metrics", "history", "teams")

urlpatterns: list[URLPattern | URLResolver] = [
    *(path("", include(f"{app}.urls")) for app in MOUNTED if find_spec(f"{app}.urls")),
    *(path("api/v1/", include(f"{app}.api")) for app in MOUNTED if find_spec(f"{app}.api")),
    # The middleware answers it before anything else is asked of the request.
    path("healthz", health.healthz, name="healthz"),
    path("account/", include("allauth.urls")),
    path("language/", themes.set_language, name="set_language"),
    path("theme/", themes.set_theme, name="set_theme"),
]
