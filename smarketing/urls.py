"""Where everything is mounted. Apps are named here, never imported: this package is the floor they all stand on."""

from importlib.util import find_spec

from django.urls import include, path

from smarketing import themes

# From the highest app down: where two could answer, the page lives in the highest app that it touches.
MOUNTED = ("dashboards", "integrations", "sla", "funnel", "scoring", "leads", "metrics", "history", "teams")

urlpatterns = [path("", include(f"{app}.urls")) for app in MOUNTED if find_spec(app) and find_spec(f"{app}.urls")]
urlpatterns += [
    path("account/", include("allauth.urls")),
    path("language/", themes.set_language, name="set_language"),
    path("theme/", themes.set_theme, name="set_theme"),
]
