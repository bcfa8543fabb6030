"""The one allow-list of what a post's body may hold: for the editor, and for everything saved."""

import re
from collections.abc import Callable
from typing import Any, ClassVar

import nh3
from django.conf import settings
from django.db.models import Model, TextField
from django.templatetags.static import static
from django.urls import reverse_lazy
from django_prose_editor.config import allowlist_from_extensions
from django_prose_editor.fields import ProseEditorField
from django_prose_editor.widgets import AdminProseEditorWidget
from js_asset import ImportMap
from js_asset.media import Media

from pbrsite.characters import printable

LINK: dict[str, Any] = {
    "enableTarget": False,
    "protocols": ["http", "https", "mailto"],
    "defaultProtocol": "https",
    "searchUrl": reverse_lazy("admin:posts_post_links"),
}
EXTENSIONS: dict[str, Any] = {
    "Bold": True,
    "Italic": True,
    "Code": True,
    "CodeBlock": True,
    "Heading": {"levels": [2, 3, 4]},
    "HardBreak": True,
    "BulletList": True,
    "OrderedList": True,
    "ListItem": True,
    "Blockquote": True,
    "HorizontalRule": True,
    "Link": LINK,
    "Figure": {"pickerUrl": reverse_lazy("admin:posts_image_changelist")},
    "Caption": True,
    "Image": True,
    "Table": True,
    "TableRow": True,
    "TableHeader": True,
    "TableCell": True,
    "SpecialCharacters": True,
    "NoSpellCheck": False,
    "HTML": True,
}
INTRODUCTION_EXTENSIONS: dict[str, Any] = {
    "Bold": True,
    "Italic": True,
    "BulletList": True,
    "OrderedList": True,
    "ListItem": True,
    "Link": LINK,
    "NoSpellCheck": False,
}
MODULES = ["addresses", "dialog", "figures", "footnotes", "links", "paste", "toolbar"]

# Two small things say where the words belong: a note stands where it is referred to, a picture's
# credit in its caption. Neither has an element of its own in HTML.
NOTE_ROLE = "doc-footnote"
ROLES = {"small": {NOTE_ROLE}, "img": {"presentation"}}
LIST_TYPES = {"a", "A", "i", "I"}

# What is left when a tag is taken out may be read another way (text straight in a table), so the
# cleaner runs until nothing changes: twice nearly always.
MOST_PASSES = 5
OTHER_NAMES = {"b": "strong", "i": "em", "h1": "h2", "h5": "h4", "h6": "h4"}
OTHER_NAME = re.compile(r"(</?)(b|i|h1|h5|h6)(?=[\s/>])", re.IGNORECASE)


class CleanBody(str):
    """A body that came out of the cleaner: whoever asks again, in a row of doors, gets it back.

    Whatever is done with the text makes a plain `str` of it, as with Django's `SafeString`.
    """

    __slots__ = ()


def sanitize_body(body: str) -> str:
    """Return the body with only what the editor can write; any text goes in, and twice is once."""
    return body if isinstance(body, CleanBody) else CleanBody(_sanitize(body, _BODY))


def sanitize_introduction(introduction: str) -> str:
    return _sanitize(introduction, _INTRODUCTION)


def _sanitize(text: str, cleaner: nh3.Cleaner) -> str:
    clean = OTHER_NAME.sub(lambda tag: tag[1] + OTHER_NAMES[tag[2].lower()], printable(text))
    for _ in range(MOST_PASSES):
        before, clean = clean, cleaner.clean(clean)
        if clean == before:
            break
    return "" if clean == "<p></p>" else clean  # What an empty editor holds.


def _cleaner(extensions: dict[str, Any], values: dict[str, dict[str, set[str]]]) -> nh3.Cleaner:
    allowed = allowlist_from_extensions(extensions)
    allowed["tags"] |= set(values) & {"small"}
    allowed["attributes"].pop("figure", None)
    allowed["attributes"]["ol"] = {"start"}
    allowed["tag_attribute_values"] = values | {"ol": {"type": LIST_TYPES}}
    return nh3.Cleaner(attribute_filter=_kept, **allowed)


def _kept(tag: str, attribute: str, value: str) -> str | None:
    """Return the value to keep: our own addresses without our name, no cell that spans itself."""
    if attribute in {"href", "src"}:
        ours = value == settings.SITE_URL or value.startswith(settings.SITE_URL + "/")
        return (value[len(settings.SITE_URL) :] or "/") if ours else value
    if attribute in {"colspan", "rowspan", "start"}:
        return value if value.isdecimal() and value != "1" else None
    return value


_BODY = _cleaner(EXTENSIONS, {tag: {"role": roles} for tag, roles in ROLES.items()})
_INTRODUCTION = _cleaner(INTRODUCTION_EXTENSIONS, {})


class ProseWidget(AdminProseEditorWidget):
    """The editor with this site's own nodes: they stand in `static/pbrsite/admin/prose*.js`."""

    imports: ClassVar[dict[str, str]] = {
        f"pbrsite/{name}": f"pbrsite/admin/prose-{name}.js" for name in MODULES
    }

    @property
    def media(self) -> Media:
        return super().media + Media(importmap=ImportMap(self.imports))

    def get_config(self) -> dict[str, Any]:
        config: dict[str, Any] = super().get_config()
        link = LINK | {"sites": [settings.SITE_URL]}
        paste = {"siteUrl": settings.SITE_URL, "mediaUrl": settings.MEDIA_URL}
        own: dict[str, Any] = {"Link": link, "CleanPaste": paste}
        if "Figure" in config["extensions"]:
            own |= {"Credit": True, "Footnote": {"link": link, "paste": paste}}
        return config | {
            "extensions": config["extensions"] | own,
            "js_modules": [static("pbrsite/admin/prose.js")],
        }


class ProseField(ProseEditorField, TextField):  # The second tells the type checker: it is text.
    """HTML that is sanitised by whatever door it comes: form, script, import, bulk update."""

    def __init__(self, *args: Any, sanitize: Callable[[str], str] = sanitize_body, **kwargs: Any):
        kwargs["sanitize"] = sanitize
        super().__init__(*args, **kwargs)

    def pre_save(self, model_instance: Model, add: bool) -> Any:
        """Have the instance hold what its row will."""
        value = super().pre_save(model_instance, add)
        if isinstance(value, str):
            value = self.sanitize(value)
            setattr(model_instance, self.attname, value)
        return value

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        """Sanitise once more for `QuerySet.update`, which passes no instance."""
        value = self.sanitize(value) if isinstance(value, str) else value
        return super().get_db_prep_save(value, connection)

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{**kwargs, "widget": ProseWidget})
