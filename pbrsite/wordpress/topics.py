"""Categories and tags of an export as themes: found again by name, or made; addresses kept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models.functions import Lower

from pbrsite.wordpress import fields, report
from pbrsite.wordpress.archive import Archive
from pbrsite.wordpress.items import Term
from pbrsite.wordpress.report import Outcome
from posts import permalinks
from posts.models import ImportedItem, Redirect, Tag, TagAlias, TagSlug

NAME, ADDRESS, SENTENCE = 100, 100, 300  # characters our columns hold
PATHS = {"category": "category", "post_tag": "tag"}
UNFILED = "WordPress's name for no category"
NAMELESS = "it has no name"
SAME_NAME = "a topic of this name was here already"
CUT = "topic names cut at a word"
MOVED = "topics whose address changed"
_UNFILED = {"uncategorized", "uncategorised"}


@dataclass
class Topic:
    """A term on the way to a tag."""

    term: Term
    key: str
    name: str
    wanted: str
    tag: Tag | None = None
    notes: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def of(cls, term: Term) -> "Topic":
        name = fields.plain(term.name)
        short = fields.cut(name, NAME)
        wanted = fields.address(term.slug, otherwise=short, most=ADDRESS) or "topic"
        found = cls(term, ":".join(_place(term))[:300], short, wanted)
        if short != name:
            found.notes.append((CUT, name))
        return found


def find(archive: Archive, terms: Iterable[Term]) -> list[int]:
    """Return the tags of an item's terms in their order, each once; they were written before."""
    found = (archive.terms.get(_place(term)) for term in terms)
    return list(dict.fromkeys(pk for pk in found if pk))


def write(archive: Archive, terms: Iterable[Term]) -> None:
    """Find or make the tags of terms that the run has not met; a dozen statements at most."""
    new = {_place(term): term for term in reversed(list(terms)) if term.taxonomy in PATHS}
    topics: list[Topic] = []
    for place in reversed(new):
        if place in archive.terms:
            continue
        archive.terms[place] = 0
        if refused := _refused(new[place]):
            name = new[place].name
            archive.report.add(Outcome("topic", ":".join(place), report.SKIPPED, name, refused))
            if refused == UNFILED:
                _lead_to_archive(new[place])
        else:
            topics.append(Topic.of(new[place]))
    if topics:
        _write(archive, topics)


def nest(archive: Archive, terms: Iterable[Term]) -> None:
    """Make a category's narrower ones its sub-topics, as the blog had them; two statements."""
    through = Tag.subtopics.through
    pairs = {
        (archive.terms.get((term.taxonomy, term.parent)), archive.terms.get(_place(term)))
        for term in terms if term.parent
    }  # fmt: skip
    stored = set(through.objects.values_list("from_tag_id", "to_tag_id")) if pairs else set()
    through.objects.bulk_create(
        through(from_tag_id=above, to_tag_id=below)
        for above, below in pairs - stored if above and below and above != below
    )  # fmt: skip


def _place(term: Term) -> tuple[str, str]:
    return term.taxonomy, term.slug or term.name


def _lead_to_archive(term: Term) -> None:
    """Have the page of posts without a category lead to all posts; one statement, once."""
    path = f"/category/{term.slug.lower()}/"
    if not Redirect.objects.filter(path=path).exists():
        Redirect.objects.create(path=path, target="/archive/", origin=Redirect.Origin.IMPORT)


def _refused(term: Term) -> str:
    if term.taxonomy == "category" and term.slug.lower() in _UNFILED:
        return UNFILED
    return "" if fields.plain(term.name) else NAMELESS


