import base64
import csv
import io
import logging
import time

from stdnum.iso7064.mod_11_10 import calc_check_digit

from odoo.exceptions import UserError
from odoo.tests import BaseCase, tagged

from ..inviting.csv_file import FileUnreadable, read_file, template, write_file
from ..models.scf_program_invitation import CHUNK
from .test_invitation import InvitingCase

_logger = logging.getLogger(__name__)

HEADER = "name,email,vat,country,language,contact,phone,street,zip,city,iban"
# Seconds of this process for looking at 5,000 rows and for bringing 4,800 of them in.
LOOKING_SECONDS, BRINGING_SECONDS = 15, 90
# A chunk is brought in with no more queries than this, whatever its size.
QUERIES_OF_A_CHUNK = 80


@tagged("post_install", "-at_install")
class TestCompanyFile(BaseCase):
    """Files as spreadsheets of any country write them."""

    def _names(self, content):
        companies = read_file(content)
        return [companies.values_of(row)["name"] for row in companies.rows]

    def test_separator_and_encoding_are_found_out(self):
        lines = "name{0}email{0}city\nMüller & Söhne{0}a@b.example{0}Köln\nŻółw{0}c@d.example{0}Łódź\n"
        for separator in (",", ";", "\t", "|"):
            text = lines.format(separator)
            for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"):
                marks = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}
                with self.subTest(separator=separator, encoding=encoding):
                    content = marks.get(encoding, b"") + text.encode(encoding)
                    self.assertEqual(self._names(content), ["Müller & Söhne", "Żółw"])
        western = "name;email\nMüller & Söhne GmbH;a@b.example\nCafé Crème;c@d.example\n"
        self.assertEqual(self._names(western.encode("cp1252")), ["Müller & Söhne GmbH", "Café Crème"])

    def test_rows_are_counted_as_a_spreadsheet_does_and_empty_ones_left_out(self):
        companies = read_file(b'Name;E-Mail\n\n"Two\nlines";a@b.example\n;\nC;c@d.example\n')
        self.assertEqual([(row.number, row.cells[0]) for row in companies.rows], [(4, "Two\nlines"), (6, "C")])

    def test_file_that_is_none_says_why(self):
        for content, code in (
            (b"", "empty"),
            (b"  \n", "empty"),
            (b"name,email\n", "empty"),
            (b"PK\x03\x04\x00\x00\x00name,email\n1,2", "no_text"),
            (b"Acme,acme@acme.example\nB,b@b.example\n", "no_header"),
            (b"name,vat\nA,1\n", "missing_columns"),
            (b"name,email,colour\nA,a@b.example,red\n", "unknown_columns"),
            (b"name,email,email\nA,a@b.example,x\n", "repeated_columns"),
            (b'name,email\n"A,a@b.example\nB,b@b.example\n', "broken"),
            (b"name,email\n" + b"A,a@b.example\n" * 20001, "too_many_rows"),
            (b"x" * (10 * 1024 * 1024 + 1), "too_big"),
        ):
            with self.subTest(code=code, content=content[:20]), self.assertRaises(FileUnreadable) as raised:
                read_file(content)
            self.assertEqual(raised.exception.code, code)

    def test_template_can_be_read(self):
        companies = read_file(template())
        self.assertEqual(companies.values_of(companies.rows[0])["iban"], "BE68 5390 0754 7034")
        self.assertTrue(companies.has_right_width(companies.rows[0]))

    def test_no_cell_comes_back_as_a_formula_and_phones_survive_the_way_back(self):
        rows = [["=1+1", "@x", "+49 30 1"], ["-2", "\t=1", "\n=1"], ["＝1", "＠x", "A;=1+1"]]
        for separator in ",;":
            content = write_file(["name", "email", "phone"], rows, separator=separator)
            text = io.StringIO(content.decode("utf-8-sig"), newline="")
            cells = [cell for row in csv.reader(text, delimiter=separator) for cell in row]
            self.assertFalse([cell for cell in cells if cell.startswith(tuple("=+-@＝＋－＠\t\r\n"))])
            companies = read_file(content)
            self.assertEqual(companies.values_of(companies.rows[0])["phone"], "+49 30 1")
            self.assertEqual(companies.separator, separator)

    def test_file_comes_back_with_the_separator_that_it_came_with(self):
        content = write_file(["name", "email"], [["Acme;=1+1", ""]], separator=";")
        self.assertIn(b'"Acme;=1+1";', content, "a spreadsheet that reads semicolons cuts no formula out of a cell")


