"""Names, birth dates and languages for people who do not exist."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

GIVEN = {
    "female": (
        "Maria", "Aisha", "Linda", "Grace", "Mei", "Sofía", "Hannah", "Thandiwe", "Ingrid", "Priya",
        "Rosa", "Olena", "Fatima", "June", "Camila", "Naomi", "Ruth", "Yuki", "Delphine", "Marisol",
        "Abigail", "Zainab", "Carol", "Lucía", "Noor", "Bernadette", "Xiomara", "Edith", "Tamika",
    ),
    "male": (
        "James", "Luis", "Ahmed", "Walter", "Kofi", "Daniel", "Hiroshi", "Miguel", "Tomasz",
        "Andre", "Ravi", "George", "Samuel", "Jorge", "Otis", "Pavel", "Desmond", "Minh",
        "Elias", "Frank",
        "Mateo", "Omar", "Leroy", "Anders", "Emeka", "Vincent", "Raúl", "Theodore", "Malik",
    ),
}  # fmt: skip
FAMILY = (
    "Alvarez", "Brooks", "Chen", "Dąbrowska", "Ellison", "Fernández", "Gupta", "Haddad", "Iverson",
    "Jackson", "Kowalski", "Lindqvist", "Mbeki", "Nguyen", "O'Connor", "Pereira", "Quispe", "Reyes",
    "Schultz", "Tanaka", "Underwood", "Vasquez", "Washington", "Xiong", "Yılmaz", "Zapata",
    "Adeyemi", "Begay", "Castillo-Whitfield", "Delacroix", "Evans", "Freeman", "Goldberg", "Hughes",
    "Ibrahim", "Johansson", "Kaur", "Little Bear", "Moreno", "Nakamura", "Okafor", "Petrova",
)  # fmt: skip
LANGUAGES = ("en",) * 14 + ("es",) * 4 + ("zh", "vi", "ar", "so", "pt", "uk")


@dataclass(frozen=True, slots=True)
class Person:
    """Who a story is about."""

    given: str
    family: str
    sex: str
    birth_on: date
    language: str
    phone: str
    record_number: str

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"


def make_person(dice: Random, number: int, today: date) -> Person:
    """A person of 18 to 89 years; the record number is unique by `number`."""
    sex = "female" if dice.random() < 0.62 else "male"
    age_days = int(dice.triangular(18, 89, 41) * 365.25)
    return Person(
        given=dice.choice(GIVEN[sex]),
        family=dice.choice(FAMILY),
        sex=sex,
        birth_on=today - timedelta(days=age_days),
        language=dice.choice(LANGUAGES),
        phone=f"555-01{dice.randrange(100):02d}",
        record_number=f"{4_100_000 + number}",
    )
