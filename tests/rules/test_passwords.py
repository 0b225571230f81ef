"""Which passwords are taken, and which are refused."""

import pytest

from app.auth.passwords import WeakPassword, check_password_choice

ABOUT = ("maya", "Maya Okonkwo, LCSW", "Riverside Family Medicine", "maya@riverside.example")


@pytest.mark.parametrize(
    ("password", "taken"),
    [
        ("four herons beside windmill", True),
        ("correct horse battery staple", False),  # everybody knows it
        ("Tr0ub4dor&3", False),  # eleven characters, whatever their kind
        ("Tr0ub4dor&3x9!", True),
        ("password password", False),
        ("123456789012345", False),
        ("qwertyuiopasdf", False),
        ("iloveyouiloveyou", False),
        ("maya.okonkwo.1985", False),  # her name and a year
        ("riversidefamily1", False),
        ("stepwell stepwell 1", False),
        ("riverside herons like windmills", True),  # a word of ours among others does no harm
        ("aaaaaaaaaaaaaaaaaaaaaaaa", False),
        ("abababababababab", False),
        ("éàüßøñ çõöëïî 42", True),
        ("x" * 257, False),
    ],
)
def test_a_password_is_judged_by_length_and_by_how_soon_it_is_guessed(
    password: str, taken: bool
) -> None:
    if taken:
        check_password_choice(password, ABOUT)
        return
    with pytest.raises(WeakPassword) as refusal:
        check_password_choice(password, ABOUT)
    assert password not in refusal.value.message
