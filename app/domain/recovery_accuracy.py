"""How well an early call predicts what happened, on courses the model never saw."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    of: int
    count: int

    @property
    def value(self) -> float | None:
        """None of none is not 0 %."""
        return None if self.of == 0 else self.count / self.of

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval by Wilson's formula."""
        if self.value is None:
            return None
        z, n, p = 1.96, self.of, self.value
        middle, half = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return (
            max(0.0, (middle - half) / (1 + z * z / n)),
            min(1.0, (middle + half) / (1 + z * z / n)),
        )

    @property
    def words(self) -> str:
        """``71 % of 58 (58 to 81)``."""
        if self.value is None or self.interval is None:
            return "not known: there were none"
        low, high = self.interval
        return f"{self.value * 100:.0f} % of {self.of} ({low * 100:.0f} to {high * 100:.0f})"


@dataclass(frozen=True, slots=True)
class Calibrated:
    """Of those told one probability: how many there were, and how many responded."""

    predicted: float
    n: int
    responded: int

    @property
    def observed(self) -> float:
        return self.responded / self.n


@dataclass(frozen=True, slots=True)
class Accuracy:
    """What "not on track" at an early week was worth; counted against no response by week 12."""

    week: int
    off_right: int
    """Called off track, and no response came."""
    off_wrong: int
    on_wrong: int
    """Called on track, and no response came."""
    on_right: int
    calibration: tuple[Calibrated, ...]
    """One row for each probability that the model tells, the lowest first."""

    @property
    def n(self) -> int:
        return self.off_right + self.off_wrong + self.on_wrong + self.on_right

    @property
    def sensitivity(self) -> Share:
        """Of those who did not respond: called off track."""
        return Share(self.off_right + self.on_wrong, self.off_right)

    @property
    def specificity(self) -> Share:
        """Of those who responded: called on track."""
        return Share(self.off_wrong + self.on_right, self.on_right)

    @property
    def positive_value(self) -> Share:
        """Of those called off track: did not respond."""
        return Share(self.off_right + self.off_wrong, self.off_right)

    @property
    def negative_value(self) -> Share:
        """Of those called on track: responded."""
        return Share(self.on_wrong + self.on_right, self.on_right)

    @property
    def brier(self) -> float | None:
        """The mean squared error of the probabilities: 0 is perfect, 0.25 is a coin."""
        if not self.n:
            return None
        wrong = sum(
            c.responded * (1 - c.predicted) ** 2 + (c.n - c.responded) * c.predicted**2
            for c in self.calibration
        )
        return wrong / self.n


def measure(week: int, told: Mapping[tuple[float, bool], int], below: float) -> Accuracy:
    """(probability told, whether the response came) → how many, summed up."""
    cells = {(off, came): 0 for off in (True, False) for came in (True, False)}
    rows: dict[float, list[int]] = {}
    for (probability, came), count in told.items():
        cells[probability < below, came] += count
        row = rows.setdefault(probability, [0, 0])
        row[0] += count
        row[1] += count * came
    return Accuracy(
        week,
        off_right=cells[True, False],
        off_wrong=cells[True, True],
        on_wrong=cells[False, False],
        on_right=cells[False, True],
        calibration=tuple(Calibrated(p, n, came) for p, (n, came) in sorted(rows.items())),
    )
