"""Jobs of the comments room."""

from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from comments import akismet, confirmations, dossiers, notices, replies, surveys

PATIENT = RetryStrategy(max_attempts=8, exponential_wait=4)


@app.task(
    queueing_lock="comments.tell_moderators",
    lock="comments.tell_moderators",
    retry=PATIENT,
)
def tell_moderators() -> None:
    notices.tell_moderators(timezone.now())


@app.task(retry=PATIENT)
def ask_akismet(comment_pk: int) -> None:
    akismet.ask(comment_pk, timezone.now())


@app.task(retry=PATIENT)
def mail_confirmation(comment_id: int, is_remembered: bool) -> None:
    confirmations.mail_confirmation(comment_id, is_remembered=is_remembered, now=timezone.now())


@app.task(retry=PATIENT)
def mail_personal_link(link_id: int) -> None:
    dossiers.mail_link(link_id, now=timezone.now())


@app.task(retry=PATIENT)
def tell_reader(identity_id: int) -> None:
    replies.deliver(identity_id, now=timezone.now())


@app.periodic(cron="*/5 * * * *")
@app.task(queueing_lock="comments.draw_spam_line")
def draw_spam_line(timestamp: int) -> None:
    surveys.draw_line(timezone.now())
