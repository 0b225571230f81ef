"""The tables of the registry, a file per noun."""

from app.store.tables.access import chart_grants, staff_clinics
from app.store.tables.audit import audit_events, audit_sealed, audit_seals, audit_shown
from app.store.tables.care import case_reviews, contacts, flags, treatment_events
from app.store.tables.clients import (
    client_directory,
    client_key_sets,
    client_keys,
    client_tokens,
    used_assertions,
)
from app.store.tables.clinical import (
    assessment_parts,
    assessment_versions,
    assessments,
    episode_instruments,
    episodes,
    patient_identifiers,
    patient_name_tokens,
    patients,
)
from app.store.tables.columns import metadata, tenant_tables
from app.store.tables.corrections import (
    assessment_moves,
    duplicate_keys,
    duplicate_pairs,
    patient_merge_items,
    patient_merges,
    roster_uploads,
)
from app.store.tables.duty import (
    absences,
    closed_days,
    deliveries,
    delivery_attempts,
    escalations,
    flag_handlings,
    on_call_shifts,
    reach,
)
from app.store.tables.endings import discharges, relapse_plans
from app.store.tables.federation import (
    break_glass_accounts,
    identities,
    identity_providers,
    provider_addresses,
    provider_sessions,
    sign_in_ceremonies,
    sign_in_rules,
)
from app.store.tables.passkeys import passkeys
from app.store.tables.people import (
    clients,
    clinics,
    logins,
    organizations,
    protocol_choices,
    protocols,
    sessions,
    sign_in_attempts,
    staff,
)
from app.store.tables.proofs import (
    authenticators,
    half_sign_ins,
    known_devices,
    recovery_codes,
    sign_in_links,
)
from app.store.tables.records import (
    inbound_messages,
    resource_tokens,
    resource_versions,
    resources,
)
from app.store.tables.recovery import recovery_models
from app.store.tables.referrals import referral_events, referral_policies, referrals
from app.store.tables.steps import step_decisions, step_offers
from app.store.tables.visits import encounters, screening_rules

__all__ = [
    "absences",
    "assessment_moves",
    "assessment_parts",
    "assessment_versions",
    "assessments",
    "audit_events",
    "audit_sealed",
    "audit_seals",
    "audit_shown",
    "authenticators",
    "break_glass_accounts",
    "case_reviews",
    "chart_grants",
    "client_directory",
    "client_key_sets",
    "client_keys",
    "client_tokens",
    "clients",
    "clinics",
    "closed_days",
    "contacts",
    "deliveries",
    "delivery_attempts",
    "discharges",
    "duplicate_keys",
    "duplicate_pairs",
    "encounters",
    "episode_instruments",
    "episodes",
    "escalations",
    "flag_handlings",
    "flags",
    "half_sign_ins",
    "identities",
    "identity_providers",
    "inbound_messages",
    "known_devices",
    "logins",
    "metadata",
    "on_call_shifts",
    "organizations",
    "passkeys",
    "patient_identifiers",
    "patient_merge_items",
    "patient_merges",
    "patient_name_tokens",
    "patients",
    "protocol_choices",
    "protocols",
    "provider_addresses",
    "provider_sessions",
    "reach",
    "recovery_codes",
    "recovery_models",
    "referral_events",
    "referral_policies",
    "referrals",
    "relapse_plans",
    "resource_tokens",
    "resource_versions",
    "resources",
    "roster_uploads",
    "screening_rules",
    "sessions",
    "sign_in_attempts",
    "sign_in_ceremonies",
    "sign_in_links",
    "sign_in_rules",
    "staff",
    "staff_clinics",
    "step_decisions",
    "step_offers",
    "tenant_tables",
    "treatment_events",
    "used_assertions",
]
