"""What a message that came back means for its recipient: hard, soft, a complaint, or nothing."""

import re
from dataclasses import dataclass
from enum import StrEnum

from subscriptions.feedback import notifications
from subscriptions.feedback.notifications import Notification, Recipient


class Kind(StrEnum):
    """`HARD`: the address does not exist. `SOFT`: it may; another time it may work."""

    HARD = "hard"
    SOFT = "soft"
    COMPLAINT = "complaint"
    NONE = "none"


DELIVERED = frozenset({"delivered", "relayed", "expanded", "deliverable"})


@dataclass(frozen=True)
class Bounce:
    kind: Kind
    address: str = ""  # of whom it is about, as the report writes it
    status: str = ""  # the enhanced status (RFC 3463), such as 5.1.1
    reply_code: str = ""  # the SMTP reply (RFC 5321), such as 550
    is_delay: bool = False  # the mail system goes on trying
    is_about_us: bool = False  # it refuses the sender or the message, whoever it is for


# What the words mean, whatever number stands beside them. What is about the mailbox's space, about
# us, about the message or about the moment never condemns an address, so it is looked for first.
_FULL = r"""
    (?:mail)?(?:box|folder)\ (?:is\ |has\ |was\ )?(?:over\ ?)?(?:full|exceed) | over\ ?quota
    | (?:over|exceed\w*)\ .{0,30}quota | quota\ .{0,20}(?:exceed|full|violation)
    | (?:out\ of|not\ enough|insufficient)\ .{0,20}(?:disk|space|storage)
    | storage\ .{0,20}exceed | (?:disk|mailbox)\ (?:is\ )?full
"""
_ABOUT_THE_MESSAGE = r"""
    (?:too|size).{0,20}(?:large|big|exceed) | exceeds\ .{0,30}size | maximum\ message\ size
    | spam | \bube\b | \bvirus\b | malware | \bpolicy | policies | protocol\ violation
    | content\ (?:is\ )?(?:reject|filter) | syntax\ error | parameter\ not
    | message\ (?:was\ |is\ |content\ )?(?:filtered|refused|rejected|not\ allowed)
    | multiple\ .{0,40}addresses
"""
_ABOUT_THE_SENDER = r"""
    \bblock(?:ed|list) | black.?list | block.?list | dnsbl | \brbl\b | banned | reputation
    | \bspf\b | \bdkim\b | \bdmarc\b | \bptr\b | reverse\ (?:dns|mapping|lookup) | mismatch
    | invalid\ ip\b | ip\ (?:name\ )?(?:address\ )?lookup | client\ host | access\ denied
    | authenticat | security | not\ (?:been\ )?verified | not\ .{0,20}relay
    | relay(?:ing)?\ (?:is\ )?(?:denied|not|access|prohibited)
    | sender.{0,30}(?:reject|denied|invalid|verif|refused)
"""
_ABOUT_THE_MOMENT = r"""
    too\ many | rate\ (?:limit|that) | \ a\ rate\ | frequency | limit\ exceed | throttl
    | unexpected\ volume | defer | temporar | try\ (?:again|later) | later\ attempt | please\ try
    | gr[ae]y.?list | timed?\ ?-?out | expired | lost\ connection
    | connection\ (?:refused|lost|reset|dropped|failed|timed) | hop\ count | too\ many\ hops
    | (?:routing|mail)\ loop | (?:no|unable\ to)\ .{0,20}route
    | service\ (?:currently\ |is\ )?(?:unavailable|refus)
    | not\ (?:currently\ )?(?:available|accepting)
    | suspended | frozen | locked | account\ .{0,30}(?:blocked|bloque|disabled|inactive)\b
    | system\ (?:error|failure|problem|resource) | configuration\ error | transaction\ failed
"""
_NOBODY_THERE = r"""
    (?:user|recipient|mailbox|account|address|addressee|local\ ?part|person)\ .{0,40}?
        (?:unknown|not\ (?:found|exist|known|recogni[sz]ed|listed|valid|our)
          |does\ ?n(?:o|')t\ (?:exist|have)|is\ ?n(?:o|')t\ (?:known|valid|a)
          |invalid|no\ longer|unavailable|undefined|disabled|inactive)
    | (?:unknown|invalid|no\ such|non-?exist\w*|unrout(?:e)?able|inactive|bad|undeliverable)
        \ .{0,20}?(?:user|recipient|mailbox|account|address|local|domain|host|person|e-?mail)
    | (?:does\ not|doesn't|did\ not)\ (?:exist|have\ an?\ .{0,40}account)
    | not\ (?:our|a\ known|a\ valid)\ (?:user|customer|recipient|mailbox)
    | no\ (?:mailbox|account|user|recipient|one)\ .{0,20}(?:here|by\ that|name|called|found)
    | (?:has|have)\ (?:moved|left|been\ (?:deleted|removed|closed|cancel\w+|discontinued))
    | unknown\ (?:or\ illegal|to\ address) | not\ listed\ in | recipnotfound
    | recipient\ name\ is\ not | destinataire\ (?:inexistant|invalide)
    | (?:host|domain|server)\ .{0,30}(?:unknown|not\ (?:be\ )?found|does\ not\ exist|invalid)
    | name\ (?:service\ error|or\ service\ not\ known) | nxdomain | no\ (?:mx|a\ record|such\ host)
    | (?:does\ not|doesn't|no\ longer)\ accept\w*\ (?:any\ )?(?:e-?)?mail | null\ ?mx
"""
_FLAGS = re.VERBOSE | re.IGNORECASE
_SPACE = re.compile(_FULL, _FLAGS)
_SOFT = re.compile(
    "|".join([_FULL, _ABOUT_THE_MESSAGE, _ABOUT_THE_SENDER, _ABOUT_THE_MOMENT]), _FLAGS
)
_HARD = re.compile(_NOBODY_THERE, _FLAGS)
# Enhanced statuses (RFC 3463, RFC 7505): no such mailbox or host, moved, disabled, takes no mail;
# and what is said of the sender's address or is policy.
_GONE = re.compile(r"5\.(?:1\.(?:0|1|2|3|6|10)|2\.1|4\.4|7\.27)$")
_ABOUT_US = re.compile(r"5\.(?:1\.[78]|7\.(?!27$)\d+)$")
# The same for a while: who is slowed down for sending much is no worse for it.
_OUR_STANDING = re.compile(r"[45]\.(?:1\.[78]|7\.(?!27$)\d+)$")
_ABOUT_THEM = re.compile(r"[45]\.[12]\.|4\.")
_OURS = re.compile("|".join([_ABOUT_THE_MESSAGE, _ABOUT_THE_SENDER]), _FLAGS)
_AFTER_CONTENT = re.compile(r"\bDATA command\b|\bSMTP command\W+DATA\b|>>> DATA <<<")
_ENHANCED = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])")
_REPLY = re.compile(r"(?<![\d.:/-])([245]\d\d)(?=[ -])(?!\s*(?:bytes|KB|MB))")
_ANSWER = re.compile(
    r"^\W{0,80}(?:.{0,60}?\bsaid:\s*|<<<\s*)?[45]\d\d[ -].*(?:\n[ \t<].*)?", re.MULTILINE
)
# Sendmail's summary of any failure of its own local mailer, whose words stand above it.
_SAYS_NOTHING = re.compile(r"^554 .*\.\.\. Service unavailable$", re.MULTILINE)
_NEXT_RECIPIENT = re.compile(r"^<[^<>\s]+@[^<>\s]+>:\s", re.MULTILINE)


