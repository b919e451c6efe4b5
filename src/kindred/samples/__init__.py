"""A made-up shop with a known truth: every source's files, and what is true of them.

Event names written (the seed ``event_names`` maps them):

* ga4: page_view, login, search, view_item_list, view_item, add_to_cart,
  remove_from_cart, begin_checkout, purchase
* web: Page Viewed, Signed In, Products Searched, Product List Viewed, Product Viewed,
  Product Added, Product Removed, Checkout Started, Order Completed, and one that no
  seed maps: Wishlist Shared
* pixel: view, open, click
* ads: click (the row itself has no name)
"""

import shutil
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from kindred.samples import (
    crm,
    delivering,
    experimenting,
    judging,
    leaving,
    shop,
    simulating,
    writing,
)

DEFAULT_PEOPLE = 2_000
DEFAULT_DAYS = 60
DEFAULT_SEED = 20_260_101
BLOCK_PEOPLE = 20_000
TRUTH_TABLES = ("people", "identifiers", "sessions", "experiments")


def write_sample(
    home: Path | str,
    people: int = DEFAULT_PEOPLE,
    days: int = DEFAULT_DAYS,
    seed: int = DEFAULT_SEED,
    progress: bool = True,
) -> dict[str, int]:
    """Write ``home/inbox`` (files of every source) and ``home/truth`` (parquet).

    Equal arguments give equal bytes, whatever the machine's clock or the number of its
    cores. ``people`` counts visitors and customers; bots come on top. The period starts
    on Monday 2026-01-05 00:00 UTC and lasts ``days`` days. Returns the number of rows of
    each truth table, and ``events``. Files of an earlier sample in these places are
    replaced; an inbox without the sample's marker file is not touched.

    Raises ValueError for fewer than 40 people or 14 days, and FileExistsError for an
    inbox that holds other files.
    """
    if people < 40 or days < 14:
        raise ValueError("a sample needs at least 40 people and 14 days")
    home = Path(home)
    inbox, truth = home / "inbox", home / "truth"
    if inbox.exists() and any(inbox.iterdir()):
        if not (inbox / writing.MARKER).exists():
            raise FileExistsError(f"{inbox} holds files that are not a sample's")
        shutil.rmtree(inbox)
    shutil.rmtree(truth, ignore_errors=True)
    inbox.mkdir(parents=True, exist_ok=True)
    truth.mkdir(parents=True)

    with tempfile.TemporaryDirectory(dir=home, prefix=".sample-") as name:
        folder = Path(name)
        counts = []
        blocks = range(0, people, BLOCK_PEOPLE)
        for number, first in enumerate(blocks):
            size = min(BLOCK_PEOPLE, people - first)
            counts.append(_one_block(folder, number, first, size, days, seed))
            if progress and len(blocks) > 1:
                print(f"simulated {first + size:,} of {people:,} people", flush=True)
        written = writing.write_files(inbox, folder, days)
        leavers = leaving.write_leavers(inbox)
        result = _gather_truth(truth, folder, counts, written, leavers)
    if progress:
        print(
            f"sample of {people:,} people and {days} days: {result['events']:,} event"
            f" rows in {inbox}"
        )
    return result


def _one_block(folder, number, first, size, days, seed):
    block = simulating.simulate(number, first, size, days, seed)
    rows = delivering.deliver(block, number, days, seed)
    tables = crm.deliver_crm(block, number, days, seed)
    truth = judging.judge(block, rows)
    served, served_once = experimenting.deliver_served(block.exposures)
    writing.spool(folder, number, first, block, rows, tables, served)
    for name in TRUTH_TABLES:
        table = getattr(truth, name)
        table.to_parquet(folder / f"truth_{name}-{number:05d}.parquet", index=False)
    outcomes = truth.outcomes
    outcomes["source_table"] = outcomes["source"].map(shop.SOURCE_TABLES)
    crm_rows = [
        ("crm", table, outcome, count)
        for table, (records, kept) in tables.items()
        for outcome, count in (("kept", kept), ("duplicate", len(records) - kept))
    ]
    crm_rows += [
        ("decisions", "served", "kept", served_once),
        ("decisions", "served", "duplicate", len(served) - served_once),
    ]
    crm_counts = pd.DataFrame(crm_rows, columns=["source", "source_table", "outcome", "row_count"])
    return pd.concat([outcomes, crm_counts], ignore_index=True)


def _gather_truth(truth, folder, counts, written, leavers):
    counts.append(
        pd.DataFrame(
            [
                ("web", "events", "unparsable", written["web", "events"]),
                ("ads", "costs", "kept", written["ads", "costs"]),
                *((*table, "erased", count) for table, count in leavers.items()),
            ],
            columns=["source", "source_table", "outcome", "row_count"],
        )
    )
    outcomes = (
        pd.concat(counts)
        .groupby(["source", "source_table", "outcome"], as_index=False)["row_count"]
        .sum()
    )
    outcomes = outcomes[outcomes["row_count"] > 0]
    outcomes.to_parquet(truth / "row_outcomes.parquet", index=False)
    result = {"row_outcomes": len(outcomes)}
    for name in TRUTH_TABLES:
        files = sorted(folder.glob(f"truth_{name}-*.parquet"))
        table = pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)
        table.to_parquet(truth / f"{name}.parquet", index=False)
        result[name] = len(table)
    is_event = outcomes["source"].isin(shop.SOURCES) & (outcomes["source_table"] != "costs")
    result["events"] = int(np.sum(outcomes["row_count"][is_event]))
    return result
