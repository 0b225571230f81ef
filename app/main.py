"""The ASGI application: the faces, mounted."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.errors import Failed, Malformed, NotFound, RegistryError
from app.jobs.anchoring import open_anchor
from app.jobs.exporting import export_all
from app.jobs.forgetting import FORGET_SECONDS, forget_expired
from app.jobs.repeating import repeat
from app.jobs.sealing import Sealer
from app.jobs.sweeping import sweep_all
from app.jobs.telling import deliver_all, escalate_all
from app.logs import told_plainly
from app.settings import Settings
from app.store.engine import check_role
from app.web import health, pages
from app.web.api import problems as api_problems
from app.web.api.router import router as api_router
from app.web.fhir import errors as fhir_errors
from app.web.fhir.router import router as fhir_router
from app.web.http import LOOPBACK, Envelope, Limits
from app.web.pages import errors as page_errors
from app.web.smart import errors as smart_errors
from app.web.smart.router import router as smart_router
from app.wiring import Services

log = logging.getLogger("stepwell")
MAX_FIELDS = 400
"""Fields of a form; the largest of ours, a questionnaire's, has some thirty. Files are taken by
the roster alone, which keeps them in memory: patients' data lies in no temporary file."""
MAX_FIELD_BYTES = 2 * 1024 * 1024
"""Of one field: an operator may mend a refused message in one."""


def create_app(services: Services) -> FastAPI:
    """The application over these services."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await check_role(services.database.engine)
        jobs = [asyncio.create_task(job) for job in _jobs(services)]
        yield
        for job in jobs:
            job.cancel()
        for job in jobs:
            with contextlib.suppress(asyncio.CancelledError):
                await job
        await services.database.engine.dispose()

    app = FastAPI(
        title="Stepwell",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        form_limits={"max_fields": MAX_FIELDS, "max_files": 0, "max_part_size": MAX_FIELD_BYTES},
    )
    app.state.services = services
    app.include_router(health.router)
    app.include_router(smart_router)  # before FHIR, whose addresses go all the way down
    app.include_router(fhir_router)
    app.include_router(api_router)
    app.include_router(pages.router)
    app.mount("/assets", pages.assets, name="assets")
    for kind in (RegistryError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _refuse)
    app.add_middleware(
        Envelope,
        limits=limits_of(services.settings),
        refuse=_refuse,
        tellers={"fhir": fhir_errors.told_before},
    )
    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=services.settings.trusted_proxies)
    return app


def limits_of(settings: Settings) -> Limits:
    """The limits that an operator set; the hosts are the public address's and those beside it."""
    named = [urlsplit(settings.public_base_url or "").hostname or ""]
    named += [name.strip().lower() for name in settings.other_hosts.split(",")]
    return Limits(
        https=settings.https,
        hosts=LOOPBACK | {f"[{name}]" if ":" in name else name for name in named if name},
        body_bytes=settings.max_body_bytes,
        requests=settings.max_requests,
        pause_seconds=settings.body_pause_seconds,
        body_seconds=settings.body_seconds,
        answer_seconds=settings.answer_seconds,
    )


def _jobs(services: Services) -> list[Coroutine[None, None, None]]:
    """What a serving process does by itself; several at once only find less to do."""
    database, settings = services.database, services.settings
    sealer = Sealer(database, open_anchor(settings.audit_anchor))
    return [
        repeat("the sweep", settings.sweep_minutes * 60, lambda: sweep_all(database)),
        repeat("sealing", settings.audit_seal_seconds, sealer.look),
        repeat("escalation", settings.escalate_seconds, lambda: escalate_all(database)),
        repeat(
            "delivery",
            settings.deliver_seconds,
            lambda: deliver_all(database, services.post, settings.base_url, services.sealer),
        ),
        repeat("exporting", settings.export_seconds, lambda: export_all(services.workshop)),
        repeat("forgetting", FORGET_SECONDS, lambda: forget_expired(database)),
    ]


async def _refuse(request: Request, error: Exception) -> Response:
    """Each face tells of a refusal in its own words; a bug is logged without any values."""
    if not isinstance(error, (RegistryError, RequestValidationError, HTTPException)):
        _log_bug(request, error)
    face = request.url.path.split("/")[1]
    if request.url.path in ("/auth/token", "/auth/revoke"):
        return smart_errors.render(request, _as_refusal(error))
    if face == "fhir":
        return fhir_errors.render(request, _as_refusal(error))
    if face == "api":
        return api_problems.render(request, error)
    return page_errors.render(request, error)


def _as_refusal(error: Exception) -> RegistryError:
    """What the framework or a bug raised, in the error family."""
    if isinstance(error, RegistryError):
        return error
    if isinstance(error, HTTPException) and error.status_code == 404:
        return NotFound("There is nothing at this address.")
    if isinstance(error, HTTPException) and error.status_code == 405:
        return fhir_errors.MethodNotOffered("This address does not take that method.", "GET, POST")
    if isinstance(error, RequestValidationError):
        return Malformed("The request could not be read.")
    return Failed()


def _log_bug(request: Request, error: Exception) -> None:
    """Where it happened, never what was in the values: those may be a patient's."""
    request_id = getattr(request.state, "request_id", "-")
    log.error("bug in %s: %s", request_id, told_plainly(error))
