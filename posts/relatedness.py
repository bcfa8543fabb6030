"""Which posts belong beside a post."""


def relate(post_id: int) -> None:
    """Compute and store the related posts of one post."""
