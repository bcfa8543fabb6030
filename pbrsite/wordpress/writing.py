"""Posts of an export as rows: a batch at a time, everything made before anything is written."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import unquote, urlsplit

from django.db import transaction

from pbrsite.wordpress import bodies, fields, people, report, topics
from pbrsite.wordpress.archive import Archive
from pbrsite.wordpress.bench import Made
from pbrsite.wordpress.decisions import Decision
from pbrsite.wordpress.identity import OTHER_BLOG, Known
from pbrsite.wordpress.illustrations import name_in_uploads
from pbrsite.wordpress.items import Item, moment
from pbrsite.wordpress.report import Outcome
from posts import addresses, gate, library, permalinks, rendering
from posts.models import ImportedItem, Post, Redirect, TaggedPost
from posts.pictures import Picture
from posts.prose import NOTE_ROLE
from posts.rendering import Rendering
from posts.strictness import Level

TITLE, ADDRESS, EXCERPT = 160, 120, 700  # characters our columns hold
CUT = "titles cut at a word"
UNTITLED = "posts without a title: the first words made one"
UNNAMED = "Untitled"
MADE_UP = "excerpts made of the first sentences: choose better ones"
TEASER = "excerpts made of what stood before “read more”"
LONG_EXCERPT = "excerpts cut at a sentence"
MOVED = "posts whose address changed"
NUMBERLESS = "numbers another post here has: ?p= leads there"
COVERED = "old addresses that are pages of this site"
LOST = "nothing is left of the words of its body: a draft here"
GATE = "the publish gate would say: "
_URI = re.compile(r"(?:https?://|urn:|tag:)[!-~]{1,290}")
_ADDRESS = re.compile(r"https?://\S+")
LEVELS = {"link_alive": Level.OFF, "excerpt": Level.OFF}  # the first asks about rows not yet there
WRITTEN = (
    "title", "slug", "body", "excerpt", "author", "topic", "lead_image", "lead_image_alt",
    "status", "published_at", "wordpress_id", "saved_at",
    "body_html", "contents", "plain_text", "word_count", "related_at",
)  # fmt: skip


@dataclass
class Work:
    """One post on its way: what the file says, what was decided, the row it becomes."""

    known: Known
    decision: Decision
    post: Post = field(default_factory=Post)
    is_new: bool = True
    page: Rendering = field(default_factory=Rendering)
    tags: list[int] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)


def make(
    archive: Archive,
    works: Sequence[Work],
    made: Sequence[Made],
    pictures: Mapping[str, Picture],
) -> None:
    """Fill the posts from the file and their bodies; two queries, and those for new people.

    Authors and topics they name are written, in a transaction of their own.
    """
    if not works:
        return
    with transaction.atomic():
        topics.write(archive, [term for work in works for term in work.known.item.terms])
        people.write_missing(archive, [work.known.item.creator for work in works])
    for work, result in zip(works, made, strict=True):
        _fill(archive, work, result, pictures)
    _give_addresses(works)
    _give_numbers(works)
    _give_feed_ids([work for work in works if work.is_new])
    known = {picture.name: picture for picture in pictures.values()}
    for work, result in zip(works, made, strict=True):
        if result.key != work.post.slug and NOTE_ROLE in work.post.body:
            work.page = rendering.render(work.post.body, known, key=work.post.slug)
        work.post.take_rendering(work.page)
        _give_words(work)
        _ask_the_gate(work)


def write(archive: Archive, works: Sequence[Work]) -> list[Outcome]:
    """Write the posts with tags, addresses and what is remembered of them.

    To be called in a transaction. A dozen statements, however many posts.
    """
    if not works:
        return []
    new = [work for work in works if work.is_new]
    old = [work for work in works if not work.is_new]
    for work in new:
        work.post.imported_at = archive.now
    Post.objects.bulk_create([work.post for work in new])
    for work in new:
        work.known.post = work.post
    for work in old:
        work.post.saved_at = archive.now
        work.post.related_at = None
    Post.objects.bulk_update([work.post for work in old], WRITTEN, batch_size=50)
    posts = [work.post for work in works]
    TaggedPost.objects.filter(content_object__in=[work.post for work in old]).delete()
    TaggedPost.objects.bulk_create(
        TaggedPost(tag_id=tag, content_object=work.post) for work in works for tag in work.tags
    )
    library.record_uses(posts)
    _keep_addresses(works)
    _remember(archive, works)
    return [
        Outcome("post", work.known.key, report.CREATED if work.is_new else report.UPDATED,
                work.post.slug, notes=[*work.decision.notes, *work.notes])
        for work in works
    ]  # fmt: skip


def _fill(archive: Archive, work: Work, made: Made, pictures: Mapping[str, Picture]) -> None:
    item, post = work.known.item, work.post
    post.title = fields.plain(item.title)
    if len(post.title) > TITLE:
        work.notes.append((CUT, post.title))
        post.title = fields.cut(post.title, TITLE)
    post.body, work.page = made.body.html, made.page
    work.notes += made.body.notes
    if _is_lost(item, made):
        work.decision = Decision(Post.Status.DRAFT, notes=((LOST, ""),))
    work.tags = topics.find(archive, item.terms)
    categories = [term for term in item.terms if term.taxonomy == "category"]
    post.topic_id = next(iter([*topics.find(archive, categories), *work.tags]), None)
    post.author_id = people.byline(archive, item.creator)
    post.status, post.published_at = _state(work)
    post.is_open_to_comments = False
    _give_lead_image(archive, work, pictures)


def _is_lost(item: Item, made: Made) -> bool:
    is_empty = not made.page.text.strip() and "<img" not in made.page.html
    return is_empty and bodies.has_words(item.content)


def _state(work: Work) -> tuple[str, datetime | None]:
    """Return status and time: what the public saw here and may see no more is withdrawn."""
    status, at, before = work.decision.status, work.decision.at, work.known.post
    was_out = before is not None and before.status in {Post.Status.PUBLISHED, Post.Status.WITHDRAWN}
    if was_out and status != Post.Status.PUBLISHED:
        return Post.Status.WITHDRAWN, work.post.published_at
    return status, at


def _give_lead_image(archive: Archive, work: Work, pictures: Mapping[str, Picture]) -> None:
    source, alt = archive.attachments.get(work.known.item.thumbnail or 0, ("", ""))
    picture = pictures.get(name_in_uploads(source)) if source else None
    if picture and picture.pk:
        work.post.lead_image_id = picture.pk
        work.post.lead_image_alt = fields.cut(fields.plain(alt), 300)


def _give_words(work: Work) -> None:
    """Give a title and an excerpt to a post that has none, of its own words."""
    item, post = work.known.item, work.post
    if not post.title:
        post.title = fields.cut(post.plain_text, 80) or UNNAMED
        work.notes.append((UNTITLED, post.title))
    said = fields.plain(item.excerpt)
    if not said and (teaser := fields.plain(bodies.before_the_fold(item.content))):
        said = fields.passage(teaser, most=400)
        work.notes.append((TEASER, post.slug))
    if not said and post.plain_text:
        said = fields.passage(" ".join(_ADDRESS.sub("", post.plain_text).split()))
        work.notes.append((MADE_UP, post.slug))
    post.excerpt = fields.passage(said, most=EXCERPT)
    if post.excerpt != said:
        work.notes.append((LONG_EXCERPT, post.slug))


def _give_addresses(works: Sequence[Work]) -> None:
    """Give each post a free address, the blog's own if it can be; one query, more for clashes."""
    wanted = {id(work): wanted_address(work.known.item) for work in works}
    pks = [work.post.pk for work in works if work.post.pk]
    others = Post.objects.exclude(pk__in=pks)
    taken = set(others.filter(slug__in=set(wanted.values())).values_list("slug", flat=True))
    for work in works:
        slug = wanted[id(work)]
        if slug in taken:
            alike = others.filter(slug__startswith=slug[: ADDRESS - 5])
            taken.update(alike.values_list("slug", flat=True))
            slug = fields.free_address(slug, taken, most=ADDRESS)
        taken.add(slug)
        work.post.slug = slug
        was = unquote(work.known.item.slug)
        if was and was.lower() != slug:
            work.notes.append((MOVED, f"/{was}/ → /{slug}/"))


