"""The media library."""

from cabinet.base_admin import FileAdminBase
from cabinet.ckeditor import CKEditorFilebrowserMixin
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from posts.models import (
    Image,
)


@admin.register(Image)
class ImageAdmin(CKEditorFilebrowserMixin, FileAdminBase):
    """The media library: folders, upload in place, and the picker the editor opens.

    The picker turns the cells of `list_display_links` into buttons: methods of this class only.
    """

    list_display = ["thumbnail", "named", "image_alt_text", "credit", "created_at"]
    list_display_links = ["thumbnail", "named"]
    list_filter = FileAdminBase.list_filter[:1]
    search_fields = ["file_name", "image_alt_text", "credit"]
    top_fields = ["folder", "credit"]
    advanced_fields: list[str] = []

    def upload(self, request: HttpRequest) -> HttpResponse:
        try:
            response: HttpResponse = super().upload(request)
        except ValidationError as error:
            answer = {"success": False, "error": " ".join(error.messages)}
            return JsonResponse(answer, status=400)
        return response

    @admin.display(description="")
    def thumbnail(self, image: Image) -> SafeString:
        return format_html('<img class="thumbnail" src="{}" alt="">', image.image_file.card)

    @admin.display(description="file", ordering="file_name")
    def named(self, image: Image) -> str:
        return str(image.file_name)
