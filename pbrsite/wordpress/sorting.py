"""What is to be done with each post of a batch: made, made anew, left as it is, passed over."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from pbrsite.wordpress import report
from pbrsite.wordpress.archive import Archive
from pbrsite.wordpress.decisions import IN_TRASH, Decision, decide
from pbrsite.wordpress.identity import Known, recall
from pbrsite.wordpress.items import Item
from pbrsite.wordpress.report import Outcome
from pbrsite.wordpress.writing import Work
from posts.models import Post

DELETED = "deleted here since it was imported (--again brings it back)"
EDITED = "edited here since it was imported, and changed on the blog: left as it is here"
REPEATED = "its number or address is another item's of this file: the first one is kept"
WITHDRAWN = "thrown away on the blog: withdrawn here"


@dataclass
class Sorted:
    """Works to do, posts that are settled (only their comments may be new), and outcomes."""

    works: list[Work] = field(default_factory=list)
    settled: list[Known] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    def pass_over(self, item: Item, key: str, reason: str) -> None:
        name = item.slug or item.title[:100]
        self.outcomes.append(Outcome("post", key, report.SKIPPED, name, reason))


def sort(archive: Archive, items: Sequence[Item], pictures: Collection[str]) -> Sorted:
    """Return what is to be done with these posts; three queries however many."""
    found = Sorted()
    named: list[tuple[Item, Decision]] = []
    for item in items:
        decision = decide(item, now=archive.now, zone=archive.zone)
        if decision.is_refused and decision.reason != IN_TRASH:
            found.pass_over(item, str(item.number or item.guid or item.slug), decision.reason)
        else:
            named.append((item, decision))
    remembered = recall(archive, [item for item, _ in named], pictures)
    for known, (_, decision) in zip(remembered, named, strict=True):
        _sort(archive, known, decision, found)
    _fetch(found.works)
    return found


def _sort(archive: Archive, known: Known, decision: Decision, found: Sorted) -> None:
    item, post = known.item, known.post
    if known.is_repeated:
        found.pass_over(item, known.key, REPEATED)
    elif known.row and post is None and not archive.brings_back:
        found.pass_over(item, known.key, DELETED)
    elif post is None:
        if decision.is_refused:
            found.pass_over(item, known.key, decision.reason)
        else:
            found.works.append(Work(known, decision))
    elif known.is_unchanged:
        found.settled.append(known)
        found.outcomes.append(Outcome("post", known.key, report.UNCHANGED, post.slug))
    elif known.is_edited:
        found.settled.append(known)
        found.pass_over(item, known.key, EDITED)
    else:
        if decision.is_refused:
            decision = Decision(Post.Status.DRAFT, notes=((WITHDRAWN, ""),))
        found.works.append(Work(known, decision, post, is_new=False))


def _fetch(works: Sequence[Work]) -> None:
    """Read whole rows of the posts that are made anew; one query, none without."""
    posts = Post.objects.in_bulk([work.post.pk for work in works if work.post.pk])
    for work in works:
        work.post = posts.get(work.post.pk, work.post) if work.post.pk else work.post
