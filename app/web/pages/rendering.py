"""Templates, and how dates and numbers read on a page."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from app.domain.access import Permission
from app.domain.part2 import NOTICE
from app.domain.words import change_words, day_words, number_words, percent_words
from app.use_cases.view_caseload import TrendRow
from app.web.dependencies import Session
from app.web.pages.charts import recovery_chart, sparkline, trend_chart

_LANGUAGES = {
    "ar": "Arabic",
    "es": "Spanish",
    "pt": "Portuguese",
    "so": "Somali",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}


def _day(value: date | None) -> str:
    return day_words(value) if value else "—"


def _short_day(value: date | None) -> str:
    return " ".join(day_words(value).split()[:2]) if value else "—"


def _month(value: date) -> str:
    return day_words(value).split(" ", 1)[1]


def _number(value: Decimal | int | None) -> str:
    return "—" if value is None else number_words(Decimal(value))


def _percent(value: Decimal | None) -> str:
    if value is None:
        return "—"
    sign = "−" if value < 0 else "+" if value > 0 else "±"
    return f"{sign}{abs(round(value))} %"


def _language(code: str | None) -> str:
    return _LANGUAGES.get((code or "").partition("-")[0], "")


def _instant(value: datetime | None, zone: str) -> str:
    if value is None:
        return "—"
    here = value.astimezone(ZoneInfo(zone))
    return f"{day_words(here.date())}, {here:%H:%M}"


def _trend(row: TrendRow | None) -> str:
    return "" if row is None else sparkline([float(total) for _, total in row.points])


def _protocol_address(name: str) -> str:
    """Where the version is shown that a finding names: ``/protocols/bao-sowa/1``."""
    protocol_id, _, version = name.rpartition(" v")
    return f"/protocols/{protocol_id}/{version}"


environment = Environment(
    loader=FileSystemLoader(Path(__file__).resolve().parent.parent / "templates"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
environment.filters |= {
    "day": _day,
    "short_day": _short_day,
    "month": _month,
    "number": _number,
    "percent": _percent,
    "share": percent_words,
    "language": _language,
    "instant": _instant,
    "trend": _trend,
    "iso_day": lambda text: day_words(date.fromisoformat(text)),
    "words": lambda value: str(value).replace("-", " "),
}
environment.globals |= {
    "trend_chart": trend_chart,
    "recovery_chart": recovery_chart,
    "change_words": change_words,
    "protocol_address": _protocol_address,
    "Permission": Permission,
    "PART_TWO_NOTICE": NOTICE,
}


def page(
    request: Request,
    template: str,
    session: Session | None = None,
    status: int = 200,
    **values: Any,
) -> HTMLResponse:
    """A rendered page."""
    services = request.app.state.services
    zone = session.actor.time_zone if session else "UTC"
    html = environment.get_template(template).render(
        session=session,
        zone=zone,
        demo=services.settings.demo,
        path=request.url.path,
        disclosed=getattr(request.state, "disclosed", ()),
        **values,
    )
    return HTMLResponse(html, status)
