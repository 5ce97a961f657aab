"""CDS Hooks 2.0: Osler as a decision support service that an electronic health record calls.

Specification: cds-hooks.hl7.org/2.0. Nothing is written into a record: cards inform and suggest,
a person decides.
"""
