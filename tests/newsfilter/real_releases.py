"""Releases that happened, at hours that are fixed in New York, for the weeks of which there are real quotes."""

import datetime as dt
from zoneinfo import ZoneInfo

from newsfilter.events import EconomicEvent, Impact

NEW_YORK = ZoneInfo("America/New_York")
# Bureau of Labor Statistics and Federal Reserve, release schedules of 2025; Institute for Supply Management, 2014
PAYROLLS_2025 = ("01-10", "02-07", "03-07", "04-04", "05-02", "06-06", "07-03", "08-01")
PRICES_2025 = ("01-15", "02-12", "03-12", "04-10", "05-13", "06-11", "07-15", "08-12")
FED_2025 = ("01-29", "03-19", "05-07", "06-18", "07-30")
OF_2014 = (
    ("2014-05-01 08:30", "Initial Jobless Claims"),
    ("2014-05-01 10:00", "ISM Manufacturing PMI"),
    ("2014-05-02 08:30", "Nonfarm Payrolls"),
    ("2014-05-05 10:00", "ISM Non-Manufacturing PMI"),
    ("2014-05-07 10:00", "Fed Chair Yellen Testimony"),
)


def release(local: str, name: str) -> EconomicEvent:
    """A dollar release at an hour of New York."""
    moment = dt.datetime.fromisoformat(local).replace(tzinfo=NEW_YORK)
    return EconomicEvent(time_ns=int(moment.timestamp()) * 10**9, currency="USD", name=name, impact=Impact.HIGH)


def releases_2014() -> list[EconomicEvent]:
    """High ones of 1 to 7 May 2014."""
    return [release(local, name) for local, name in OF_2014]


def releases_2025() -> list[EconomicEvent]:
    """Payrolls, consumer prices and the Fed's decisions from January to August 2025."""
    found = [release(f"2025-{day} 08:30", "Nonfarm Payrolls") for day in PAYROLLS_2025]
    found += [release(f"2025-{day} 08:30", "CPI m/m") for day in PRICES_2025]
    found += [release(f"2025-{day} 14:00", "Fed Interest Rate Decision") for day in FED_2025]
    return sorted(found, key=lambda event: event.time_ns)
