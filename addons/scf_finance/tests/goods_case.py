import uuid
from decimal import Decimal
from unittest.mock import patch

from openscf.wire import Collateral

from odoo import fields

from ..amounts import wire_money
from ..evidence.party import account_of
from ..evidence.sealing import SealedEvidence
from ..models import scf_package
from .bank_double import BankDouble
from .pledge_case import PledgeCase


class GoodsBank(BankDouble):
    """A bank that holds goods: it releases, waits, declines, and says what it holds."""

    def __init__(self, bank):
        super().__init__(bank)
        self.released = {}

    def release(self, pledge, quantity, *, release_id=None, status="RELEASED", repay_first=None, reference=None):
        """Tell what became of goods: of a request, or of all that is left where the loan has ended."""
        wire = self.wire_release(
            pledge, quantity, release_id=release_id, status=status, repay_first=repay_first, reference=reference
        )
        kind = {"RELEASED": "released", "WAITING": "release_waiting", "DECLINED": "release_declined"}[status]
        loan = pledge.loan_id
        content = {"loan": self.snapshot(loan.bank_loan_ref), "release": wire}
        return self.tell(f"collateral.{kind}", content, loan.submission_id)

    def wire_release(self, pledge, quantity, *, release_id=None, status="RELEASED", repay_first=None, reference=None):
        wire = {
            "document": {"kind": "pledged_goods", "number": pledge.name},
            "quantity": str(quantity),
            "status": status,
        }
        if release_id:
            wire["release_id"] = release_id
        if status == "RELEASED":
            wire.update(reference=reference or f"R-{uuid.uuid4()}", released_on=self.today.isoformat())
            self.released[pledge.name] = self.released.get(pledge.name, Decimal(0)) + Decimal(str(quantity))
        elif status == "WAITING":
            wire["repay_first"] = wire_money(Decimal(repay_first), pledge.currency_id.name)
        else:
            wire["message"] = "The goods that are left would not carry the loan."
        return wire

    def call_margin(self, loan, amount, message="The goods are worth less."):
        content = {
            "loan": self.snapshot(loan.bank_loan_ref),
            "shortfall": wire_money(Decimal(amount), loan.currency_id.name),
            "message": message,
        }
        return self.tell("loan.shortfall", content, loan.submission_id)

    def say_what_it_holds(self, loan, **others):
        """Let the job that compares the goods ask this bank.

        :param others: by the pledge's number without its signs, what the bank has released of it instead
        """
        currency = loan.currency_id.name
        goods = []
        for pledge in loan.pledge_ids.sorted("id"):
            released = Decimal(str(others.get(f"pledge_{pledge.id}", self.released.get(pledge.name, 0))))
            pledged = Decimal(str(pledge.quantity))
            goods.append(
                {
                    "document": {"kind": "pledged_goods", "number": pledge.name},
                    "description": pledge.product_id.name,
                    "uom": "C62",
                    "pledged": f"{pledged:f}",
                    "released": f"{released:f}",
                    "held": f"{pledged - released:f}",
                    "value": wire_money(Decimal(1), currency),
                    "lending_value": wire_money(Decimal(1), currency),
                }
            )
        answer = Collateral.model_validate({"loan_id": loan.bank_loan_ref, "goods": goods})

        class Line:
            def collateral(self, loan_id):
                if loan_id != loan.bank_loan_ref:
                    raise AssertionError(f"The bank has no loan {loan_id}.")
                return answer

        with patch.object(type(self.bank), "_adapter", lambda bank, *args: Line()):
            self.env["scf.loan"]._cron_compare_goods()


class GoodsCase(PledgeCase):
    """The vocabulary of inventory loans: copper in a lot and sand without, in the collateral location."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people["requester"].group_ids += cls.env.ref("stock.group_stock_user")

    def setUp(self):
        super().setUp()
        # What is told of goods is tested by itself; here it would be written for every request.
        self.patch(scf_package, "seal_evidence", self._sealed)
        self.rhone_bank, self.hansa_bank = GoodsBank(self.rhone), GoodsBank(self.hansa)
        self._put(self.copper, 1000, self.collateral, lot=self.lot)
        self._put(self.sand, 2000, self.collateral)

    @staticmethod
    def _sealed(application, grants, **_options):
        account = application.company_id.scf_collection_bank_account_id
        return SealedEvidence(
            **{
                **dict.fromkeys(SealedEvidence.__dataclass_fields__),
                "package_ref": f"pkg-{uuid.uuid4()}",
                "root": "0" * 64,
                "files": {grant.terms.aud: b"%PDF-1.7" for grant in grants},
                "partial_ids": [],
                "collection_account": account_of(account, application.company_id.name),
                "unmade": [],
            }
        )

    def _copper(self, quantity=500, **values):
        return self._proposed(self.copper, quantity, self.collateral, lot=self.lot, **values)

    def _sell(self, product, quantity, lot=None, source=None):
        """Goods leave for a customer."""
        self._move(product, quantity, source or self.collateral, self.customers, lot=lot)._action_done()

    def _stops(self, pledges):
        return [finding.code for finding in pledges._scf_assess().stops]

    def _ask_release(self, pledge, quantity, reason="A customer pays in advance"):
        return pledge.sudo()._ask_release(quantity, reason)

    def _report_values(self, on=None):
        """Let the nightly job value the goods and tell the banks."""
        with patch.object(fields.Date, "context_today", lambda *args: on or self.today):
            self.env["scf.pledge"].sudo()._cron_revalue()
