"""Drafts of resources, and the one way by which an approved draft is written."""
