"""Fill an empty site with the demo archive."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from pbrsite.demo.people import load_comments, load_subscribers
from pbrsite.demo.writing import load_writing
from posts.models import Post


class Command(BaseCommand):
    help = "Fill an empty site with the demo archive; a site that has posts is left as it is."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        if Post.objects.exists():
            self.stdout.write("There are posts already: nothing loaded.")
            return
        now = timezone.now()
        posts, comments = load_writing(now), load_comments(now)
        subscribers, issues = load_subscribers(now)
        self.stdout.write(
            f"Demo archive loaded: {posts} posts, {comments} comments, "
            f"{subscribers} subscribers, {issues} past issues."
        )
