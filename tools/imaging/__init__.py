"""Images: read, described, compared with the patient, judged for quality, and masks written out."""
