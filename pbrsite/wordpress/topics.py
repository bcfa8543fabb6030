"""Categories and tags of an export as themes: found again by name, or made; addresses kept."""

from collections.abc import Iterable

from django.db.models import Q

from pbrsite.wordpress import fields, report
from pbrsite.wordpress.archive import Archive
from pbrsite.wordpress.items import Term
from pbrsite.wordpress.report import Outcome
from posts import permalinks
from posts.models import ImportedItem, Redirect, Tag, TagSlug

NAME, ADDRESS, SENTENCE = 100, 100, 300  # characters our columns hold
TAXONOMIES = {"category", "post_tag"}
PATHS = {"category": "category", "post_tag": "tag"}
FOREIGN = "a taxonomy this site has no use for: "
UNFILED = "WordPress's name for no category"
NAMELESS = "it has no name"
SAME_NAME = "a topic of this name was here already"
CUT = "topic names cut at a word"
MOVED = "topics whose address changed"
_UNFILED = {"uncategorized", "uncategorised"}


def find(archive: Archive, terms: Iterable[Term]) -> list[int]:
    """Return the tags of an item's terms in their order, each once; makes those it lacks."""
    found = (archive.terms.get((term.taxonomy, term.slug or term.name)) for term in terms
             if term.taxonomy in TAXONOMIES)  # fmt: skip
    return list(dict.fromkeys(pk for pk in found if pk))


def write(archive: Archive, terms: Iterable[Term]) -> None:
    """Find or make the tags of terms that the run has not met; a few queries for each once."""
    for term in terms:
        key = (term.taxonomy, term.slug or term.name)
        if key in archive.terms:
            continue
        archive.terms[key] = 0
        if term.taxonomy not in TAXONOMIES:
            continue
        if refused := _refused(term):
            archive.report.add(Outcome("topic", ":".join(key), report.SKIPPED, term.name, refused))
            continue
        archive.terms[key] = _write(archive, term, f"{key[0]}:{key[1]}"[:300])


def nest(archive: Archive, terms: Iterable[Term]) -> None:
    """Make a category's narrower ones its sub-topics, as the blog had them."""
    for term in terms:
        below = archive.terms.get((term.taxonomy, term.slug))
        above = archive.terms.get((term.taxonomy, term.parent)) if term.parent else None
        if above and below and above != below:
            Tag.subtopics.through.objects.get_or_create(from_tag_id=above, to_tag_id=below)


def _refused(term: Term) -> str:
    if term.taxonomy == "category" and term.slug.lower() in _UNFILED:
        return UNFILED
    return "" if fields.plain(term.name) else NAMELESS


def _write(archive: Archive, term: Term, key: str) -> int:
    remembered = archive.known(ImportedItem.Kind.TERM, [key]).get(key)
    if remembered and Tag.objects.filter(pk=remembered.row_pk).exists():
        archive.report.add(Outcome("topic", key, report.UNCHANGED, term.name))
        return remembered.row_pk
    tag, outcome = _found_or_made(term, key)
    ImportedItem.objects.update_or_create(
        site=archive.site, kind=ImportedItem.Kind.TERM, key=key, defaults={"row_pk": tag.pk}
    )
    archive.report.add(outcome)
    return tag.pk


def _found_or_made(term: Term, key: str) -> tuple[Tag, Outcome]:
    name = fields.plain(term.name)
    short = fields.cut(name, NAME)
    notes = [(CUT, name)] if short != name else []
    wanted = fields.address(term.slug, otherwise=short, most=ADDRESS) or "topic"
    if tag := Tag.objects.known_as(short).first():
        _keep_address(tag, term, wanted)
        return tag, Outcome("topic", key, report.UNCHANGED, short, SAME_NAME, notes)
    taken = set(Tag.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    slug = fields.free_address(wanted, taken, most=ADDRESS)
    said = fields.cut(fields.plain(term.description), SENTENCE)
    tag = Tag.objects.create(name=short, slug=slug, kind=Tag.Kind.THEME, description=said)
    if slug != term.slug:
        notes.append((MOVED, f"/{PATHS[term.taxonomy]}/{term.slug}/ → /tag/{slug}/"))
        _keep_address(tag, term, wanted)
    return tag, Outcome("topic", key, report.CREATED, short, notes=notes)


def _keep_address(tag: Tag, term: Term, wanted: str) -> None:
    """Have the blog's address of a term lead to the tag, where it does not by itself."""
    old = permalinks.read(f"/{PATHS[term.taxonomy]}/{term.slug}/")
    if not term.slug or old.tag == tag.slug:
        return
    is_taken = Tag.objects.filter(Q(slug=wanted) | Q(former_slugs__slug=wanted)).exists()
    if old.tag == wanted and not is_taken:
        TagSlug.objects.create(tag=tag, slug=wanted)
    elif not (term.taxonomy == "post_tag" and Tag.objects.filter(slug=old.tag).exists()):
        Redirect.objects.get_or_create(
            path=old.paths[0][:500], defaults={"tag": tag, "origin": Redirect.Origin.IMPORT}
        )