@tagged("post_install", "-at_install")
class TestInvitationFile(InvitingCase):
    """The good rows of a file go in, and the bad ones come back with the reason."""

    def _given_contacts(self):
        """Contacts that a row may clash with."""
        partners = self.env["res.partner"]
        self.other_company = self.env["res.company"].sudo().create({"name": "Sister Ltd"})
        partners.create(
            [
                {"name": "Sister's Vendor", "vat": "NL004495445B01", "company_id": self.other_company.id},
                {"name": "Gone Ltd", "email": "gone@gone.example", "active": False, "is_company": True},
                {"name": "Twin", "is_company": True},
                {"name": "Twin", "is_company": True},
                {"name": "Dual AG", "vat": "DE136695976", "is_company": True},
            ]
        )
        self.paper.vat = "DE111111125"
        self._member(self.program, self.cork)
        self.env["mail.blacklist"].sudo()._add("no@more.example")
        self.people["requester"].email = "buyer@anchor.example"

    # One row of each kind: what is wrong, and the row. `{n}` makes the rows of one kind differ.
    KINDS = (
        ("missing_name", ",k1-{n}@x.example,,,,,,,,,"),
        ("missing_email", "Kind Two {n},,,,,,,,,,"),
        ("bad_email", "Kind Three {n},k3-{n}@nowhere,,,,,,,,,"),
        ("several_emails", "Kind Four {n},k4-{n}@x.example; k@y.example,,,,,,,,,"),
        ("bad_vat", "Kind Five {n},k5-{n}@x.example,BE0477472702,BE,,,,,,,"),
        ("no_country", "Kind Six {n},k6-{n}@x.example,77472701,,,,,,,,"),
        ("other_country", "Kind Seven {n},k7-{n}@x.example,BE0477472701,FR,,,,,,,"),
        ("unknown_country", "Kind Eight {n},k8-{n}@x.example,,Freedonia,,,,,,,"),
        ("unknown_language", "Kind Nine {n},k9-{n}@x.example,,,klingon,,,,,,"),
        ("bad_iban", "Kind Ten {n},k10-{n}@x.example,,,,,,,,,BE68539007547035"),
        ("too_long", "Kind Eleven {n},k11-{n}@x.example,,,,,,,99999999999999999,,"),
        ("control_characters", "Kind Twelve\x07 {n},k12-{n}@x.example,,,,,,,,,"),
        ("unreadable_characters", "Kind Thirteen \ufffd {n},k13-{n}@x.example,,,,,,,,,"),
        ("formula", "=Kind Fourteen {n},k14-{n}@x.example,,,,,,,,,"),
        ("no_name", "1234{n},k15-{n}@x.example,,,,,,,,,"),
        ("columns", "Kind Sixteen {n},k16-{n}@x.example,,,,,,,,,,surplus"),
        ("columns", "Kind Seventeen {n},k17-{n}@x.example"),
        ("member", "Cork & Co,k18-{n}@x.example,FR23334175221,FR,,,,,,,"),
        ("member_email", "Kind Nineteen {n},compta@cork.example,,,,,,,,,"),
        ("other_name", "Kind Twenty {n},k20-{n}@x.example,BE0477472701,BE,,,,,,,"),
        ("other_vat", "Dual AG,k21-{n}@x.example,DE129274202,DE,,,,,,,"),
        ("other_email", "Kind Twenty-two {n},finance@steelworks.example,,,,,,,,,"),
        ("other_company", "Sister's Vendor,k23-{n}@x.example,NL004495445B01,NL,,,,,,,"),
        ("archived", "Gone Ltd,k24-{n}@x.example,,,,,,,,,"),
        ("ambiguous", "Twin,k25-{n}@x.example,,,,,,,,,"),
        ("own_email", "Kind Twenty-six {n},buyer@anchor.example,,,,,,,,,"),
        ("refused_email", "Kind Twenty-seven {n},no@more.example,,,,,,,,,"),
        ("same_email", "Kind Twenty-eight {n},first@good.example,,,,,,,,,"),
        ("same_vat", "Kind Twenty-nine {n},k29-{n}@x.example,DE129274202,DE,,,,,,,"),
    )
    FIRST = (
        "First Good SA,first@good.example,DE129274202,Germany,en,Ada Good,+49 30 1,Weg 1,10115,Berlin,"
        "DE89370400440532013000"
    )

    def test_each_kind_of_error_comes_back_with_its_reason(self):
        self._given_contacts()
        rows = [row.format(n=n) for n, (_code, row) in enumerate(self.KINDS)]
        invitation = self._of_file("\n".join([HEADER, self.FIRST, *rows]) + "\n").sudo()
        self.assertEqual(invitation.good_ids.mapped("name"), ["First Good SA"])
        found = {row.number: row for row in invitation.bad_ids}
        for number, (code, _row) in enumerate(self.KINDS, start=3):
            with self.subTest(code):
                self.assertIn(code, found[number].problem_codes)
                self.assertTrue(found[number].problem.endswith("."), found[number].problem)
        self.assertGreaterEqual(len({code for code, _row in self.KINDS}), 20)

        before = self.env["res.partner"].search_count([])
        invitation.with_user(self.people["requester"]).action_start()
        self._work()
        self.assertEqual(self.env["res.partner"].search_count([]) - before, 2, "the company and its contact person")
        partner = self._members()[-1:].partner_id
        self.assertEqual((partner.name, partner.vat, partner.country_code), ("First Good SA", "DE129274202", "DE"))
        self.assertEqual(partner.child_ids.name, "Ada Good")
        self.assertFalse(partner.bank_ids.allow_out_payment, "an account out of a file is trusted by nobody yet")

        content = base64.b64decode(invitation.bad_file)
        returned = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
        self.assertEqual(len(returned), len(self.KINDS))
        self.assertTrue(all(row["reason"] for row in returned))
        self.assertTrue(invitation.bad_file_name.startswith("vendors"))

    def test_what_came_back_can_be_corrected_and_sent_again(self):
        invitation = self._of_file("name;email\nAcme;acme@nowhere\nBolt;bolt@bolt.example\n")
        content = base64.b64decode(invitation.bad_file).decode("utf-8-sig")
        self.assertIn("name;email;reason\r\nAcme;acme@nowhere;", content, "with the separator that it came with")
        again = self._of_file(content.replace("acme@nowhere", "acme@acme.example").encode())
        self.assertEqual((again.good_count, again.bad_count), (1, 0))

    def test_known_company_is_the_contact_that_it_is(self):
        rows = (
            "STEELWORKS nv,new@steelworks.example,BE 0477.472.701,Belgium,,,,,,,",
            "Papier Müller GmbH,kasse@papier-mueller.example,,,,,,,,,",
        )
        invitation = self._of_file("\n".join([HEADER, *rows]))
        self.assertEqual(invitation.good_ids.partner_id, self.steel | self.paper)
        invitation.action_start()
        self._work()
        self.assertEqual(self._members().mapped("email"), ["new@steelworks.example", "kasse@papier-mueller.example"])
        self.assertEqual(self.steel.email, "finance@steelworks.example", "a file changes no contact")

    def test_file_that_can_not_be_read_is_refused_with_a_sentence(self):
        with self.assertRaisesRegex(UserError, "These columns are missing: email"):
            self._of_file("name,vat\nA,1\n")
        with self.assertRaisesRegex(UserError, "save it as CSV"):
            self._of_file(b"PK\x03\x04\x00\x00")

    def test_five_thousand_rows_with_two_hundred_bad_ones(self):
        self._given_contacts()
        rows = [self.FIRST]
        for n in range(4799):
            number = f"{20000000 + n * 7}"
            vat = f"DE{number}{calc_check_digit(number)}"
            rows.append(f"Company {n},c{n}@c{n}.example,{vat},DE,,,,Weg {n},10115,Berlin,")
        bad = [self.KINDS[n % len(self.KINDS)][1].format(n=n) for n in range(200)]
        for n, row in enumerate(bad):
            rows.insert(1 + n * 24, row)
        content = "\n".join([HEADER, *rows]).encode()

        started = time.process_time()
        invitation = self._of_file(content)
        looked = time.process_time() - started
        self.assertEqual((invitation.good_count, invitation.bad_count), (4800, 200))
        self.assertLess(looked, LOOKING_SECONDS)

        invitation.action_start()
        rows = self.env["scf.program.invitation"].sudo()
        waiting = [("state", "=", "good"), ("invitation_id", "=", invitation.id)]
        counts, started = [], time.process_time()
        while chunk := rows._next_chunk(waiting):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            chunk._bring_in()
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        brought = time.process_time() - started
        self.assertEqual(len(counts), 4800 // CHUNK)
        self.assertEqual((invitation.sudo().invited_count, len(self._members())), (4800, 4801))
        self.assertLess(max(counts), QUERIES_OF_A_CHUNK)
        self.assertLess(brought, BRINGING_SECONDS)
        self.assertLessEqual(max(counts) - min(counts), 20, f"as many for each chunk: {counts}")
        _logger.info(
            "5,000 rows: looked at in %.1f s, 4,800 brought in in %.1f s; queries: %s", looked, brought, counts
        )
