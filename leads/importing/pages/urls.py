from django.urls import path

from leads.importing.pages import views as import_views

urlpatterns = [
    path("", import_views.imports, name="imports"),
    path("<int:pk>/", import_views.import_, name="import"),
    path("<int:pk>/mapping/", import_views.import_mapping, name="import_mapping"),
    path("<int:pk>/start/", import_views.import_start, name="import_start"),
    path("<int:pk>/cancellation/", import_views.import_cancellation, name="import_cancellation"),
    path("<int:pk>/rejected.csv", import_views.import_rejected, name="import_rejected"),
]
