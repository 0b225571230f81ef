"""An integration client as its vendor writes it: keys, assertions, requests for tokens."""

import base64
import json
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from httpx import AsyncClient, Response
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from app.auth.key_sets import read_key_set
from app.domain.actor import system
from app.domain.scopes import read_scopes
from app.use_cases.manage_clients import KeyAddress, as_rows, register_client
from tests.web.site import Site

RSA = RSAKey.generate_key(2048)
EC = ECKey.generate_key("P-384")
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def public(key: RSAKey | ECKey, kid: str) -> dict[str, Any]:
    return {**key.as_dict(private=False), "kid": kid}


def key_set(*keys: dict[str, Any]) -> str:
    return json.dumps({"keys": list(keys)})


def part(text: str) -> str:
    """base64url, as the parts of a JWT are written."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def sign(header: dict[str, Any], payload: str, key: RSAKey | ECKey) -> str:
    """A JWT of any header, however odd, with a right signature."""
    head = f"{part(json.dumps(header))}.{part(payload)}"
    made = jws.JWSRegistry.algorithms[header["alg"]].sign(head.encode(), key)
    return f"{head}.{base64.urlsafe_b64encode(made).decode().rstrip('=')}"


@dataclass(slots=True)
class Vendor:
    """A registered client with a key of its own."""

    http: AsyncClient
    client_id: UUID
    audience: str
    key: RSAKey | ECKey = field(default_factory=lambda: EC)
    kid: str = "k1"
    alg: str = "ES384"
    header: dict[str, Any] = field(default_factory=dict)

    def claims(self, **changed: Any) -> dict[str, Any]:
        """What a right assertion says, with some of it changed; None leaves a claim out."""
        me = str(self.client_id)
        told = {
            "iss": me,
            "sub": me,
            "aud": self.audience,
            "jti": str(uuid4()),
            "exp": int(time.time()) + 240,
            **changed,
        }
        return {name: value for name, value in told.items() if value is not None}

    def assertion(self, header: dict[str, Any] | None = None, **changed: Any) -> str:
        head = {"alg": self.alg, "kid": self.kid, "typ": "JWT", **self.header, **(header or {})}
        return sign(head, json.dumps(self.claims(**changed)), self.key)

    def form(self, assertion: str | None = None, scope: str = "system/*.rs") -> dict[str, str]:
        return {
            "grant_type": "client_credentials",
            "client_assertion_type": TYPE,
            "client_assertion": assertion or self.assertion(),
            "scope": scope,
        }

    async def ask(self, assertion: str | None = None, scope: str = "system/*.rs") -> Response:
        return await self.http.post("/auth/token", data=self.form(assertion, scope))

    async def token(self, scope: str = "system/*.rs") -> str:
        told = await self.ask(scope=scope)
        assert told.status_code == 200, told.text
        return str(told.json()["access_token"])

    async def fhir(
        self, token: str, method: str, path: str, body: Any = None, **headers: str
    ) -> Response:
        sent = {"Authorization": f"Bearer {token}", **headers}
        if body is not None:
            sent.setdefault("Content-Type", "application/fhir+json")
        return await self.http.request(method, f"/fhir{path}", json=body, headers=sent)


async def make_vendor(
    site: Site,
    scopes: str = "system/*.cruds",
    keys: str | None = None,
    address: KeyAddress | None = None,
    **about: Any,
) -> Vendor:
    """Register a client at a site; its key is EC unless told otherwise."""
    key, kid = about.get("key", EC), about.get("kid", "k1")
    listed = read_key_set(keys or key_set(public(key, kid))) if address is None else ()
    async with site.services.database.transaction(system(site.org_id)) as store:
        client_id = await register_client(
            store, f"Vendor {uuid4()}", read_scopes(scopes), as_rows(listed), address
        )
    http: AsyncClient = await site.open()
    return Vendor(http, client_id, site.services.settings.token_endpoint, **about)
