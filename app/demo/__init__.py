"""A believable caseload of people who do not exist, the same for the same seed."""
