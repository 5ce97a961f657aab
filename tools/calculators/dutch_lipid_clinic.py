"""Dutch Lipid Clinic Network criteria: familial hypercholesterolaemia."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.common import (
    boolean,
    choice,
    quantity,
)
from tools.calculators.reference import Reference, Verified

FAMILY = {
    "none": "neither",
    "premature": "a first-degree relative with premature coronary disease or LDL above the 95th percentile",
    "signs": "a first-degree relative with tendon xanthoma or corneal arcus, or a child with LDL above the percentile",
}
OWN = {
    "none": "neither",
    "vascular": "premature cerebral or peripheral vascular disease",
    "coronary": "premature coronary heart disease",
}
SIGNS = {"none": "neither", "arcus": "corneal arcus before 45 years", "xanthoma": "tendon xanthoma"}


def dutch_lipid_clinic(
    family_lipids: str, premature_disease: str, lipid_signs: str, ldl: float, causative_mutation: bool
) -> Outcome:
    """One score from each of five groups; untreated LDL in mmol/L."""
    worth = {
        "Family": {"none": 0, "premature": 1, "signs": 2}[family_lipids],
        "Own disease": {"none": 0, "vascular": 1, "coronary": 2}[premature_disease],
        "Examination": {"none": 0, "arcus": 4, "xanthoma": 6}[lipid_signs],
        "LDL": 8 if ldl >= 8.5 else 5 if ldl >= 6.5 else 3 if ldl >= 5.0 else 1 if ldl >= 4.0 else 0,
        "Mutation": 8 if causative_mutation else 0,
    }
    return Outcome(float(sum(worth.values())), tuple(Term(name, float(each), "points") for name, each in worth.items()))


CALCULATOR = Calculator(
    name="dutch_lipid_clinic",
    title="Dutch Lipid Clinic Network criteria",
    synonyms=(
        "DLCN",
        "Dutch criteria familial hypercholesterolaemia",
        "FH criteria",
        "Dutch lipid clinic familial hypercholesterolemia",
    ),
    purpose="Scores how likely an inherited (familial) hypercholesterolaemia is in an adult with a high LDL.",
    specialty="endocrinology",
    inputs=(
        choice(
            "family_lipids", "Family history", FAMILY, ask="Premature disease, high LDL or its signs in the family?"
        ),
        choice(
            "premature_disease",
            "Own premature disease",
            OWN,
            ask="Vascular disease before 55 years (men) or 60 years (women)?",
        ),
        choice("lipid_signs", "Signs on examination", SIGNS, ask="Tendon xanthoma, or corneal arcus before 45 years?"),
        quantity(
            "ldl",
            "LDL cholesterol, untreated",
            "mmol/L",
            analyte="ldl",
            plausible=(1, 15),
            possible=(0.1, 40),
            cuts=(4.0, 5.0, 6.5, 8.5),
            max_age_days=1825,
            codings=("loinc:13457-7",),
            example={"value": 5.4, "unit": "mmol/L"},
            ask="The highest LDL without treatment?",
        ),
        boolean("causative_mutation", "Causative mutation", ask="A mutation of LDLR, APOB or PCSK9 shown?"),
    ),
    notes=(
        "From each group only the highest score counts; LDL is that without treatment",
        "The limits are those in mmol/L; the table's own in mg/dL (155, 190, 250, 330) are rounded and differ by up to "
        "4 mg/dL",
    ),
    result=Result(
        "DLCN",
        noun="points",
        source="doi:10.1093/eurheartj/eht273",
        bands=(
            Band("unlikely"),
            Band("possible familial hypercholesterolaemia", 3),
            Band("probable familial hypercholesterolaemia", 6),
            Band("definite familial hypercholesterolaemia", above=8),
        ),
    ),
    references=(
        Reference(
            "Nordestgaard BG, et al. Familial hypercholesterolaemia is underdiagnosed and undertreated in the general "
            "population. Eur Heart J 2013;34:3478-3490 (table 1).",
            "definition",
            doi="10.1093/eurheartj/eht273",
            verified=Verified(
                "https://pmc.ncbi.nlm.nih.gov/articles/PMC3844152/table/EHT273TB1",
                "2026-11-22",
                "the journal, table 1; that 8.5 mmol/L itself counts 8 in the tables of the RACGP and of PMC8214350",
                "the five groups with their points and the four classes",
            ),
        ),
    ),
    compute=dutch_lipid_clinic,
)
