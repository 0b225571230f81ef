"""Charts as accessible SVG: drawn on the server, no style and no script inside."""

from collections.abc import Sequence
from datetime import date

from markupsafe import Markup, escape

from app.domain.words import day_words, number_words
from app.use_cases.patient_story import ChartSeries, TimelineEvent

WIDTH, HEIGHT = 760, 260
LEFT, RIGHT, TOP, BOTTOM = 34, 12, 10, 46
MARKS = {"contact": "c", "review": "r", "treatment": "t", "status": "s", "enrolled": "e"}


def sparkline(totals: Sequence[float]) -> Markup:
    """The shape of a course, small enough for a table's cell; its numbers stand beside it."""
    if len(totals) < 2:
        return Markup("")
    top = max(*totals, 1)
    step = 68 / (len(totals) - 1)
    points = [(2 + i * step, 20 - total / top * 16) for i, total in enumerate(totals)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1]
    return Markup(
        f'<svg class="spark" viewBox="0 0 72 22" width="72" height="22" aria-hidden="true">'
        f'<polyline points="{line}"/><circle cx="{x:.1f}" cy="{y:.1f}" r="2.2"/></svg>'
    )


def trend_chart(series: ChartSeries, events: Sequence[TimelineEvent]) -> Markup:
    """Scores over time on their severity bands, with what happened in treatment below."""
    if not series.points:
        return Markup("")
    days = [p.on for p in series.points] + [e.on for e in events]
    first, last = min(days), max(days)
    span = max((last - first).days, 1)

    def x(on: date) -> float:
        return LEFT + (on - first).days / span * (WIDTH - LEFT - RIGHT)

    def y(total: float) -> float:
        top = series.maximum + series.ordinal  # a level is a lane, a total is a height
        share = (total - series.minimum) / (top - series.minimum)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    parts = [_band(series, band, y) for band in series.bands]
    middle = 0.5 if series.ordinal else 0
    line = " ".join(f"{x(p.on):.1f},{y(float(p.total) + middle):.1f}" for p in series.points)
    parts.append(f'<polyline class="course" points="{line}"/>')
    for point in series.points:
        shape = f"point{' prorated' * point.prorated}{' unsafe' * bool(point.item_nine_value)}"
        number = point.severity if series.ordinal else number_words(point.total)
        told = f"{day_words(point.on)}: {number}"
        if not series.ordinal:
            told += f", {point.severity}"
        if point.prorated:
            told += ", prorated"
        if point.item_nine_value and not series.ordinal:
            told += f", safety item answered {point.item_nine_value}"
        cx, cy = x(point.on), y(float(point.total) + middle)
        parts.append(
            f'<circle class="{shape}" cx="{cx:.1f}" cy="{cy:.1f}" r="4">'
            f"<title>{escape(told)}</title></circle>"
            + ("" if series.ordinal else _value(number, cx, cy))
        )
    parts += [_event(event, x(event.on)) for event in events]
    parts += [_date(first, LEFT, "start"), _date(last, WIDTH - RIGHT, "end")]
    latest = series.points[-1]
    label = (
        f"{series.title}: {len(series.points)} scores, latest "
        f"{latest.severity if series.ordinal else number_words(latest.total)} "
        f"on {day_words(latest.on)}. "
        "The table below holds every value."
    )
    return Markup(
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )


def _value(number: str, cx: float, cy: float) -> str:
    return f'<text class="value" x="{cx:.1f}" y="{cy - 8:.1f}">{escape(number)}</text>'


def _band(series: ChartSeries, band: tuple[int, int, str, int], y: object) -> str:
    low, high, label, level = band
    assert callable(y)
    low, high = min(low, series.maximum), min(high + 1, series.maximum + series.ordinal)
    top = y(high)
    height = y(low) - top
    tick = f'<text class="tick" x="{LEFT - 6}" y="{y(low) + 3:.1f}">{low}</text>'
    return (
        f'<rect class="band level-{level}" x="{LEFT}" y="{top:.1f}" '
        f'width="{WIDTH - LEFT - RIGHT}" height="{height:.1f}"/>'
        f'<text class="band-name" x="{WIDTH - RIGHT - 4}" y="{top + 12:.1f}">{escape(label)}</text>'
    ) + ("" if series.ordinal else tick)


def _event(event: TimelineEvent, at: float) -> str:
    title = f"{day_words(event.on)}: {event.kind} — {event.words}"
    line = HEIGHT - BOTTOM
    return (
        f'<g class="event {event.kind}"><title>{escape(title)}</title>'
        f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{line}" y2="{line + 8}"/>'
        f'<text x="{at:.1f}" y="{line + 18}">{MARKS.get(event.kind, "•")}</text></g>'
    )


def _date(on: date, at: float, anchor: str) -> str:
    return f'<text class="tick {anchor}" x="{at}" y="{HEIGHT - 6}">{day_words(on)}</text>'
