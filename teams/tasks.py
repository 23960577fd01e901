from celery import shared_task

from teams.sign_in import mails


@shared_task(ignore_result=True)
def send_account_mails() -> None:
    mails.send_waiting()
