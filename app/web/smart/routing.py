"""Every route of this face answers a refusal as OAuth says it."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from app.errors import RegistryError
from app.web.smart.errors import render

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class SmartRoute(APIRoute):
    """A route whose refusals are rendered here, whoever raised them."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except RegistryError as error:
                return render(request, error)

        return answer
