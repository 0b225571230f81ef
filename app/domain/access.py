"""Who may do what, as a table that clinicians can read."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What somebody is in the program."""

    CARE_MANAGER = "care-manager"
    PSYCHIATRIST = "psychiatrist"
    CLINICIAN = "clinician"
    MEDICAL_ASSISTANT = "medical-assistant"
    DIRECTOR = "director"
    COMPLIANCE = "compliance"
    ADMINISTRATOR = "administrator"
    OPERATOR = "operator"


class Permission(StrEnum):
    """Something that somebody may do."""

    VIEW_CASELOAD = "view-caseload"
    VIEW_PATIENT = "view-patient"
    ENROL = "enrol"
    LOG_CONTACT = "log-contact"
    CHANGE_EPISODE = "change-episode"
    ANSWER_FLAG = "answer-flag"
    RECORD_ASSESSMENT = "record-assessment"
    REVIEW_CASE = "review-case"
    ANSWER_RECOMMENDATION = "answer-recommendation"
    MANAGE_INBOUND = "manage-inbound"
    CHOOSE_PROTOCOL = "choose-protocol"
    READ_RULES = "read-rules"
    DECIDE_STEP = "decide-step"
    OFFER_STEPS = "offer-steps"
    REFER = "refer"
    PLAN_RELAPSE_PREVENTION = "plan-relapse-prevention"
    DISCHARGE = "discharge"
    VIEW_SCREENING_REACH = "view-screening-reach"
    SET_SCREENING_RULE = "set-screening-rule"
    JOIN_RECORDS = "join-records"
    MOVE_ASSESSMENT = "move-assessment"
    IMPORT_ROSTER = "import-roster"
    HAND_FLAG = "hand-flag"
    SET_HANDLING = "set-handling"
    KEEP_ROSTER = "keep-roster"
    SET_REACH = "set-reach"
    VIEW_FLAG_TIMES = "view-flag-times"
    VIEW_DELIVERIES = "view-deliveries"
    VIEW_EXPECTED_RECOVERY = "view-expected-recovery"
    READ_RESOURCES = "read-resources"
    RECEIVE_RESOURCES = "receive-resources"
    MANAGE_CLIENTS = "manage-clients"
    SEAL_AUDIT = "seal-audit"
    """Nobody's: the registry itself does it."""
    VERIFY_AUDIT = "verify-audit"
    """Nobody's: the operator does it at the command line."""
    VIEW_AUDIT = "view-audit"
    SET_IDENTITY_PROVIDER = "set-identity-provider"
    """Set up where staff prove who they are; by the operator's command alone: it makes this server
    ask an address."""
    LINK_IDENTITIES = "link-identities"
    """Say whose account somebody at the organization's identity provider has, and which ways of
    signing in are open."""


_CM, _PSY, _PCP, _MA = (
    Role.CARE_MANAGER,
    Role.PSYCHIATRIST,
    Role.CLINICIAN,
    Role.MEDICAL_ASSISTANT,
)

GRANTS: Mapping[Permission, frozenset[Role]] = MappingProxyType(
    {
        Permission.VIEW_CASELOAD: frozenset({_CM, _PSY, _PCP}),
        Permission.VIEW_PATIENT: frozenset({_CM, _PSY, _PCP}),
        Permission.ENROL: frozenset({_CM, _PCP}),
        Permission.LOG_CONTACT: frozenset({_CM}),
        Permission.CHANGE_EPISODE: frozenset({_CM, _PCP}),
        Permission.ANSWER_FLAG: frozenset({_CM, _PSY, _PCP}),
        Permission.RECORD_ASSESSMENT: frozenset({_CM, _PCP, _MA}),
        Permission.REVIEW_CASE: frozenset({_PSY}),
        Permission.ANSWER_RECOMMENDATION: frozenset({_CM, _PCP}),
        Permission.MANAGE_INBOUND: frozenset({Role.OPERATOR}),
        Permission.CHOOSE_PROTOCOL: frozenset({_PSY, Role.DIRECTOR}),
        Permission.READ_RULES: frozenset(Role),
        Permission.DECIDE_STEP: frozenset({_CM, _PSY, _PCP}),
        Permission.OFFER_STEPS: frozenset({Role.DIRECTOR}),
        Permission.REFER: frozenset({_CM, _PSY, _PCP}),
        Permission.PLAN_RELAPSE_PREVENTION: frozenset({_CM, _PSY, _PCP}),
        Permission.DISCHARGE: frozenset({_CM, _PCP}),
        Permission.VIEW_SCREENING_REACH: frozenset({_CM, Role.DIRECTOR}),
        Permission.SET_SCREENING_RULE: frozenset({Role.DIRECTOR}),
        Permission.JOIN_RECORDS: frozenset({_CM}),
        Permission.MOVE_ASSESSMENT: frozenset({_CM, _PCP}),
        Permission.IMPORT_ROSTER: frozenset({_CM}),
        Permission.HAND_FLAG: frozenset({_CM, _PSY, _PCP, Role.DIRECTOR}),
        Permission.SET_HANDLING: frozenset({Role.DIRECTOR}),
        Permission.KEEP_ROSTER: frozenset({_CM, _PSY, Role.DIRECTOR}),
        Permission.SET_REACH: frozenset({Role.DIRECTOR, Role.ADMINISTRATOR}),
        Permission.VIEW_FLAG_TIMES: frozenset({_CM, _PSY, Role.DIRECTOR}),
        Permission.VIEW_DELIVERIES: frozenset({Role.OPERATOR, Role.DIRECTOR, Role.ADMINISTRATOR}),
        Permission.VIEW_EXPECTED_RECOVERY: frozenset({_PSY, Role.DIRECTOR}),
        # Integration clients alone, by their scopes (domain/scopes.py).
        Permission.READ_RESOURCES: frozenset(),
        Permission.RECEIVE_RESOURCES: frozenset(),
        Permission.MANAGE_CLIENTS: frozenset({Role.ADMINISTRATOR}),
        Permission.SEAL_AUDIT: frozenset(),
        Permission.VERIFY_AUDIT: frozenset(),
        Permission.VIEW_AUDIT: frozenset({Role.COMPLIANCE}),
        Permission.SET_IDENTITY_PROVIDER: frozenset(),
        Permission.LINK_IDENTITIES: frozenset({Role.ADMINISTRATOR}),
    }
)
"""Permission → the roles that have it."""


def may(roles: Iterable[Role], permission: Permission) -> bool:
    """Whether any of these roles has the permission."""
    return not GRANTS[permission].isdisjoint(roles)
