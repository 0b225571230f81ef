"""See the models of expected recovery: curves, numbers, accuracy."""

from dataclasses import dataclass

from app.domain.access import Permission
from app.domain.catalogue import INSTRUMENTS
from app.domain.expected_recovery import RecoveryModel, can_expect, default_model
from app.domain.instrument import Instrument
from app.domain.recovery_accuracy import Accuracy, Calibrated, Share
from app.domain.small_cells import Part, hide_rows, part
from app.store import recovery
from app.store.transaction import Store
from app.use_cases.view_screening_reach import smallest_shown


@dataclass(frozen=True, slots=True)
class ExpectedRecovery:
    """One instrument and the model that its charts show."""

    instrument: Instrument
    model: RecoveryModel


@dataclass(frozen=True, slots=True)
class ExpectedRecoveries:
    """All of them, and how small a count may be shown (1: any)."""

    found: list[ExpectedRecovery]
    hides_below: int

    def part(self, count: int, of: int) -> Part:
        """So many of so many, as far as it may be shown."""
        return part(count, of, self.hides_below)

    def shares(self, one: Accuracy) -> list[tuple[str, Share | None]]:
        """What the calls of one week were worth, in words; None where it would tell of a few."""
        cells = (one.off_right, one.off_wrong, one.on_wrong, one.on_right)
        hidden = hide_rows([cells], self.hides_below)
        told = (
            (
                "Sensitivity: of those without a response, called not on track",
                one.sensitivity,
                {0, 2},
            ),
            ("Specificity: of those with a response, called on track", one.specificity, {1, 3}),
            ("Called not on track: had no response", one.positive_value, {0, 1}),
            ("Called on track: had a response", one.negative_value, {2, 3}),
        )
        return [(words, share if hidden.isdisjoint(of) else None) for words, share, of in told]

    def calibration(self, one: Accuracy) -> list[Calibrated]:
        """The rows that may be shown; those of few people are left out, and enough beside them."""
        rows = one.calibration
        columns = [[row.n for row in rows], [row.responded for row in rows]]
        hidden = hide_rows([*columns, [row.n - row.responded for row in rows]], self.hides_below)
        return [row for i, row in enumerate(rows) if i not in hidden]


async def view_expected_recovery(store: Store, small_cells_below: int) -> ExpectedRecoveries:
    """The newest model of every instrument that has one, else the stated default.

    Counts over many patients and nothing about one of them: no row of the audit.
    """
    store.actor.require(Permission.VIEW_EXPECTED_RECOVERY)
    fitted = await recovery.newest_models(store)
    found = [
        ExpectedRecovery(one, fitted.get(one.id) or default_model(one))
        for one in sorted(INSTRUMENTS.values(), key=lambda one: one.id, reverse=True)
        if can_expect(one)
    ]
    return ExpectedRecoveries(found, smallest_shown(store, small_cells_below))
