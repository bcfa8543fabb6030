"""The folder of a blog's uploads: images that posts show are taken into the media library."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from cabinet.models import Folder
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import File

from pbrsite.wordpress import report
from pbrsite.wordpress.archive import Archive
from pbrsite.wordpress.illustrations import name_in_uploads, sources_in
from pbrsite.wordpress.items import Item
from pbrsite.wordpress.report import Outcome
from pbrsite.wordpress.shortcodes import gallery_numbers
from posts import images
from posts.models import Image, ImportedItem
from posts.pictures import Picture

FOLDER = "From WordPress"
TWIN = "this very image was in the library already"
UNUSABLE = "not an image this site can show"


def names_of(item: Item, attachments: Mapping[int, tuple[str, str]]) -> set[str]:
    """Return the names below the uploads folder of the images an item shows."""
    numbers = gallery_numbers(item.content) | {item.thumbnail or 0}
    sources = [*sources_in(item.content), *(attachments.get(n, ("", ""))[0] for n in numbers)]
    return {name for source in sources if (name := name_in_uploads(source))}


class Uploads:
    """What of a blog's images is here: taken in by an earlier run, or found in the folder."""

    def __init__(self, archive: Archive, folder: Path | None) -> None:
        self.archive = archive
        self.files: dict[str, Path] = {}
        self.by_name: dict[str, list[str]] = {}
        self.refused: set[str] = set()
        if folder is not None:
            self._look_through(folder)

    def pictures(self, items: Iterable[Item]) -> dict[str, Picture]:
        """Return the pictures of these items by name; takes in those that are new.

        Two queries; for each new image, once for all runs, the time it takes to clean it.
        """
        wanted: set[str] = set()
        for item in items:
            wanted |= names_of(item, self.archive.attachments)
        rows = self.archive.known(ImportedItem.Kind.IMAGE, [name[:300] for name in wanted])
        stored = Image.objects.in_bulk([row.row_pk for row in rows.values()])
        found = {name: stored[row.row_pk].picture for name, row in rows.items()
                 if row.row_pk in stored}  # fmt: skip
        for name in sorted(wanted - found.keys() - self.refused):
            if (path := self._file(name)) and (picture := self._take(name, path)):
                found[name] = picture
        return found

    def _look_through(self, folder: Path) -> None:
        root = folder.resolve()
        for place, _, names in os.walk(folder):
            for name in names:
                file = (Path(place) / name).resolve()  # A link may lead out of the folder.
                if not (file.is_file() and file.is_relative_to(root)):
                    continue
                inside = str((Path(place) / name).relative_to(folder)).lower()
                self.files[inside] = file
                self.by_name.setdefault(name.lower(), []).append(inside)

    def _file(self, name: str) -> Path | None:
        """Return the file of that path, else the one whose path ends most like it."""
        wanted = name.lower()
        if path := self.files.get(wanted):
            return path
        alike = self.by_name.get(wanted.rpartition("/")[2], [])
        ending = [inside for inside in alike if inside.endswith(f"/{wanted}")]
        if len(ending or alike) != 1:
            return None
        return self.files[(ending or alike)[0]]

    def _take(self, name: str, path: Path) -> Picture | None:
        """Bring one file into the library, or find its twin there; None for what will not do."""
        try:
            with path.open("rb") as file:
                content = images.cleaned(File(file, name=path.name))
        except (OSError, ValidationError) as error:
            self.refused.add(name)
            said = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
            self.archive.report.add(
                Outcome("image", name, report.SKIPPED, name, UNUSABLE, [(said, name)])
            )
            return None
        checksum = images.checksum(content)
        twin = Image.objects.filter(checksum=checksum).order_by("pk").first()
        outcome = report.UNCHANGED if twin else report.CREATED
        self.archive.report.add(Outcome("image", name, outcome, name, TWIN if twin else ""))
        if self.archive.report.is_rehearsal and twin is None:
            return Picture(0, "", f"{settings.MEDIA_URL}{name}", 0, 0)
        image = twin or _kept(content, checksum)
        row = {"row_pk": image.pk}
        ImportedItem.objects.update_or_create(
            site=self.archive.site, kind=ImportedItem.Kind.IMAGE, key=name[:300], defaults=row
        )
        return image.picture


def _kept(content: File, checksum: str) -> Image:
    folder, _ = Folder.objects.get_or_create(name=FOLDER, parent=None)
    image = Image(folder=folder, checksum=checksum, is_animated=images.is_animated(content))
    image.image_file = content  # type: ignore[assignment]  # The descriptor takes a file.
    image.is_cleaned = True
    image.save()
    return image
