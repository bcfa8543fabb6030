"""The file of an export as the XML parser can read it: checked at both ends, mended on the way.

Old exports are not always well-formed XML 1.0: blank lines before the declaration, control
characters, bytes of another encoding, ampersands and HTML entities outside CDATA. A parser that
recovers from these by itself drops text in silence; here each is mended and counted.
"""

import codecs
import html
import os
import re
from collections import Counter
from pathlib import Path
from typing import BinaryIO

from pbrsite.wordpress.items import UnreadableError
from pbrsite.wordpress.markup import without_comments

HEAD = 65_536  # bytes in which an export says what it is
PIECE = 65_536  # bytes read at a time
TAIL = 65_536  # bytes in which it ends: some plug-ins add a comment behind it
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_LOOSE = re.compile(r"&(?!#[0-9]{1,7};|#x[0-9a-fA-F]{1,6};|(?:amp|lt|gt|quot|apos);)(\w{2,10};)?")
_INSTRUCTION = re.compile(r"<\?(?:(?!\?>|<\?).)*+\?>", re.DOTALL)
# Declarations inside a DOCTYPE, whatever stands in them to look like the beginning of the feed.
_SUBSET = re.compile(r"""<!doctype(?:[^>"'\[]|"[^"]*"|'[^']*')*+\[""")
_CDATA, _END = "<![CDATA[", "]]>"
_MARK = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16", codecs.BOM_UTF8: "utf-8-sig"}

CONTROL = "control characters taken out"
ENCODING = "bytes of another encoding read as Windows-1252"
AMPERSAND = "bare ampersands and HTML entities written as XML wants them"
PADDING = "blank lines before the XML declaration taken off"


class Source:
    """A file to hand to `iterparse`; `mended` counts what was put right."""

    def __init__(self, path: Path) -> None:
        self.mended: Counter[str] = Counter()
        self.items_seen = 0
        self._file = _opened(path)
        try:
            encoding = self._check()
        except BaseException:
            self._file.close()
            raise
        self._decoder = codecs.getincrementaldecoder(encoding)(errors=_Cp1252(self.mended).name)
        self._rest = ""
        self._is_inside = False
        self._is_first = True

    def __enter__(self) -> "Source":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, size: int = -1) -> bytes:
        """Return the next piece as UTF-8, b"" at the end, whatever size is asked for."""
        while True:
            raw = self._file.read(PIECE)
            text = self._rest + self._decoder.decode(raw, final=not raw)
            self._rest = ""
            if self._is_first and text:
                text = self._without_padding(text)
            mended = self._mend(text, is_last=not raw)
            if mended or not raw:
                return mended.encode("utf-8", "replace")

    def _without_padding(self, text: str) -> str:
        """Return the text from its first sign; ours is the encoding it will say."""
        self._is_first = False
        bare = text.lstrip("\ufeff \t\r\n")
        if not bare.startswith(text[:1]) and text[:1] != "\ufeff":
            self.mended[PADDING] += 1
        return re.sub(r"^<\?xml[^>]*\?>", '<?xml version="1.0" encoding="UTF-8"?>', bare)

    def _mend(self, text: str, *, is_last: bool) -> str:
        text, removed = _UNREADABLE.subn("", text)
        if removed:
            self.mended[CONTROL] += removed
        parts: list[str] = []
        start = 0
        while True:
            sign = _END if self._is_inside else _CDATA
            found = text.find(sign, start)
            if found < 0:
                break
            end = found + len(sign)
            parts.append(self._part(text[start:end]))
            start, self._is_inside = end, not self._is_inside
        # What may be the beginning of a sign, or of an entity, waits for the next piece.
        kept = text[start:]
        hold = 0 if is_last else _held_back(kept, is_inside=self._is_inside)
        self._rest = kept[len(kept) - hold :] if hold else ""
        parts.append(self._part(kept[: len(kept) - hold]))
        return "".join(parts)

    def _part(self, text: str) -> str:
        """Return a stretch that is wholly inside or outside CDATA, as the parser wants it."""
        if self._is_inside:
            return text
        self.items_seen += text.count("</item>")
        if _END in text:
            text = text.replace(_END, "")  # Left of a CDATA section inside another.
        if "&" not in text:
            return text
        text, number = _LOOSE.subn(_as_xml, text)
        if number:
            self.mended[AMPERSAND] += number
        return text

    def _check(self) -> str:
        """Return the encoding. Raises UnreadableError for what cannot be an export."""
        head = self._file.read(HEAD)
        _refuse_other_files(head)
        self._file.seek(max(0, self._file.seek(0, os.SEEK_END) - TAIL))
        tail = self._file.read()
        self._file.seek(0)
        encoding = next((name for mark, name in _MARK.items() if head.startswith(mark)), "")
        if not encoding:
            said = re.match(rb"\s*<\?xml[^>]*?encoding\s*=\s*[\"']([\w.-]+)", head)
            encoding = said[1].decode() if said else "utf-8"
        try:
            text = head.decode(encoding, "replace")
            end = tail.replace(b"\0", b"")
        except LookupError as error:
            raise UnreadableError(
                f"The file says it is written in “{encoding}”, which is no known encoding. "
                "Save it as UTF-8 and import that."
            ) from error
        _refuse_other_pages(text)
        if b"</rss" not in end:
            raise UnreadableError(
                "The file ends in the middle: it was cut off while it was saved or copied. "
                "Export or copy it again."
            )
        return encoding


