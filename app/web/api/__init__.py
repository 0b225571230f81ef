"""The API: JSON for programs, problem+json for refusals."""
