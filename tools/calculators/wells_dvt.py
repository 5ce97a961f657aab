"""Wells score for deep vein thrombosis, two-level version of 2003."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, points
from tools.calculators.common import boolean
from tools.calculators.reference import Reference, Verified


def wells_dvt(
    active_cancer: bool,
    paralysis_plaster: bool,
    bedridden_surgery: bool,
    deep_vein_tenderness: bool,
    entire_leg_swollen: bool,
    calf_swelling: bool,
    pitting_oedema: bool,
    collateral_veins: bool,
    previous_dvt: bool,
    alternative_diagnosis: bool,
) -> Outcome:
    """-2 to 9 points."""
    return points(
        ("Active cancer", active_cancer, 1),
        ("Paralysis, paresis or plaster of a leg", paralysis_plaster, 1),
        ("Bedridden or major surgery", bedridden_surgery, 1),
        ("Tenderness along the deep veins", deep_vein_tenderness, 1),
        ("Entire leg swollen", entire_leg_swollen, 1),
        ("Calf swelling of 3 cm", calf_swelling, 1),
        ("Pitting oedema", pitting_oedema, 1),
        ("Collateral superficial veins", collateral_veins, 1),
        ("Previous DVT", previous_dvt, 1),
        ("Another diagnosis at least as likely", alternative_diagnosis, -2),
    )


CALCULATOR = Calculator(
    name="wells_dvt",
    title="Wells score for deep vein thrombosis",
    synonyms=("Wells DVT", "Wells criteria for DVT", "pre-test probability of deep vein thrombosis", "DVT probability"),
    purpose="Scores the clinical probability of deep vein thrombosis of the leg before any test, where "
    "it is suspected.",
    specialty="emergency medicine",
    inputs=(
        boolean("active_cancer", "Active cancer", ask="Cancer treated now or within 6 months, or palliative?"),
        boolean(
            "paralysis_plaster",
            "Paralysis, paresis or plaster of a leg",
            ask="Paralysis, paresis or recent plaster of a leg?",
        ),
        boolean(
            "bedridden_surgery",
            "Bedridden or major surgery",
            ask="In bed for 3 days or more, or major surgery under general or regional anaesthesia within 12 weeks?",
        ),
        boolean("deep_vein_tenderness", "Tenderness along the deep veins", ask="Tenderness along the deep veins?"),
        boolean("entire_leg_swollen", "Entire leg swollen", ask="Is the whole leg swollen?"),
        boolean("calf_swelling", "Calf swelling of 3 cm", ask="Calf at least 3 cm larger than on the other side?"),
        boolean(
            "pitting_oedema", "Pitting oedema of that leg only", ask="Pitting oedema confined to the symptomatic leg?"
        ),
        boolean(
            "collateral_veins",
            "Collateral superficial veins",
            ask="Collateral superficial veins that are not varicose?",
        ),
        boolean("previous_dvt", "Previous DVT", ask="A documented deep vein thrombosis before?"),
        boolean(
            "alternative_diagnosis",
            "Another diagnosis at least as likely",
            ask="Is another diagnosis at least as likely?",
        ),
    ),
    notes=("Two-level reading of 2003; the version of 1997 has three levels and no point for an earlier DVT",),
    result=Result(
        "Wells DVT score",
        noun="points",
        source="doi:10.1056/NEJMoa023153",
        bands=(Band("DVT unlikely"), Band("DVT likely", 2)),
    ),
    references=(
        Reference(
            "Wells PS, et al. Evaluation of D-dimer in the diagnosis of suspected deep-vein thrombosis. "
            "N Engl J Med 2003;349:1227-1235.",
            "derivation",
            doi="10.1056/NEJMoa023153",
            pmid="14507948",
            verified=Verified(
                "https://www.ncbi.nlm.nih.gov/pubmedhealth/PMH0055213/table/appk.tu1/?report=objectonly",
                "2026-11-22",
                "NICE guideline appendix on PubMed Health",
                "the ten items with their points; likely from 2 points",
            ),
        ),
    ),
    compute=wells_dvt,
)