def _write(archive: Archive, topics: Sequence[Topic]) -> None:
    rows = archive.known(ImportedItem.Kind.TERM, [topic.key for topic in topics])
    stored = Tag.objects.in_bulk([row.row_pk for row in rows.values()])
    for topic in topics:
        topic.tag = stored.get(rows[topic.key].row_pk) if topic.key in rows else None
    new = [topic for topic in topics if topic.tag is None]
    for topic in topics:
        if topic.tag:
            archive.report.add(Outcome("topic", topic.key, report.UNCHANGED, topic.name))
    shared = _find(new)
    shared |= _make([topic for topic in new if topic.tag is None])
    for topic in new:
        outcome, reason = (
            (report.UNCHANGED, SAME_NAME) if topic.key in shared else (report.CREATED, "")
        )
        archive.report.add(Outcome("topic", topic.key, outcome, topic.name, reason, topic.notes))
    archive.keep(ImportedItem.Kind.TERM, {t.key: t.tag.pk for t in new if t.tag}, rows)
    for topic in topics:
        archive.terms[_place(topic.term)] = topic.tag.pk if topic.tag else 0
    _keep_addresses([topic for topic in new if (topic.tag and topic.tag.slug != topic.term.slug)
                     or topic.key in shared])  # fmt: skip


def _find(topics: Sequence[Topic]) -> set[str]:
    """Give topics the tag that has their name or other name; return the keys; two queries."""
    names = {topic.name.lower() for topic in topics}
    named = Tag.objects.annotate(small=Lower("name")).filter(small__in=names)
    aliases = TagAlias.objects.annotate(small=Lower("name")).filter(small__in=names)
    found = {alias.small: alias.tag for alias in aliases.select_related("tag")}
    found |= {tag.small: tag for tag in named}
    shared = set()
    for topic in topics:
        if tag := found.get(topic.name.lower()):
            topic.tag = tag
            shared.add(topic.key)
    return shared


def _make(topics: Sequence[Topic]) -> set[str]:
    """Make tags with free addresses; terms of one name, as category and tag, share the first's.

    Returns the keys of those that got another's; three statements, more where addresses clash.
    """
    taken = set(Tag.objects.filter(slug__in=[topic.wanted for topic in topics])
                .values_list("slug", flat=True))  # fmt: skip
    made: dict[str, Tag] = {}
    shared = set()
    for topic in topics:
        if topic.name.lower() in made:
            topic.tag = made[topic.name.lower()]
            shared.add(topic.key)
            continue
        slug = topic.wanted
        if slug in taken:
            alike = Tag.objects.filter(slug__startswith=slug).values_list("slug", flat=True)
            slug = fields.free_address(slug, taken | set(alike), most=ADDRESS)
            topic.notes.append(
                (MOVED, f"/{PATHS[topic.term.taxonomy]}/{topic.wanted}/ → /tag/{slug}/")
            )
        taken.add(slug)
        said = fields.cut(fields.plain(topic.term.description), SENTENCE)
        topic.tag = Tag(name=topic.name, slug=slug, kind=Tag.Kind.THEME, description=said)
        made[topic.name.lower()] = topic.tag
    Tag.objects.bulk_create(made.values())
    return shared


def _keep_addresses(topics: Sequence[Topic]) -> None:
    """Have the blog's addresses of terms lead to their tags, where they do not by themselves."""
    live = set(Tag.objects.filter(slug__in=[topic.wanted for topic in topics])
               .values_list("slug", flat=True))  # fmt: skip
    slugs: dict[str, TagSlug] = {}
    paths: dict[str, Redirect] = {}
    for topic in topics:
        old = permalinks.read(f"/{PATHS[topic.term.taxonomy]}/{topic.term.slug}/")
        if not topic.tag or not topic.term.slug or not old.paths or old.tag == topic.tag.slug:
            continue
        if old.tag == topic.wanted and topic.wanted not in live:
            slugs[topic.wanted] = TagSlug(tag=topic.tag, slug=topic.wanted)
        elif topic.term.taxonomy == "category" or old.tag not in live:
            path = old.paths[0][:500]
            paths[path] = Redirect(path=path, tag=topic.tag, origin=Redirect.Origin.IMPORT)
    TagSlug.objects.bulk_create(slugs.values(), ignore_conflicts=True)
    Redirect.objects.bulk_create(paths.values(), ignore_conflicts=True)
