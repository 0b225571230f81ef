"""A model of expected recovery as data to keep, and back."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from app.domain.expected_recovery import Chance, Curve, RecoveryModel, Stratum, WeekBand
from app.domain.recovery_accuracy import Accuracy, Calibrated

METHOD = 1
"""Goes up when a model is counted or kept in another way: older ones are then fitted anew."""


def as_data(model: RecoveryModel) -> dict[str, Any]:
    """Plain lists, numbers and texts."""
    data = asdict(model)
    data["fitted_on"] = model.fitted_on.isoformat() if model.fitted_on else None
    data["chances"] = {str(week): list(row) for week, row in data["chances"].items()}
    return data


def from_data(data: Mapping[str, Any]) -> RecoveryModel:
    """What `as_data` wrote."""
    return RecoveryModel(
        instrument_id=data["instrument_id"],
        version=data["version"],
        fitted_on=date.fromisoformat(data["fitted_on"]) if data["fitted_on"] else None,
        courses=data["courses"],
        known=data["known"],
        curves=tuple(
            Curve(
                Stratum(**curve["stratum"]),
                curve["n"],
                tuple(
                    WeekBand(band["week"], band["n"], tuple(band["values"]))
                    for band in curve["weeks"]
                ),
            )
            for curve in data["curves"]
        ),
        chances={
            int(week): tuple(Chance(**chance) for chance in row)
            for week, row in data["chances"].items()
        },
        accuracy=tuple(
            Accuracy(**one | {"calibration": tuple(Calibrated(**c) for c in one["calibration"])})
            for one in data["accuracy"]
        ),
    )
