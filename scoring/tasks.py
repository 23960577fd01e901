from celery import shared_task

from scoring.drafts import previewing


@shared_task(ignore_result=True)
def preview() -> None:
    previewing.finish_previews()
