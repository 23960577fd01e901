"""What the worker does for leads."""

from celery import shared_task

from leads.importing.engine.jobs import run_unfinished


@shared_task
def run_imports() -> int:
    """Go on with every import that waits or was interrupted."""
    return run_unfinished()
