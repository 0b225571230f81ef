"""Login names: one spelling each, so that nobody is two people and no guess counts twice."""

import unicodedata

LONGEST = 100


def login_of(typed: str) -> str | None:
    """The login that was typed, in its one spelling; None for what can be nobody's.

    Width, case and spaces around it do not matter (Unicode NFKC and case folding), so that
    "ＭＡＹＡ" and " maya" are maya, counted together when they are guessed at.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", typed).casefold()).strip()
    fits = 0 < len(folded) <= LONGEST and folded.isprintable() and " " not in folded
    return folded if fits else None
