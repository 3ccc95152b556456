import copy
from datetime import date, timedelta

from odoo.tests import BaseCase

from ..checks.thresholds import Thresholds

TODAY = date(2026, 11, 22)


def ago(days):
    return (TODAY - timedelta(days=days)).isoformat()


def ahead(days):
    return ago(-days)


def honest():
    """The sections of a package on which every check is green: two invoices of one buyer, delivered and on order."""
    documents = [
        {
            "kind": "customer_invoice",
            "number": number,
            "issue_date": ago(5),
            "due_date": ahead(25),
            "buyer": "B1",
            "currency": "EUR",
            "totals": {"outstanding": "1000.00"},
        }
        for number in ("INV/1", "INV/2")
    ]
    return {
        "party": {
            "applicant": {"key": "A", "collection_account": {"iban": "DE89", "holder": "Us", "trusted": True}},
            "buyers": [{"key": "B1", "name": "Atlas", "tax_id": "BE0477472701", "country": "BE"}],
        },
        "transaction": {
            "as_of": "2026-11-22T10:00:00Z",
            "technique": "receivables_discounting",
            "requested": {"amount": "1600.00", "currency": "EUR"},
            "tenor_days": 30,
            "documents": documents,
            "confirmations": [],
        },
        "order_flow": {
            "orders": [
                {
                    "number": "S1",
                    "buyer": "B1",
                    "ordered_on": ago(20),
                    "confirmed_on": ago(20),
                    "documents": ["INV/1", "INV/2"],
                }
            ]
        },
        "logistics_flow": {
            "deliveries": [
                {
                    "number": "OUT/1",
                    "order": "S1",
                    "direction": "out",
                    "state": "done",
                    "promised_on": ago(10),
                    "done_on": ago(10),
                }
            ]
        },
        "cash_flow": {
            "buyer_history": [
                {
                    "buyer": "B1",
                    "currency": "EUR",
                    "invoices": 10,
                    "invoiced": "4000.00",
                    "overdue": "0.00",
                    "weighted_days_late": "2.0",
                },
                {"buyers": 7, "currency": "EUR", "invoices": 20, "invoiced": "8000.00", "overdue": "0.00"},
            ]
        },
        "exposure": {"loans": [], "applications": [], "pledges": []},
        "evidence": {
            "lines": [],
            "documents": [
                {
                    "document": number,
                    "currency": "EUR",
                    "gross": "1000.00",
                    "ordered": "1000.00",
                    "delivered": "1000.00",
                    "deliverable": "1000.00",
                }
                for number in ("INV/1", "INV/2")
            ],
            "contradictions": [],
        },
        "forecast": {
            "weeks": [
                {"week": ahead(20), "currency": "EUR", "documents": 2, "expected": "2000.00", "financed": "2000.00"}
            ]
        },
    }


def orders():
    """The same for one confirmed order that is still to be delivered and invoiced."""
    sections = honest()
    sections["transaction"]["technique"] = "pre_shipment"
    sections["transaction"]["documents"] = [
        {
            "kind": "sales_order",
            "number": "S1",
            "issue_date": ago(20),
            "due_date": ahead(25),
            "buyer": "B1",
            "currency": "EUR",
            "totals": {"outstanding": "2000.00"},
        }
    ]
    sections["order_flow"]["orders"][0]["documents"] = []
    sections["logistics_flow"]["deliveries"][0].update(state="assigned", promised_on=ahead(3))
    del sections["logistics_flow"]["deliveries"][0]["done_on"]
    [row, _other] = sections["evidence"]["documents"]
    row.update(document="S1", gross="2000.00", ordered="2000.00", delivered="0.00", deliverable="2000.00")
    sections["evidence"]["documents"] = [row]
    sections["forecast"]["weeks"] = []
    return sections


class CheckCase(BaseCase):
    """One check of the catalogue on sections that were written by hand: no database is read."""

    rule = None

    def setUp(self):
        super().setUp()
        self.sections = honest()

    def _check(self, sections=None, **settings):
        before = copy.deepcopy(sections or self.sections)
        result = self.rule.check(sections or self.sections, TODAY, Thresholds(**settings))
        self.assertEqual(sections or self.sections, before, "a check only reads")
        return result

    def _assert(self, level, figure=None, documents=(), **settings):
        """The level, the figure as text, and the documents that stand out."""
        result = self._check(**settings)
        found = None if result.figure is None else format(result.figure, "f")
        self.assertEqual((result.level, found, result.documents), (level, figure, documents))
        return result

    def _assert_grey_without(self, *names):
        for name in names:
            sections = {key: value for key, value in self.sections.items() if key != name}
            self.assertEqual(self._check(sections).level, "grey", f"without {name}")
