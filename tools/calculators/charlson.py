"""Charlson comorbidity index with points for age."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term, points
from tools.calculators.common import AGE, boolean, choice
from tools.calculators.reference import Reference, Verified

DIABETES = {"none": "none or diet only", "uncomplicated": "uncomplicated", "end_organ": "with end-organ damage"}
LIVER = {"none": "none", "mild": "mild", "moderate_severe": "moderate or severe"}
TUMOUR = {"none": "none", "localised": "solid tumour without metastasis", "metastatic": "metastatic"}


def charlson(
    age: float,
    myocardial_infarction: bool,
    heart_failure: bool,
    peripheral_arterial_disease: bool,
    cerebrovascular_disease: bool,
    dementia: bool,
    chronic_lung_disease: bool,
    connective_tissue_disease: bool,
    peptic_ulcer: bool,
    liver_disease_severity: str,
    diabetes_severity: str,
    hemiplegia: bool,
    moderate_severe_ckd: bool,
    solid_tumour: str,
    leukaemia: bool,
    lymphoma: bool,
    aids: bool,
) -> Outcome:
    """Points of comorbidity and of age."""
    conditions = points(
        ("Myocardial infarction", myocardial_infarction, 1),
        ("Heart failure", heart_failure, 1),
        ("Peripheral arterial disease", peripheral_arterial_disease, 1),
        ("Cerebrovascular disease", cerebrovascular_disease, 1),
        ("Dementia", dementia, 1),
        ("Chronic lung disease", chronic_lung_disease, 1),
        ("Connective tissue disease", connective_tissue_disease, 1),
        ("Peptic ulcer", peptic_ulcer, 1),
        ("Liver disease", liver_disease_severity != "none", 3 if liver_disease_severity == "moderate_severe" else 1),
        ("Diabetes", diabetes_severity != "none", 2 if diabetes_severity == "end_organ" else 1),
        ("Hemiplegia", hemiplegia, 2),
        ("Moderate or severe kidney disease", moderate_severe_ckd, 2),
        ("Solid tumour", solid_tumour != "none", 6 if solid_tumour == "metastatic" else 2),
        ("Leukaemia", leukaemia, 2),
        ("Lymphoma", lymphoma, 2),
        ("AIDS", aids, 6),
    )
    years = float(sum(age >= limit for limit in (50, 60, 70, 80)))
    assert isinstance(conditions.value, float)
    return Outcome(conditions.value + years, (Term("Age", years, "points"), *conditions.terms))


CALCULATOR = Calculator(
    name="charlson",
    title="Charlson comorbidity index",
    synonyms=("Charlson", "CCI", "age-adjusted Charlson", "comorbidity index"),
    purpose="Scores the burden of chronic disease, with points for age.",
    specialty="general medicine",
    inputs=(
        AGE.but(cuts=(50.0, 60.0, 70.0, 80.0), plausible=(18, 110)),
        boolean("myocardial_infarction", "Myocardial infarction"),
        boolean("heart_failure", "Heart failure"),
        boolean("peripheral_arterial_disease", "Peripheral arterial disease"),
        boolean("cerebrovascular_disease", "Cerebrovascular disease", ask="Stroke or transient ischaemic attack?"),
        boolean("dementia", "Dementia"),
        boolean("chronic_lung_disease", "Chronic lung disease"),
        boolean("connective_tissue_disease", "Connective tissue disease"),
        boolean("peptic_ulcer", "Peptic ulcer"),
        choice(
            "liver_disease_severity",
            "Liver disease",
            LIVER,
            ask="Chronic hepatitis or cirrhosis is mild without, moderate or severe with portal hypertension",
        ),
        choice("diabetes_severity", "Diabetes", DIABETES, ask="Diabetes, and end-organ damage from it?"),
        boolean("hemiplegia", "Hemiplegia"),
        boolean(
            "moderate_severe_ckd",
            "Moderate or severe kidney disease",
            ask="Creatinine above 3 mg/dL, dialysis, transplant or uraemia?",
        ),
        choice("solid_tumour", "Solid tumour", TUMOUR, ask="A solid tumour, and metastases?"),
        boolean("leukaemia", "Leukaemia"),
        boolean("lymphoma", "Lymphoma"),
        boolean("aids", "AIDS"),
    ),
    notes=("One point for each decade from 50 years to 80; the total without age is that less the first step",),
    result=Result("Charlson index", noun="points"),
    references=(
        Reference(
            "Charlson ME, et al. A new method of classifying prognostic comorbidity in longitudinal "
            "studies. J Chronic Dis 1987;40:373-383.",
            "derivation",
            doi="10.1016/0021-9681(87)90171-8",
            verified=Verified(
                "https://www.ijssurgery.com/highwire/markup/6144/expansion",
                "2026-11-22",
                "International Journal of Spine Surgery, table 2",
                "the nineteen conditions with weights of 1, 2, 3 and 6",
            ),
        ),
        Reference(
            "Charlson M, et al. Validation of a combined comorbidity index. J Clin Epidemiol 1994;47:1245-1251.",
            "validation",
            doi="10.1016/0895-4356(94)90129-5",
            verified=Verified(
                "https://fpnotebook.com/Prevent/Exam/ChrlsnCmrbdtyIndx.htm",
                "2026-11-22",
                "Family Practice Notebook, Scott Moses, MD",
                "no point below 50 years, then one for each decade",
            ),
        ),
    ),
    compute=charlson,
)
