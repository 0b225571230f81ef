"""Charts as accessible SVG: drawn on the server, no style and no script inside."""

from collections.abc import Callable, Sequence
from datetime import date

from markupsafe import Markup, escape

from app.domain.expected_recovery import Curve
from app.domain.words import day_words, number_words
from app.use_cases.patient_story import ChartPoint, ChartSeries, ExpectedSeries, TimelineEvent

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
    return Markup(  # nosec B704: numbers, and words that were escaped
        f'<svg class="spark" viewBox="0 0 72 22" width="72" height="22" aria-hidden="true">'
        f'<polyline points="{line}"/><circle cx="{x:.1f}" cy="{y:.1f}" r="2.2"/></svg>'
    )


def trend_chart(series: ChartSeries, events: Sequence[TimelineEvent]) -> Markup:
    """Scores over time on their severity bands, with what happened in treatment below."""
    if not series.points:
        return Markup("")
    days = [p.on for p in series.points] + [e.on for e in events]
    if series.expected:
        days += [series.expected.begins[0], series.expected.drawn_until or days[0]]
    first, last = min(days), max(days)
    span = max((last - first).days, 1)

    def x(on: date) -> float:
        return LEFT + (on - first).days / span * (WIDTH - LEFT - RIGHT)

    def y(total: float) -> float:
        top = series.maximum + series.ordinal  # a level is a lane, a total is a height
        share = (total - series.minimum) / (top - series.minimum)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    parts = [_band(series, band, y) for band in series.bands]
    if series.expected:
        parts += _expected(series.expected, last, x, y)
    middle = 0.5 if series.ordinal else 0
    line = " ".join(f"{x(p.on):.1f},{y(float(p.total) + middle):.1f}" for p in series.points)
    parts.append(f'<polyline class="course" points="{line}"/>')
    parts += [
        _point(series, point, x(point.on), y(float(point.total) + middle))
        for point in series.points
    ]
    parts += [_event(event, x(event.on)) for event in events]
    parts += [_date(first, LEFT, "start"), _date(last, WIDTH - RIGHT, "end")]
    return Markup(  # nosec B704: numbers, and words that were escaped
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(_label(series))}">{"".join(parts)}</svg>'
    )


def _label(series: ChartSeries) -> str:
    latest = series.points[-1]
    told = latest.severity if series.ordinal else number_words(latest.total)
    label = (
        f"{series.title}: {len(series.points)} scores, latest {told} on {day_words(latest.on)}. "
        "The table below holds every value."
    )
    if series.expected:
        label += f" Shaded: {series.expected.words}; their values are in the table too."
    return label


def _point(series: ChartSeries, point: ChartPoint, cx: float, cy: float) -> str:
    shape = f"point{' prorated' * point.prorated}{' unsafe' * bool(point.item_nine_value)}"
    number = point.severity if series.ordinal else number_words(point.total)
    told = f"{day_words(point.on)}: {number}"
    if not series.ordinal:
        told += f", {point.severity}"
    if point.prorated:
        told += ", prorated"
    if point.item_nine_value and not series.ordinal:
        told += f", safety item answered {point.item_nine_value}"
    return (
        f'<circle class="{shape}" cx="{cx:.1f}" cy="{cy:.1f}" r="4">'
        f"<title>{escape(told)}</title></circle>"
        + ("" if series.ordinal else _value(number, cx, cy))
    )


def _value(number: str, cx: float, cy: float) -> str:
    return f'<text class="value" x="{cx:.1f}" y="{cy - 8:.1f}">{escape(number)}</text>'


def _expected(
    expected: ExpectedSeries, last: date, x: Callable[[date], float], y: Callable[[float], float]
) -> list[str]:
    """Two shaded bands and a dashed middle, from the patient's own baseline on."""
    on, total = expected.begins
    drawn = [(on, (total,) * 5), *((row.on, row.values) for row in expected.rows if row.on <= last)]

    def edge(rank: int) -> list[str]:
        return [f"{x(day):.1f},{y(values[rank]):.1f}" for day, values in drawn]

    if len(drawn) < 2:
        return []
    areas = (("expected-wide", 0, 4), ("expected-half", 1, 3))
    return [
        f'<polygon class="{name}" points="{" ".join(edge(low) + edge(high)[::-1])}"/>'
        for name, low, high in areas
    ] + [f'<polyline class="expected-middle" points="{" ".join(edge(2))}"/>']


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


SMALL_WIDTH, SMALL_HEIGHT = 360, 190


def recovery_chart(curve: Curve, maximum: int) -> Markup:
    """The expected course of one stratum, from week 2 on; its numbers stand in the table."""
    last = curve.weeks[-1].week

    def point(week: int, total: float) -> str:
        x = LEFT + week / last * (SMALL_WIDTH - LEFT - RIGHT)
        y = SMALL_HEIGHT - 24 - total / maximum * (SMALL_HEIGHT - 24 - TOP)
        return f"{x:.1f},{y:.1f}"

    def edge(rank: int) -> list[str]:
        return [point(band.week, band.values[rank]) for band in curve.weeks]

    areas = (("expected-wide", 0, 4), ("expected-half", 1, 3))
    parts = [
        f'<polygon class="{name}" points="{" ".join(edge(low) + edge(high)[::-1])}"/>'
        for name, low, high in areas
    ]
    parts.append(f'<polyline class="expected-middle" points="{" ".join(edge(2))}"/>')
    for week in (0, 4, 8, 12, 16, 20, 24):
        x = point(week, 0).partition(",")[0]
        parts.append(f'<text class="value-axis" x="{x}" y="{SMALL_HEIGHT - 6}">{week}</text>')
    for total in (0, 10, 20):
        y = point(0, total).partition(",")[2]
        parts.append(f'<text class="tick" x="{LEFT - 6}" y="{y}">{total}</text>')
    label = f"Expected course of patients who began {curve.stratum.words}, weeks 2 to {last}."
    return Markup(  # nosec B704: numbers, and words that were escaped
        f'<svg class="chart" viewBox="0 0 {SMALL_WIDTH} {SMALL_HEIGHT}" role="img" '
        f'aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )
