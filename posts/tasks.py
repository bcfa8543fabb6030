"""Jobs of the posts room."""

from procrastinate.contrib.django import app

from posts import relatedness


@app.task
def relate(post_id: int) -> None:
    relatedness.relate(post_id)
