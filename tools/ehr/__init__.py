"""The record: an embedded FHIR R4 store, the one client for it and for remote servers, and the reading tools."""
