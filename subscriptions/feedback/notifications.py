"""Reading delivery status notifications and the many messages that are one in all but form.

RFC 3464 says how a mail system reports what became of a message, RFC 5965 how a recipient's
complaint is reported, RFC 3834 how automatic answers mark themselves. Half of what arrives follows
none of them, so the words of the mail system are kept too, without the message it returns.
"""

import contextlib
import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message

LONGEST_TEXT = 20_000  # Characters of a mail system's own words; the rest repeats.
LONGEST_PART = 5 * LONGEST_TEXT  # Read of one part, before what is no word of theirs is cut off.
LONGEST_FIELD = 2000
MOST_PARTS = 50
STATUSES = frozenset({"message/delivery-status", "message/global-delivery-status"})
RETURNED = frozenset({"message/rfc822", "text/rfc822-headers", "message/global"})
# What codecs raise that are unknown, heed no "replace" (idna), or are no alphabets (rot13).
_NO_ALPHABET = (LookupError, TypeError, ValueError)
_RETURNED_FROM_HERE = re.compile(
    r"""^(?:
        [->\ \t*=_]{0,80} (?: original\ message | returned\ message
            | unsent\ message | unsent\ draft | below\ this\ line
            | (?:this\ is\ a\ )?copy\ of\ (?:the|your)\ message
            | (?:your\ )?(?:original\ )?message\ (?:text\ )?(?:headers?\ )?follows?
            | message\ headers? | (?:the\ )?headers?\ (?:of\ the\ message|follow)
            | undelivered\ message | text\ of\ your\ message | the\ following\ is\ a\ copy ) .*
        | (?:Received|Return-Path|DKIM-Signature|Message-ID|X-Received|ARC-Seal) :\ ?[^\n]*
    )$""",
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
_FIELD = re.compile(
    r"^(Original-Recipient|Final-Recipient|X-Actual-Recipient|Action|Status|Diagnostic-Code):[ \t]*"
    r"(.*(?:\n[ \t]+.*)*)",
    re.IGNORECASE | re.MULTILINE,
)
_COMPLAINER = r"^(?:Original-Rcpt-To|Removal-Recipient):\s*(\S+)"
_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:]{1,100}@[A-Za-z0-9\u0080-\U0010ffff][\w.\-]{0,250}\w")
_CODE = re.compile(r"<(style|script)\b")
_SENT_BY_MACHINE = re.compile(
    r"mailer-?daemon|mail.?delivery|mail system|post_?master|mdaemon|maildelivery|mail subsystem"
    r"|bounces?[@+-]|no-?reply.*bounce|administrator",
    re.IGNORECASE,
)
_SUBJECT_OF_FAILURE = re.compile(
    r"undeliver|delivery (?:status|failure|notification|report|problem|has failed|incomplete)"
    r"|failure notice|failed delivery|returned (?:mail|to sender)|mail delivery|delivery error"
    r"|could ?n.t be delivered|not deliver|mail (?:failure|error)|non-?delivery|unzustellbar"
    r"|message delayed|warning: (?:could not send|message)|rejected|unknown (?:user|recipient)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Recipient:
    """What the report says of one recipient; a field that is not there is ""."""

    address: str = ""
    action: str = ""
    status: str = ""
    diagnostic: str = ""


@dataclass(frozen=True)
class Notification:
    """One message as far as it reports on another."""

    recipients: tuple[Recipient, ...]
    text: str  # the mail system's own words
    feedback_type: str  # of a complaint (RFC 5965), such as "abuse"; "" for anything else
    is_report: bool  # a mail system speaks: no person, and no answer on a person's behalf


def read(content: bytes) -> Notification:
    """Return what a message reports. Never raises: what is damaged is read as far as it goes."""
    message = email.message_from_bytes(content)
    parts = list(_parts(message))
    text = "\n".join(_own_words(part) for part in parts)[:LONGEST_TEXT]
    recipients = (
        tuple(_recipients(parts)) or tuple(_recipients_in(text)) or tuple(_recipients_of_ses(text))
    )
    feedback_type, complainers = _feedback(message, parts)
    return Notification(
        recipients=complainers or recipients or _named_in(message, text),
        text=text,
        feedback_type=feedback_type,
        is_report=bool(recipients) or _is_report(message),
    )


def header(message: Message, name: str) -> str:
    """Return a header in letters, unfolded; "" when it is missing or not to be read."""
    value = str(message.get(name, ""))[:LONGEST_FIELD]
    with contextlib.suppress(UnicodeError, LookupError, ValueError, HeaderParseError):
        value = str(make_header(decode_header(value)))
    return " ".join(value.split())


def payload_of(part: Message) -> object:
    """Return the messages inside a part, or its text; "" where its alphabet is none."""
    try:
        return part.get_payload()
    except _NO_ALPHABET:
        return ""


def _parts(message: Message, budget: list[int] | None = None) -> Iterator[Message]:
    """Yield the parts in which a mail system speaks; what it returns is not gone into."""
    budget = [MOST_PARTS] if budget is None else budget
    budget[0] -= 1
    if budget[0] < 0:
        return
    content_type = message.get_content_type()
    if content_type in RETURNED:
        return
    children = payload_of(message)
    if isinstance(children, list) and not content_type.startswith("message/"):
        for child in children:
            if isinstance(child, Message):
                yield from _parts(child, budget)
    else:
        yield message


def _own_words(part: Message) -> str:
    # A multipart without its parts is damaged, and its words are all there is.
    if part.get_content_maintype() not in {"text", "multipart"}:
        return ""
    content = _content(part)[:LONGEST_PART]
    try:
        text = content.decode(part.get_content_charset() or "utf-8", "replace")
    except _NO_ALPHABET:
        text = content.decode("latin-1")
    if part.get_content_subtype() == "html":
        text = re.sub(r"<[^<>]*>", " ", _without_code(text))
    text = text.replace("\r\n", "\n")
    found = _RETURNED_FROM_HERE.search(text)
    return text[: found.start()] if found else text


def _content(part: Message) -> bytes:
    """Return what a part holds, its transfer encoding undone as far as that goes."""
    for _ in range(2):
        try:
            payload = part.get_payload(decode=True)
        except _NO_ALPHABET:
            part.del_param("charset")
            continue
        return payload if isinstance(payload, bytes) else b""
    return b""


def _without_code(html: str) -> str:
    """Return HTML without styles and scripts, in a time that grows with its length alone."""
    kept, start, lowered = [], 0, html.lower()
    while opening := _CODE.search(lowered, start):
        kept.append(html[start : opening.start()])
        end = lowered.find(f"</{opening[1]}>", opening.end())
        start = end if end >= 0 else len(html)
    return " ".join([*kept, html[start:]])


def _recipients(parts: list[Message]) -> Iterator[Recipient]:
    for part in parts:
        if part.get_content_type() not in STATUSES:
            continue
        blocks = payload_of(part)
        if not isinstance(blocks, list):
            yield from _recipients_in(str(blocks)[:LONGEST_TEXT])
            continue
        for block in blocks:
            if isinstance(block, Message) and (block["Final-Recipient"] or block["Action"]):
                yield _recipient({
                    name.lower(): str(value)[:LONGEST_FIELD] for name, value in block.items()
                })  # fmt: skip


def _recipients_in(text: str) -> Iterator[Recipient]:
    """Yield what a report says that was pasted into a text."""
    fields: dict[str, str] = {}
    for name, value in _FIELD.findall(text):
        if name.lower() in fields and name.lower() == "final-recipient":
            yield _recipient(fields)
            fields = {}
        fields.setdefault(name.lower(), value)
    if "final-recipient" in fields or {"action", "status"} <= fields.keys():
        yield _recipient(fields)


def _recipients_of_ses(text: str) -> Iterator[Recipient]:
    """Yield what Amazon's notifications say, which are JSON in JSON and may have been broken up."""
    text = text.replace('\\"', '"')
    if not re.search(r'"(?:notification|event)Type" ?: ?"Bounce"', text):
        return
    for person in re.findall(r'\{[^{}]*"emailAddress"[^{}]*\}', text):
        fields = dict(re.findall(r'"(\w+)" ?: ?"([^"]*)"', person))
        yield _recipient({
            "final-recipient": fields["emailAddress"], "action": fields.get("action", "failed"),
            "status": fields.get("status", ""), "diagnostic-code": fields.get("diagnosticCode", ""),
        })  # fmt: skip


def _recipient(fields: dict[str, str]) -> Recipient:
    address = ""
    for name in ("original-recipient", "final-recipient", "x-actual-recipient"):
        found = _ADDRESS.search(fields.get(name, "").partition(";")[2] or fields.get(name, ""))
        address = address or (found[0] if found else "")
    _, _, words = fields.get("diagnostic-code", "").partition(";")
    status = re.match(r"[245]\.\d{1,3}\.\d{1,3}", fields.get("status", "").strip())
    return Recipient(
        address=address,
        action=(fields.get("action", "").split() or [""])[0].lower(),
        status=status[0] if status else "",
        diagnostic=" ".join((words or fields.get("diagnostic-code", "")).split()),
    )


def _named_in(message: Message, text: str) -> tuple[Recipient, ...]:
    """Return who a report without fields is about, as far as it says so anywhere."""
    said = header(message, "X-Failed-Recipients")
    own = {
        found.lower()
        for name in ("To", "From", "Sender")
        for found in _ADDRESS.findall(header(message, name))
    }
    for found in (*_ADDRESS.findall(said), *_ADDRESS.findall(text)):
        if found.lower() not in own and not _SENT_BY_MACHINE.match(found):
            return (Recipient(address=found),)
    return ()


def _feedback(message: Message, parts: list[Message]) -> tuple[str, tuple[Recipient, ...]]:
    """Return what kind of complaint it is and who complains; "" and nobody when it is none."""
    fields = ""
    for part in parts:
        if part.get_content_type() == "message/feedback-report":
            fields = _raw(part)
    # Hotmail's reports have no fields: they are the message itself inside another.
    returned = next((part for part in message.walk() if part["X-HmXmrOriginalRecipient"]), None)
    if not fields and returned is None:
        return "", ()
    kind = re.search(r"^Feedback-Type:\s*([\w-]+)", fields, re.IGNORECASE | re.MULTILINE)
    named = re.search(_COMPLAINER, fields, re.IGNORECASE | re.MULTILINE)
    words = named[1] if named else _returned_to(message, returned)
    found = _ADDRESS.search(words)
    return kind[1].lower() if kind else "abuse", (Recipient(address=found[0]),) if found else ()


def _returned_to(message: Message, returned: Message | None) -> str:
    """Return to whom the message went that is complained of."""
    if returned is not None:
        return header(returned, "X-HmXmrOriginalRecipient")
    inside = (payload_of(part) for part in message.walk() if part.get_content_type() in RETURNED)
    for content in inside:
        if isinstance(content, list) and content and isinstance(content[0], Message):
            return header(content[0], "To")
    return ""


def _raw(part: Message) -> str:
    payload = payload_of(part)
    if isinstance(payload, list):
        return "\n".join(str(child) for child in payload)[:LONGEST_TEXT]
    return str(payload)[:LONGEST_TEXT]


def _is_automatic(message: Message) -> bool:
    submitted = header(message, "Auto-Submitted").lower()
    precedence = header(message, "Precedence").lower()
    return (
        submitted.startswith("auto-replied")
        or precedence == "auto_reply"
        or any(message[name] for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Reply-From"))
        or bool(
            re.match(
                r"(?:auto(?:matic|mated)?[ -]?(?:reply|response)|auto:|out of (?:the )?office"
                r"|vacation|abwesenheit|automatische antwort|r.ponse automatique)",
                header(message, "Subject"),
                re.IGNORECASE,
            )
        )
    )


def _is_report(message: Message) -> bool:
    if message.get_content_type() == "multipart/report" or message["X-Failed-Recipients"]:
        return True
    if _SENT_BY_MACHINE.search(f"{header(message, 'From')} {header(message, 'Return-Path')}"):
        return True
    # Answers during a holiday come from nobody (RFC 3834), as bounces do.
    return not _is_automatic(message) and bool(
        header(message, "Return-Path") == "<>"
        or _SUBJECT_OF_FAILURE.search(header(message, "Subject"))
    )
