"""Questionnaire/$populate: a form of ours begun for a patient, as SDC asks for it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from app.domain.actor import Actor
from app.domain.catalogue import find_instrument, instrument_for_canonical
from app.domain.instrument import Instrument
from app.domain.scopes import Interaction
from app.errors import Gone, Malformed, NotFound, Problem, Unprocessable
from app.use_cases.read_resources import read_resource
from app.web.dependencies import IntegrationClient
from app.web.fhir.asking import asked_of
from app.web.fhir.errors import FHIR_JSON
from app.web.fhir.routing import FhirRoute
from app.web.fhir.searching import MAX_ID
from app.web.fhir.services import Services, base_of, services_of
from fhir_mappings.begun_form import begin_form
from fhir_mappings.json_text import write_json
from fhir_mappings.operation_inputs import Inputs, check_known
from fhir_mappings.questionnaire import render_questionnaire, version_of

NAMES = ("questionnaire", "canonical", "questionnaireRef", "identifier")
"""What may say which form, where the address does not."""
LEFT_ASIDE = ("local", "context", "content", "launchContext")
"""What could be drawn from: nothing is, so nothing of it is needed."""

router = APIRouter(route_class=FhirRoute, include_in_schema=False)
AppServices = Annotated[Services, Depends(services_of)]


class SubjectUnknown(Unprocessable):
    """The form is to be about a patient who is not known here."""

    code = "unknown-patient"


@router.get("/Questionnaire/$populate")
@router.post("/Questionnaire/$populate", name="post_populate_type")
async def populate_type(
    request: Request, actor: IntegrationClient, services: AppServices
) -> Response:
    """The form that the parameters name, for their subject."""
    inputs = await asked_of(request)
    base = base_of(request)
    check_known(inputs, (*NAMES, "subject"), LEFT_ASIDE)
    actor.require_scope("Questionnaire", Interaction.READ)
    return await _answer(request, actor, services, inputs, _named(inputs, base))


@router.get("/Questionnaire/{resource_id}/$populate")
@router.post("/Questionnaire/{resource_id}/$populate", name="post_populate_one")
async def populate_one(
    resource_id: str, request: Request, actor: IntegrationClient, services: AppServices
) -> Response:
    """The form of this id; what the parameters say of another one is passed over, as SDC has it."""
    inputs = await asked_of(request)
    check_known(inputs, (*NAMES, "subject"), LEFT_ASIDE)
    actor.require_scope("Questionnaire", Interaction.READ)
    instrument = find_instrument(resource_id)
    if instrument is None:
        raise NotFound(f"There is no Questionnaire/{resource_id[:64]} here.")
    return await _answer(request, actor, services, inputs, instrument)


def _named(inputs: Inputs, base: str) -> Instrument:
    """The one instrument that the parameters name; raises naming the parameter otherwise."""
    sent = inputs.resources.get("questionnaire")
    said = [(name, text) for name, text in inputs.pairs if name in NAMES]
    said += [("questionnaire", str(sent.get("url", "")))] if sent is not None else []
    if len(said) != 1:
        raise _cannot("questionnaire", "Name one form: its canonical, or a reference to it.")
    name, text = said[0]
    url, _, version = text.partition("|")
    found = instrument_for_canonical(url) or find_instrument(_id_in(text, base))
    if found is None or (version and version != version_of(found)):
        raise _cannot(name, "There is no such Questionnaire here; search Questionnaire for them.")
    return found


def _id_in(reference: str, base: str) -> str:
    local = reference.removeprefix(f"{base}/")
    return local.removeprefix("Questionnaire/") if local.startswith("Questionnaire/") else ""


async def _answer(
    request: Request, actor: Actor, services: Services, inputs: Inputs, instrument: Instrument
) -> Response:
    subject = _subject(inputs, base_of(request))
    place = f"/fhir/Questionnaire/{instrument.id}/$populate"
    request_id = getattr(request.state, "request_id", None)
    async with services.database.transaction(actor, request_id=request_id, place=place) as store:
        try:
            await read_resource(store, "Patient", subject)
        except (NotFound, Gone):
            what = "There is no such patient here; send the Patient first."
            problem = Problem("subject", what)
            raise SubjectUnknown("The form cannot be begun.", [problem]) from None
    told: dict[str, Any] = begin_form(render_questionnaire(instrument), f"Patient/{subject}")
    return Response(write_json(told), 200, {"Cache-Control": "no-store"}, FHIR_JSON)


def _subject(inputs: Inputs, base: str) -> str:
    text = inputs.first("subject")
    if text is None:
        raise _cannot("subject", "Say whom the form is about: a reference to a Patient.")
    kind, slash, name = text.removeprefix(f"{base}/").partition("/")
    if (slash and kind != "Patient") or "/" in name or not 0 < len(name or kind) <= MAX_ID:
        raise _cannot("subject", "Name a Patient of this server, as Patient/[id].")
    return name or kind


def _cannot(where: str, what: str) -> Malformed:
    return Malformed("The operation cannot be read.", [Problem(where, what)])
