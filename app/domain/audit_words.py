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
            "resource.rehearse": "asked what would come of a FHIR message",
            "resource.hold": "took a FHIR resource of its own to change it",
            "resource.everything": "took everything of the patient by FHIR",
            "consent.view": "opened a consent",
            "emergency.open-form": "opened the form for a medical emergency",
        },
        Sort.LIST: {
            "caseload.view": "saw the caseload",
            "worklist.view": "saw the new screens",
            "due.view": "saw who is due",
            "worklist.referrals": "saw the open referrals",
            "second-stages.view": "saw the forms that are owed",
            "review-queue.view": "saw the review queue",
            "flags.view-waiting": "saw the flags that wait",
            "duplicates.view": "saw records that look alike",
            "patient.search": "searched for patients",
            "patient.match": "asked by FHIR whom a description fits",
            "screening-reach.view": "saw whom screening reached",
            "protocol.preview": "saw what a protocol would change",
            "roster.view": "saw an uploaded roster",
            "inbound.list": "saw the messages from EHRs",
            "flag-times.view": "saw how fast flags are answered",
            "export.begin": "asked for an export by FHIR",
            "export.write": "was given an export by FHIR",
            "export.download": "took a file of an export",
            "export.cancel": "took an export back",
            "resource.search": "searched by FHIR",
            "resource.last": "took the last observations by FHIR",
            "resource.read-back": "was given back what it wrote by FHIR",
            "resource.match": "named a FHIR resource by a condition",
            "resource.history": "read the history of FHIR resources",
            "audit.search": "searched the audit",
            "audit.find-patient": "looked for a patient in the audit",
            "audit.who-has-seen": "asked who has seen the patient",
            "audit.view": "opened a row of the audit",
            "consent.list": "saw the patient's consents",
            "disclosure.list": "saw what was disclosed of the patient",
            "emergency.list": "saw the medical emergencies",
            "staff.view": "saw the staff",
            "identity.view": "saw who is whom at the identity provider",
            "part2.view": "saw the Part 2 programs",
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
            "resource.delete": "took a FHIR resource away",
            "roster.upload": "uploaded a roster",
            "roster.import": "imported a roster",
            "roster.drop": "dropped a roster",
            "inbound.settle": "settled a message from an EHR",
            "consent.record": "wrote a consent down",
            "consent.revoke": "revoked a consent",
            "emergency.declare": "opened the record in a medical emergency",
            "emergency.end": "closed the record after an emergency",
            "emergency.review": "reviewed a medical emergency",
            "absence.enter": "entered an absence",
            "absence.withdraw": "withdrew an absence",
            "shifts.enter": "entered who is on call",
            "shift.withdraw": "withdrew a shift",
            "message.send-again": "sent a message again",
            "message.keep-answer": "sent a FHIR message that may be sent again",
            "message.answer-again": "sent a FHIR message again and was answered as before",
        },
        Sort.EXPORT: {
            "audit.export": "exported the audit",
            "relapse-plan.print": "printed the plan against relapse",
            "roster.report": "took the report of a roster",
        },
        Sort.SIGN_IN: {
            "session.begin": "signed in",
            "session.end": "signed out",
            "password.ask": "asked for a link to choose a password",
            "password.choose": "chose a password by a link",
            "password.change": "changed the password",
            "recovery-code.use": "used a recovery code",
            "recovery-code.renew": "made new recovery codes",
            "authenticator.add": "set up an authenticator app",
            "authenticator.remove": "took an authenticator app away",
            "passkey.add": "added a passkey",
            "passkey.remove": "took a passkey away",
            "address.set": "set an address for messages",
            "address.confirm": "confirmed an address for messages",
        },
        Sort.RIGHTS: {
            "client.add": "added an integration client",
            "token.issue": "was given a token",
            "token.revoke": "revoked a token",
            "protocol.choose": "chose a protocol",
            "screening-rule.set": "set whom to screen",
            "handling.set": "set how flags are handled",
            "steps.offer": "set which steps are offered",
            "protocol.make": "made a protocol",
            "charts.open": "opened charts to somebody for a time",
            "charts.close": "closed charts that were opened",
            "clinic.add": "added a clinic",
            "clinic.set-hours": "set a clinic's hours",
            "clinics.open": "set whether all see every clinic",
            "staff.add": "added a member of staff",
            "identity-provider.add": "added an identity provider",
            "identity-provider.retire": "retired an identity provider",
            "identity.link": "said who somebody is at the identity provider",
            "identity.unlink": "parted somebody from the identity provider",
            "identity.refuse": "refused an unknown identity",
            "part2.mark": "set what is a Part 2 program",
            "password.reset": "made a link to choose a password",
            "second-factor.policy": "set who must show a second factor",
            "second-factor.reset": "took somebody's second factors away",
            "sign-in-rule.set": "set how people sign in",
            "break-glass-account.set": "set the account for emergencies",
            "reach.set": "set how people are reached",
            "referrals.set-days": "set when referrals are followed",
            "webhook.set": "set where flags are posted",
        },
        Sort.REFUSAL: {"access.refuse": "was refused", "token.refuse": "was refused a token"},
        Sort.REGISTRY: {
            "sweep.judge": "judged courses anew",
            "flag.escalate": "passed a flag on",
            "duplicates.find": "looked for records that look alike",
            "expected-recovery.fit": "fitted expected recovery",
            "audit.drop-month": "dropped a month that is too old",
            "audit.verify": "verified the audit",
            "message.fail": "gave a message up",
            "secret.reseal": "sealed secrets by the new key",
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
