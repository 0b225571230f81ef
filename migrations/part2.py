"""The one predicate by which records of a Part 2 program are shown (app/domain/part2.py).

Row-level security holds it for every statement of the application, whichever page, search
or count it is for: a filter that somebody forgets shows general records alone.
"""

from alembic import op

KEYS = """
CREATE FUNCTION part2_keys() RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT string_to_array(coalesce(current_setting('app.sight', true), ''), ' ')
$$
"""
SEES = """
CREATE FUNCTION part2_sees(program uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT program IS NULL OR 'all' = ANY (part2_keys())
        OR 'program:' || program::text = ANY (part2_keys())
$$
"""
OPENED = """
CREATE FUNCTION part2_opened(org uuid, patient uuid, program uuid, wanted text[])
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT part2_sees(program) OR EXISTS (
        SELECT FROM consents c
        WHERE c.org_id = org AND c.patient_id = patient AND c.program_id = program
        AND c.kind = 'part2' AND c.revoked_at IS NULL
        AND c.begins_at <= now() AND (c.ends_at IS NULL OR c.ends_at > now())
        AND c.recipient = ANY (part2_keys()) AND c.purposes && part2_keys()
        AND c.scope @> wanted
    ) OR EXISTS (
        SELECT FROM emergencies e
        WHERE e.org_id = org AND e.patient_id = patient
        AND 'staff:' || e.staff_id::text = ANY (part2_keys())
        AND e.ended_at IS NULL AND e.begun_at <= now() AND e.expires_at > now()
    )
$$
"""
SHOWN = """
CREATE FUNCTION part2_shown(org uuid, patient uuid, program uuid, wanted text[])
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT part2_opened(org, patient, program, wanted) OR EXISTS (
        SELECT FROM patients p
        WHERE p.org_id = org AND p.patient_id = patient AND p.merged_into_id IS NOT NULL
        AND part2_opened(org, p.merged_into_id, program, wanted)
    )
$$
"""
FUNCTIONS = {
    "part2_keys()": KEYS,
    "part2_sees(uuid)": SEES,
    "part2_opened(uuid, uuid, uuid, text[])": OPENED,
    "part2_shown(uuid, uuid, uuid, text[])": SHOWN,
}


def _shown(wanted: str) -> str:
    return f"program_id IS NULL OR part2_shown(org_id, patient_id, program_id, {wanted})"


def _as(parent: str, key: str, child: str, column: str = "") -> str:
    return (
        f"EXISTS (SELECT FROM {parent} parent "  # nosec B608: names of our tables
        f"WHERE parent.org_id = {child}.org_id "
        f"AND parent.{key} = {child}.{column or key})"
    )


CARE, SCREENINGS = _shown("'{care}'"), _shown("'{screenings}'")


def published(table: str) -> str:
    """When what is published of a program's record is shown: where the record itself is."""
    safety = (
        f"EXISTS (SELECT FROM flags f WHERE f.org_id = {table}.org_id "  # nosec B608: our tables
        f"AND f.flag_id = {table}.resource_id::uuid AND f.kind = 'safety')"
    )
    return _shown(
        "CASE WHEN resource_type = 'Patient' THEN '{}'::text[] "
        "WHEN resource_type IN ('QuestionnaireResponse', 'Observation') "
        "THEN '{screenings}'::text[] "
        f"WHEN resource_type = 'Flag' AND {safety} THEN '{{screenings}}'::text[] "
        "WHEN resource_type IN ('Flag', 'DetectedIssue') THEN '{screenings,care}'::text[] "
        "ELSE '{care}'::text[] END"
    )


SERVED = (
    "EXISTS (SELECT FROM resources parent WHERE parent.org_id = resource_versions.org_id "
    "AND parent.resource_type = resource_versions.resource_type "
    "AND parent.resource_id = resource_versions.resource_id)"
)
LABELLED = {
    "patients": ("program_id IS NULL OR part2_opened(org_id, patient_id, program_id, '{}')"),
    "assessments": SCREENINGS,
    "assessment_parts": SCREENINGS,
    "flags": _shown(
        "CASE kind WHEN 'safety' THEN '{screenings}'::text[] ELSE '{screenings,care}'::text[] END"
    ),
    "resources": published("resources"),
    "resource_versions": f"{SERVED} AND ({published('resource_versions')})",
    "inbound_messages": "program_id IS NULL OR part2_sees(program_id)",
    "patient_merge_items": "program_id IS NULL OR part2_sees(program_id)",
} | dict.fromkeys(
    (
        "episodes",
        "contacts",
        "case_reviews",
        "treatment_events",
        "encounters",
        "referrals",
        "step_decisions",
        "relapse_plans",
        "discharges",
    ),
    CARE,
)
"""Tables whose rows carry a program, and when such a row is shown."""


FOLLOWING = {
    "patient_merges": (
        _as("patients", "patient_id", "patient_merges", "loser_id")
        + " AND "
        + _as("patients", "patient_id", "patient_merges", "winner_id")
    ),
    "assessment_versions": _as("assessments", "assessment_id", "assessment_versions"),
    "episode_instruments": _as("episodes", "episode_id", "episode_instruments"),
    "referral_events": _as("referrals", "referral_id", "referral_events"),
    "escalations": _as("flags", "flag_id", "escalations"),
    "assessment_moves": _as("assessments", "assessment_id", "assessment_moves", "lineage_id"),
}
"""Tables whose rows are shown where the row that they belong to is."""
OVERSEEN = {
    "consents": (
        "part2_sees(program_id) OR recipient = ANY (part2_keys()) "
        "OR 'staff:' || recorded_by_id::text = ANY (part2_keys()) "
        "OR 'compliance' = ANY (part2_keys())"
    ),
    "disclosures": "part2_sees(program_id) OR 'compliance' = ANY (part2_keys())",
    "emergencies": (
        "'staff:' || staff_id::text = ANY (part2_keys()) OR part2_keys() && '{all,compliance}'"
    ),
}
"""What tells of protected records without being one; compliance sees it."""


def protect() -> None:
    """Let the database show labelled rows by the predicate alone."""
    for statement in FUNCTIONS.values():
        op.execute(statement)
    for table, condition in (LABELLED | FOLLOWING | OVERSEEN).items():
        op.execute(f"CREATE POLICY part2 ON {table} AS RESTRICTIVE FOR SELECT USING ({condition})")


def expose() -> None:
    """Take the predicate away again."""
    for table in LABELLED | FOLLOWING | OVERSEEN:
        op.execute(f"DROP POLICY part2 ON {table}")
    for name in reversed(FUNCTIONS):
        op.execute(f"DROP FUNCTION {name}")
