"""Jobs of the posts room."""

from procrastinate.contrib.django import app

from posts import relatedness


@app.task
def relate(post_id: int) -> None:
    relatedness.relate(post_id)


@app.periodic(cron="*/5 * * * *")
@app.task(queueing_lock="posts.relate_overdue")
def relate_overdue(timestamp: int) -> None:
    """Relate the posts that appeared by the clock alone, and any whose job was lost."""
    for post_id in relatedness.overdue():
        relatedness.relate(post_id)
