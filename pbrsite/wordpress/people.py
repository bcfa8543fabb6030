"""Authors of an export as bylines: found again, or made; never joined to a log-in."""

from django.utils.text import slugify

from pbrsite.wordpress import fields, report
from pbrsite.wordpress.archive import Archive
from pbrsite.wordpress.items import Author as Writer
from pbrsite.wordpress.report import Outcome
from posts.models import Author, ImportedItem

NAME, ADDRESS = 120, 120  # characters our columns hold
CUT = "names cut at a word"
MOVED = "an author's address was taken by another author"
UNNAMED = "Editorial team"
SHARED = "an author of this name was here already"


def byline(archive: Archive, creator: str) -> int:
    """Return the author a post names, made if the file's list of authors has none such."""
    wanted = creator.strip()
    if found := archive.authors.get(wanted.lower()):
        return found
    return write(archive, Writer(login=wanted))


def write(archive: Archive, writer: Writer) -> int:
    """Find or make one author and return the row; two or three queries, for each person once."""
    if writer.number is not None:
        archive.staff.add(writer.number)
    key = _key(writer)
    remembered = archive.known(ImportedItem.Kind.AUTHOR, [key]).get(key)
    if remembered and Author.objects.filter(pk=remembered.row_pk).exists():
        _told(
            archive,
            writer,
            remembered.row_pk,
            Outcome("author", key, report.UNCHANGED, writer.name),
        )
        return remembered.row_pk
    author, outcome = _found_or_made(writer, key)
    rows = {"row_pk": author.pk}
    ImportedItem.objects.update_or_create(
        site=archive.site, kind=ImportedItem.Kind.AUTHOR, key=key, defaults=rows
    )
    _told(archive, writer, author.pk, outcome)
    return author.pk


def _told(archive: Archive, writer: Writer, pk: int, outcome: Outcome) -> None:
    archive.report.add(outcome)
    for name in (writer.login, writer.name):
        archive.authors.setdefault(name.strip().lower(), pk)


def _found_or_made(writer: Writer, key: str) -> tuple[Author, Outcome]:
    name = _public_name(writer)
    short = fields.cut(name, NAME)
    notes = [(CUT, name)] if short != name else []
    slug = _slug(writer, short)
    if there := Author.objects.filter(slug=slug, name__iexact=short).first():
        return there, Outcome("author", key, report.UNCHANGED, short, SHARED, notes)
    taken = set(Author.objects.filter(slug__startswith=slug).values_list("slug", flat=True))
    free = fields.free_address(slug, taken, most=ADDRESS)
    if free != slug:
        notes.append((MOVED, f"/author/{slug}/ → /author/{free}/"))
    author = Author.objects.create(name=short, slug=free, bio=fields.plain(writer.description))
    return author, Outcome("author", key, report.CREATED, short, notes=notes)


def _key(writer: Writer) -> str:
    """Return what names an author in our memory: no e-mail address, though some log in with it."""
    return (slugify(writer.login) or slugify(writer.login, allow_unicode=True) or "unknown")[:300]


def _public_name(writer: Writer) -> str:
    """Return the name to show: never an e-mail address, which some blogs had as a name."""
    name = fields.plain(writer.name) or fields.plain(writer.login)
    return fields.plain(name.partition("@")[0].replace(".", " ")) or UNNAMED


def _slug(writer: Writer, name: str) -> str:
    login = "" if "@" in writer.login else writer.login
    return fields.address(login, otherwise=name, most=ADDRESS) or "author"
