"""What is kept beside care: published FHIR versions, messages as they came in."""

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB

from app.store.tables.columns import (
    instant,
    key,
    link,
    optional_instant,
    optional_text,
    refers,
    source_program,
    tenant_table,
    text,
)

resource_versions = tenant_table(
    "resource_versions",
    text("resource_type"),
    text("resource_id"),
    Column("version", Integer, nullable=False),
    instant("last_updated"),
    Column("deleted", Boolean, nullable=False),
    text("labels"),
    link("client_id"),
    link("patient_id"),
    Column("body", LargeBinary, nullable=False),  # UTF-8 JSON as it is served
    source_program(),
    Index(None, "org_id", "resource_type", "last_updated"),
    Index(None, "org_id", "patient_id"),
    primary=("resource_type", "resource_id", "version"),
)

resources = tenant_table(
    "resources",
    text("resource_type"),
    text("resource_id"),
    Column("version", Integer, nullable=False),
    link("client_id"),  # the sender whose resource it is; empty: it is ours
    link("patient_id"),
    optional_instant("effective_at"),
    Column("deleted", Boolean, nullable=False),
    text("content_digest"),  # of the body before our meta: the same again makes no new version
    instant("last_updated"),
    source_program(),
    refers("patient_id", "patients"),
    refers("client_id", "clients"),
    Index(None, "org_id", "resource_type", "patient_id", "effective_at"),
    Index(None, "org_id", "resource_type", "last_updated"),
    primary=("resource_type", "resource_id"),
)
"""The newest version of each published resource and the columns that searches filter on."""

resource_tokens = tenant_table(
    "resource_tokens",
    text("resource_type"),
    text("parameter"),  # as FHIR names it: code, identifier, patient
    text("system"),  # of a reference: the type that it leads to
    text("value"),
    text("resource_id"),
    Index(None, "org_id", "resource_type", "resource_id"),
    primary=("resource_type", "parameter", "value", "system", "resource_id"),
)
"""Codes, identifiers, references and addresses that the newest version is found by.

Here and in the two tables beside it a row says nothing by itself: it is only ever looked up
together with the resource that it is of, which row-level security shows or withholds.
"""

resource_dates = tenant_table(
    "resource_dates",
    text("resource_type"),
    text("parameter"),
    text("resource_id"),
    instant("starts_at"),
    instant("ends_at"),
    Index(None, "org_id", "resource_type", "parameter", "starts_at"),
    primary=("resource_type", "resource_id", "parameter", "starts_at", "ends_at"),
)
"""Half-open intervals that the newest version is found by."""

resource_strings = tenant_table(
    "resource_strings",
    text("resource_type"),
    text("parameter"),
    text("resource_id"),
    Column(
        "word", Text(collation="C"), nullable=False
    ),  # from the start of a word on, without case and accents
    text("whole"),  # the text as it is written
    Index(None, "org_id", "resource_type", "parameter", "word"),
    primary=("resource_type", "resource_id", "parameter", "word", "whole"),
)
"""Texts that the newest version is found by."""

inbound_messages = tenant_table(
    "inbound_messages",
    key("message_id"),
    link("client_id"),
    text("client_name"),
    instant("received_at"),
    text("method"),
    text("path"),
    text("content_type"),
    text("outcome"),  # accepted, partly-kept, refused, mended
    Column("http_status", Integer, nullable=False),
    Column("reasons", JSONB, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("body", LargeBinary),  # null where wholly accepted (the resources hold it)
    link("replay_of_id"),
    optional_instant("settled_at"),
    link("settled_by_id"),
    optional_text("settled_note"),
    source_program(),
    refers("client_id", "clients"),
    Index(None, "org_id", "outcome", "received_at"),
    primary=("message_id",),
)
