"""The embedded store as a FHIR R4 REST server."""
