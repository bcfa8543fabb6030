"""The media library: images, cleaned on upload, and which posts use them."""

import re
from collections.abc import Collection, Iterable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

from cabinet.base import AbstractFile, ImageMixin
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.db import models, transaction
from django.db.models import Count, Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.crypto import get_random_string

from posts import images, visibility
from posts.pictures import Picture, names_in

if TYPE_CHECKING:
    from posts.models import Post


def upload_path(image: models.Model, filename: str) -> str:
    """Return where a new file goes: a folder never used before and never guessed.

    So an address means one content for ever, also after a file of the same name was deleted.
    """
    token = get_random_string(8, "abcdefghjkmnpqrstuvwxyz23456789")
    return f"images/{timezone.now():%Y/%m}/{token}/{filename}"


def validate_focus(value: str) -> None:
    """Refuse what is no point of an image: two parts of one, as 0.5x0.5."""
    found = re.fullmatch(r"([01](?:\.\d+)?)x([01](?:\.\d+)?)", value)
    if not found or max(float(found[1]), float(found[2])) > 1:
        raise ValidationError("Choose a point inside the image.")


class CleanedImageMixin(ImageMixin):
    """django-cabinet's image, looked at before it is decoded and cleaned before it is kept."""

    image_file = images.ImageFileField(
        "file",
        upload_to=upload_path,
        width_field="image_width",
        height_field="image_height",
        ppoi_field="image_ppoi",
        max_length=500,
        db_index=True,  # /media/ asks by it, and a post's body.
    )
    checksum = models.CharField(max_length=64, blank=True, editable=False, db_index=True)
    is_animated = models.BooleanField(default=False, editable=False)
    is_cleaned = False

    class Meta:
        abstract = True

    def accept_file(self, value: Any) -> bool:
        """Take what was dropped on the library; raises ValidationError for what will not do."""
        images.validate_upload(value)  # The line below already opens it, to learn its size.
        self.image_file = value
        return True

    def clean(self) -> None:
        if self.image_file:  # A refused upload has had its own message.
            super().clean()
        self._clean_upload()

    def clean_fields(self, exclude: Any = None) -> None:
        super().clean_fields(exclude)
        validate_focus(self.image_ppoi)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self._clean_upload()
        super().save(*args, **kwargs)

    def _clean_upload(self) -> None:
        """Replace a new upload by its cleaned copy, once (the form cleans, then saves)."""
        if not self.image_file or self.image_file._committed or self.is_cleaned:
            return
        content = images.cleaned(self.image_file)
        self.checksum = images.checksum(content)
        self.is_animated = images.is_animated(content)
        self.image_file = content  # type: ignore[assignment]  # The descriptor takes a file.
        self.is_cleaned = True


class ImageQuerySet(models.QuerySet["Image"]):
    def named(self, names: Iterable[str]) -> Self:
        """Return the images with these file names, present or former; by index."""
        wanted = list(names)
        return self.filter(Q(image_file__in=wanted) | Q(former_names__overlap=wanted))

    def with_use(self) -> Self:
        """Add `use_count`: how many posts use each, whatever their state."""
        return self.annotate(use_count=Count("uses"))

    def unused(self) -> Self:
        return self.filter(~Exists(ImageUse.objects.filter(image=OuterRef("pk"))))

    def duplicates(self) -> Self:
        """Return images whose very file is in the library more than once."""
        twins = Image.objects.exclude(pk=OuterRef("pk")).filter(checksum=OuterRef("checksum"))
        return self.exclude(checksum="").filter(Exists(twins))

    def with_publicity(self, now: datetime) -> Self:
        """Add `is_public`: whether a post that the public sees at that moment uses it."""
        public = visibility.published(now, through="post__")
        return self.annotate(
            is_public=Exists(ImageUse.objects.filter(public, image=OuterRef("pk")))
        )


