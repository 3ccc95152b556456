import io
import json
import uuid
from datetime import timedelta
from typing import get_args
from unittest.mock import patch

from openscf.canonical import sha256_hex
from openscf.package import Sections, read_package
from openscf.pdf import open_pdf
from openscf.verify import verify_package
from pydantic import BaseModel
from pypdf import PdfReader

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged

from ..evidence import sealing
from ..evidence.views import ROWS_OF_BUYERS, view_for
from .common import FinanceCase, technique

EVERYTHING = [
    "party",
    "transaction",
    "order_flow",
    "logistics_flow",
    "tax_flow",
    "cash_flow",
    "inventory",
    "exposure",
    "evidence",
    "checks",
    "forecast",
    "attachments",
]


class DisclosureCase(FinanceCase):
    """Two banks that ask for everything, and other customers who are nobody's business."""

    def given(self):
        super().given()
        for bank in self.rhone | self.hansa:
            bank.profile = {
                "name": bank.name,
                "techniques": [
                    technique(code, sections=EVERYTHING) for code in ("receivables_discounting", "pre_shipment")
                ],
            }
        self.kestrel = self._other_customer("Kestrel")
        self.osprey = self._other_customer("Osprey")
        self.invoice = self._invoice(10000.0)

    def _other_customer(self, name):
        """A customer whose every text bears its name, with an order, a paid invoice and an open one."""
        partner = self.env["res.partner"].create(
            {
                "name": f"{name} Trading",
                "ref": f"{name}-ref",
                "email": f"buyer@{name.lower()}.example",
                "vat": f"{name}VAT",
                "city": f"{name}ville",
                "comment": f"Call {name} on Mondays",
                "is_company": True,
            }
        )
        order = self._order(700.0, partner_id=partner, client_order_ref=f"{name}-PO-1", note=f"For {name} only")
        order.name = f"SO-{name}-1"
        day = self.today - timedelta(days=70)
        paid = self._invoice(800.0, partner_id=partner, invoice_date=day, days=30, ref=f"{name}-invoice", name=False)
        self._pay(paid, payment_date=day + timedelta(days=20), communication=f"{name} pays")
        self._invoice(900.0, partner_id=partner, narration=f"Thank you {name}")
        return partner

    def _asked(self, document=None, *, banks=None, **terms):
        """Ask the banks under the given terms; gives what each was given, by bank."""
        draft = self._draft(document or self.invoice, banks=banks or self.rhone | self.hansa, amount=1000.0)
        for proposal in draft.proposal_ids:
            proposal.write({"use_standing": False, **terms.get(proposal.bank_id.name.split()[0], {})})
        draft.action_submit()
        return {item.bank_id: item for item in draft.sudo().package_id.disclosure_ids}

    def _others_of(self, disclosure):
        """Buyers of a bank's file besides the financed one."""
        return [
            row
            for row in read_package(disclosure.attachment_id.raw).sections.party.buyers
            if row.name != "Atlas Retail"
        ]


