"""Answers kept for senders who ask the same again."""

from sqlalchemy import Column, Index, Integer, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB

from app.store.tables.columns import instant, key, refers, source_program, tenant_table, text

kept_answers = tenant_table(
    "kept_answers",
    key("client_id"),
    text("answer_key"),  # a digest: what a sender chose as a key may tell of a patient
    text("content_digest"),
    Column("http_status", Integer, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("body", LargeBinary, nullable=False),
    instant("kept_until"),
    source_program(),
    refers("client_id", "clients"),
    Index(None, "org_id", "client_id", "kept_until"),
    primary=("client_id", "answer_key"),
)
