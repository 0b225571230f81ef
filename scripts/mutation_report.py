"""Tell how many broken rules the tests noticed, module by module; fails below the floor.

Reads what `scripts/mutate` left in ``mutants/``. Killed: a test failed (or ran out of time)
on the broken code. Modules that decide about people must reach 90 %.
"""

import json
import sys
from pathlib import Path

MUTANTS = Path("mutants/app/domain")
FLOOR = 90
HELD = ("score", "trajectory", "response", "safety", "step_care")
SURVIVED, NOT_RUN, NO_TEST = 0, None, 33


def counts(module: str) -> tuple[int, int, int]:
    """(killed, survived, without a test) of one module, of those that were run."""
    found = json.loads((MUTANTS / f"{module}.py.meta").read_text(encoding="utf-8"))
    codes = [code for code in found["exit_code_by_key"].values() if code is not NOT_RUN]
    untested = sum(code == NO_TEST for code in codes)
    survived = sum(code == SURVIVED for code in codes)
    return len(codes) - survived - untested, survived, untested


def percent(killed: int, missed: int) -> float:
    return 100 * killed / max(killed + missed, 1)


def main() -> int:
    """Print a row a module; exit code 1 where a held module is below the floor."""
    modules = sorted(path.name.removesuffix(".py.meta") for path in MUTANTS.glob("*.py.meta"))
    totals, below = [0, 0], []
    print(f"{'module':24}{'killed':>8}{'survived':>10}{'no test':>9}{'score':>8}")
    for module in modules:
        killed, survived, untested = counts(module)
        if not killed + survived + untested:
            continue
        missed = survived + untested
        score = percent(killed, missed)
        totals = [totals[0] + killed, totals[1] + missed]
        print(f"{module:24}{killed:8}{survived:10}{untested:9}{score:7.1f} %")
        if module in HELD and score < FLOOR:
            below.append(module)
    print(f"{'all':24}{totals[0]:8}{totals[1]:10}{'':9}{percent(*totals):7.1f} %")
    if below:
        print(f"below {FLOOR} %: {', '.join(below)}", file=sys.stderr)
    return 1 if below else 0


if __name__ == "__main__":
    sys.exit(main())
