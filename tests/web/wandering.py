"""A person who follows every link and sends every form of the pages, and what they type."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from httpx import Response

from tests.web.site import Visitor

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+")


def pattern(address: str) -> str:
    """An address without its ids and query: ``/patients/*``."""
    return _ID.sub("*", urlsplit(address).path)


@dataclass(frozen=True, slots=True)
class Field:
    """One control of a form: its kind, what it holds, what it offers."""

    name: str
    kind: str
    value: str = ""
    choices: tuple[str, ...] = ()


@dataclass(slots=True)
class Form:
    """A form of a page."""

    action: str
    method: str
    fields: list[Field] = field(default_factory=list)

    def filled(self, typed: Callable[[Field], str]) -> dict[str, str]:
        """What is sent when each control is filled in this way."""
        return {one.name: typed(one) for one in self.fields if one.name}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[Form] = []
        self.select: tuple[str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.append(given.get("href", ""))
        elif tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
        elif tag == "select":
            self.select = (given.get("name", ""), [])
        elif tag == "option" and self.select:
            self.select[1].append(given.get("value", ""))
        elif tag in ("input", "textarea", "button") and self.forms:
            kind = given.get("type", "text" if tag != "button" else "submit")
            self._add(Field(given.get("name", ""), kind, given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self.select and self.forms:
            name, choices = self.select
            self._add(Field(name, "select", "", tuple(choices)))
            self.select = None

    def _add(self, one: Field) -> None:
        self.forms[-1].fields.append(one)


def read_page(text: str) -> tuple[list[str], list[Form]]:
    """(links, forms) of a page."""
    reader = _Reader()
    reader.feed(text)
    return reader.links, reader.forms


@dataclass(slots=True)
class Wanderer:
    """Visits each kind of page once for each visitor, and sends each kind of form in each way."""

    fills: tuple[Callable[[Field], str], ...]
    avoid: tuple[str, ...] = ("/sign-out",)
    answers: list[Response] = field(default_factory=list)
    sent: set[str] = field(default_factory=set)
    """The patterns of actions to which forms were sent."""
    seen_ids: dict[str, str] = field(default_factory=dict)
    """Pattern of an address → one such address."""

    async def wander(self, visitor: Visitor, begin: str = "/", most: int = 120) -> None:
        waiting, seen = [begin], set()
        while waiting and len(seen) < most:
            address = waiting.pop(0)
            if pattern(address) in seen or not self._is_ours(address):
                continue
            seen.add(pattern(address))
            self.seen_ids.setdefault(pattern(address), address)
            told = await visitor.get(address)
            self.answers.append(told)
            waiting += await self._take_in(visitor, address, told)

    def _is_ours(self, address: str) -> bool:
        return address.startswith("/") and pattern(address) not in self.avoid

    async def _take_in(self, visitor: Visitor, address: str, told: Response) -> list[str]:
        if "location" in told.headers:
            return [urlsplit(told.headers["location"]).path]
        if "html" not in told.headers.get("content-type", ""):
            return []
        links, forms = read_page(told.text)
        found = [urljoin(address, link) for link in links]
        for form in forms:
            found += await self._send(visitor, address, form)
        return found

    async def _send(self, visitor: Visitor, address: str, form: Form) -> list[str]:
        action = urljoin(address, form.action or address)
        if pattern(action) in self.sent or not self._is_ours(action) or form.method != "post":
            return []
        self.sent.add(pattern(action))
        self.seen_ids.setdefault(pattern(action), action)
        found = []
        for fill in self.fills:
            fields = form.filled(fill) | {"csrf": visitor.csrf}
            told = await visitor.http.post(action, data=fields)
            self.answers.append(told)
            if "location" in told.headers:
                found.append(urlsplit(told.headers["location"]).path)
        return found
