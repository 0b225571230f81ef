"""Import a roster: upload, see what each line would do, then write all of it or the good lines."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.domain.access import Permission
from app.domain.roster import Roster, as_csv, read_roster
from app.errors import Conflict, Gone, Problem, Unprocessable
from app.store import audit, bulk, patients, protocol_choices, roster_uploads
from app.store.roster_uploads import RosterUpload
from app.store.transaction import Store
from app.use_cases.check_roster import CheckedLine, Standing, check_roster
from app.use_cases.write_roster import write_lines

PREPARED = ("line", "given name", "family name", "birth date", "record number", "outcome", "why")


@dataclass(frozen=True, slots=True)
class Preview:
    """What an upload would do, line by line."""

    upload_id: UUID
    checked: list[CheckedLine]
    remarks: tuple[str, ...]
    counts: Mapping[str, int]

    @property
    def all_good(self) -> bool:
        return all(one.is_good for one in self.checked)


@dataclass(frozen=True, slots=True)
class ImportChoice:
    """How much of it: everything, or the good lines but those left out."""

    whole: bool
    left_out: frozenset[int] = frozenset()


async def upload_roster(store: Store, content: bytes, today: date) -> UUID:
    """Keep a file for its preview; raises where it is no roster at all."""
    store.actor.require(Permission.IMPORT_ROSTER)
    await roster_uploads.forget_expired(store)
    roster = await _read(content, today)
    counts = _counts(await check_roster(store, roster.lines, today))
    digest = hashlib.sha256(content).hexdigest()
    upload_id = await roster_uploads.add_upload(store, content, digest, counts)
    await audit.record(store, "roster.upload", subject=f"rosters/{upload_id}", detail=counts)
    return upload_id


async def _read(content: bytes, today: date) -> Roster:
    """Off the event loop: a large file takes longer than a request may hold it."""
    return await asyncio.to_thread(read_roster, content, today)


def _counts(checked: Sequence[CheckedLine]) -> dict[str, int]:
    found = Counter(one.standing.value for one in checked)
    return {standing.value: found.get(standing.value, 0) for standing in Standing}


async def view_roster(store: Store, upload_id: UUID, today: date) -> Preview | RosterUpload:
    """The preview as it stands now, or the upload where it is settled."""
    store.actor.require(Permission.IMPORT_ROSTER)
    held = await roster_uploads.get_upload(store, upload_id)
    if held.content is None or held.expires_at < store.now:
        if held.settled_at is None:
            raise Gone("The file waited too long and was dropped; upload it again.")
        return held
    roster = await _read(held.content, today)
    checked = await check_roster(store, roster.lines, today)
    known = [one.patient_id for one in checked if one.patient_id]
    await audit.record(store, "roster.view", shown=known, subject=f"rosters/{upload_id}")
    return Preview(upload_id, checked, roster.remarks, _counts(checked))


async def drop_roster(store: Store, upload_id: UUID) -> None:
    """Drop an upload: nothing of it is kept."""
    store.actor.require(Permission.IMPORT_ROSTER)
    held = await roster_uploads.get_upload(store, upload_id, lock=True)
    if held.settled_at is None:
        await roster_uploads.settle_upload(store, upload_id, None, {})
        await audit.record(store, "roster.drop", subject=f"rosters/{upload_id}")


async def report_of(store: Store, upload_id: UUID, today: date) -> bytes:
    """What would become of each line, or what became of it; as CSV."""
    found = await view_roster(store, upload_id, today)
    await audit.record(store, "roster.report", subject=f"rosters/{upload_id}")
    if isinstance(found, Preview):
        return _report(found.checked, {})
    if found.report is None:
        raise Gone("The report was dropped after its time; upload the file again to see it.")
    return found.report


def _report(checked: Sequence[CheckedLine], done: Mapping[int, str]) -> bytes:
    return as_csv(
        [
            PREPARED,
            *(
                (
                    str(one.line.number),
                    one.line.given,
                    one.line.family,
                    one.line.birth_on.isoformat() if one.line.birth_on else "",
                    one.line.record_number,
                    done.get(one.line.number, one.standing.value),
                    one.words,
                )
                for one in checked
            ),
        ]
    )


async def import_roster(
    store: Store, upload_id: UUID, choice: ImportChoice, today: date
) -> Mapping[str, int]:
    """Write what was chosen, all in this transaction; sent twice, it is done once."""
    store.actor.require(Permission.IMPORT_ROSTER)
    held = await roster_uploads.get_upload(store, upload_id, lock=True)
    if held.settled_at is not None:
        return held.counts
    if held.content is None or held.expires_at < store.now:
        raise Gone("The file waited too long and was dropped; upload it again.")
    await bulk.expect_growth(store)
    await protocol_choices.hold(store)
    await patients.lock_names(store, ["roster"])
    roster = await _read(held.content, today)
    checked = await check_roster(store, roster.lines, today)
    done = await write_lines(store, _chosen(checked, choice), today)
    counts = dict(Counter(done.values()))
    outcomes = {one.line.number: "left out" for one in checked if one.is_good} | done
    await roster_uploads.settle_upload(store, upload_id, _report(checked, outcomes), counts)
    await audit.record(store, "roster.import", subject=f"rosters/{upload_id}", detail=counts)
    return counts


def _chosen(checked: Sequence[CheckedLine], choice: ImportChoice) -> list[CheckedLine]:
    bad = [one for one in checked if not one.is_good]
    if choice.whole and bad:
        raise Conflict(
            "Nothing was imported: not every line is good.",
            [Problem(f"line {one.line.number}", one.words) for one in bad[:20]],
        )
    good = [one for one in checked if one.is_good and one.line.number not in choice.left_out]
    if not good:
        raise Unprocessable("No line is left to import.")
    return good
