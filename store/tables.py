"""The tables, as typed SQLAlchemy models. Every change here goes with a migration in store/migrations.

How they hang together:

- `mention` holds each public utterance once, by (platform, native_id); `mention_brand` says whose it is, and whether
  it already stands in the buckets (`counted_by`), so that each pair is counted exactly once.
- `score` belongs to a text, not to a post: copies share it, and every scorer and version has its own.
- `correction` is a person's label of a text. Nothing in it is overwritten: a newer label supersedes, a revoked one
  keeps its row. While one is in force the pairs are counted under it and `mention_brand.overruled` remembers the model.
- `bucket` keeps five minutes of counts by `published_at`. It changes only together with `counted_by`, and outlives
  the mentions it counted. `kept` remembers what retention deleted, so that it cannot come back and be counted again.
- `run` is one attempt to crawl a source; `coverage` the merged intervals in which the runs that went well saw it. It
  outlives the runs: what no interval covers was not seen, which is not the same as zero.
- `incident` + `incident_step` are episodes and their story; `outbox` is what will be said about them, `silence` what
  shall not be. `survey_response` is asked-for opinion; only its comments meet mentions, in `score`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Float, ForeignKey, Index, Integer, SmallInteger, String, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from store.columns import Base, Id, UnixSeconds, UtcDateTime


class MentionRow(Base):
    """One public utterance, once, whichever route saw it first."""

    __tablename__ = "mention"
    __table_args__ = (
        UniqueConstraint("native_id", "platform"),  # in this order: see one_of in store/sql.py
        Index(None, "published_at"),
        Index(None, "text_key"),
        Index(None, "story_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    platform: Mapped[str] = mapped_column(String(80))
    native_id: Mapped[str] = mapped_column(String(300))
    source: Mapped[str] = mapped_column(String(80))
    url: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    text_key: Mapped[str] = mapped_column(String(32))
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    author_key: Mapped[str | None] = mapped_column(String(32))
    followers: Mapped[int | None] = mapped_column(BigInteger)
    reposts: Mapped[int | None] = mapped_column(BigInteger)
    comments: Mapped[int | None] = mapped_column(BigInteger)
    likes: Mapped[int | None] = mapped_column(BigInteger)
    region: Mapped[str | None] = mapped_column(String(80))
    is_repost: Mapped[bool] = mapped_column()
    kind: Mapped[str] = mapped_column(String(20), server_default="post")
    parent: Mapped[str | None] = mapped_column(String(300))
    author_name: Mapped[str | None] = mapped_column(String(80))
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when the platform was seen to have deleted it
    story_id: Mapped[int | None] = mapped_column(BigInteger)


class MentionBrandRow(Base):
    """Which brands a mention is about. `counted_by` = the scorer and version under which it stands in the buckets."""

    __tablename__ = "mention_brand"
    __table_args__ = (
        Index(
            "ix_mention_brand_uncounted",
            "mention_id",
            "brand",
            sqlite_where=sql("counted_by IS NULL"),
            postgresql_where=sql("counted_by IS NULL"),
        ),
        {"sqlite_with_rowid": False},
    )

    mention_id: Mapped[int] = mapped_column(Id, ForeignKey("mention.id", ondelete="CASCADE"), primary_key=True)
    brand: Mapped[str] = mapped_column(String(80), primary_key=True)
    counted_by: Mapped[str | None] = mapped_column(String(120))  # "scorer/version"
    label: Mapped[int | None] = mapped_column(SmallInteger)  # as counted
    overruled: Mapped[str | None] = mapped_column(String(120))  # the model's, while a person's label is counted
    aspects: Mapped[str] = mapped_column(Text, server_default="")  # "name:label", joined by a tab
    relevant: Mapped[bool | None] = mapped_column()  # False: it names the brand's words but means something else
    relevance: Mapped[float | None] = mapped_column(Float)  # probability that it is about the brand
    relevance_by: Mapped[str | None] = mapped_column(String(60))  # words, filter or person, with the version


class ScoreRow(Base):
    """A verdict on a text (not on a post: copies share it), kept for every scorer and version."""

    __tablename__ = "score"

    text_key: Mapped[str] = mapped_column(String(32), primary_key=True)
    scorer: Mapped[str] = mapped_column(String(60), primary_key=True)
    version: Mapped[str] = mapped_column(String(60), primary_key=True)
    polarity: Mapped[float] = mapped_column(Float)
    label: Mapped[int] = mapped_column(SmallInteger)
    negative: Mapped[float] = mapped_column(Float)
    neutral: Mapped[float] = mapped_column(Float)
    positive: Mapped[float] = mapped_column(Float)
    terms: Mapped[str] = mapped_column(Text)  # content words, joined by a tab


class BucketRow(Base):
    """Five minutes of counts by `published_at`, changed only in the transaction that writes the scores."""

    __tablename__ = "bucket"
    __table_args__ = (Index(None, "brand", "start"), {"sqlite_with_rowid": False})

    brand: Mapped[str] = mapped_column(String(80), primary_key=True)
    source: Mapped[str] = mapped_column(String(80), primary_key=True)
    start: Mapped[datetime] = mapped_column(UnixSeconds, primary_key=True)
    total: Mapped[int] = mapped_column(Integer)
    negative: Mapped[int] = mapped_column(Integer)
    neutral: Mapped[int] = mapped_column(Integer)
    positive: Mapped[int] = mapped_column(Integer)
    polarity_sum: Mapped[float] = mapped_column(Float)


class CorrectionRow(Base):
    """A person's label of a text, for one brand or for every brand. Rows are added, and at most marked as revoked."""

    __tablename__ = "correction"
    # No id is given twice, even after retention: it is the version of a score, and scores stay.
    __table_args__ = (Index(None, "text_key"), Index(None, "mention_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    mention_id: Mapped[int | None] = mapped_column(Id, ForeignKey("mention.id", ondelete="SET NULL"))
    brand: Mapped[str | None] = mapped_column(String(80))
    text_key: Mapped[str] = mapped_column(String(32))
    text: Mapped[str] = mapped_column(Text)  # as scored: it outlives the mention
    label: Mapped[int] = mapped_column(SmallInteger)
    author: Mapped[str] = mapped_column(String(120))
    note: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RunRow(Base):
    """One attempt to crawl one source."""

    __tablename__ = "run"
    __table_args__ = (Index(None, "source", "started_at"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    source: Mapped[str] = mapped_column(String(80))
    status: Mapped[str] = mapped_column(String(20))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    window_since: Mapped[datetime] = mapped_column(UtcDateTime)
    window_until: Mapped[datetime] = mapped_column(UtcDateTime)
    covered_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(60))
    detail: Mapped[str] = mapped_column(Text)
    found: Mapped[int] = mapped_column(Integer)
    stored: Mapped[int] = mapped_column(Integer)
    skipped: Mapped[int] = mapped_column(Integer)
    stats: Mapped[dict[str, Any]] = mapped_column(JSON)


class CoverageRow(Base):
    """A stretch of time in which a source was seen, merged from the runs that went well."""

    __tablename__ = "coverage"

    source: Mapped[str] = mapped_column(String(80), primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    until: Mapped[datetime] = mapped_column(UtcDateTime)  # exclusive


class KeptRow(Base):
    """Up to where retention has deleted a kind of rows; older ones are not taken in again."""

    __tablename__ = "kept"

    what: Mapped[str] = mapped_column(String(30), primary_key=True)  # "mention"
    since: Mapped[datetime] = mapped_column(UtcDateTime)


class IncidentRow(Base):
    """An episode. At most one of a kind is open per subject: the partial index says so, not a look-up."""

    __tablename__ = "incident"
    __table_args__ = (
        Index(
            "uq_incident_open",
            "kind",
            "subject",
            unique=True,
            sqlite_where=sql("resolved_at IS NULL"),
            postgresql_where=sql("resolved_at IS NULL"),
        ),
        Index(None, "opened_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(30))
    subject: Mapped[str] = mapped_column(String(80))
    version: Mapped[int] = mapped_column(Integer)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_spike_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_told_at: Mapped[datetime] = mapped_column(UtcDateTime)
    told: Mapped[int] = mapped_column(Integer)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    observed: Mapped[int] = mapped_column(Integer)
    expected: Mapped[float] = mapped_column(Float)
    p_value: Mapped[float] = mapped_column(Float)
    peak_observed: Mapped[int] = mapped_column(Integer)
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    evidence: Mapped[dict[str, Any]] = mapped_column(JSON)


class IncidentStepRow(Base):
    """What happened to an incident, when and why: the story `tingfeng incidents show` will tell."""

    __tablename__ = "incident_step"
    __table_args__ = (Index(None, "incident_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    incident_id: Mapped[int] = mapped_column(Id, ForeignKey("incident.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(20))
    observed: Mapped[int] = mapped_column(Integer)
    expected: Mapped[float] = mapped_column(Float)
    p_value: Mapped[float] = mapped_column(Float)


class OutboxRow(Base):
    """What will be said. `key` is unique: the same thing is never queued twice, and is the Message-ID."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("key"),
        Index(
            "ix_outbox_due",
            "due_at",
            sqlite_where=sql("sent_at IS NULL AND parked_at IS NULL"),
            postgresql_where=sql("sent_at IS NULL AND parked_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    key: Mapped[str] = mapped_column(String(200))
    channel: Mapped[str] = mapped_column(String(60))
    recipient: Mapped[str] = mapped_column(String(320))
    thread: Mapped[str | None] = mapped_column(String(200))
    subject: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str | None] = mapped_column(Text)
    images: Mapped[list[dict[str, str]]] = mapped_column(JSON)  # cid, alt, png as base64
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(Integer)
    tried_since: Mapped[datetime | None] = mapped_column(UtcDateTime)  # of the first attempt
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    parked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str] = mapped_column(Text)


class SilenceRow(Base):
    """Quiet on purpose, with an author and a reason."""

    __tablename__ = "silence"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    brand: Mapped[str | None] = mapped_column(String(80))
    author: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(Text)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SurveyResponseRow(Base):
    """One person's answer. `row_key` makes a second import add nothing."""

    __tablename__ = "survey_response"
    __table_args__ = (
        UniqueConstraint("row_key"),
        Index(None, "brand", "answered_at"),
        Index(None, "text_key"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    row_key: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(300))
    brand: Mapped[str] = mapped_column(String(80))
    answered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    nps: Mapped[int | None] = mapped_column(SmallInteger)
    csat: Mapped[int | None] = mapped_column(SmallInteger)
    comment: Mapped[str] = mapped_column(Text)
    text_key: Mapped[str | None] = mapped_column(String(32))  # None without a comment
    segment: Mapped[str] = mapped_column(String(120))
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)
