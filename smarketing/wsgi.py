"""What gunicorn serves."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver
from django.utils import translation

from smarketing.database.versions import refuse_newer_data

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smarketing.settings")

application = get_wsgi_application()


def load_before_the_fork() -> None:
    """Load every page and catalogue now, so that the workers share that memory, also after a garbage collection."""
    for language in ("en", "ja"):
        with translation.override(language):
            get_resolver().reverse_dict  # noqa: B018 - reading it loads the views
    gc.collect()
    gc.freeze()


refuse_newer_data()
load_before_the_fork()
