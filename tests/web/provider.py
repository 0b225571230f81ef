"""An identity provider on this machine, as honest or as hostile as a test asks.

OpenID Connect over real HTTP: discovery, keys, authorize, token, end of session. Codes are
used once and bound to their client, redirect and PKCE challenge, as RFC 6749 and 7636 ask.
"""

import base64
import hashlib
import hmac
import json
import secrets
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import Key, RSAKey

Scope = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes]
GONE = object()
"""Marks a claim that a token shall not have."""
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


def new_key(name: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig"})


@dataclass(slots=True)
class FakeProvider:
    """A provider and the knobs that make it lie."""

    issuer: str
    client_id: str = "stepwell"
    client_secret: str | None = "a secret of the client / with + signs"
    person: dict[str, Any] = field(default_factory=lambda: {"sub": "person-1"})
    key: Key = field(default_factory=lambda: new_key("first"))
    published: list[Key] = field(default_factory=list)
    claims: dict[str, Any] = field(default_factory=dict)
    """Put over what the ID token would say; GONE takes a claim away."""
    signing: str = "RS256"
    """RS256, none, or HS256 with the public key as the secret."""
    key_id: str | None = "its own"
    names_issuer: str | None = None
    """The "iss" of its answers, where it says that it names itself."""
    discovery: dict[str, Any] = field(default_factory=dict)
    error: str | None = None
    broken: str | None = None
    """The path that answers 500, or "*"; "huge:/path" answers without end."""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    """The paths that were asked for, in order."""
    at: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        self.published = self.published or [self.key]

    async def __call__(
        self, scope: Scope, receive: Callable[[], Awaitable[Any]], send: Any
    ) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.asked.append(scope["path"])
        status, headers, content = self.answer(scope, body)
        pairs = [(k.encode(), v.encode()) for k, v in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": content})

    def answer(self, scope: Scope, body: bytes) -> Answer:
        path = scope["path"]
        if self.broken in ("*", path):
            return 500, {}, b"{}"
        if self.broken == f"huge:{path}":
            return 200, {}, b'{"a":"' + b"x" * 400_000 + b'"}'
        if self.broken == f"deep:{path}":
            return 200, {}, b"[" * 200_000
        if self.broken == f"redirect:{path}":
            return 302, {"location": "http://169.254.169.254/latest"}, b""
        query = dict(parse_qsl(scope["query_string"].decode()))
        if path == "/.well-known/openid-configuration":
            return _json(self.document())
        if path == "/jwks":
            return _json({"keys": [key.as_dict(private=False) for key in self.published]})
        if path == "/authorize":
            return self.authorize(query)
        if path == "/token":
            headers = {k.decode(): v.decode() for k, v in scope["headers"]}
            return self.token(body, headers.get("authorization", ""))
        return 404, {}, b"{}"

    def document(self) -> dict[str, Any]:
        said = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "end_session_endpoint": f"{self.issuer}/end-session",
            "authorization_response_iss_parameter_supported": self.names_issuer is not None,
        }
        return said | self.discovery

    def authorize(self, query: dict[str, str]) -> Answer:
        """The person is signed in here already and agrees."""
        said = {"state": query["state"]}
        if self.names_issuer is not None:
            said["iss"] = self.names_issuer
        if self.error:
            said["error"] = self.error
        else:
            said["code"] = secrets.token_urlsafe(16)
            self.codes[said["code"]] = query
        return 302, {"location": query["redirect_uri"] + "?" + urlencode(said)}, b""

    def token(self, body: bytes, authorization: str) -> Answer:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if not self._is_client(form, authorization):
            return _json({"error": "invalid_client"}, 401)
        begun = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if begun is None or begun["code_challenge"] != challenge:
            return _json({"error": "invalid_grant"}, 400)
        if (
            begun["code_challenge_method"] != "S256"
            or begun["redirect_uri"] != form["redirect_uri"]
        ):
            return _json({"error": "invalid_grant"}, 400)
        id_token = self.sign(self.id_claims(begun["nonce"]))
        return _json({"access_token": "unused", "token_type": "Bearer", "id_token": id_token})

    def _is_client(self, form: dict[str, str], authorization: str) -> bool:
        if self.client_secret is None:
            return form.get("client_id") == self.client_id
        kind, _, encoded = authorization.partition(" ")
        if kind != "Basic":
            return form.get("client_secret") == self.client_secret
        name, _, secret = base64.b64decode(encoded).decode().partition(":")
        return (unquote_plus(name), unquote_plus(secret)) == (self.client_id, self.client_secret)

    def id_claims(self, nonce: str) -> dict[str, Any]:
        now = int(self.at())
        said = {"iss": self.issuer, "aud": self.client_id, "iat": now, "exp": now + 300}
        said |= {"nonce": nonce, **self.person, **self.claims}
        return {name: value for name, value in said.items() if value is not GONE}

    def logout_token(self, **claims: Any) -> str:
        now = int(self.at())
        said = {"iss": self.issuer, "aud": self.client_id, "iat": now, "exp": now + 120}
        said |= {"jti": secrets.token_hex(8), "events": {LOGOUT_EVENT: {}}, **claims}
        return self.sign({name: value for name, value in said.items() if value is not GONE})

    def sign(self, claims: dict[str, Any]) -> str:
        header: dict[str, Any] = {"alg": self.signing}
        if self.key_id is not None:
            header["kid"] = self.key.kid if self.key_id == "its own" else self.key_id
        if self.signing == "none":
            parts = (json.dumps(header | {"typ": "JWT"}), json.dumps(claims))
            return ".".join(_unpadded(part.encode()) for part in parts) + "."
        if self.signing == "HS256":  # the classic confusion: what everybody knows as a secret
            known = self.key.as_pem(private=False)  # type: ignore[attr-defined]
            parts = (json.dumps(header), json.dumps(claims))
            signed = ".".join(_unpadded(part.encode()) for part in parts)
            return f"{signed}.{_unpadded(hmac.digest(known, signed.encode(), 'sha256'))}"
        return jwt.encode(header, claims, self.key, algorithms=[self.signing])


def _unpadded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _json(content: dict[str, Any], status: int = 200) -> Answer:
    headers = {"content-type": "application/json", "cache-control": "max-age=600"}
    return status, headers, json.dumps(content).encode()


@contextmanager
def served(provider_of: Callable[[str], FakeProvider]) -> Iterator[FakeProvider]:
    """The provider on a port of this machine, in a thread of its own."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    provider = provider_of(f"http://127.0.0.1:{listening.getsockname()[1]}")
    config = uvicorn.Config(provider, log_level="critical", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    try:
        yield provider
    finally:
        server.should_exit = True
        thread.join(10)