def classify(content: bytes) -> Bounce:
    """Return what a whole message means. Never raises; what is no report is `NONE`."""
    notice = notifications.read(content)
    first = notice.recipients[0] if notice.recipients else Recipient()
    if notice.feedback_type:
        about = notice.feedback_type not in {"not-spam", "auth-failure", "dmarc"}
        return Bounce(Kind.COMPLAINT if about else Kind.NONE, first.address)
    if not notice.is_report:
        return Bounce(Kind.NONE)
    return _diagnose(notice, first)


def of_answer(said: str, *, is_gone: bool = False) -> Bounce:
    """Return what a refusal means of which there is only the other side's answer.

    `is_gone` is what a provider makes of it; it counts where the words say nothing else.
    """
    status, reply = _numbers(Recipient(), said)
    kind = _kind(Recipient(), _one_line(said), "", status)
    says_nothing = not (status or _SOFT.search(said))
    if kind == Kind.SOFT and is_gone and says_nothing:
        kind = Kind.HARD
    return Bounce(
        kind, "", status, reply, is_about_us=kind == Kind.SOFT and _is_about_us(said, status)
    )


def _diagnose(notice: Notification, recipient: Recipient) -> Bounce:
    about = _about_the_first(notice.text)
    said = recipient.diagnostic or _answer(about)
    status, reply = _numbers(recipient, said)
    kind = _kind(recipient, _one_line(said), _one_line(about), status)
    return Bounce(
        kind, recipient.address, status, reply, is_delay=recipient.action == "delayed",
        is_about_us=kind == Kind.SOFT and _is_about_us(said, status),
    )  # fmt: skip


def _kind(recipient: Recipient, said: str, text: str, status: str) -> Kind:
    if recipient.action in DELIVERED or status[:1] == "2":
        return Kind.NONE
    if recipient.action == "delayed" or status[:1] == "4" or _ABOUT_US.match(status):
        return Kind.SOFT
    if _SOFT.search(said) or _SPACE.search(text):
        return Kind.SOFT
    is_gone = bool(_GONE.match(status))
    # Having seen the content, a filter that says “user unknown” may mean “not this message”.
    if not is_gone and _AFTER_CONTENT.search(text):
        return Kind.SOFT
    return Kind.HARD if is_gone or _HARD.search(said) else Kind.SOFT


def _is_about_us(said: str, status: str) -> bool:
    """Return whether a refusal that is not hard is the sender's problem."""
    if _OUR_STANDING.match(status):
        return True
    is_theirs = _ABOUT_THEM.match(status) or _SPACE.search(_one_line(said))
    return not is_theirs and bool(_OURS.search(_one_line(said)))


def _about_the_first(text: str) -> str:
    """Return the words up to the second recipient's, where each has a paragraph."""
    names = list(_NEXT_RECIPIENT.finditer(text))
    return text[: names[1].start()] if len(names) > 1 else text


def _answer(text: str) -> str:
    """Return what the other side answered, or all that is said."""
    text = _SAYS_NOTHING.sub("", text)
    answer = _ANSWER.search(text)
    return answer[0] if answer else text


def _numbers(recipient: Recipient, said: str) -> tuple[str, str]:
    """Return the enhanced status and the SMTP reply; the other side's own beat the reporter's."""
    reply = _REPLY.search(said)
    told = [found for found in _ENHANCED.findall(said) if not found.endswith(".0.0")]
    return (told[0] if told else recipient.status), (reply[1] if reply else "")


def _one_line(text: str) -> str:
    return " ".join(text.split())
