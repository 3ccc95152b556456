from dataclasses import replace
from datetime import date
from decimal import Decimal

from odoo.tests import BaseCase, tagged

from ..statements.comparison import Booked, Told, find_cause, principal_change, status_of

PARTS = {"penalty": Decimal(0), "fee": Decimal(0), "interest": Decimal("74.38"), "principal": Decimal("5000.00")}
TOLD = Told(
    reference="e1",
    kind="repayment",
    value_on=date(2026, 1, 10),
    amount=Decimal("5074.38"),
    principal_change=Decimal("-5000.00"),
    parts=PARTS,
)
BOOKED = Booked(
    state="posted",
    on=date(2026, 1, 10),
    wanted_on=date(2026, 1, 10),
    principal_change=Decimal("-5000.00"),
    wanted_principal_change=Decimal("-5000.00"),
    money=Decimal("-5074.38"),
    wanted_money=Decimal("-5074.38"),
)


@tagged("post_install", "-at_install")
class TestComparison(BaseCase):
    """One line of three sides, without a database."""

    def test_each_disagreement_has_its_cause(self):
        other_parts = {**PARTS, "interest": Decimal("75.38"), "principal": Decimal("4999.00")}
        for cause, theirs, booked in (
            ("agreed", TOLD, BOOKED),
            ("agreed", replace(TOLD, parts=None), BOOKED),
            ("type", replace(TOLD, kind="fee", amount=Decimal(1)), BOOKED),
            ("amount", replace(TOLD, amount=Decimal("5074.39"), value_on=None), BOOKED),
            ("value_date", replace(TOLD, value_on=date(2026, 1, 11), principal_change=Decimal(0)), BOOKED),
            ("allocation", replace(TOLD, principal_change=Decimal("-4999.00")), BOOKED),
            ("allocation", replace(TOLD, parts=other_parts), BOOKED),
            ("unbooked", TOLD, Booked()),
            ("draft", TOLD, replace(BOOKED, state="draft", on=None)),
            ("changed", TOLD, replace(BOOKED, principal_change=Decimal("-4000.00"), is_matched=False)),
            ("changed", TOLD, replace(BOOKED, money=Decimal("-5000.00"))),
            ("agreed", TOLD, replace(BOOKED, money=None)),
            ("unmatched", TOLD, replace(BOOKED, is_matched=False, on=date(2026, 2, 1))),
            ("moved", TOLD, replace(BOOKED, on=date(2026, 2, 1), off=Decimal("0.01"))),
            ("rounding", TOLD, replace(BOOKED, off=Decimal("0.01"))),
        ):
            with self.subTest(cause=cause, theirs=theirs, booked=booked):
                self.assertEqual(find_cause(theirs, TOLD, booked), cause)
        self.assertEqual(find_cause(TOLD, None, Booked()), "missing_here")
        self.assertEqual(find_cause(None, TOLD, BOOKED), "missing_there")

    def test_what_moves_no_money_needs_no_journal_entry(self):
        called = replace(TOLD, kind="extension", amount=Decimal(0), principal_change=Decimal(0), parts=None)
        self.assertEqual(find_cause(called, called, Booked()), "agreed")

    def test_only_what_needs_nobody_is_explained(self):
        self.assertEqual(
            [status_of(cause) for cause in ("agreed", "moved", "amount")], ["agreed", "explained", "different"]
        )

    def test_principal_follows_the_kind_of_entry(self):
        amount, principal = Decimal("100.00"), Decimal("90.00")
        changes = {
            kind: principal_change(kind, amount, principal)
            for kind in (
                "disbursement",
                "fee",
                "repayment",
                "repayment_reversal",
                "charge",
                "charge_reversal",
                "extension",
                "write_off",
            )
        }
        self.assertEqual(
            changes,
            {
                "disbursement": amount,
                "fee": 0,
                "repayment": -principal,
                "repayment_reversal": principal,
                "charge": principal,
                "charge_reversal": -principal,
                "extension": 0,
                "write_off": -principal,
            },
        )
