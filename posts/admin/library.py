"""The media library: folders, upload in place, what is used where."""

from typing import Any
from urllib.parse import urlencode

from cabinet.base_admin import FileAdminBase, FolderListFilter, UploadForm
from cabinet.ckeditor import CKEditorFilebrowserMixin, CKFileBrowserChangeList, Link
from cabinet.models import Folder
from django import forms
from django.contrib import admin
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from posts.admin.replacing import ReplacingMixin, uses_list
from posts.admin.widgets import FocalPointWidget
from posts.models import Image


class FolderFilter(FolderListFilter):
    """One folder's images; all of them where none is chosen."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Image]) -> QuerySet[Image]:
        if not any(self.used_parameters.get(self.lookup_kwarg, ())):
            return queryset
        chosen: QuerySet[Image] = super().queryset(request, queryset)
        return chosen


class UseFilter(admin.SimpleListFilter):
    title = "use"
    parameter_name = "use"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("unused", "Not used in any post"), ("twins", "Here more than once")]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Image] | None:
        if self.value() == "unused":
            return queryset.unused()  # type: ignore[no-any-return]
        if self.value() == "twins":
            return queryset.duplicates()  # type: ignore[no-any-return]
        return None


class PickerList(CKFileBrowserChangeList):
    """The picker of the prose editor: its columns are headed as in the library."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for column in self.list_display:
            if isinstance(column, Link):
                shown = getattr(self.model_admin, column.name)
                column.short_description = shown.short_description


