"""The FHIR R4 face: parse, call one use case, render."""
