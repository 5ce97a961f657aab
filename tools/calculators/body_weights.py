"""Body weights worked out from height and sex."""

from __future__ import annotations

from tools.calculators.reference import Reference, Verified

DEVINE = Reference(
    "Devine BJ. Gentamicin therapy. Drug Intell Clin Pharm 1974;8:650-655; origin in Pai MP, "
    "Paloucek FP. The origin of the "
    "ideal body weight equations. Ann Pharmacother 2000;34:1066-1069.",
    "derivation",
    doi="10.1345/aph.19381",
    verified=Verified(
        "https://pmc.ncbi.nlm.nih.gov/articles/PMC7808064/table/tbl2",
        "2026-11-22",
        "a review article on PubMed Central, table 2; healthaide.info for the equation per inch",
        "50 kg in men and 45.5 kg in women at 152.4 cm, plus 2.3 kg an inch (0.91 kg a cm)",
    ),
)


def devine(sex: str, height: float) -> float:
    """Ideal body weight in kg; height in cm. Below 5 feet the line is continued."""
    return (50.0 if sex == "male" else 45.5) + 2.3 * (height / 2.54 - 60.0)
