"""What the checks look at, and what they say: no model, no query, nothing that changes."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime

Piece = tuple[str, ...]  # words in a row


@dataclass(frozen=True)
class Record:
    """How earlier comments of a proven identity were decided about."""

    approved: int = 0
    rejected: int = 0
    rejected_at: datetime | None = None


@dataclass(frozen=True)
class Calibration:
    """What the decided comments of a site say about its scores (see `comments.calibration`).

    `usual` is the share of a decided comment's own words that other decided ones have,
    `resemblance` (0 to 1) how far what arrives lately is of that kind; `line` is the score from
    which this site calls spam, as none of `honest` approved comments scored above `highest`.
    """

    usual: float = 0.45
    resemblance: float = 1.0
    line: int = 80
    highest: int = 0
    honest: int = 0


@dataclass(frozen=True)
class Training:
    """What staff's decisions taught about some tokens: in how many comments of each kind each is.

    `spam` and `honest` are the comments decided about; `counts` holds (spam, honest) by token.
    """

    spam: int = 0
    honest: int = 0
    counts: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    calibration: Calibration = field(default_factory=Calibration)


@dataclass(frozen=True)
class Submission:
    """One comment and what is known about its sending. Only name and text are always there.

    `crowded` names what sends too much: network, address, post, site. `own_texts` are the writer's
    of the last day, `spam_texts` known spam, `earlier_pieces` (see `duplicates.pieces_of`) what can
    be copied of others' comments.
    """

    name: str
    body: str
    body_html: str
    is_trapped: bool = False
    is_hasty: bool = False
    is_unsigned: bool = False
    is_proven_work: bool = False
    crowded: tuple[str, ...] = ()
    own_texts: tuple[str, ...] = ()
    spam_texts: tuple[str, ...] = ()
    earlier_pieces: Set[Piece] = frozenset()
    post_text: str = ""
    training: Training | None = None
    record: Record | None = None


@dataclass(frozen=True)
class Finding:
    """What a check found: the weight of its code counts `times` (a fraction for a weak sign)."""

    code: str
    evidence: str = ""
    times: float = 1.0


@dataclass(frozen=True)
class Reason:
    """A finding with the weight it had under the rules of its day."""

    code: str
    weight: int
    evidence: str = ""
    times: float = 1.0
