"""The queue's side of the project. Tasks live in the apps' tasks.py."""

import os
import warnings

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smarketing.settings")

# Tasks are JSON, never pickle: what the warning is about cannot happen here.
warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")

app = Celery("smarketing")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
