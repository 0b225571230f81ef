"""SMART Backend Services as the guide that we hand out has it (docs/smart_client.py)."""

import time
import uuid
from dataclasses import dataclass
from uuid import UUID

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class Account:
    """What a vendor has of a registry: its address, a client id, a key."""

    fhir: str
    """Where its FHIR face is reached, without a slash at its end."""
    client_id: str
    key: ECKey
    scope: str
    org_id: UUID

    def token_endpoint(self) -> str:
        """Where the registry says that tokens are had."""
        found = httpx.get(f"{self.fhir}/.well-known/smart-configuration")
        found.raise_for_status()
        return str(found.json()["token_endpoint"])

    def assertion(self, audience: str) -> str:
        """A short statement of who asks, signed with the vendor's key."""
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": audience,
            "jti": str(uuid.uuid4()),
            "exp": int(time.time()) + 240,
        }
        header = {"alg": "ES384", "kid": self.key.kid, "typ": "JWT"}
        return jwt.encode(header, claims, self.key, algorithms=["ES384"])

    def token(self, scope: str = "") -> str:
        """A bearer token with these scopes, or with all that are registered."""
        endpoint = self.token_endpoint()
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": TYPE,
            "client_assertion": self.assertion(endpoint),
            "scope": scope or self.scope,
        }
        answer = httpx.post(endpoint, data=form)
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def http(self, scope: str = "") -> httpx.Client:
        """Plain HTTP at the FHIR face, signed in."""
        headers = {"Authorization": f"Bearer {self.token(scope)}"}
        return httpx.Client(base_url=self.fhir, headers=headers)
