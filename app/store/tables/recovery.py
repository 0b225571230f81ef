"""What is expected of a recovery, as counted from an organization's own past courses."""

from sqlalchemy import Column, Integer
from sqlalchemy.dialects.postgresql import JSONB

from app.store.tables.columns import day, instant, tenant_table, text

recovery_models = tenant_table(
    "recovery_models",
    text("instrument_id"),
    Column("version", Integer, nullable=False),
    day("fitted_on"),
    instant("fitted_at"),
    Column("courses", Integer, nullable=False),
    Column("known", Integer, nullable=False),  # of them fitted to, with a known outcome
    Column("method", Integer, nullable=False),  # how `content` was counted and laid out
    Column("content", JSONB, nullable=False),
    primary=("instrument_id", "version"),
)
"""Every model that was ever shown, so that what it told can be looked up."""
