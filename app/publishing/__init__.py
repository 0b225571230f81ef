"""What was saved, rendered once as FHIR R4 at the end of the transaction: a noun a file."""
