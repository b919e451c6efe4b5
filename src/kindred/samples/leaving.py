"""People on top of the others who came once, signed up and asked to be erased.

They stand in the inbox and in no truth but the number of rows that are erased.
"""

import csv
import gzip
import json
from datetime import datetime, timedelta
from pathlib import Path

from kindred.samples.simulating import START

FIRST_DAY = 8
# how each names themselves in the request
ASKED_BY = ("email", "login", "customer")


def write_leavers(inbox: Path) -> dict[tuple[str, str], int]:
    """Write their visits, customers and requests; how many rows, by (source, table)."""
    events, customers, requests = [], [], []
    for number, kind in enumerate(ASKED_BY, 1):
        began = datetime(1970, 1, 1) + timedelta(milliseconds=START)
        came = began + timedelta(days=FIRST_DAY + number, hours=10)
        names = {
            "email": f"leaver{number}@mail.example",
            "login": f"leaver-{number}",
            "customer": f"C-LEAVER-{number}",
        }
        # the device is known by the one event that holds the login too
        for place, name in enumerate(("Page Viewed", "Signed In", "Product Viewed")):
            at = came + timedelta(minutes=place)
            events.append(
                {
                    "event_id": f"e-leaver-{number}-{place}",
                    "anonymous_id": f"w-leaver-{number}",
                    **({"user_id": names["login"]} if place == 1 else {}),
                    "name": name,
                    "page": "https://shop.kindred.example/",
                    "sent_at": _iso(at),
                    "received_at": _iso(at),
                    "loaded_at": _iso(at + timedelta(minutes=5)),
                }
            )
        customers.append(
            {
                "customer_id": names["customer"],
                "login": names["login"],
                "email": names["email"],
                **dict.fromkeys(("birth_date", "gender", "country", "city", "plan"), ""),
                "satisfaction_score": "",
                "signed_up_at": _iso(came),
                "updated_at": _iso(came),
                "loaded_at": _iso(came + timedelta(hours=2)),
            }
        )
        requests.append(
            {
                "erasure_id": f"E{number}",
                "identifier_kind": kind,
                "identifier_value": names[kind],
                "requested_at": _iso(came + timedelta(days=2)),
                "loaded_at": _iso(came + timedelta(days=3)),
            }
        )
    folder = inbox / "web" / "events"
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(f"{json.dumps(one)}\n" for one in events)
    # without a time in the header, so that equal arguments give equal bytes
    (folder / "web_leavers.jsonl.gz").write_bytes(gzip.compress(lines.encode(), mtime=0))
    for table, rows in (("customers", customers), ("erasures", requests)):
        folder = inbox / "crm" / table
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{table}_leavers.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return {
        ("web", "events"): len(events),
        ("crm", "customers"): len(customers),
        ("crm", "erasures"): len(requests),
    }


def _iso(moment: datetime) -> str:
    return f"{moment.isoformat(timespec='milliseconds')}Z"
