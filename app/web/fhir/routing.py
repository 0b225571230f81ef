"""Every route of this face answers a refusal with an OperationOutcome, in lines where asked."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from app.errors import Malformed, Problem, RegistryError
from app.web.fhir.errors import render
from app.web.fhir.shaping import written

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class FhirRoute(APIRoute):
    """A route whose refusals are rendered here, whoever raised them; HEAD is taken where GET is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        methods = set(kwargs.get("methods") or ())
        kwargs["methods"] = methods | ({"HEAD"} if "GET" in methods else set())
        super().__init__(*args, **kwargs)

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            told = written(await unwritten(request), request.query_params.get("_pretty"))
            if request.method == "HEAD" and hasattr(told, "body"):
                told.body = b""  # its length is still told
            return told

        async def unwritten(request: Request) -> Response:
            try:
                return await handle(request)
            except RegistryError as error:
                return render(request, error)
            except RequestValidationError as error:
                problems = [Problem(str(one["loc"][-1]), one["msg"]) for one in error.errors()]
                return render(request, Malformed("The request cannot be read.", problems))

        return answer
