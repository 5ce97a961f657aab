"""Every calculator, by name. A test finds a file that is not listed here."""

from __future__ import annotations

NAMES = (
    "age_adjusted_d_dimer",
    "apixaban_af_dose",
    "bmi",
    "bsa_mosteller",
    "cha2ds2_va",
    "cha2ds2_vasc",
    "ckd_epi_2021",
    "cockcroft_gault",
    "has_bled",
    "kdigo_albuminuria_category",
    "kdigo_gfr_category",
    "kdigo_risk",
    "kfre_4",
    "orbit",
    "perc",
    "pesi",
    "revised_geneva",
    "spesi",
    "wells_pe",
    "years",
)
"""Modules of this package that declare `CALCULATOR`, in alphabetical order."""

SHARED = (
    "af_inputs",
    "base",
    "catalog",
    "common",
    "evaluate",
    "inputs",
    "kdigo",
    "limits",
    "lookup",
    "reference",
    "result",
    "sensitivity",
    "tool",
)
"""Modules that declare none."""
