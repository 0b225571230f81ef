"""Check whether the service can serve: its database is there and at the right schema."""

from app.store.engine import CANNOT_REACH, schema_revision
from app.store.transaction import Database


async def check_readiness(database: Database, needed: str | None) -> str | None:
    """None when ready; else what is wrong and what to do; no addresses, no secrets."""
    try:
        found = await schema_revision(database.engine)
    except CANNOT_REACH:
        return "The database cannot be reached."
    if found != needed:
        return f"The schema stands at {found}, {needed} is needed: run `python -m app migrate`."
    return None
