from celery import shared_task

from history import audit, events


@shared_task(ignore_result=True)
def delete_expired() -> None:
    events.delete_expired()
    audit.delete_expired()
