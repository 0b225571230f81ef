"""Who reads the table of emergencies: no policy of the database withholds its rows.

A row says which program's record was opened. Whoever reads it is the person to whom it was
opened, or oversees emergencies; a new reader is a decision, and comes with its reason here.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

APP = Path(__file__).resolve().parents[2] / "app"
READERS = {
    "store/accounting.py: _ground": "the ground of one's own look",
    "store/emergencies.py: add_emergency": "writes, and reads back the id of what it wrote",
    "store/emergencies.py: get_emergency": "for whoever reviews it",
    "store/emergencies.py: list_emergencies": "the list that compliance reviews",
    "store/emergencies.py: list_of_patient": "the account of disclosures, for compliance",
    "store/emergencies.py: list_open_of": "those of one person, on one patient",
    "store/emergencies.py: save": "ends one's own, or keeps the review of one",
    "store/withholding.py: open_records": "one's own, as a transaction begins",
}
OVERSEEING = {"get_emergency", "list_emergencies", "list_of_patient"}
"""Those that show other people's: only for whoever oversees disclosures."""
SQL = re.compile(r"\b(FROM|JOIN)\s+emergencies\b")


def functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def constants_of_sql(file: Path) -> set[str]:
    """The module's names for statements that read the table."""
    found = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and SQL.search(ast.unparse(node)):
            found |= {one.id for one in node.targets if isinstance(one, ast.Name)}
    return found


def readers() -> set[str]:
    """Every function of the store that names the table, or its SQL."""
    found = set()
    for file in sorted((APP / "store").glob("*.py")):
        text = file.read_text(encoding="utf-8")
        imports = re.search(r"from app\.store\.tables import (\([^)]*\)|.*)", text)
        tables = {"emergencies"} if imports and "emergencies" in imports.group(1) else set()
        named = tables | constants_of_sql(file)
        for function in functions(file):
            names = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
            if names & named or SQL.search(ast.unparse(function)):
                found.add(f"store/{file.name}: {function.name}")
    return found


def test_every_reader_of_emergencies_is_known_with_its_reason() -> None:
    assert readers() == set(READERS)


def test_other_peoples_emergencies_are_read_by_those_who_oversee_them() -> None:
    seen = set()
    for file in sorted(APP.rglob("*.py")):
        for function in functions(file):
            said = ast.unparse(function)
            for reader in OVERSEEING:
                if f"emergencies.{reader}(" in said:
                    seen.add(reader)
                    assert "Permission.OVERSEE_DISCLOSURES" in said, f"{file.name} {function.name}"
    assert seen == OVERSEEING
