from celery import shared_task

from dashboards.weekly import reports


@shared_task(ignore_result=True)
def refresh_reports() -> None:
    reports.refresh()
