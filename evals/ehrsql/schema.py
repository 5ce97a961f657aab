"""The tables of MIMIC-III that the questions read, and what a plausible value of each name is."""

from __future__ import annotations

import sqlite3
from typing import Any

Row = dict[str, Any]
TABLES = {
    "patients": "row_id subject_id gender dob dod",
    "admissions": "row_id subject_id hadm_id admittime dischtime admission_type admission_location discharge_location "
    "insurance language marital_status ethnicity age",
    "icustays": "row_id subject_id hadm_id icustay_id first_careunit last_careunit first_wardid last_wardid intime "
    "outtime",
    "transfers": "row_id subject_id hadm_id icustay_id eventtype careunit wardid intime outtime",
    "d_icd_diagnoses": "row_id icd9_code short_title long_title",
    "d_icd_procedures": "row_id icd9_code short_title long_title",
    "d_labitems": "row_id itemid label",
    "d_items": "row_id itemid label linksto",
    "diagnoses_icd": "row_id subject_id hadm_id icd9_code charttime",
    "procedures_icd": "row_id subject_id hadm_id icd9_code charttime",
    "labevents": "row_id subject_id hadm_id itemid charttime valuenum valueuom",
    "prescriptions": "row_id subject_id hadm_id startdate enddate drug dose_val_rx dose_unit_rx route",
    "cost": "row_id subject_id hadm_id event_type event_id chargetime cost",
    "chartevents": "row_id subject_id hadm_id icustay_id itemid charttime valuenum valueuom",
    "inputevents_cv": "row_id subject_id hadm_id icustay_id charttime itemid amount",
    "outputevents": "row_id subject_id hadm_id icustay_id charttime itemid value",
    "microbiologyevents": "row_id subject_id hadm_id charttime spec_type_desc org_name",
}
TEXTS = {"icd9_code", "drug", "label"}

LABS: dict[str, tuple[float, float, int, str]] = {
    "24 hr creatinine": (600, 2000, 0, "mg/24hr"),
    "absolute cd4 count": (100, 1200, 0, "#/uL"),
    "amylase": (20, 300, 0, "IU/L"),
    "anion gap": (8, 22, 0, "mEq/L"),
    "calculated total co2": (18, 34, 0, "mEq/L"),
    "chloride": (92, 114, 0, "mEq/L"),
    "creatine kinase (ck)": (30, 900, 0, "IU/L"),
    "creatinine": (0.5, 4.5, 1, "mg/dL"),
    "glucose": (65, 260, 0, "mg/dL"),
    "hematocrit": (24, 46, 1, "%"),
    "hemoglobin": (7.5, 15.5, 1, "g/dL"),
    "mch": (25, 34, 1, "pg"),
    "mchc": (31, 36, 1, "%"),
    "mcv": (78, 104, 0, "fL"),
    "oxygen saturation": (60, 99, 0, "%"),
    "pco2": (28, 58, 0, "mm Hg"),
    "ph": (7.2, 7.55, 2, "units"),
    "phosphate": (1.8, 6.2, 1, "mg/dL"),
    "potassium": (3.0, 5.6, 1, "mEq/L"),
    "pt": (10.5, 24, 1, "sec"),
    "rdw": (12.5, 19, 1, "%"),
    "red blood cells": (2.6, 5.2, 2, "m/uL"),
    "sodium": (128, 148, 0, "mEq/L"),
    "white blood cells": (2.5, 19, 1, "K/uL"),
}
"""Low, high, decimals, unit; a name not listed goes from 1 to 90."""
VITALS: dict[str, tuple[float, float, int, str, str | None]] = {
    "heart rate": (48, 128, 0, "bpm", "heart_rate"),
    "arterial bp [systolic]": (82, 172, 0, "mmHg", "systolic_bp"),
    "arterial bp [diastolic]": (40, 100, 0, "mmHg", "diastolic_bp"),
    "arterial bp mean": (52, 122, 0, "mmHg", "mean_bp"),
    "temperature c (calc)": (35.1, 39.4, 1, "Deg. C", "temperature"),
    "sao2": (89, 100, 0, "%", "sao2"),
    "admit wt": (48, 118, 1, "kg", None),
    "admit ht": (60, 75, 0, "Inches", None),
}
"""Low, high, decimals, unit, normal range."""
MORE = {
    "labevents": ["magnesium", "calcium, total", "urea nitrogen", "platelet count", "lactate", "bilirubin, total"],
    "prescriptions": ["pantoprazole", "metoprolol", "lorazepam", "ceftriaxone", "warfarin", "gabapentin", "lisinopril"],
    "diagnoses_icd": [
        "hypertension nos",
        "atrial fibrillation",
        "urin tract infection nos",
        "anemia nos",
        "dehydration",
    ],
    "procedures_icd": [
        "thoracentesis",
        "percu endosc gastrostomy",
        "arterial catheterization",
        "diagnostic ultrasound",
    ],
    "microbiologyevents": ["bronchoalveolar lavage", "csf;spinal fluid", "peritoneal fluid"],
    "inputevents_cv": ["free water", "albumin 25%"],
    "outputevents": ["stool out", "chest tube #3"],
}
"""Distractors: names no question is about."""
ROUTES = ["po", "iv", "im", "sl", "ng", "po/ng", "iv drip", "oral", "tp", "sc"]
DOSE_UNITS = ["mg", "g", "mL", "unit", "tab"]
ORGANISMS = ["escherichia coli", "staph aureus coag +", "klebsiella pneumoniae", "pseudomonas aeruginosa", "yeast"]
WARDS = {33: "sicu", 52: "micu", 12: "csru", 50: "micu", 29: "tsicu", 15: "csru", 7: "ccu", 23: "sicu"}
"""Wards and the care unit each belongs to."""
FLOORS = [57, 45, 3]
"""Wards outside intensive care."""
TYPES = ["emergency", "elective", "urgent"]
SOURCES = [
    "emergency room admit",
    "phys referral/normal deli",
    "clinic referral/premature",
    "transfer from hosp/extram",
]
INSURANCES = ["medicare", "private", "medicaid", "government", "self pay"]
LANGUAGES = ["engl", "span", "russ", "ptun"]
MARITAL = ["married", "single", "divorced", "widowed"]


def database(tables: dict[str, list[Row]]) -> sqlite3.Connection:
    """The rows as an SQLite database, to run the published queries on."""
    base = sqlite3.connect(":memory:")
    for name, text in TABLES.items():
        columns = text.split()
        kinds = ", ".join(f"{column} {'TEXT' if column in TEXTS else ''}" for column in columns)
        base.execute(f"CREATE TABLE {name}({kinds})")
        marks = ", ".join("?" * len(columns))
        rows = [tuple(row.get(column) for column in columns) for row in tables.get(name, [])]
        base.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)  # noqa: S608  (names of ours)
        for column in ("subject_id", "hadm_id", "icustay_id", "itemid", "icd9_code", "drug"):
            if column in columns:
                base.execute(f"CREATE INDEX {name}_{column} ON {name}({column})")
    base.commit()
    return base
