"""What the floor keeps of itself."""

from django.db import models
from django.db.models.functions import Now


class Heartbeat(models.Model):
    """The last sign of life of one process, or of one check. Only `smarketing.database.heartbeats` writes here."""

    name = models.CharField(max_length=40, primary_key=True)
    # By the clock of the database: the hosts' clocks may differ.
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.name}: {self.at:%Y-%m-%d %H:%M:%S}"
