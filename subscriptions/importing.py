"""Subscribers from a CSV file: asked to confirm, unless where and when they agreed is on record.

Nobody who left, complained, bounced or was erased comes back by an import, and who is subscribed
here keeps what they chose here.
"""

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from django.db import connection, transaction
from django.db.models.functions import Lower

from posts.models import Tag
from subscriptions import roster
from subscriptions.models import (
    LONGEST_PAUSE,
    WORDING,
    ConsentEvent,
    Kind,
    MailRequest,
    Subscriber,
    Suppression,
)
from subscriptions.roster import BadLine, Format, Line

State = Subscriber.State
CREATED, CONFIRMED, UPDATED, UNCHANGED, SKIPPED = OUTCOMES = (
    "created", "confirmed", "updated", "unchanged", "skipped",
)  # fmt: skip
BATCH = 500  # lines of one transaction
LONGEST_CONSENT = 300  # characters
METHOD = "import"
_LOCKS = """
SELECT pg_advisory_xact_lock(key) FROM
(SELECT hashtextextended(email, 0) AS key FROM unnest(%s::text[]) email ORDER BY 1) ordered
"""


@dataclass(frozen=True)
class Options:
    """`consent` says where and when people agreed; with it, `confirmed_at` counts as proof."""

    consent: str = ""
    is_rehearsal: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of one line."""

    number: int
    email: str
    outcome: str
    reason: str = ""


@dataclass(frozen=True)
class Step:
    """A line whose outcome is decided, with what it needs to be carried out."""

    line: Line
    outcome: str
    reason: str = ""
    person: Subscriber | None = None
    topics: frozenset[int] | None = None

    @property
    def frequency(self) -> str:
        return self.line.frequency or (self.person.frequency if self.person else Kind.DAILY)


@dataclass
class Import:
    """One run. It remembers a number per line, so that the second of an address is skipped."""

    options: Options
    now: datetime
    seen: set[int] = field(default_factory=set)
    tags: dict[str, int | None] = field(default_factory=dict)

    def run(self, file_format: Format) -> Iterator[Outcome]:
        """Yield what became of each line, in order; five hundred are committed at a time.

        Broken off and run again it goes on where it stopped; run twice it changes nothing.
        """
        lines = roster.read(file_format, self.now)
        while batch := list(islice(lines, BATCH)):
            # A rehearsal only reads: it holds up nobody who signs up meanwhile.
            with nullcontext() if self.options.is_rehearsal else transaction.atomic():
                steps = self._decide(batch)
                if not self.options.is_rehearsal:
                    self._write(steps)
            for step in steps:
                yield Outcome(step.line.number, step.line.email, step.outcome, step.reason)

    # -- Deciding: six queries a batch at most ----------------------------------------------------

    def _decide(self, batch: list[Line]) -> list[Step]:
        emails = sorted({line.email.lower() for line in batch if not line.problem})
        known = self._known(emails)
        chosen = self._topics_of([person.pk for person in known.values() if _is_pending(person)])
        reasons = Suppression.reasons_for(emails)
        steps = []
        for line in batch:
            email = line.email.lower()
            steps.append(self._step(line, known.get(email), reasons.get(email, ""), chosen))
        return steps

    def _known(self, emails: list[str]) -> dict[str, Subscriber]:
        """Return who is here already. Sign-ups of the same addresses wait for us (`signup`)."""
        people = Subscriber.objects.alias(lowered=Lower("email")).filter(lowered__in=emails)
        if not self.options.is_rehearsal:
            with connection.cursor() as cursor:
                cursor.execute(_LOCKS, [emails])
            people = people.select_for_update(no_key=True).order_by("pk")
        return {person.email.lower(): person for person in people}

    def _topics_of(self, pks: list[int]) -> dict[int, set[int]]:
        chosen: dict[int, set[int]] = {pk: set() for pk in pks}
        rows = Subscriber.topics.through.objects.filter(subscriber_id__in=pks)
        for person, tag in rows.values_list("subscriber_id", "tag_id"):
            chosen[person].add(tag)
        return chosen

    def _step(
        self, line: Line, person: Subscriber | None, suppressed: str, chosen: dict[int, set[int]]
    ) -> Step:
        try:
            topics = self._topics(line)
        except BadLine as error:
            return Step(line, SKIPPED, str(error))
        if obstacle := self._obstacle(line, person, suppressed):
            return Step(line, SKIPPED, obstacle)
        has_proof = bool(line.confirmed_at and self.options.consent) and line.state != State.PENDING
        if person is None:
            return Step(line, CONFIRMED if has_proof else CREATED, topics=topics)
        if not _is_pending(person):
            return Step(line, UNCHANGED, "is subscribed already, and keeps what they chose here")
        if has_proof:
            return Step(line, CONFIRMED, "", person, topics)
        is_new_choice = (line.frequency or person.frequency) != person.frequency or (
            topics is not None and topics != chosen[person.pk]
        )
        return Step(line, UPDATED if is_new_choice else UNCHANGED, "", person, topics)

    def _topics(self, line: Line) -> frozenset[int] | None:
        """Return the numbers of the line's tags, None when it says nothing of tags."""
        if line.problem:
            raise BadLine(line.problem)
        return None if line.tags is None else frozenset(self._tag(text) for text in line.tags)

    def _tag(self, text: str) -> int:
        if not self.tags:
            rows = list(Tag.objects.values_list("pk", "slug", "name"))
            self.tags = {name.casefold(): pk for pk, _, name in rows}
            self.tags |= {slug.casefold(): pk for pk, slug, _ in rows}
        key = text.casefold()
        if key not in self.tags:
            moved = Tag.objects.at([text]).first() if "\x00" not in text else None
            self.tags[key] = moved.pk if moved else None
        found = self.tags[key]
        if found is None:
            raise BadLine(f"“{text[:40]}” is no tag here. Write tags as in their addresses.")
        return found

    def _obstacle(self, line: Line, person: Subscriber | None, suppressed: str) -> str:
        """Return why this person is left alone, or ""."""
        key = hash(line.email.lower())
        if key in self.seen:
            return "the same address is on an earlier line"
        self.seen.add(key)
        if line.state in LEFT:
            return f"the file itself says: {State(line.state).label.lower()}"
        if suppressed:
            return f"is to be left alone: {Suppression.Reason(suppressed).label.lower()}"
        if person and person.state in LEFT:
            return f"left here: {person.get_state_display().lower()}"
        return ""

    # -- Writing ----------------------------------------------------------------------------------

    def _write(self, steps: list[Step]) -> None:
        new = [step for step in steps if step.person is None and step.outcome in WRITTEN]
        old = [step for step in steps if step.person is not None and step.outcome in WRITTEN]
        people = Subscriber.objects.bulk_create(self._person(step) for step in new)
        for step in old:
            assert step.person is not None  # noqa: S101 - for the types
            people.append(self._changed(step, step.person))
        Subscriber.objects.bulk_update(
            people[len(new) :], ["state", "frequency", "paused_until", "active_since"]
        )
        pairs = list(zip([*new, *old], people, strict=True))
        events = (self._event(step, person) for step, person in pairs if step.outcome != UPDATED)
        ConsentEvent.objects.bulk_create(events)
        self._set_topics(pairs)
        MailRequest.objects.bulk_create(
            MailRequest(purpose=MailRequest.Purpose.INVITE, email=person.email, at=self.now)
            for step, person in pairs if step.outcome == CREATED
        )  # fmt: skip

    def _person(self, step: Step) -> Subscriber:
        person = Subscriber(email=step.line.email, frequency=step.frequency)
        return self._changed(step, person)

    def _changed(self, step: Step, person: Subscriber) -> Subscriber:
        """Return the person as the line has them. Nobody is active by a line without proof."""
        person.frequency = step.frequency
        if step.outcome == CONFIRMED:
            until = step.line.paused_until
            is_paused = until is not None and until > self.now
            person.state = State.PAUSED if is_paused else State.ACTIVE
            person.paused_until = min(until, self.now + LONGEST_PAUSE) if is_paused else None  # type: ignore[type-var]
            person.active_since = self.now
        return person

    def _event(self, step: Step, person: Subscriber) -> ConsentEvent:
        is_proven = step.outcome == CONFIRMED
        return ConsentEvent(
            subscriber=person, from_state=State.PENDING if step.person else "",
            to_state=person.state, actor=ConsentEvent.Actor.STAFF, method=METHOD, wording=WORDING,
            source=self.options.consent, at=self.now,
            agreed_at=step.line.confirmed_at if is_proven else None,
        )  # fmt: skip

    def _set_topics(self, pairs: Iterable[tuple[Step, Subscriber]]) -> None:
        through = Subscriber.topics.through
        wanted = [(step, person) for step, person in pairs if step.topics is not None]
        known = [person.pk for step, person in wanted if step.person]
        if known:
            through.objects.filter(subscriber_id__in=known).delete()
        through.objects.bulk_create(
            through(subscriber_id=person.pk, tag_id=tag)
            for step, person in wanted for tag in step.topics or ()
        )  # fmt: skip


LEFT = frozenset({State.UNSUBSCRIBED, State.BOUNCED, State.COMPLAINED, State.ERASED})
WRITTEN = frozenset({CREATED, CONFIRMED, UPDATED})


def _is_pending(person: Subscriber) -> bool:
    return person.state == State.PENDING
