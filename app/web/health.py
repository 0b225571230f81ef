"""Is the process alive, and can it serve?"""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from app.use_cases.check_readiness import check_readiness

router = APIRouter(prefix="/health", include_in_schema=False)


@router.get("/live")
async def live() -> JSONResponse:
    """The process answers."""
    return JSONResponse({"status": "live"})


@router.get("/ready")
async def ready(request: Request) -> JSONResponse:
    """The database is reached and stands at the schema this version needs."""
    services = request.app.state.services
    problem = await check_readiness(services.database, services.newest_revision)
    if problem:
        return JSONResponse({"status": "not ready", "problem": problem}, 503)
    return JSONResponse({"status": "ready"})
