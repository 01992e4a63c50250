"""The records of readers' judgements and of what was asked in vain, in the shapes that are sent and stored.

In: what a reader says of an answer. Out: what is kept of it, and the lists of questions; there every text is redacted,
and nothing leads to a person.
"""

from typing import Literal

from rag.records import Record, Status

Rating = Literal["up", "down"]
Reason = Literal["wrong", "outdated", "missing_source", "wrong_language", "other"]


class FeedbackRequest(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ``POST /v1/messages/{id}/feedback`` takes; it replaces what was given before, and null removes it."""

    rating: Rating | None
    reason: Reason | None = None
    comment: str = ""


class Feedback(Record, frozen=True, kw_only=True):
    """What is kept of a reader's judgement of one answer."""

    message_id: str
    rating: Rating | None
    reason: Reason | None
    comment: str
    """Redacted before it is stored (``rag/redaction.py``)."""


class UnansweredQuestion(Record, frozen=True, kw_only=True):
    """A question that got ``not_found``, or whose answer got a thumbs-down; every text redacted.

    ``rag.feedback.FeedbackStore.unanswered`` gives them, oldest first. An erased conversation is no longer among them.
    """

    question_id: str
    """Keyed hash of the message id: the same for the same message, and leads nowhere without the key."""
    asker: str
    """Keyed hash of the conversation id, the only thing known of who asked."""
    asked_at: str
    """ISO 8601, UTC, to the second."""
    lang: str
    question: str
    standalone_question: str
    turns: tuple[str, ...]
    """Questions asked before in the same conversation, oldest first."""
    status: Status
    rating: Rating | None
    reason: Reason | None
    comment: str
    nearest: tuple[str, ...]
    """Ids of the articles that were shown, best first: the sources of an answer, or the nearest articles."""


class NearArticle(Record, frozen=True, kw_only=True):
    """An indexed article that stands near a group of questions."""

    article_id: str
    path: str
    title: str
    lang: str
    url: str | None


class GivenFeedback(Record, frozen=True, kw_only=True):
    """What a reader said of an answer; every text redacted."""

    message: str
    """Keyed hash of the message id, as ``UnansweredQuestion.question_id``."""
    given_at: str
    """ISO 8601, UTC, to the second."""
    lang: str
    question: str
    status: Status
    rating: Rating
    reason: Reason | None
    comment: str
    sources: tuple[NearArticle, ...]
    """What the answer rested on, or the nearest articles."""


class FeedbackList(Record, frozen=True, kw_only=True):
    """What ``GET /v1/admin/feedback`` gives; nothing in it leads to a person."""

    total: int
    feedback: tuple[GivenFeedback, ...]
    """The newest first, as many as were asked for."""


class UnansweredGroup(Record, frozen=True, kw_only=True):
    """What was asked in one week in words that mean the same, whatever the language."""

    label: str
    """The question nearest to all others of the group, over all weeks listed."""
    label_lang: str
    count: int
    askers: int
    """Conversations in which it was asked."""
    langs: dict[str, int]
    """Questions by language, the most frequent first."""
    not_found: int
    thumbs_down: int
    """Of ``count``; an answer can be both."""
    reasons: dict[str, int]
    examples: tuple[str, ...]
    """Other wordings of this week, nearest to the label first."""
    nearest: tuple[NearArticle, ...]


class UnansweredWeek(Record, frozen=True, kw_only=True):
    """One ISO week, Monday to Sunday, UTC."""

    week: str
    """As in ``2024-W07``."""
    first_day: str
    last_day: str
    questions: int
    groups: tuple[UnansweredGroup, ...]
    """The most frequent first."""


class UnansweredReport(Record, frozen=True, kw_only=True):
    """What ``GET /v1/admin/unanswered`` gives; nothing in it leads to a person."""

    weeks: tuple[UnansweredWeek, ...]
    """Newest first, the running week among them; weeks without questions too."""
    questions: int
    left_out: int
    """The oldest ones, beyond the number that is grouped at once."""
