"""What the audit's acts are called where people read them, and of what sort each is."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Sort(StrEnum):
    """What sort of act it is."""

    LOOK = "look"
    """One record was opened."""
    LIST = "list"
    """A list or a search showed patients."""
    CHANGE = "change"
    EXPORT = "export"
    """Something left the registry as a file or on paper."""
    SIGN_IN = "sign-in"
    RIGHTS = "rights"
    """Who may do what, and how the registry is set up."""
    REFUSAL = "refusal"
    REGISTRY = "registry"
    """The registry by itself."""


SORT_WORDS: Mapping[Sort, str] = MappingProxyType(
    {
        Sort.LOOK: "Looks at a record",
        Sort.LIST: "Lists and searches",
        Sort.CHANGE: "Changes",
        Sort.EXPORT: "Exports and prints",
        Sort.SIGN_IN: "Signing in and out",
        Sort.RIGHTS: "Rights and set-up",
        Sort.REFUSAL: "Refusals",
        Sort.REGISTRY: "The registry by itself",
    }
)

_WORDS: Mapping[Sort, Mapping[str, str]] = MappingProxyType(
    {
        Sort.LOOK: {
            "patient.view": "opened the chart",
            "patient.identity": "opened name and numbers",
            "patient.explain": "read why the patient is flagged",
            "patient.compare": "compared two records",
            "assessment.view": "opened an assessment",
            "assessment.open-form": "opened a form to enter",
            "discharge.view": "opened the discharge",
            "flag.view": "opened a flag",
            "inbound.view": "opened a message from an EHR",
            "resource.read": "read a FHIR resource",
        },
        Sort.LIST: {
            "caseload.view": "saw the caseload",
            "worklist.view": "saw the new screens",
            "worklist.referrals": "saw the open referrals",
            "second-stages.view": "saw the forms that are owed",
            "review-queue.view": "saw the review queue",
            "flags.view-waiting": "saw the flags that wait",
            "duplicates.view": "saw records that look alike",
            "patient.search": "searched for patients",
            "screening-reach.view": "saw whom screening reached",
            "protocol.preview": "saw what a protocol would change",
            "roster.view": "saw an uploaded roster",
            "inbound.list": "saw the messages from EHRs",
            "flag-times.view": "saw how fast flags are answered",
            "resource.search": "searched by FHIR",
            "audit.search": "searched the audit",
            "audit.find-patient": "looked for a patient in the audit",
            "audit.who-has-seen": "asked who has seen the patient",
            "audit.view": "opened a row of the audit",
        },
        Sort.CHANGE: {
            "patient.create": "added the patient",
            "patient.join": "joined two records",
            "patient.part": "parted two records",
            "patient.two-people": "said that two records are two people",
            "assessment.record": "recorded an assessment",
            "contact.log": "noted a contact",
            "case.review": "reviewed the case",
            "recommendation.answer": "answered a recommendation",
            "episode.enrol": "took into care",
            "episode.change": "changed the episode",
            "episode.discharge": "ended the care",
            "treatment.record": "recorded a treatment",
            "step.decide": "decided on a step of care",
            "relapse-plan.write": "wrote the plan against relapse",
            "referral.open": "referred elsewhere",
            "referral.move": "told what became of a referral",
            "referral.hand-over": "handed a referral over",
            "flag.close": "closed a flag",
            "resource.create": "sent a new FHIR resource",
            "resource.update": "sent a changed FHIR resource",
            "roster.upload": "uploaded a roster",
            "roster.import": "imported a roster",
            "roster.drop": "dropped a roster",
            "inbound.settle": "settled a message from an EHR",
        },
        Sort.EXPORT: {
            "audit.export": "exported the audit",
            "relapse-plan.print": "printed the plan against relapse",
            "roster.report": "took the report of a roster",
        },
        Sort.SIGN_IN: {"session.begin": "signed in", "session.end": "signed out"},
        Sort.RIGHTS: {
            "client.add": "added an integration client",
            "token.issue": "was given a token",
            "token.revoke": "revoked a token",
            "protocol.choose": "chose a protocol",
            "screening-rule.set": "set whom to screen",
            "handling.set": "set how flags are handled",
            "steps.offer": "set which steps are offered",
        },
        Sort.REFUSAL: {"access.refuse": "was refused", "token.refuse": "was refused a token"},
        Sort.REGISTRY: {
            "sweep.judge": "judged courses anew",
            "flag.escalate": "passed a flag on",
            "duplicates.find": "looked for records that look alike",
            "expected-recovery.fit": "fitted expected recovery",
            "audit.drop-month": "dropped a month that is too old",
            "audit.verify": "verified the audit",
        },
    }
)
_LOOKS = ("view", "read", "open", "list", "search", "print", "show")
_RIGHTS = ("staff", "clinic", "client", "role", "token", "account", "passkey", "identity-provider")


def action_words(action: str) -> str:
    """An act as people say it; one without words of its own by its name: ``consent: give``."""
    for words in _WORDS.values():
        if action in words:
            return words[action]
    noun, _, verb = action.partition(".")
    return f"{noun.replace('-', ' ')}: {verb.replace('-', ' ')}" if verb else noun


def sort_of(action: str, outcome: str = "done") -> Sort:
    """What sort of act it is; whatever was refused is a refusal."""
    if outcome == "refused":
        return Sort.REFUSAL
    for sort, words in _WORDS.items():
        if action in words:
            return sort
    noun, _, verb = action.partition(".")
    if verb.startswith(_LOOKS):
        return Sort.LOOK
    return Sort.RIGHTS if noun in _RIGHTS else Sort.CHANGE


def actions_of(sort: Sort) -> list[str]:
    """The acts of a sort that have words of their own."""
    return list(_WORDS[sort])


def known_actions() -> list[tuple[str, str]]:
    """(act, how it reads), as a list to choose from."""
    pairs = [pair for words in _WORDS.values() for pair in words.items()]
    return sorted(pairs, key=lambda pair: pair[1])
