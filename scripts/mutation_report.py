"""Tell how many broken rules the tests noticed, module by module; fails below the floor.

Reads what `scripts/mutate` left in ``mutants/``. Killed: a test failed (or ran out of time)
on the broken code. Modules that decide about people must reach 90 %. With ``--markdown`` the
table is printed as `docs/testing.md` shows it.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MUTANTS = Path("mutants/app/domain")
FLOOR = 90
HELD = (
    "score",
    "trajectory",
    "response",
    "safety",
    "step_care",
)
SURVIVED, NOT_RUN, NO_TEST = 0, None, 33


@dataclass(frozen=True)
class Row:
    """What became of one module's mutants, of those that were run."""

    module: str
    killed: int = 0
    survived: int = 0
    untested: int = 0

    @property
    def percent(self) -> float:
        return 100 * self.killed / max(self.killed + self.survived + self.untested, 1)

    @property
    def cells(self) -> tuple[str, ...]:
        counts = (self.killed, self.survived, self.untested)
        return (self.module, *map(str, counts), f"{self.percent:.1f} %")


def rows() -> Iterator[Row]:
    """A row for each module of which a mutant was run."""
    for path in sorted(MUTANTS.glob("*.py.meta")):
        found = json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"].values()
        codes = [code for code in found if code is not NOT_RUN]
        survived, untested = codes.count(SURVIVED), codes.count(NO_TEST)
        if codes:
            module = path.name.removesuffix(".py.meta")
            yield Row(module, len(codes) - survived - untested, survived, untested)


def total(found: list[Row]) -> Row:
    return Row(
        "all",
        sum(row.killed for row in found),
        sum(row.survived for row in found),
        sum(row.untested for row in found),
    )


def show(found: list[Row], *, markdown: bool) -> None:
    heading = ("module", "killed", "survived", "no test", "score")
    for cells in (heading, *(row.cells for row in (*found, total(found)))):
        if markdown:
            print(f"| {' | '.join(cells)} |")
        else:
            print(f"{cells[0]:24}{cells[1]:>8}{cells[2]:>10}{cells[3]:>9}{cells[4]:>10}")
        if markdown and cells is heading:
            print("|---|---:|---:|---:|---:|")


def main() -> int:
    """Print a row a module; exit code 1 where a held module is below the floor."""
    found = list(rows())
    show(found, markdown="--markdown" in sys.argv[1:])
    below = [row.module for row in found if row.module in HELD and row.percent < FLOOR]
    if below:
        print(f"below {FLOOR} %: {', '.join(below)}", file=sys.stderr)
    return 1 if below else 0


if __name__ == "__main__":
    sys.exit(main())
