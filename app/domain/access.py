"""Who may do what, as a table that clinicians can read (docs/access.md is written from it).

Whom somebody sees is another question: `app.domain.visibility`.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What somebody is in the program."""

    CARE_MANAGER = "care-manager"
    """Behavioral health care manager: carries the caseload, the intake and the registry itself."""
    PSYCHIATRIST = "psychiatrist"
    """Psychiatric consultant: reviews cases and recommends."""
    CLINICIAN = "clinician"
    """Primary-care clinician: treats, prescribes, refers."""
    MEDICAL_ASSISTANT = "medical-assistant"
    """Medical assistant: screens. Gets the forms to enter and the lists of what is due; no
    notes, no charts.
    """
    DIRECTOR = "director"
    """Clinic director or analyst: leads by counts; reads no chart unless one is opened to them."""
    COMPLIANCE = "compliance"
    """Compliance officer: watches over access; reads no chart unless one is opened to them."""
    ADMINISTRATOR = "administrator"
    """Administrator: keeps staff, clinics and connections; reads no charts."""
    OPERATOR = "operator"
    """Operator: looks after refused messages and deliveries."""


class Permission(StrEnum):
    """Something that somebody may do."""

    VIEW_CASELOAD = "view-caseload"
    """See the lists of patients in care: caseload, new positive screens, open referrals."""
    VIEW_PATIENT = "view-patient"
    """Read charts: a patient's course, flags, notes and plans; search for patients."""
    ENROL = "enrol"
    """Take a patient into care."""
    LOG_CONTACT = "log-contact"
    """Note a contact with a patient."""
    CHANGE_EPISODE = "change-episode"
    """Change an episode: its status, who cares, who treats, what is treated."""
    ANSWER_FLAG = "answer-flag"
    """Take a flag, and close it with an outcome."""
    RECORD_ASSESSMENT = "record-assessment"
    """Type in a questionnaire, and see what came of one's own; see which are owed."""
    REVIEW_CASE = "review-case"
    """Work the review queue and recommend (psychiatric consultation)."""
    ANSWER_RECOMMENDATION = "answer-recommendation"
    """Say what became of a consultant's recommendation."""
    MANAGE_INBOUND = "manage-inbound"
    """Look after messages that were refused: mend, replay, settle."""
    CHOOSE_PROTOCOL = "choose-protocol"
    """Choose and write the protocols that care is judged by."""
    READ_RULES = "read-rules"
    """Read the rules and protocols; they hold no patient data."""
    DECIDE_STEP = "decide-step"
    """Decide on the step of care of a patient."""
    OFFER_STEPS = "offer-steps"
    """Say which steps each clinic offers and how long a referral may wait."""
    REFER = "refer"
    """Refer a patient elsewhere and tell what became of it."""
    PLAN_RELAPSE_PREVENTION = "plan-relapse-prevention"
    """Write a plan against relapse with a patient."""
    DISCHARGE = "discharge"
    """End an episode of care."""
    VIEW_SCREENING_REACH = "view-screening-reach"
    """See how many of those who came were screened, as counts."""
    SET_SCREENING_RULE = "set-screening-rule"
    """Say who is to be screened with what, how often."""
    JOIN_RECORDS = "join-records"
    """Join two records of one person, and part them again."""
    MOVE_ASSESSMENT = "move-assessment"
    """Move an assessment that was filed under the wrong patient."""
    IMPORT_ROSTER = "import-roster"
    """Bring in a list of patients and upload their history."""
    HAND_FLAG = "hand-flag"
    """Hand a flag to a colleague, seeing its loop without the patient's name."""
    SET_HANDLING = "set-handling"
    """Say how fast each kind of flag is to be answered, and who is asked next."""
    KEEP_ROSTER = "keep-roster"
    """Keep the on-call roster, absences and closed days."""
    SET_REACH = "set-reach"
    """Say how staff and the organization are reached: addresses, a webhook."""
    VIEW_FLAG_TIMES = "view-flag-times"
    """See how fast flags were answered, as counts."""
    VIEW_DELIVERIES = "view-deliveries"
    """See which messages to staff went out; they hold no patient data."""
    VIEW_EXPECTED_RECOVERY = "view-expected-recovery"
    """See how well the forecast of recovery held, as counts."""
    VIEW_DUE = "view-due"
    """See whom to screen at the next visit: name, birth date and clinic, no scores."""
    VIEW_STAFF = "view-staff"
    """See who works here: roles, clinics, standing grants of charts."""
    MANAGE_STAFF = "manage-staff"
    """Add and deactivate staff, set their roles and clinics; add and open clinics."""
    OPEN_CHARTS = "open-charts"
    """Open charts to a colleague who sees none, for a stated reason and time."""
    READ_RESOURCES = "read-resources"
    """Read and search published FHIR resources (integration clients, by their scopes)."""
    RECEIVE_RESOURCES = "receive-resources"
    """Send patients, visits and questionnaires as FHIR (integration clients, by their scopes)."""
    KEEP_RUNNING = "keep-running"
    """What the registry does by itself: sweeps, escalation, delivery; nobody's to do by hand."""
    MANAGE_CLIENTS = "manage-clients"
    """Register integration clients, their keys and scopes, and disable them."""
    SEAL_AUDIT = "seal-audit"
    """Seal the audit into its chain: the registry itself does it."""
    VERIFY_AUDIT = "verify-audit"
    """Verify the audit's chain: the operator does it at the command line."""
    VIEW_AUDIT = "view-audit"
    """Search the audit, and see who has seen which patient."""
    SET_IDENTITY_PROVIDER = "set-identity-provider"
    """Set up where staff prove who they are; by the operator's command alone: it makes this server
    ask an address."""
    LINK_IDENTITIES = "link-identities"
    """Say whose account somebody at the organization's identity provider has, and which ways of
    signing in are open."""
    MANAGE_SIGN_IN = "manage-sign-in"
    """Reset how others sign in, end their sessions, say who needs a second factor."""
    RECORD_CONSENT = "record-consent"
    """Write down what a patient consented to, and revoke it."""
    MARK_PROGRAM = "mark-program"
    """Say which clinics and clients are Part 2 programs, and who their people are."""
    DECLARE_EMERGENCY = "declare-emergency"
    """Open a record in a medical emergency; compliance is told and reviews it."""
    OVERSEE_DISCLOSURES = "oversee-disclosures"
    """See to whom protected records were shown, and review emergencies; no charts."""


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
        Permission.MANAGE_CLIENTS: frozenset({Role.ADMINISTRATOR}),
        Permission.SEAL_AUDIT: frozenset(),
        Permission.VERIFY_AUDIT: frozenset(),
        Permission.VIEW_AUDIT: frozenset({Role.COMPLIANCE}),
        Permission.VIEW_DUE: frozenset({_CM, _PCP, _MA}),
        Permission.VIEW_STAFF: frozenset({Role.ADMINISTRATOR, Role.COMPLIANCE, Role.DIRECTOR}),
        Permission.MANAGE_STAFF: frozenset({Role.ADMINISTRATOR}),
        Permission.OPEN_CHARTS: frozenset({Role.COMPLIANCE, Role.ADMINISTRATOR}),
        # Integration clients alone, by their scopes (domain/scopes.py).
        Permission.READ_RESOURCES: frozenset(),
        Permission.RECEIVE_RESOURCES: frozenset(),
        Permission.KEEP_RUNNING: frozenset(),
        Permission.SET_IDENTITY_PROVIDER: frozenset(),
        Permission.LINK_IDENTITIES: frozenset({Role.ADMINISTRATOR}),
        Permission.MANAGE_SIGN_IN: frozenset({Role.ADMINISTRATOR}),
        Permission.RECORD_CONSENT: frozenset({_CM, _PSY, _PCP}),
        Permission.MARK_PROGRAM: frozenset({Role.ADMINISTRATOR}),
        Permission.DECLARE_EMERGENCY: frozenset({_CM, _PSY, _PCP}),
        Permission.OVERSEE_DISCLOSURES: frozenset({Role.COMPLIANCE}),
    }
)
"""Permission → the roles that have it. None: a client's scopes or the registry itself have it."""

OPENED_CHARTS = frozenset({Permission.VIEW_PATIENT})
"""What one gets to whom charts are opened for a while: reading, nothing else."""


def may(roles: Iterable[Role], permission: Permission) -> bool:
    """Whether any of these roles has the permission."""
    return not GRANTS[permission].isdisjoint(roles)