class Image(CleanedImageMixin, AbstractFile):
    """One image of the media library."""

    FILE_FIELDS = ["image_file"]

    credit = models.CharField(max_length=200, blank=True)
    # Bodies, feeds and other sites still hold the address of a file that was replaced.
    former_names = ArrayField(
        models.CharField(max_length=500), default=list, blank=True, editable=False
    )
    rendered_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[ImageQuerySet] = ImageQuerySet.as_manager()  # type: ignore[assignment]

    class Meta(AbstractFile.Meta):
        abstract = False
        ordering = ["-created_at", "-pk"]
        verbose_name = "image"
        verbose_name_plural = "images"
        # An old address asked for, and the bodies that still hold it.
        indexes = [GinIndex("former_names", name="posts_image_former_names")]

    @property
    def copyright(self) -> str:
        """The credit, by the name under which django-cabinet's picker hands it to the editor."""
        return self.credit

    @property
    def picture(self) -> Picture:
        return Picture(
            pk=self.pk, name=str(self.image_file.name), src=self.image_file.url,
            width=self.image_width or 0, height=self.image_height or 0, focus=self.image_ppoi,
            is_animated=self.is_animated,
        )  # fmt: skip

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; whatever is new about it, a job brings its renditions up to date."""
        from posts import tasks  # They name this model themselves.

        if kwargs.get("update_fields") is None:
            self.rendered_at = None
        super().save(*args, **kwargs)
        if kwargs.get("update_fields") is None:
            tasks.make_renditions.defer(image_id=self.pk)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the row, then its files; raises ProtectedError while a post uses it."""
        from posts import renditions

        pk, file = self.pk, self.image_file
        with transaction.atomic():
            gone: tuple[int, dict[str, int]] = super().delete(*args, **kwargs)
            transaction.on_commit(partial(file.storage.delete, str(file.name)))
            transaction.on_commit(partial(renditions.remove, pk))
        return gone

    def used_in(self) -> list["Post"]:
        """Return the posts that use it, newest first, with what a list of them shows; one query."""
        from posts.models import Post

        posts = Post.objects.filter(image_uses__image=self).order_by(
            F("published_at").desc(nulls_first=True), "-pk"
        )
        return list(posts.only("title", "slug", "status", "published_at", "lead_image_id"))

    def twins(self) -> ImageQuerySet:
        """Return the other images with the very same file, oldest first."""
        if not self.checksum:
            return Image.objects.none()
        others = Image.objects.filter(checksum=self.checksum).exclude(pk=self.pk)
        return others.order_by("created_at", "pk")

    def replace(self, upload: File) -> list["Post"]:
        """Put another file in the place of this one, everywhere; return the posts made anew.

        One transaction. What is stored of a post's words and dates stays: bodies keep the address
        they have, which means this image from now on, and only the page made of them changes. The
        old file is gone after the commit. Raises ValidationError for a file that will not do.
        """
        with transaction.atomic():
            image = Image.objects.select_for_update(of=("self",), no_key=True).get(pk=self.pk)
            old, storage = str(image.image_file.name), image.image_file.storage
            before, ratio = image.checksum, (image.image_width or 1) / (image.image_height or 1)
            image.image_file = upload  # type: ignore[assignment]
            image._clean_upload()
            if image.checksum == before:
                raise ValidationError("This is the very file that is there. Choose another one.")
            if abs((image.image_width or 1) / (image.image_height or 1) / ratio - 1) > 0.01:
                image.image_ppoi = "0.5x0.5"
            image.former_names = [*image.former_names, old]
            image.save()
            posts = _render_again(image)
            transaction.on_commit(partial(storage.delete, old))
        self.refresh_from_db()
        return posts


class ImageUse(models.Model):
    """A post uses an image, as its lead or in its body; written whenever the post is saved."""

    image = models.ForeignKey(Image, on_delete=models.PROTECT, related_name="uses", db_index=False)
    post = models.ForeignKey("posts.Post", on_delete=models.CASCADE, related_name="image_uses")

    class Meta:
        constraints = [
            # Also the index by which /media/ finds out whether an image is public.
            models.UniqueConstraint(fields=["image", "post"], name="posts_imageuse_once")
        ]

    def __str__(self) -> str:
        return f"Image {self.image_id} in post {self.post_id}"


def pictures_in(body: str) -> dict[str, Picture]:
    """Return the pictures a body names, by name (former ones too); one query, none without."""
    return pictures_named(names_in(body))


def pictures_named(names: Collection[str]) -> dict[str, Picture]:
    """Return the pictures of these names, former ones too; one query, none without names."""
    if not names:
        return {}
    found: dict[str, Picture] = {}
    for image in Image.objects.named(names):
        found |= dict.fromkeys([*image.former_names, str(image.image_file.name)], image.picture)
    return {name: found[name] for name in names if name in found}


def record_uses(posts: Iterable["Post"], *, are_new: bool = False) -> None:
    """Bring the table of uses in line with these posts as they are saved; idempotent.

    Two queries for any number of posts, one of them only when a body holds an image and the other
    not for new posts, and one for each kind of change.
    """
    posts = list(posts)
    names = {post.pk: names_in(post.body) for post in posts}
    by_name = _ids_by_name({name for some in names.values() for name in some})
    wanted = {(by_name[name], pk) for pk, some in names.items() for name in some if name in by_name}
    wanted |= {(post.lead_image_id, post.pk) for post in posts if post.lead_image_id}
    rows = [] if are_new else ImageUse.objects.filter(post__in=[post.pk for post in posts])
    stored = {(use.image_id, use.post_id): use.pk for use in rows}
    if gone := [pk for pair, pk in stored.items() if pair not in wanted]:
        ImageUse.objects.filter(pk__in=gone).delete()
    if new := wanted - stored.keys():
        uses = [ImageUse(image_id=image, post_id=post) for image, post in sorted(new)]
        ImageUse.objects.bulk_create(uses, ignore_conflicts=True, batch_size=1000)


def _ids_by_name(names: set[str]) -> dict[str, int]:
    if not names:
        return {}
    rows = Image.objects.named(names).values_list("pk", "image_file", "former_names")
    return {name: pk for pk, current, former in rows for name in [*former, current]}


def _render_again(image: Image) -> list["Post"]:
    """Make the pages anew of the posts that use the image; their words and dates stay."""
    from posts.models import Post

    posts = Post.objects.filter(image_uses__image=image).select_for_update(
        of=("self",), no_key=True
    )
    found = list(posts.order_by("pk"))
    for post in found:
        post.render_body()
        post.save(update_fields=["body_html"])
    return found
