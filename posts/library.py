"""The media library: images, cleaned on upload."""

from typing import Any

from cabinet.base import AbstractFile, ImageMixin
from django.db import models

from posts import images


class CleanedImageMixin(ImageMixin):
    """django-cabinet's image, looked at before it is decoded and cleaned before it is kept."""

    image_file = images.ImageFileField(
        upload_to="images/%Y/%m",
        width_field="image_width",
        height_field="image_height",
        ppoi_field="image_ppoi",
        blank=True,
        max_length=500,
        formats={
            "card": ["default", ("thumbnail", (640, 640))],
            "wide": ["default", ("thumbnail", (1280, 1280))],
        },
    )
    checksum = models.CharField(max_length=64, blank=True, editable=False, db_index=True)
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

    def save(self, *args: Any, **kwargs: Any) -> None:
        self._clean_upload()
        super().save(*args, **kwargs)

    def _clean_upload(self) -> None:
        """Replace a new upload by its cleaned copy, once (the form cleans, then saves)."""
        if not self.image_file or self.image_file._committed or self.is_cleaned:
            return
        content = images.cleaned(self.image_file)
        self.image_file = content  # type: ignore[assignment]  # The descriptor takes a file.
        self.checksum = images.checksum(content)
        self.is_cleaned = True


class Image(CleanedImageMixin, AbstractFile):
    """One image of the media library."""

    FILE_FIELDS = ["image_file"]

    credit = models.CharField(max_length=200, blank=True)

    class Meta(AbstractFile.Meta):
        abstract = False
        verbose_name = "image"
        verbose_name_plural = "images"

    @property
    def copyright(self) -> str:
        """The credit, by the name under which django-cabinet's picker hands it to the editor."""
        return self.credit
