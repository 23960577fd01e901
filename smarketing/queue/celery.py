"""The queue's side of the project. Tasks live in the apps' tasks.py."""

import gc
import os
import warnings
from typing import Any

from celery import Celery, signals
from kombu.transport import redis

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smarketing.settings")

# Tasks are JSON, never pickle: what the warning is about cannot happen here.
warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")
# When the queue's server is lost, what runs goes on to its end: an import of an hour is not begun again for that.
warnings.filterwarnings("ignore", message=r"\s*In Celery 5\.1 we introduced")

app = Celery("smarketing")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


class QoS(redis.QoS):
    """What a worker took and has not done: it is given back when the connection ends."""

    def restore_unacked(self, client: Any = None) -> None:
        """To a server that died nothing is given back. Trying it without a connection ends the whole worker."""
        if self.channel.connection.client is not None:
            super().restore_unacked(client)  # type: ignore[no-untyped-call]


redis.Channel.QoS = QoS


@signals.worker_process_init.connect
def share_memory(**about: Any) -> None:
    """What was loaded before the fork stays shared with the parent when the garbage collector leaves it alone."""
    gc.freeze()
