from celery import shared_task

from dashboards.weekly import keeping, reports


@shared_task(ignore_result=True)
def refresh_reports() -> None:
    keeping.keep_missing()
    reports.refresh()
