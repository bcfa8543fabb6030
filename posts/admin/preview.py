"""The preview of the form as it stands, saved or not: beside the form, and in a tab of its own."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.forms import BaseModelForm, model_to_dict
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.text import slugify
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST

from posts import previews
from posts.models import Author, CoAuthor, Correction, Post, Tag
from posts.proofs import proof
from posts.prose import sanitize_body
from posts.series import preview_outline
from posts.views import post_context

Relations = dict[str, tuple[type[models.Model], list[Any]]]
UNSAVED = 0  # The key of a new post in its preview: no row has it, so every query finds nothing.


class UnsavedPreviewMixin(admin.ModelAdmin):
    """Adds the preview's two addresses to the posts' admin; neither writes a row."""

    def get_urls(self) -> list[Any]:
        mine = [
            path("add/preview/", self.preview_view, name="posts_post_preview_new"),
            path("<int:post_id>/preview/", self.preview_view, name="posts_post_preview"),
        ]
        return mine + super().get_urls()

    @method_decorator([require_POST, xframe_options_sameorigin])
    def preview_view(self, request: HttpRequest, post_id: int | None = None) -> HttpResponse:
        """Answer with the page readers would get if the form were saved and published now.

        It asks what saving the form would ask: the right to change that very post.
        """
        if not self.admin_site.has_permission(request):
            return render(request, "admin/posts/post/preview_logged_out.html", status=401)
        post = self._post_to_preview(request, post_id)
        form_class = self.get_form(request, post, change=post is not None)
        form = form_class(request.POST, request.FILES, instance=post)
        formsets, _ = self._create_formsets(  # type: ignore[attr-defined]
            request, form.instance, change=post is not None
        )
        now = timezone.now()
        saved_slug = post.slug if post else ""  # The form puts its own on the same instance.
        unsaved = unsaved_post(form, formsets, now)
        preview_outline(unsaved, now, saved_slug=saved_slug)
        context = post_context(unsaved)
        banner = render_to_string("posts/_preview_mark.html", {"is_complete": form.is_valid()})
        pictures = previews.media_pass(previews.ANY_IMAGE, now)
        return proof(request, context, banner=banner, media_pass=pictures)

    def _post_to_preview(self, request: HttpRequest, post_id: int | None) -> Post | None:
        if post_id is None:
            is_allowed, post = self.has_add_permission(request), None
        else:
            post = Post.objects.filter(pk=post_id).first()
            if post is None:
                raise Http404("This post is gone.")
            is_allowed = self.has_change_permission(request, post)
        if not is_allowed:
            raise PermissionDenied
        return post


def unsaved_post(form: BaseModelForm, formsets: Iterable[Any], now: datetime) -> Post:
    """Return the post the form describes, in memory; what is not valid is shown as it was typed."""
    if form.is_valid():  # That alone puts what is valid on the instance.
        form.save(commit=False)  # And this what a tick stands for.
    post: Any = form.instance
    for name in form.errors:
        _take_as_typed(post, form, name)
    post.pk = post.pk or UNSAVED
    post.body = sanitize_body(post.body)
    post.published_at = post.published_at or now
    if "slug" in form.errors or not post.slug:
        post.slug = slugify(post.title)[:120] or "untitled"
    if post.author_id is None:
        post.author = Author(name="No author chosen yet", slug="nobody")
    post.render_body()
    _remember(post, _many(form) | _rows(formsets))
    further = sorted(_rows_for(CoAuthor, formsets), key=lambda row: (row.position, row.pk or 0))
    post.co_author_rows = [model_to_dict(row.author, exclude=["user"]) for row in further]
    _take_notices(post, formsets)
    if post.topic is None:  # As saving does it.
        themes = [tag for tag in post.tags.all() if tag.kind == Tag.Kind.THEME]
        post.topic = min(themes, key=lambda tag: tag.pk, default=None)
    return form.instance  # type: ignore[no-any-return]


def _take_as_typed(post: Post, form: BaseModelForm, name: str) -> None:
    field = form.fields.get(name)
    is_text = isinstance(field, forms.CharField) and not isinstance(field, forms.SlugField)
    if is_text:
        setattr(post, name, str(form[name].value() or ""))


def _many(form: BaseModelForm) -> Relations:
    """Return what is chosen in each box of several, by the name the post knows it by."""
    return {
        name: (form.cleaned_data[name].model, list(form.cleaned_data[name]))
        for name, field in form.fields.items()
        if isinstance(field, forms.ModelMultipleChoiceField) and name in form.cleaned_data
    }


def _rows(formsets: Iterable[Any]) -> Relations:
    """Return the rows of each inline table as they would be saved, by the relation's name."""
    return {
        formset.fk.remote_field.get_accessor_name(): (formset.model, rows_of(formset))
        for formset in formsets
    }


def _rows_for(model: type[models.Model], formsets: Iterable[Any]) -> list[Any]:
    return next((rows_of(formset) for formset in formsets if formset.model is model), [])


def rows_of(formset: Any) -> list[Any]:
    """Return the instances of a formset's valid rows that are neither empty nor deleted."""
    formset.is_valid()
    return [
        form.instance
        for form in formset.forms
        if not form.errors and form.cleaned_data and not form.cleaned_data.get("DELETE")
    ]


def _remember(post: Any, relations: Relations) -> None:
    """Have the post answer for its relations from memory, as after `prefetch_related`."""
    post._prefetched_objects_cache = {}
    for name, (model, rows) in relations.items():
        found: Any = model._default_manager.none()
        found._result_cache = rows
        post._prefetched_objects_cache[name] = found


def _take_notices(post: Any, formsets: Iterable[Any]) -> None:
    """Set what Postgres would make of the form's public notices."""
    if not any(formset.model is Correction for formset in formsets):
        return
    notices = _rows_for(Correction, formsets)
    post._prefetched_objects_cache["corrections"]._result_cache = sorted(
        notices, key=lambda notice: notice.noted_at, reverse=True
    )
    post.corrected_at = max((notice.noted_at for notice in notices), default=None)
    post.is_retracted = any(notice.kind == Correction.Kind.RETRACTION for notice in notices)
