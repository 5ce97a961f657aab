"""Urea reduction ratio of a haemodialysis session."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.reference import Reference, Verified
from tools.calculators.renal_inputs import POST_DIALYSIS_UREA, PRE_DIALYSIS_UREA


def urea_reduction_ratio(pre_dialysis_urea: float, post_dialysis_urea: float) -> Outcome:
    """Per cent by which urea fell."""
    removed = pre_dialysis_urea - post_dialysis_urea
    terms = (Term("Fall of urea nitrogen", removed, "mg/dL"),)
    if removed <= 0:
        return Outcome(None, terms, ("Urea did not fall: check the two values",))
    return Outcome(100.0 * removed / pre_dialysis_urea, terms)


CALCULATOR = Calculator(
    name="urea_reduction_ratio",
    title="Urea reduction ratio",
    synonyms=("URR", "urea reduction", "percent reduction of urea"),
    purpose="Works out by how much one haemodialysis session lowered urea.",
    specialty="nephrology",
    inputs=(PRE_DIALYSIS_UREA, POST_DIALYSIS_UREA),
    result=Result(
        "URR",
        "%",
        source="https://cybercemetery.unt.edu/archive/oilspill/20121017144453/http://kidney.niddk.nih.gov/kudiseases/pubs/hemodialysisdose/",
        bands=(Band("below 65%"), Band("65% or more, the minimum some experts name", 65)),
    ),
    references=(
        Reference(
            "National Institute of Diabetes and Digestive and Kidney Diseases: hemodialysis dose and adequacy.",
            "definition",
            url="https://cybercemetery.unt.edu/archive/oilspill/20121017144453/http://kidney.niddk.nih.gov/kudiseases/pubs/hemodialysisdose/",
            verified=Verified(
                "https://cybercemetery.unt.edu/archive/oilspill/20121017144453/http://kidney.niddk.nih.gov/kudiseases/pubs/hemodialysisdose/",
                "2026-11-22",
                "NIDDK, archived page",
                "the ratio with an example (50 to 15 mg/dL is 70 %), and 65 % as the minimum of some experts",
            ),
        ),
    ),
    compute=urea_reduction_ratio,
)
