"""The one FHIR client: logging in, requests, searches that are checked, bulk exports."""