def wanted_address(item: Item) -> str:
    """Return the address an item would have here if no other post had it."""
    slug = fields.address(item.slug, otherwise=fields.plain(item.title), most=ADDRESS)
    slug = slug or f"post-{item.number or 'untitled'}"
    return f"{slug[: ADDRESS - 5]}-post" if fields.is_reserved(slug) else slug


def _give_numbers(works: Sequence[Work]) -> None:
    """Keep the number WordPress gave a post, unless a post of another blog has it; one query."""
    numbers = {work.known.item.number for work in works if work.known.item.number}
    rows = Post.objects.filter(wordpress_id__in=numbers).values_list("wordpress_id", "pk")
    holder: dict[int | None, int | None] = dict(rows)
    for work in works:
        number = work.known.item.number
        if work.known.is_renumbered:
            work.notes.append((OTHER_BLOG, work.post.slug))
            number = None
        elif number in holder and holder[number] != work.post.pk:
            work.notes.append((NUMBERLESS, f"?p={number}, {work.post.slug}"))
            number = None
        work.post.wordpress_id = number
        holder.setdefault(number, work.post.pk)


def _give_feed_ids(works: Sequence[Work]) -> None:
    """Keep the name feed readers know a post by, so that nobody is sent it again; one query."""
    guids = {guid for work in works if _URI.fullmatch(guid := work.known.item.guid)}
    taken = set(Post.objects.filter(feed_id__in=guids).values_list("feed_id", flat=True))
    for work in works:
        guid = work.known.item.guid
        if guid in guids and guid not in taken:
            taken.add(guid)
            work.post.feed_id = guid


