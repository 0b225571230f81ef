"""Bulk exports: what was asked for, how far it is, which files there are."""

from sqlalchemy import Column, Index, Integer
from sqlalchemy.dialects.postgresql import JSONB

from app.store.tables.columns import (
    instant,
    key,
    optional_instant,
    optional_text,
    refers,
    tenant_table,
    text,
)

exports = tenant_table(
    "exports",
    key("export_id"),
    key("client_id"),
    text("state"),  # accepted, running, complete, failed, cancelled, expired
    text("request"),  # the address that was asked, as the manifest repeats it
    Column("wanted", JSONB, nullable=False),  # see use_cases/export_resources.py
    optional_instant("transaction_time"),  # the horizon: nothing newer is in it
    Column("files", JSONB, nullable=False),  # what is written whole: type, name, count, bytes
    optional_text("at_work_on"),  # the type that is being written
    optional_text("failure"),
    Column("claims", Integer, nullable=False),  # who took it last works on it, and nobody else
    instant("asked_at"),
    instant("seen_at"),  # by whoever works on it: a worker that died is noticed by its silence
    optional_instant("ended_at"),
    instant("expires_at"),
    refers("client_id", "clients"),
    Index(None, "org_id", "client_id"),
    Index(None, "org_id", "state"),
    primary=("export_id",),
)
