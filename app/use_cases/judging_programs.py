"""Judge a patient once more for each Part 2 program that holds records of them.

What everybody may see is judged from general records alone, so that no flag, number or
place on a list tells of a program's records. A program's own judgement sees both; of it
only what the general one lacks is kept, labelled as the program's: its flags, the homes of
its assessments, its own episodes.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from app.store.episodes import Episode
from app.store.part2 import Program
from app.use_cases.judging import Decision, Facts, Moment, judge_patient, open_episode


def judge_program(facts: Facts, program: Program, general: Decision, moment: Moment) -> Decision:
    """What a program's records add to the general judgement of a patient.

    `facts` are the general ones and the program's, its own episode first.
    """
    mine = program.program_id
    own = replace(
        facts,
        flags=[flag for flag in facts.flags if flag.program_id == mine],
        intake_id=program.contact_id,
        program_id=mine,
        owners=program.members,
        told=_told(facts, mine, general),
    )
    return _own_part(judge_patient(own, moment), facts, mine)


def own_first(courses: Sequence[Episode], program_id: UUID) -> list[Episode]:
    """A program judges by its own episode where it has one."""
    return sorted(courses, key=lambda one: one.program_id != program_id)


def _told(facts: Facts, program_id: UUID, general: Decision) -> frozenset[tuple[str, str]]:
    """What the general judgement found: of a measurement once, of a course where it is the same."""
    current = open_episode(facts.episodes)
    if current is None or current.program_id != program_id:
        return general.found
    return frozenset((kind, subject) for kind, subject in general.found if subject)


def _own_part(decision: Decision, facts: Facts, program_id: UUID) -> Decision:
    """Only what is written on the program's own records."""
    episodes = {e.episode_id for e in facts.episodes if e.program_id == program_id}
    taken = {a.assessment_id for a in facts.assessments if a.program_id == program_id}
    sent = {r.referral_id for r in facts.referrals if r.program_id == program_id}
    return replace(
        decision,
        summaries={k: v for k, v in decision.summaries.items() if k in episodes},
        homes={k: v for k, v in decision.homes.items() if k in taken},
        places={k: v for k, v in decision.places.items() if k in episodes},
        referral_days={k: v for k, v in decision.referral_days.items() if k in sent},
    )
