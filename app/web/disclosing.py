"""What every answer carries that shows a Part 2 program's record to others: 42 CFR § 2.32."""

from collections.abc import Sequence

from app.domain.part2 import NOTICE

HEADER = "X-42-CFR-Part-2-Notice"


def disclosure_headers(told: Sequence[str]) -> dict[str, str]:
    """The notice and on what ground each record was shown; nothing where nothing was."""
    if not told:
        return {}
    words = " ".join([NOTICE, *told])
    plain = "".join(letter if letter.isprintable() else " " for letter in words)
    return {HEADER: plain.encode("ascii", "replace").decode("ascii")}
