"""Break one line at a time in a copy of the project, and see that a test fails.

A breakage that no test notices means that nobody would notice it in a change either.
Usage: prove.py [words that the sentence of a breakage must contain]
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from breakages import BREAKAGES

PROJECT = Path(__file__).parents[2]
COPY = PROJECT / "target" / "prove" / "project"
HOME = PROJECT / "target" / "prove" / "home"
BIN = Path(sys.executable).parent
# enough people for every planted trait, few enough for a quick build
PEOPLE = "300"


def main(words: list[str]) -> int:
    """Run every chosen breakage; 1 when one survives or a check fails without it."""
    chosen = [one for one in BREAKAGES if all(word in one.sentence for word in words)]
    _prepare()
    print("without a breakage every check passes:", flush=True)
    for check in sorted({one.check for one in chosen}):
        if not _passes(check):
            print(f"  FAILS  {check}\n{_last_output()}")
            return 1
    print(f"  yes\n{len(chosen)} breakages:", flush=True)
    survivors = 0
    for breakage in chosen:
        began = time.perf_counter()
        path = COPY / breakage.file
        original = path.read_text()
        if original.count(breakage.old) < 1:
            print(f"  STALE     {breakage.sentence}: {breakage.file} has no such line")
            survivors += 1
            continue
        path.write_text(original.replace(breakage.old, breakage.new, 1))
        survived = _passes(breakage.check)
        path.write_text(original)
        survivors += survived
        verdict = "SURVIVED" if survived else "killed"
        print(
            f"  {verdict:<8}  {breakage.sentence}  "
            f"({breakage.check}, {time.perf_counter() - began:.0f} s)",
            flush=True,
        )
    print(f"{len(chosen) - survivors} of {len(chosen)} breakages were noticed")
    return int(survivors > 0)


def _prepare() -> None:
    shutil.rmtree(COPY.parent, ignore_errors=True)
    ignored = shutil.ignore_patterns(".git", ".venv", ".cache", "target", "data", "logs")
    shutil.copytree(PROJECT, COPY, ignore=ignored)
    for step in (
        ["kindred", "sample", "--people", PEOPLE],
        ["kindred", "land"],
        ["dbt", "build", "--quiet"],
    ):
        _run(step, check=True)


def _passes(check: str) -> bool:
    kind, _, what = check.partition(" ")
    if kind == "pytest":
        return _run(["pytest", "-q", "-x", what]).returncode == 0
    if kind == "unit":
        select = " ".join(f"{model},test_type:unit" for model in what.split())
        return _run(["dbt", "--quiet", "test", "--select", *select.split()]).returncode == 0
    if kind == "build":
        return _run(["dbt", "--quiet", "build", "--select", *what.split()]).returncode == 0
    if kind == "scored":
        models = ["seg_users__standardised", "seg_users__scaled", "seg_users__scored"]
        return (
            _run(["dbt", "--quiet", "run", "--select", *models]).returncode == 0
            and _run(["pytest", "-q", "-x", what]).returncode == 0
        )
    if kind == "truth":
        return (
            _run(["dbt", "--quiet", "run"]).returncode == 0
            and _run(
                ["python", "-m", "kindred.samples.evaluation", "--home", str(HOME), "--facts"]
            ).returncode
            == 0
        )
    raise ValueError(f"no such check: {check}")


def _run(command: list[str], *, check: bool = False) -> subprocess.CompletedProcess:
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        cwd=COPY,
        env={
            **os.environ,
            "KINDRED_HOME": str(HOME),
            "PYTHONPATH": str(COPY / "src"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    (COPY.parent / "last_output.txt").write_text(done.stdout + done.stderr)
    if check and done.returncode:
        sys.exit(f"{' '.join(command)} fails without any breakage:\n{_last_output()}")
    return done


def _last_output() -> str:
    return (COPY.parent / "last_output.txt").read_text()[-3000:]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
