"""Authors of an export as bylines: found again, or made; never joined to a log-in."""

from collections.abc import Iterable
from dataclasses import dataclass

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


@dataclass
class Person:
    """A writer on the way to a byline."""

    writer: Writer
    key: str
    name: str
    author: Author | None = None


def byline(archive: Archive, creator: str) -> int:
    """Return the author a post names, who was written before."""
    return archive.authors[creator.strip().lower()]


def write_missing(archive: Archive, creators: Iterable[str]) -> None:
    """Make those authors that posts name and the file's own list does not."""
    names = dict.fromkeys(creator.strip() for creator in creators)
    write(archive, [Writer(login=name) for name in names if name.lower() not in archive.authors])


def write(archive: Archive, writers: Iterable[Writer]) -> None:
    """Find or make these authors; six statements, however many."""
    people = {_key(writer): Person(writer, _key(writer), _name(writer)) for writer in writers}
    if not people:
        return
    rows = archive.known(ImportedItem.Kind.AUTHOR, list(people))
    stored = Author.objects.in_bulk([row.row_pk for row in rows.values()])
    for key, row in rows.items():
        people[key].author = stored.get(row.row_pk)
    outcomes = [
        Outcome("author", person.key, report.UNCHANGED, person.name)
        for person in people.values() if person.author
    ]  # fmt: skip
    new = [person for person in people.values() if person.author is None]
    outcomes += _find_or_make(new)
    archive.keep(ImportedItem.Kind.AUTHOR, {p.key: p.author.pk for p in new if p.author}, rows)
    for outcome in outcomes:
        archive.report.add(outcome)
    for person in people.values():
        _introduce(archive, person)


def _introduce(archive: Archive, person: Person) -> None:
    """Have posts find the author by what their creator may be called."""
    if person.writer.number is not None:
        archive.staff.add(person.writer.number)
    for name in (person.writer.login, person.writer.name):
        if person.author:
            archive.authors.setdefault(name.strip().lower(), person.author.pk)


def _find_or_make(people: list[Person]) -> list[Outcome]:
    """Give each an author: the one of that address and name, or a new one."""
    wanted = {person.key: _address(person) for person in people}
    there = {author.slug: author for author in Author.objects.filter(slug__in=wanted.values())}
    taken, outcomes = set(there), []
    for person in people:
        slug, short = wanted[person.key], fields.cut(person.name, NAME)
        notes = [(CUT, person.name)] if short != person.name else []
        same = there.get(slug)
        if same and same.name.lower() == short.lower():
            person.author = same
            outcomes.append(Outcome("author", person.key, report.UNCHANGED, short, SHARED, notes))
            continue
        if slug in taken:
            alike = Author.objects.filter(slug__startswith=slug).values_list("slug", flat=True)
            free = fields.free_address(slug, taken | set(alike), most=ADDRESS)
            notes.append((MOVED, f"/author/{slug}/ → /author/{free}/"))
            slug = free
        taken.add(slug)
        bio = fields.plain(person.writer.description)
        person.author = Author(name=short, slug=slug, bio=bio)
        outcomes.append(Outcome("author", person.key, report.CREATED, short, notes=notes))
    Author.objects.bulk_create(
        person.author for person in people if person.author and not person.author.pk
    )
    return outcomes


def _key(writer: Writer) -> str:
    """Return what names an author in our memory: no e-mail address, though some log in with it."""
    login = writer.login or writer.name
    return (slugify(login) or slugify(login, allow_unicode=True) or "unknown")[:300]


def _name(writer: Writer) -> str:
    """Return the name to show: never an e-mail address, which some blogs had as a name."""
    name = fields.plain(writer.name) or fields.plain(writer.login)
    if "@" in name:
        name = fields.plain(name.partition("@")[0].replace(".", " "))
    return name or UNNAMED


def _address(person: Person) -> str:
    login = "" if "@" in person.writer.login else person.writer.login
    return fields.address(login, otherwise=person.name, most=ADDRESS) or "author"
