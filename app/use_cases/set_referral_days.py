"""Say how long a referral may stand still in each state before somebody is asked."""

from collections.abc import Mapping

from app.domain.access import Permission
from app.domain.referral import DEFAULT_DAYS, LONGEST_DAYS
from app.errors import Problem, Unprocessable
from app.store import audit, referrals
from app.store.referrals import ReferralPolicy
from app.store.transaction import Store


async def view_referral_days(store: Store) -> ReferralPolicy:
    """The days of each state as they are now."""
    store.actor.require(Permission.OFFER_STEPS)
    return await referrals.get_policy(store)


async def set_referral_days(store: Store, version: int, days: Mapping[str, int | None]) -> None:
    """Keep the days; they count from the next move of each referral on."""
    store.actor.require(Permission.OFFER_STEPS)
    problems = [
        Problem(state, f"give whole days from 0 to {LONGEST_DAYS}")
        for state in DEFAULT_DAYS
        if not 0 <= (-1 if (given := days.get(state)) is None else given) <= LONGEST_DAYS
    ]
    if problems:
        raise Unprocessable("The days were not saved.", problems)
    await referrals.save_policy(store, version, {s: days[s] or 0 for s in DEFAULT_DAYS})
    await audit.record(store, "referrals.set-days", detail={s: days[s] or 0 for s in DEFAULT_DAYS})
