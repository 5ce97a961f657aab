"""Questions in plain words to the record: read into a typed query (`parse`), run over one record (`run`)."""
