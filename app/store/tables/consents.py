"""What patients consented to, whose records are protected, and who was shown them."""

from sqlalchemy import Boolean, Column, Index, Integer, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.store.tables.columns import (
    day,
    instant,
    key,
    link,
    optional_day,
    optional_instant,
    optional_text,
    refers,
    tenant_table,
    text,
)

part2_programs = tenant_table(
    "part2_programs",
    key("program_id"),  # the clinic's or the client's id
    Column("number", Integer, nullable=False),
    text("kind"),  # clinic, client
    text("name"),  # as consents and notices name it
    Column("marked", Boolean, nullable=False),
    link("contact_id"),  # whom its safety flags ask
    text("reason"),
    instant("changed_at"),
    link("changed_by_id"),
    refers("contact_id", "staff", "staff_id"),
    refers("changed_by_id", "staff", "staff_id"),
    primary=("program_id", "number"),
)
"""Every marking of a clinic or client as a Part 2 program; the highest number holds."""

part2_members = tenant_table(
    "part2_members",
    key("program_id"),
    key("staff_id"),
    Column("active", Boolean, nullable=False),
    Column("sole", Boolean, nullable=False),  # works for it alone: all they record is its record
    instant("changed_at"),
    link("changed_by_id"),
    refers("staff_id", "staff"),
    refers("changed_by_id", "staff", "staff_id"),
    Index(None, "org_id", "staff_id"),
    primary=("program_id", "staff_id"),
)
"""A program's own people."""

consents = tenant_table(
    "consents",
    key("consent_id"),
    key("patient_id"),
    Column("version", Integer, nullable=False),
    text("kind"),  # collaborative-care, texting, part2
    link("program_id"),  # whose records it opens
    text("discloser"),
    text("recipient"),  # a key: organization, clinic:…, staff:…, client:…, outside
    text("recipient_name"),
    Column("purposes", ARRAY(Text), nullable=False),
    Column("scope", ARRAY(Text), nullable=False),
    day("given_on"),
    text("manner"),  # written, electronic, verbal
    text("signature"),
    instant("begins_at"),
    optional_day("expires_on"),
    text("expires_when"),
    optional_instant("ends_at"),
    optional_instant("revoked_at"),
    optional_text("revoked_how"),
    link("revoked_by_id"),
    link("recorded_by_id"),
    instant("recorded_at"),
    text("request_key"),
    refers("patient_id", "patients"),
    refers("recorded_by_id", "staff", "staff_id"),
    refers("revoked_by_id", "staff", "staff_id"),
    UniqueConstraint("org_id", "request_key"),
    Index(None, "org_id", "patient_id", "program_id"),
    primary=("consent_id",),
)

consent_versions = tenant_table(
    "consent_versions",
    key("consent_id"),
    Column("version", Integer, nullable=False),
    Column("content", JSONB, nullable=False),
    text("reason"),
    instant("recorded_at"),
    link("recorded_by_id"),
    refers("consent_id", "consents"),
    primary=("consent_id", "version"),
)
"""Every state of a consent: nothing is overwritten for good."""

emergencies = tenant_table(
    "emergencies",
    key("emergency_id"),
    key("patient_id"),
    key("staff_id"),  # who looks
    text("recipient"),
    text("facility"),
    text("discloser"),
    text("nature"),
    text("opened_by"),  # person, ladder
    instant("begun_at"),
    instant("expires_at"),
    optional_instant("ended_at"),
    optional_instant("reviewed_at"),
    link("reviewed_by_id"),
    optional_text("outcome"),  # justified, not-justified
    optional_text("review_words"),
    text("request_key"),
    refers("patient_id", "patients"),
    refers("staff_id", "staff"),
    refers("reviewed_by_id", "staff", "staff_id"),
    UniqueConstraint("org_id", "request_key"),
    Index(None, "org_id", "patient_id", "staff_id"),
    Index(None, "org_id", "reviewed_at"),
    primary=("emergency_id",),
)
"""Records opened in a medical emergency (42 CFR § 2.51)."""

disclosures = tenant_table(
    "disclosures",
    key("disclosure_id"),
    key("patient_id"),
    key("program_id"),
    link("consent_id"),
    link("emergency_id"),
    instant("at"),
    text("recipient_kind"),  # staff, client
    link("recipient_id"),
    text("recipient_name"),
    text("what"),  # the act that showed it: "patient.view"
    text("subject"),
    text("words"),  # discloser, purpose and scope as they were then
    refers("patient_id", "patients"),
    refers("consent_id", "consents"),
    refers("emergency_id", "emergencies"),
    Index(None, "org_id", "patient_id", "at"),
    primary=("disclosure_id",),
)
"""Each time that a program's records were shown outside it."""
