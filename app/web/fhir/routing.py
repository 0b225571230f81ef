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
    """A route whose refusals are rendered here, whoever raised them."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            return written(await unwritten(request), request.query_params.get("_pretty"))

        async def unwritten(request: Request) -> Response:
            try:
                return await handle(request)
            except RegistryError as error:
                return render(request, error)
            except RequestValidationError as error:
                problems = [Problem(str(one["loc"][-1]), one["msg"]) for one in error.errors()]
                return render(request, Malformed("The request cannot be read.", problems))

        return answer
