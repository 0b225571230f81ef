"""Domain values from FHIR R4 resources, and FHIR R4 resources from domain values.

Pure: no clock, no I/O. Imports the domain and the error family; nothing of the
store, the use cases or the web.
"""
