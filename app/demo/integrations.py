"""The demo's integration clients: one rotates its key, one publishes them, one was shut out."""

import json
from datetime import timedelta
from uuid import UUID

from joserfc.jwk import ECKey

from app.auth.key_sets import PublicKey, as_key_set, read_key_set
from app.domain.scopes import read_scopes
from app.store import clients
from app.store.transaction import Store
from app.use_cases.manage_clients import KeyAddress, as_rows, disable_client, register_client

FEED = (
    "system/Encounter.cu system/Observation.cu system/Patient.cus system/QuestionnaireResponse.cu"
)


async def add_integrations(store: Store, clinic: str) -> None:
    """Register them; the private halves of their keys are thrown away, so that nobody is one."""
    feed = await register_client(
        store,
        "Lakeside EHR",
        read_scopes(FEED),
        as_rows([_key("lakeside-2025"), _key("lakeside-2026")]),
        clinic=clinic,
    )
    url = "https://keys.exchange.example/stepwell/jwks.json"
    published = {"jwks": as_key_set((_key("hie-7"),)), "etag": None, "trouble": ""}
    reader = await register_client(
        store,
        "Regional health information exchange",
        read_scopes("system/*.rs"),
        address=KeyAddress(url, published, timedelta(hours=12)),
    )
    old = await register_client(
        store, "Paper scanner", read_scopes("system/Observation.c"), as_rows([_key("scanner")])
    )
    await disable_client(store, old)
    await _age(store, feed, 210, timedelta(minutes=4))
    await _age(store, reader, 64, timedelta(hours=9))
    await _age(store, old, 400, timedelta(days=31))


def _key(kid: str) -> PublicKey:
    made = ECKey.generate_key("P-384", {"kid": kid})
    (key,) = read_key_set(json.dumps(made.as_dict(private=False)))
    return key


async def _age(store: Store, client_id: UUID, days: int, idle: timedelta) -> None:
    """Registered so many days ago, and last here a while ago."""
    since = store.now - timedelta(days=days)
    await clients.change_client(store, client_id, created_at=since, last_used_at=store.now - idle)