@tagged("post_install", "-at_install")
class TestDisclosure(DisclosureCase):
    # --- one package, a file for each bank ---

    def test_every_banks_file_verifies_and_states_the_same_root(self):
        given = self._asked(Hansa={"counterparties": "named", "history_months": 6})
        for bank, disclosure in given.items():
            with self.subTest(bank.name):
                report = verify_package(disclosure.attachment_id.raw)
                self.assertTrue(report.ok, report.findings)
                self.assertEqual(report.package.header.tree.root, disclosure.package_id.root)
                self.assertEqual(report.package.sections.consent.recipient.issuer, bank.issuer)
                self.assertEqual(disclosure.sha256, sha256_hex(disclosure.attachment_id.raw))
        self.assertEqual(len({disclosure.package_id for disclosure in given.values()}), 1)
        self.assertNotEqual(given[self.rhone].sha256, given[self.hansa].sha256)

    def test_each_bank_is_sent_its_own_file(self):
        given = self._asked(Hansa={"counterparties": "named"})
        for bank in (self.rhone_bank, self.hansa_bank):
            disclosure = given[bank.bank.sudo()]
            [message] = bank.queued("apply")
            self.assertEqual(message.document_ids.raw, disclosure.attachment_id.raw)
            body = json.loads(message.payload)
            self.assertEqual(
                (body["package_sha256"], body["package_id"]), (disclosure.sha256, disclosure.package_id.package_ref)
            )

    def test_section_that_the_consent_leaves_out_is_not_there(self):
        codes = ["order_flow", "cash_flow"]
        sections = self.env["scf.section"].search([("code", "in", codes)])
        given = self._asked(Hansa={"section_ids": [(6, 0, sections.ids)]})
        stated = read_package(given[self.hansa].attachment_id.raw).sections.model_dump(exclude_none=True)
        self.assertEqual(set(stated), {"party", "transaction", "consent", *codes})
        stated = read_package(given[self.rhone].attachment_id.raw).sections.model_dump(exclude_none=True)
        self.assertEqual(set(stated), {*EVERYTHING, "consent"})

    def test_history_reaches_as_far_as_each_consent(self):
        given = self._asked(Rhone={}, Hansa={"history_months": 1})
        periods = {
            bank: read_package(item.attachment_id.raw).sections.cash_flow.period.from_ for bank, item in given.items()
        }
        self.assertEqual(periods[self.hansa], (self.today.replace(day=1) - timedelta(days=1)).replace(day=1))
        self.assertLess(periods[self.rhone], self.today - timedelta(days=700))

    def test_evidence_is_read_once_for_each_length_of_history(self):
        calls = []
        read = sealing.read_sections

        def counting(*args, **kwargs):
            calls.append(kwargs["history_months"])
            return read(*args, **kwargs)

        with patch.object(sealing, "read_sections", counting):
            self._asked()
            self._asked(self._invoice(5000.0), Hansa={"history_months": 3})
        self.assertEqual(calls, [24, 3, 24])

    # --- names ---

    def test_nothing_that_a_pseudonymous_bank_gets_names_another_customer(self):
        disclosure = self._asked()[self.rhone]
        pdf = disclosure.attachment_id.raw
        opened = open_pdf(pdf)
        reader = PdfReader(io.BytesIO(pdf))
        leaving = {
            "file": pdf,
            "package": opened.package,
            "text": "".join(page.extract_text() for page in reader.pages).encode(),
            "titles": str(reader.metadata).encode(),
            "names": " ".join([disclosure.attachment_id.name, *opened.attachments]).encode(),
            "messages": "".join(self.rhone_bank.queued().mapped("payload")).encode(),
            **{f"attached {name}": content for name, content in opened.attachments.items()},
        }
        for place, content in leaving.items():
            for name in (b"kestrel", b"osprey"):
                with self.subTest(f"{name} in {place}"):
                    self.assertNotIn(name, content.lower())
        self.assertIn(b"Atlas Retail", opened.package, "the financed buyer is always named")
        self.assertEqual(len(self._others_of(disclosure)), 2)

    def test_order_of_another_customer_behind_the_invoice_names_nobody(self):
        """Kestrel ordered and got the goods, and signed for them; Atlas is invoiced and financed."""
        for bank in self.rhone | self.hansa:
            terms = technique(
                "receivables_discounting",
                sections=EVERYTHING,
                embedded=["ubl_invoice", "ubl_order", "ubl_despatch_advice"],
            )
            bank.profile = {"name": bank.name, "techniques": [terms]}
        goods = self.env["product.product"].create({"name": "Bolts", "type": "consu", "invoice_policy": "order"})
        order = self._create_sale_order(
            partner_id=self.kestrel,
            partner_invoice_id=self.buyer.id,
            partner_shipping_id=self.kestrel.id,
            order_line=[
                self._prepare_order_line(product_id=goods, price_unit=50, product_uom_qty=100, tax_ids=self.tax_sale_a)
            ],
        )
        for move in order.picking_ids.move_ids:
            move.write({"quantity": 100, "picked": True})
        order.picking_ids.button_validate()
        order.picking_ids.signature = "R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs="
        invoice = order._create_invoices()
        invoice.write({"invoice_date": self.today, "partner_shipping_id": self.buyer.id})
        invoice.action_post()
        given = self._asked(invoice, Hansa={"counterparties": "named"})
        opened = open_pdf(given[self.rhone].attachment_id.raw)
        for place, content in {"package": opened.package, **opened.attachments}.items():
            with self.subTest(place):
                self.assertNotIn(b"kestrel", content.lower())
        self.assertEqual({name.partition("-")[0] for name in opened.attachments}, {"invoice"})
        self.assertIn(b"Kestrel Trading", open_pdf(given[self.hansa].attachment_id.raw).package)
        self.assertEqual(
            {name.partition("-")[0] for name in open_pdf(given[self.hansa].attachment_id.raw).attachments},
            {"invoice", "order", "despatch"},
        )

    def test_named_bank_reads_names(self):
        others = self._others_of(self._asked(Hansa={"counterparties": "named"})[self.hansa])
        self.assertEqual({row.name for row in others}, {"Kestrel Trading", "Osprey Trading"})

    def test_other_customers_are_not_named_where_their_history_is_kept_back(self):
        sections = self.env["scf.section"].search([("code", "=", "tax_flow")])
        given = self._asked(Hansa={"counterparties": "named", "section_ids": [(6, 0, sections.ids)]})
        self.assertFalse(self._others_of(given[self.hansa]))

    def test_pseudonyms_differ_between_banks_and_stay_the_same_for_one(self):
        first, second = self._asked(), self._asked(self._invoice(5000.0))
        keys = {
            (bank, turn): {row.key for row in self._others_of(given[bank])}
            for turn, given in (("first", first), ("second", second))
            for bank in (self.rhone, self.hansa)
        }
        self.assertEqual(keys[self.rhone, "first"], keys[self.rhone, "second"])
        self.assertFalse(keys[self.rhone, "first"] & keys[self.hansa, "first"])
        self.assertTrue(all(key.startswith("P-") and len(key) == 22 for found in keys.values() for key in found))

    def test_secret_behind_the_pseudonyms_is_sealed_and_never_read(self):
        self._asked()
        self.env.flush_all()
        self.env.cr.execute("SELECT pseudonym_secret_sealed FROM scf_bank WHERE id = %s", [self.rhone.id])
        [sealed] = self.env.cr.fetchone()
        self.assertNotIn(self.rhone._scf_pseudonym_secret().hex(), sealed)
        with self.assertRaises(AccessError):
            self._as("admin", self.rhone).read(["pseudonym_secret_sealed"])

    def test_secret_sealed_with_another_master_key_is_said(self):
        self._asked()
        other = {"SCF_MASTER_KEY": "A" * 43 + "="}
        with patch.dict("os.environ", other), self.assertRaisesRegex(UserError, "another master key"):
            self.rhone._scf_pseudonym_secret()

    def test_order_of_pseudonymous_rows_tells_nothing(self):
        def row(buyer):
            return {"buyer": buyer, "currency": "EUR"}

        sections = {
            "party": {"buyers": [{"key": f"B{number}", "name": str(number)} for number in (7, 1, 2, 3)]},
            "transaction": {"documents": [{"buyer": "B7"}]},
            "order_flow": {"orders": [{"number": "S1", "buyer": "B3"}, {"number": "S2", "buyer": "B7"}]},
            "cash_flow": {"buyer_history": [row("B7"), row("B1"), row("B2"), {"buyers": 4, "currency": "EUR"}]},
        }
        view = view_for(
            sections,
            covered=("order_flow", "cash_flow"),
            pseudonym=lambda partner_id: {1: "P-z", 2: "P-a", 3: "P-m"}[partner_id],
        )
        self.assertEqual([item["key"] for item in view["party"]["buyers"]], ["B7", "P-a", "P-m", "P-z"])
        self.assertEqual([item.get("buyer") for item in view["cash_flow"]["buyer_history"]], ["B7", "P-a", "P-z", None])
        self.assertEqual([item["buyer"] for item in view["order_flow"]["orders"]], ["P-m", "B7"])
        self.assertEqual(sections["order_flow"]["orders"][0]["buyer"], "B3", "another bank's view starts from the same")

    def test_every_place_of_the_schema_that_names_a_buyer_is_known(self):
        def lists_with_buyer(model, path=()):
            for name, field in model.model_fields.items():
                for part in _models_in(field.annotation):
                    if "buyer" in part.model_fields:
                        yield (*path, name)
                    yield from lists_with_buyer(part, (*path, name))

        self.assertEqual(
            set(lists_with_buyer(Sections)), {("transaction", "documents"), *ROWS_OF_BUYERS}, "a row names a buyer anew"
        )

    # --- preview ---

    def test_preview_is_what_would_be_sent_and_keeps_nothing(self):
        draft = self._draft(self.invoice, banks=self.rhone)
        before = self.env["ir.attachment"].search_count([])
        pdf = draft._preview(draft.proposal_ids)
        text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
        self.assertIn("PREVIEW", text)
        self.assertIn("Atlas Retail", text)
        self.assertNotIn("Kestrel", text)
        self.assertFalse(verify_package(pdf).ok, "no bank takes a preview for the company's word")
        self.assertFalse(self.env["scf.package"].search([("application_id", "=", draft.id)]))
        self.assertFalse(self.env["scf.consent"].search([("bank_id", "=", self.rhone.id)]))
        self.assertEqual(self.env["ir.attachment"].search_count([]), before)
        self.assertFalse(self.rhone_bank.queued())

    # --- the access log ---

    def _tell_read(self, submission, *, read_id=None, state="applied", **members):
        read = {"read_id": read_id or str(uuid.uuid4()), "read_at": "2026-11-22T05:55:49Z", "reader": "Claire Martin"}
        return self.rhone_bank.tell(
            "package.read",
            {
                "package_id": members.pop("package_id", submission.package_id.package_ref),
                "read": {**read, "action": "opened", **members},
            },
            submission,
        )

    def test_every_reading_is_noted_once_and_shown(self):
        application = self._request(self.invoice)
        submission = application.submission_ids
        self._tell_read(submission, read_id="read-1", reader="system", action="verified")
        self._tell_read(submission, read_id="read-1", reader="system", action="verified")
        self.assertEqual(submission.read_count, 1)
        self._tell_read(submission, action="attachment_downloaded", part="invoice-1.xml")
        submission.invalidate_recordset()
        self.assertEqual((submission.read_count, application.read_count), (2, 2))
        self.assertIn("Read by Banque du Rhône 2 times", submission.read_summary)
        reads = self.env["scf.package.read"].search(submission.action_open_reads()["domain"])
        self.assertEqual(set(reads.mapped("part")), {False, "invoice-1.xml"})
        self.assertEqual(set(reads.mapped("reader_name")), {"Banque du Rhône, automatic check", "Claire Martin"})

    def test_reading_of_what_was_never_sent_there_is_not_noted(self):
        submission = self._request(self.invoice, banks=self.hansa).submission_ids
        with self.assertRaisesRegex(AssertionError, "ignored"):
            self._tell_read(submission)
        self.assertFalse(self.env["scf.package.read"].search([]))

    def test_log_is_never_changed(self):
        submission = self._request(self.invoice).submission_ids
        self._tell_read(submission)
        read = self.env["scf.package.read"].search([])
        for role in ("requester", "admin"):
            mine = self._as(role, read)
            self.assertTrue(mine.read(["reader"]))
            for change in (lambda: mine.write({"reader": "Nobody"}), mine.unlink, lambda: mine.create({})):  # noqa: B023
                with self.assertRaises(UserError):
                    change()
        with self.assertRaises(UserError):
            read.write({"reader": "Nobody"})
        with self.assertRaises(UserError):
            read.unlink()


@tagged("post_install", "-at_install")
class TestPreviewOverHttp(DisclosureCase, HttpCase):
    def _open(self, draft, role, bank=None):
        self.authenticate(self.people[role].login, self.people[role].login)
        return self.url_open(f"/scf/preview/{draft.id}/{(bank or self.rhone).id}")

    def test_requester_sees_the_pdf_in_the_browser(self):
        answer = self._open(self._draft(self.invoice, banks=self.rhone), "requester")
        self.assertEqual((answer.status_code, answer.headers["Content-Type"]), (200, "application/pdf"))
        self.assertIn("inline", answer.headers["Content-Disposition"])
        self.assertTrue(answer.content.startswith(b"%PDF-"))

    def test_nobody_else_does(self):
        draft = self._draft(self.invoice, banks=self.rhone)
        self.assertEqual(self._open(draft, "accountant").status_code, 403)
        self.assertEqual(self._open(draft, "requester", bank=self.hansa).status_code, 422)
        draft.action_submit()
        self.assertEqual(self._open(draft, "requester").status_code, 422)


def _models_in(annotation):
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]