def _ask_the_gate(work: Work) -> None:
    """Report what the gate has against a post that is or will be public; it stays what it was."""
    if work.post.status != Post.Status.PUBLISHED:
        return
    findings = gate.examine(work.post, has_tags=bool(work.tags), levels=LEVELS)
    work.notes += [
        (GATE + result.rule.label.lower(), f"{work.post.slug}: {text}")
        for result in findings.results for text in result.messages
    ]  # fmt: skip


def _keep_addresses(works: Sequence[Work]) -> None:
    """Have old addresses lead to posts whose own they do not give away; two statements at most."""
    paths = {}
    for work in works:
        path = unquote(urlsplit(work.known.item.link).path)
        if work.decision.status == Post.Status.PUBLISHED and _leads_elsewhere(work, path):
            paths[permalinks.tidy(path)[:500]] = work
    if not paths:
        return
    slugs = [path.strip("/") for path in paths if path.count("/") == 2]
    live = set(Post.objects.published().filter(slug__in=slugs).values_list("slug", flat=True))
    rows = []
    for path, work in paths.items():
        if path.strip("/") in live or _is_our_page(path):
            work.notes.append((COVERED, path))
        else:
            rows.append(Redirect(path=path, post=work.post, origin=Redirect.Origin.IMPORT))
    Redirect.objects.bulk_create(rows, ignore_conflicts=True)


def _leads_elsewhere(work: Work, path: str) -> bool:
    """Return whether this old address would not find the post by itself."""
    if path in {"", "/"}:
        return False
    wanted = permalinks.read(path)
    is_its_number = wanted.wordpress_id and wanted.wordpress_id == work.post.wordpress_id
    return not is_its_number and work.post.slug not in wanted.slugs[:1]


def _is_our_page(path: str) -> bool:
    """Return whether a page that is no post's answers there; a query where one may, rarely."""
    first = path.split("/")[1]
    return permalinks.is_closed(path) or (fields.is_reserved(first) and addresses.is_live(path))


def _remember(archive: Archive, works: Sequence[Work]) -> None:
    rows: list[ImportedItem] = []
    for work in works:
        item = work.known.item
        row = archive.remember(ImportedItem.Kind.POST, work.known.key, work.post.pk)
        row.guid, row.slug, row.digest = item.guid[:500], item.slug[:200], work.known.digest
        row.left_at = work.post.saved_at
        row.modified_at = moment(item.modified_gmt, item.modified, archive.zone)
        rows.append(row)
        if work.known.row:
            row.pk = work.known.row.pk
    known = [row for row in rows if row.pk]
    ImportedItem.objects.bulk_update(
        known, ["guid", "slug", "row_pk", "digest", "left_at", "modified_at"]
    )
    # One that is there in spite of all is another item's: the batch is then sorted out anew.
    ImportedItem.objects.bulk_create(row for row in rows if not row.pk)
