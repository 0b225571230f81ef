"""Every route of the application, as requests are sent to it."""

from collections.abc import Iterator

from fastapi.routing import iter_route_contexts

from app.main import create_app
from app.wiring import Services


def routes_of(services: Services) -> Iterator[tuple[str, str, list[str]]]:
    """(method, path, names of the form's fields) of every route that takes GET or POST."""
    for found in iter_route_contexts(create_app(services).routes):
        dependant = getattr(found, "dependant", None)
        names = [one.alias for one in dependant.body_params] if dependant else []
        for method in sorted(getattr(found, "methods", None) or ()):
            if method in ("GET", "POST"):
                yield method, str(found.path), names