class _Cp1252:
    """Has a codec read single bytes that are no UTF-8 as Windows-1252, and counts them."""

    name = "pbrsite.cp1252"

    def __init__(self, mended: Counter[str]) -> None:
        self.mended = mended
        codecs.register_error(self.name, self)

    def __call__(self, error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeDecodeError):
            raise error
        self.mended[ENCODING] += error.end - error.start
        wrong = error.object[error.start : error.end]
        return wrong.decode("cp1252", "replace"), error.end


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise UnreadableError(f"{path} cannot be opened: {error.strerror}.") from error


def _refuse_other_files(head: bytes) -> None:
    if not head.strip():
        raise UnreadableError("The file is empty. Export it again.")
    if head.startswith((b"PK\x03\x04", b"\x1f\x8b")):
        raise UnreadableError("The file is packed. Unpack it and import the .xml file inside.")


def _refuse_other_pages(text: str) -> None:
    """Refuse a page that was saved in place of the export, and what only an attack would hold."""
    bare = text.lstrip("\ufeff \t\r\n").lower()
    bare = without_comments(bare)
    start = _INSTRUCTION.sub("", bare).lstrip()
    if start.startswith(("<!doctype html", "<html", "<head", "<body")):
        raise UnreadableError(
            "This is a web page saved under the name of an export, perhaps the page to log in. "
            "In WordPress, choose Tools, Export, and import the file it gives you."
        )
    if "<!entity" in start.partition("<rss")[0] or _SUBSET.match(start):
        raise UnreadableError("The file declares entities, which no WordPress export does.")
    if not start.startswith(("<rss", "<!doctype", "<rdf")):
        raise UnreadableError(
            "This is no WordPress export: it does not begin as RSS. In WordPress, choose Tools, "
            "Export, and import the file it gives you."
        )


def _as_xml(found: re.Match[str]) -> str:
    """Return a named HTML entity as its character, and a bare ampersand as `&amp;`."""
    if found[1] and (text := html.unescape(found[0])) != found[0]:
        return html.escape(text, quote=False)
    return f"&amp;{found[1] or ''}"


def _held_back(text: str, *, is_inside: bool) -> int:
    """Return how many characters at the end may belong to something the next piece completes."""
    if is_inside:
        return min(len(text), len(_END) - 1)
    opening = text.rfind("<", max(0, len(text) - len(_CDATA)))
    entity = text.rfind("&", max(0, len(text) - 12))
    begun = [at for at in (opening, entity) if at >= 0]
    return len(text) - min(begun) if begun else 0
