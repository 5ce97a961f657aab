"""The embedded store: resources on SQLite, what they are found by, and FHIR searches over them."""
