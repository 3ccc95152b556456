"""Where green ends and red begins. What an accountant may want to set is on the company; the rest is here."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

# A sequence that is off by less is a document typed in late rather than a story that cannot be true.
LATE_TYPING_DAYS = Decimal(3)
# Unit prices above the order's by less are amber.
PRICE_PERCENT = Decimal(2)
# Under this share of the goods an invoice runs ahead of its delivery; between it and all of them it is amber.
DELIVERED_AMBER_PERCENT = Decimal(90)
# A buyer that pays three times as late as the company calls late is red.
LATE_RED_FACTOR = 3
# Above this share of what was invoiced, what is overdue now makes a good record amber.
OVERDUE_AMBER_PERCENT = Decimal(20)
# Collections that cover the repayment only if the bank waits this long are amber.
WAITING_DAYS = 30
# One buyer above this share is red, wherever the company draws its own line.
CONCENTRATION_RED_PERCENT = Decimal(80)
# Fewer invoices say nothing about a share.
CONCENTRATION_MIN_INVOICES = 5
# Goods that take this much longer to sell than the loan runs are amber; beyond it they are red.
SELLING_LATE_DAYS = 30
# Goods that bring at least their cost at the prices of the last year are green; what brings less than this is red.
WORTH_AMBER_PERCENT = Decimal(80)
# A supplier that was bought from for less than this is new.
KNOWN_SUPPLIER_DAYS = Decimal(90)
# Goods that have lain for longer are amber, then red.
AGED_GOODS_DAYS = Decimal(180)
OLD_GOODS_DAYS = Decimal(365)

# Lines that this part of all that customers pay would repay are green: about what banks sweep. Above the other, red.
SWEPT_PERCENT = Decimal(20)
SWEPT_AMBER_PERCENT = Decimal(50)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The limits that each company may set: days late, coverage and concentration in percent."""

    late_days: int = 10
    coverage_percent: int = 110
    concentration_percent: int = 40


def thresholds_of(company) -> Thresholds:
    """The limits of `company` (a record of res.company, whose fields anybody may read)."""
    return Thresholds(
        late_days=company.scf_late_days,
        coverage_percent=company.scf_coverage_percent,
        concentration_percent=company.scf_concentration_percent,
    )