@admin.register(Image)
class ImageAdmin(ReplacingMixin, CKEditorFilebrowserMixin, FileAdminBase):
    """The media library: folders, upload in place, and the picker the editor opens.

    The picker turns the cells of `list_display_links` into buttons: methods of this class only.
    """

    change_list_template = "admin/posts/image/change_list.html"
    change_form_template = "admin/posts/image/change_form.html"
    delete_confirmation_template = "admin/posts/image/delete_confirmation.html"
    list_display = ["thumbnail", "named", "image_alt_text", "used", "uploaded"]
    list_display_links = ["thumbnail", "named"]
    list_filter = [("folder", FolderFilter), UseFilter]
    list_per_page = 60
    search_fields = ["file_name", "image_alt_text", "credit"]
    search_help_text = "Words of the file name, the alternative text or the credit."
    ordering = ["-created_at", "-pk"]
    readonly_fields = ["details", "used_in"]

    @property
    def media(self) -> forms.Media:
        """Return cabinet's picker and our own list: its list tells nobody why a file failed."""
        base: forms.Media = admin.ModelAdmin.media.fget(self)  # type: ignore[attr-defined]
        list_script = forms.widgets.Script("pbrsite/admin/library.js", type="module")
        js: list[Any] = ["admin/js/jquery.init.js", "cabinet/ckeditor.js", list_script]
        return base + forms.Media(css={"all": ["cabinet/cabinet.css"]}, js=js)

    def get_list_display(self, request: HttpRequest) -> list[str]:
        """Put into the picker's rows what chooses the picture."""
        thumbnail, *others = self.list_display
        return [thumbnail, "choose", *others] if is_picker(request) else self.list_display

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        links = ["choose"] if is_picker(request) else []
        return [*self.list_display_links, *links]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        is_for_text = request.GET.get("CKEditorFuncNum")
        return PickerList if is_for_text else ChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Image]:
        return Image.objects.with_use().order_by(*self.get_ordering(request))

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Return the image with whoever asks for it: what it is used in is not for everybody."""
        image: Any = super().get_object(request, *args, **kwargs)
        if image:
            image.asked_by = request.user
        return image

    def get_ordering(self, request: HttpRequest) -> list[str]:
        """Stand twins side by side when they are what is looked for."""
        return ["checksum", "pk"] if request.GET.get("use") == "twins" else self.ordering

    def get_fieldsets(self, request: HttpRequest, obj: Image | None = None) -> Any:
        if obj is None:
            return [(None, {"fields": ["folder", "image_file", "image_alt_text", "credit"]})]
        fields = ["details", "image_ppoi", "image_alt_text", "credit", "folder", "used_in"]
        return [(None, {"fields": fields})]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "image_ppoi":
            field.label, field.widget = "Focal point", FocalPointWidget()
        if db_field.name == "image_alt_text":
            field.widget.attrs["class"] = "vLargeTextField"
            field.help_text = "Offered wherever the image is used, and changed there at will."
        return field

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, **kwargs)
        if obj and "image_ppoi" in form.base_fields:
            form.base_fields["image_ppoi"].widget.picture = obj.picture
        return form

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"folder": _first_folder(), **super().get_changeform_initial_data(request)}

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        left = {"folder__id__exact", "use", "p", "q"}
        context = {
            "title": "Choose a picture" if is_picker(request) else "Media library",
            "is_for_text": "CKEditorFuncNum" in request.GET,
            # What makes the list a picker stays, whatever view of it is chosen.
            "picker": urlencode([pair for pair in request.GET.items() if pair[0] not in left]),
            "upload_folder": request.GET.get("folder__id__exact") or _first_folder(),
            "use": request.GET.get("use", ""),
        }
        response: HttpResponse = super().changelist_view(request, context | (extra_context or {}))
        if "cabinet_folder" in response.cookies:  # With a cookie no page is kept for a reader.
            response.cookies["cabinet_folder"]["path"] = "/admin/"
        return response

    def upload(self, request: HttpRequest) -> HttpResponse:
        """Take one file dropped on the list; the answer says in words what became of it."""
        if request.method != "POST":
            return self.redirect_to_folder(request, None)  # type: ignore[no-any-return]
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = UploadForm(request.POST, request.FILES)
        if not form.is_valid():
            return _refused("Nothing arrived. Choose a file that is not empty, and a folder.")
        image = Image(folder=form.cleaned_data["folder"])
        try:
            image.file = form.cleaned_data["file"]
            image.save()
        except ValidationError as error:
            return _refused(" ".join(error.messages))
        self.log_addition(request, image, [{"added": {}}])
        answer = {"success": True, "pk": image.pk, "name": image.file_name}
        if twin := image.twins().first():
            url = reverse("admin:posts_image_twin", args=[image.pk])
            answer["twin"] = {"name": twin.file_name, "thumbnail": twin.picture.thumbnail_url,
                              "used": twin.uses.count(), "url": url}  # fmt: skip
        return JsonResponse(answer)

    def response_add(
        self, request: HttpRequest, obj: Image, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Ask at once about a file that was here already."""
        if IS_POPUP_VAR not in request.POST and obj.twins().exists():
            return HttpResponseRedirect(reverse("admin:posts_image_twin", args=[obj.pk]))
        answer: HttpResponse = super().response_add(request, obj, *args, **kwargs)
        return answer

    @admin.display(description="")
    def thumbnail(self, image: Image) -> SafeString:
        # The link around it opens the image: without words in it, it would have no name.
        return format_html(
            '<img class="thumbnail" src="{}" width="96" height="60" loading="lazy" alt="{}">',
            image.picture.thumbnail_url, image.file_name,
        )  # fmt: skip

    @admin.display(description="")
    def choose(self, image: Image) -> SafeString:
        return format_html(
            '<span class="button">Use this one</span><span class="visually-hidden">: {}</span>',
            image.file_name,
        )

    @admin.display(description="file", ordering="file_name")
    def named(self, image: Image) -> SafeString:
        return format_html('{}<br><span class="quiet">{}</span>', image.file_name, _facts(image))

    @admin.display(description="used in", ordering="use_count")
    def used(self, image: Any) -> SafeString | str:
        if not image.use_count:
            return format_html('<span class="quiet">{}</span>', "not used")
        return f"{image.use_count} post{'' if image.use_count == 1 else 's'}"

    @admin.display(description="uploaded", ordering="created_at")
    def uploaded(self, image: Image) -> str:
        return f"{localtime(image.created_at):%-d %B %Y}"

    @admin.display(description="file")
    def details(self, image: Image) -> SafeString:
        return format_html(
            '<a href="{}">{}</a> <span class="quiet">{}</span>',
            image.image_file.url, image.file_name, _facts(image),
        )  # fmt: skip

    @admin.display(description="used in")
    def used_in(self, image: Any) -> SafeString:
        return uses_list(image, image.asked_by)


def is_picker(request: HttpRequest) -> bool:
    """Return whether the library is open in a window of its own, to choose from."""
    return IS_POPUP_VAR in request.GET


def _facts(image: Image) -> str:
    moving = ", moving" if image.is_animated else ""
    size = filesizeformat(image.file_size)
    return f"{image.image_width} × {image.image_height}, {size}{moving}"


def _first_folder() -> int | None:
    folder = Folder.objects.filter(parent=None).order_by("pk").first()
    return folder.pk if folder else None


def _refused(words: str) -> JsonResponse:
    return JsonResponse({"success": False, "error": words}, status=422)
