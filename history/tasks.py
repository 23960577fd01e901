from celery import shared_task

from history import events


@shared_task(ignore_result=True)
def delete_expired() -> None:
    events.delete_expired()
