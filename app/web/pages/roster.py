"""A roster by CSV: template, upload, preview, import, report."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from app.domain.access import Permission
from app.domain.roster import COLUMNS, MAX_BYTES, MAX_LINES, NEEDED, template
from app.errors import Malformed, Problem, TooLarge, Unprocessable
from app.use_cases.import_roster import (
    ImportChoice,
    Preview,
    drop_roster,
    import_roster,
    report_of,
    upload_roster,
    view_roster,
)
from app.web.dependencies import SignedIn, Today, WriteStore, check_csrf
from app.web.pages.rendering import page

router = APIRouter(prefix="/roster")
checked = [Depends(check_csrf)]
SHOWN = 100
"""How many lines of each kind the preview shows; the report has them all (ours)."""
OVERHEAD = 64 * 1024
"""What a form may weigh beside its file."""


class InMemory(MultiPartParser):
    """Keeps an upload in memory: patients' data never lies in a temporary file."""

    spool_max_size = MAX_BYTES + OVERHEAD


@router.get("")
async def show_upload(request: Request, session: SignedIn, store: WriteStore) -> Response:
    """The columns, the template, and where to send a file."""
    session.actor.require(Permission.IMPORT_ROSTER)
    return page(request, "roster.html", session, columns=COLUMNS, needed=NEEDED, most=MAX_LINES)


@router.get("/template.csv")
async def get_template(session: SignedIn) -> Response:
    """A file to begin with."""
    return _download(template(), "stepwell-roster.csv")


def _download(content: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


@router.post("")
async def upload(request: Request, session: SignedIn, store: WriteStore, today: Today) -> Response:
    """Take a file for its preview. Its size is looked at before it is read."""
    form = await _form(request)
    await check_csrf(session, str(form.get("csrf", "")))
    sent = form.get("file")
    content = await sent.read() if isinstance(sent, UploadFile) else b""
    if not content:
        raise Unprocessable("No file was sent.", [Problem("file", "choose a CSV file")])
    upload_id = await upload_roster(store, content, today)
    return RedirectResponse(f"/roster/{upload_id}", 303)


async def _form(request: Request) -> dict[str, Any]:
    declared = request.headers.get("content-length", "")
    if not declared.isdecimal() or int(declared) > MAX_BYTES + OVERHEAD:
        raise TooLarge(f"The file is larger than {MAX_BYTES // 1024 // 1024} MB; send it in parts.")
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise Malformed("Send the file by the form on the page Roster.")
    try:
        parser = InMemory(request.headers, request.stream(), max_files=1, max_fields=5)
        return dict(await parser.parse())
    except MultiPartException:
        raise Malformed("The form could not be read; send the file again.") from None


@router.get("/{upload_id}")
async def show_preview(
    request: Request, session: SignedIn, store: WriteStore, today: Today, upload_id: UUID
) -> Response:
    """What each line would do; or what was done, where it was imported."""
    found = await view_roster(store, upload_id, today)
    if not isinstance(found, Preview):
        return page(request, "roster_done.html", session, upload=found)
    bad = [one for one in found.checked if not one.is_good]
    good = [one for one in found.checked if one.is_good]
    return page(
        request, "roster_preview.html", session, preview=found, bad=bad, good=good, shown=SHOWN
    )


@router.get("/{upload_id}/report.csv")
async def get_report(store: WriteStore, today: Today, upload_id: UUID) -> Response:
    """Every line with what would become of it, or what became of it."""
    return _download(await report_of(store, upload_id, today), "stepwell-roster-report.csv")


@router.post("/{upload_id}/import", dependencies=checked)
async def confirm(
    store: WriteStore,
    today: Today,
    upload_id: UUID,
    how_much: Annotated[str, Form()] = "",
    left_out: Annotated[str, Form()] = "",
) -> Response:
    """Write all of it, or the good lines."""
    if how_much not in ("whole", "good"):
        raise Unprocessable(
            "Nothing was imported.", [Problem("how_much", "choose all lines or the good ones")]
        )
    choice = ImportChoice(how_much == "whole", _lines(left_out))
    await import_roster(store, upload_id, choice, today)
    return RedirectResponse(f"/roster/{upload_id}", 303)


def _lines(words: str) -> frozenset[int]:
    """Line numbers as typed: ``12, 15-20``. Raises Unprocessable for anything else."""
    found: set[int] = set()
    for piece in words.replace(" ", "").split(","):
        first, _, last = piece.partition("-")
        if not piece:
            continue
        if not (first.isdecimal() and (last or first).isdecimal() and len(piece) < 14):
            raise Unprocessable(
                "Nothing was imported.", [Problem("left_out", "write lines as 12, 15-20")]
            )
        found |= set(range(int(first), min(int(last or first), MAX_LINES + 1) + 1))
    return frozenset(found)


@router.post("/{upload_id}/drop", dependencies=checked)
async def drop(store: WriteStore, upload_id: UUID) -> Response:
    """Drop the file: nothing of it is kept."""
    await drop_roster(store, upload_id)
    return RedirectResponse("/roster", 303)
