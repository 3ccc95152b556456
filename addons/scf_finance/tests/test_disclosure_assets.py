from openscf.package import read_package
from openscf.pdf import open_pdf
from openscf.verify import verify_package

from odoo import Command
from odoo.tests import tagged

from .common import technique
from .pledge_case import PledgeCase
from .purchase_evidence_case import PurchaseEvidenceCase
from .test_disclosure import EVERYTHING

CANARIES = ("Kestrel", "Osprey", "BE71096123456769")


@tagged("post_install", "-at_install")
class TestDisclosureOfPurchasesAndGoods(PurchaseEvidenceCase, PledgeCase):
    """What banks get to read of a purchase and of goods, asked for everything under pseudonyms."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        groups = "purchase.group_purchase_user", "stock.group_stock_user"
        cls.people["requester"].group_ids = [Command.link(cls.env.ref(group).id) for group in groups]

    def setUp(self):
        super().setUp()
        self.rhone.profile = {
            "name": self.rhone.name,
            "techniques": [technique(code, sections=EVERYTHING) for code in ("distributor_finance", "inventory_loan")],
        }
        self._receive(self._purchase((self.nails, 100, 15.0)))
        self.kestrel = self.env["res.partner"].create(
            {"name": "Kestrel Trading", "vat": "KestrelVAT", "ref": "Kestrel"}
        )
        self._invoice(800.0, partner_id=self.kestrel, ref="Kestrel-1")
        osprey = self.env["res.partner"].create({"name": "Osprey Works", "ref": "Osprey", "is_company": True})
        self._suppliers_account("BE71096123456769", partner_id=osprey.id)
        self._bill(self._purchase((self.freight, 1, 70.0), partner_id=osprey.id), ref="Osprey-1")

    def _sections_sent(self, documents, amount):
        """What the bank reads of the documents, in a file that verifies and names nobody whom it may not."""
        application = self._request(documents, amount=amount)
        file = application.package_id.disclosure_ids.attachment_id.raw
        report = verify_package(file)
        self.assertTrue(report.ok, report.findings)
        sections = read_package(file).sections
        self.assertEqual(set(sections.model_dump(exclude_none=True)), {*EVERYTHING, "consent"})
        for text in (sections.model_dump_json(), open_pdf(file).package.decode()):
            for canary in CANARIES:
                self.assertNotIn(canary, text)
        self.assertEqual([row.pseudonymous for row in sections.party.buyers], [True])
        return sections

    def test_purchase(self):
        bill = self._bill(self.env["purchase.order"].search([("partner_id", "=", self.supplier.id)]), ref="MILL-1")
        sections = self._sections_sent(bill, 600.0)
        [seller] = sections.party.sellers
        self.assertEqual((seller.name, seller.account.iban), ("Mill & Sons", self.account.sanitized_acc_number))
        self.assertEqual((sections.attachments.files, sections.exposure.pledges), ((), ()))

    def test_goods(self):
        self._put(self.sand, 2000, self.collateral)
        self._put(self.sand, 11, self.collateral, owner_id=self.kestrel)
        pledge = self._proposed(self.sand, 1000, self.collateral)
        sections = self._sections_sent(pledge, 1000.0)
        self.assertEqual((sections.exposure.pledges, sections.exposure.applications), ((), ()))
        self.assertEqual(sections.transaction.documents[0].goods.on_hand, 2000)
