import logging

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL, email_normalize

from odoo.addons.scf_finance.models.labels import label_of

from ..inviting.columns import NAMES
from ..inviting.matching import Contact, Known
from ..inviting.row_checks import (
    Problem,
    country_of,
    email_problems,
    iban_problems,
    text_problems,
    vat_key,
    vat_problems,
)
from ..joining.tax_id import kept_tax_id

_logger = logging.getLogger(__name__)

STATES = [("good", "Can be invited"), ("bad", "Can't be invited"), ("invited", "In")]
# A row with more wrong than this is told what comes first.
MOST_PROBLEMS = 4


class ScfProgramInvitationRow(models.Model):
    """A company to invite: as it came, which contact it is, and what is wrong with it."""

    _name = "scf.program.invitation.row"
    _description = "Company to invite"
    _inherit = ["scf.record.kept"]
    _order = "number, id"

    invitation_id = fields.Many2one(
        "scf.program.invitation", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="invitation_id.company_id", store=True, index=True, precompute=True)
    number = fields.Integer(string="Row", readonly=True, help="As a spreadsheet counts; the header is row 1.")
    cells = fields.Json(readonly=True, help="As they came, in the order of the file's columns.")
    values = fields.Json(readonly=True, help="The cells by column, checked.")
    name = fields.Char(readonly=True)
    email = fields.Char(readonly=True)
    vat = fields.Char(string="Tax ID", readonly=True)
    partner_id = fields.Many2one(
        "res.partner", string="Contact", readonly=True, ondelete="set null", help="Empty: a new one is made."
    )
    member_id = fields.Many2one("scf.program.member", readonly=True, index="btree_not_null", ondelete="set null")
    problem = fields.Char(string="Reason", readonly=True)
    problem_codes = fields.Json(readonly=True)
    state = fields.Selection(STATES, required=True, readonly=True, default="good")

    _waiting_index = models.Index("(invitation_id, id) WHERE state = 'good'")

    # -- business: what is to be looked at --------------------------------------------------------------------------

    @api.model
    def _of_cells(self, companies):
        """What a file says of each company, with what is wrong with the row as a row."""
        vals_list = []
        for row in companies.rows:
            fits = companies.has_right_width(row)
            vals_list.append(
                {
                    "number": row.number,
                    "cells": list(row.cells),
                    "values": companies.values_of(row),
                    "problems": [] if fits else [Problem("columns", "", f"{len(row.cells)}/{len(companies.header)}")],
                }
            )
        return vals_list

    @api.model
    def _of_partners(self, partners):
        """What the address book says of each company."""
        vals_list = []
        for number, partner in enumerate(partners, start=1):
            values = {
                **dict.fromkeys(NAMES, ""),
                "name": partner.name or "",
                "email": self._email_of(partner),
                "vat": partner.vat or "",
                "country": partner.country_id.code or "",
                "language": partner.lang or "",
                "phone": partner.phone or "",
                "street": partner.street or "",
                "zip": partner.zip or "",
                "city": partner.city or "",
            }
            vals_list.append(
                {
                    "number": number,
                    "cells": [values[name] for name in NAMES],
                    "values": values,
                    "partner_id": partner.id,
                    "problems": [],
                }
            )
        return vals_list

    def _email_of(self, partner):
        """Where a company is written to: its invoicing contact, or itself, or the first of its people."""
        people = partner.child_ids.filtered("email").sorted(lambda child: (child.type != "invoice", child.id))
        invoicing = people.filtered(lambda child: child.type == "invoice")
        return (invoicing[:1].email or partner.email or people[:1].email or "").strip()

    # -- business: checks -------------------------------------------------------------------------------------------

    @api.model
    def _checked(self, program, vals_list):
        """Look at companies: what each says, whether it is known, and whether two of them are the same.

        :param list vals_list: of :meth:`_of_cells` or :meth:`_of_partners`
        :return: values to create the rows with; a fixed number of queries for however many
        """
        countries, languages = self._countries(), self._languages()
        for vals in vals_list:
            if not vals["problems"]:
                vals["problems"] = list(self._own_problems(vals, countries, languages))
        self._match(program, [vals for vals in vals_list if not vals["problems"]])
        self._find_repeated(vals_list)
        return [self._kept(vals) for vals in vals_list]

    def _own_problems(self, vals, countries, languages):
        """What is wrong with a company by itself. Of what is right, `values` keep how it is written here."""
        values = vals["values"]
        unfit = list(text_problems(values))
        yield from unfit
        wrong = {problem.column for problem in unfit}
        if "email" not in wrong:
            yield from email_problems(values["email"])
            values["email"] = email_normalize(values["email"]) or values["email"]
        if vals.get("partner_id"):
            return
        code = countries.get(values["country"].casefold())
        if values["country"] and not code:
            yield Problem("unknown_country", "country", values["country"])
        elif "vat" not in wrong:
            found = list(vat_problems(values["vat"], code))
            yield from found
            if not found and values["vat"]:
                code = code or country_of(values["vat"])
                values["vat"] = kept_tax_id(values["vat"], code)
            values["country"] = code or ""
        language = languages.get(values["language"].replace("-", "_").casefold())
        if values["language"] and not language:
            yield Problem("unknown_language", "language", values["language"])
        values["language"] = language or values["language"]
        if "iban" not in wrong:
            yield from iban_problems(values["iban"])

    def _match(self, program, vals_list):
        """Find the contact that each company is, and what that contact stands against."""
        known = self._known(program, vals_list)
        for vals in vals_list:
            values = vals["values"]
            if vals.get("partner_id"):
                problem = known.problem_of(vals["partner_id"], values["email"])
            else:
                vals["partner_id"], problem = known.match(name=values["name"], vat=values["vat"], email=values["email"])
            if problem:
                vals["problems"] = [problem]

    def _find_repeated(self, vals_list):
        """The second row of the same company, and every one after it."""
        first = {}
        for vals in vals_list:
            if vals["problems"]:
                continue
            values = vals["values"]
            keys = [
                ("same_contact", vals.get("partner_id")),
                ("same_vat", vat_key(values["vat"])),
                ("same_email", values["email"]),
            ]
            for code, key in keys:
                if key and (code, key) in first:
                    vals["problems"] = [Problem(code, detail=str(first[code, key]))]
                    break
            else:
                first.update({(code, key): vals["number"] for code, key in keys if key})

    def _kept(self, vals):
        problems, values = vals.pop("problems")[:MOST_PROBLEMS], vals["values"]
        return {
            **vals,
            "partner_id": vals.get("partner_id") or False,
            "name": values["name"][:256],
            "email": values["email"][:256],
            "vat": values["vat"][:64],
            "state": "bad" if problems else "good",
            "problem": " ".join(self._sentence(problem) for problem in problems) or False,
            "problem_codes": [problem.code for problem in problems],
        }

    def _known(self, program, vals_list):
        """What the database knows of these companies, in five queries."""
        emails = sorted({vals["values"]["email"] for vals in vals_list})
        contacts = self._contacts(vals_list, emails)
        members = self.env["scf.program.member"].search_fetch(
            [
                ("program_id", "=", program.id),
                "|",
                ("partner_id", "in", [contact.id for contact in contacts]),
                ("email", "in", emails),
            ],
            ["partner_id", "email", "state", "queued_at"],
        )
        waiting = members.filtered(lambda member: member._awaits_invitation())
        users = self.env["res.users"].search([("share", "=", False), ("partner_id.email_normalized", "in", emails)])
        companies = self.env["res.company"].search([])
        refused = self.env["mail.blacklist"].search([("email", "in", emails)])
        return Known(
            company_id=program.company_id.id,
            contacts=contacts,
            members={member.partner_id.id: label_of(member, "state") for member in members - waiting},
            # Where two have an address, it is that of the one who was invited.
            member_emails={
                member.email: (member.partner_id.id, member.partner_id.name)
                for member in waiting + (members - waiting)
                if member.email
            },
            own_contacts=frozenset(companies.partner_id.ids),
            own_emails=frozenset(
                filter(None, [*users.mapped("email_normalized"), *map(email_normalize, companies.mapped("email"))])
            ),
            refused_emails=frozenset(refused.mapped("email")),
        )

    def _contacts(self, vals_list, emails):
        """Companies of the address book that have one of the tax IDs, addresses or names, or that were chosen."""
        self.env["res.partner"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT c.id, c.name, coalesce(c.vat, ''), coalesce(p.email_normalized, ''),
                       coalesce(c.company_id, 0), c.active
                  FROM res_partner p
                  JOIN res_partner c ON c.id = p.commercial_partner_id
                 WHERE p.id = ANY(%(chosen)s)
                    OR p.email_normalized = ANY(%(emails)s)
                    OR (p.id = c.id AND lower(p.name) = ANY(%(names)s))
                    OR (p.id = c.id AND p.vat IS NOT NULL
                        AND regexp_replace(upper(p.vat), '[^A-Z0-9]', '', 'g') = ANY(%(vats)s))
                 ORDER BY c.id
                """,
                chosen=[vals["partner_id"] for vals in vals_list if vals.get("partner_id")],
                emails=emails,
                names=sorted({vals["values"]["name"].lower() for vals in vals_list}),
                vats=sorted({key for vals in vals_list if (key := vat_key(vals["values"]["vat"]))}),
            )
        )
        return tuple(Contact(*row) for row in rows)

    def _countries(self):
        """Code of a country by its code and by its name, in the reader's language and in English."""
        countries = self.env["res.country"].search([])
        names = {}
        for reader in (countries.with_context(lang="en_US"), countries):
            names.update({country.name.casefold(): country.code for country in reader})
        return {**names, **{country.code.casefold(): country.code for country in countries}}

    def _languages(self):
        """Code of an installed language by that code and by its first two letters."""
        codes = [code for code, _name in self.env["res.lang"].get_installed()]
        return {**{code.split("_")[0].casefold(): code for code in reversed(codes)}, **{c.casefold(): c for c in codes}}

    # -- business: bringing in --------------------------------------------------------------------------------------

    def _bring_in(self):
        """Make contact and member of each, and queue its e-mail; who came in meanwhile otherwise comes back as bad.

        The rows are of one invitation. What the database refuses for one of them stops that one only.
        """
        invitation = self.invitation_id
        acting = self.with_user(invitation.user_id).sudo().with_context(lang=invitation.user_id.lang)
        rows = acting._still_good()
        try:
            with self.env.cr.savepoint():
                rows._make_members()
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception:
            _logger.warning("scf.program.invitation %s: rows one by one", invitation.id, exc_info=True)
            for row in rows:
                row._bring_in_alone()

    def _still_good(self):
        """Look again at what may have changed since somebody confirmed: contacts, members, addresses."""
        again = [
            {
                "row": row,
                "values": row.values,
                "partner_id": row.partner_id.id,
                "problems": [],
            }
            for row in self
        ]
        self._match(self.invitation_id.program_id, again)
        good = self.browse()
        for vals in again:
            row = vals["row"]
            if vals["problems"]:
                row._come_back(vals["problems"][0])
            else:
                good |= row
                if vals["partner_id"] and not row.partner_id:
                    row.partner_id = vals["partner_id"]
        return good

    def _bring_in_alone(self):
        try:
            with self.env.cr.savepoint():
                self._make_members()
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception as error:
            self._come_back(Problem("refused", detail=str(error)))

    def _come_back(self, problem):
        self.write({"state": "bad", "problem": self._sentence(problem), "problem_codes": [problem.code]})

    def _make_members(self):
        program = self.invitation_id.program_id
        new = self.filtered(lambda row: not row.partner_id)
        new._make_contacts()
        new._make_accounts()
        members = self.env["scf.program.member"].with_context(tracking_disable=True, mail_create_nosubscribe=True)
        waiting = members.search([("program_id", "=", program.id), ("partner_id", "in", self.partner_id.ids)])
        there = {member.partner_id: member for member in waiting}
        for row in self.filtered(lambda row: row.partner_id in there):
            row.member_id = there[row.partner_id]
            row.member_id.email = row.email
        unknown = self.filtered(lambda row: row.partner_id not in there)
        made = members.create(
            [{"program_id": program.id, "partner_id": row.partner_id.id, "email": row.email} for row in unknown]
        )
        for row, member in zip(unknown, made, strict=True):
            row.member_id = member
        self.member_id._queue_mail("invitation", self.invitation_id.user_id)
        self.state = "invited"

    def _make_contacts(self):
        """New contacts, and their people, in two steps for however many."""
        program = self.invitation_id.program_id
        countries = {country.code: country.id for country in self.env["res.country"].search([])}
        # A new contact belongs to the program's company alone where the database has several.
        owner = self.env["res.company"].search_count([], limit=2) > 1 and program.company_id.id
        rank = "customer_rank" if program.kind == "distributor_finance" else "supplier_rank"
        # What a contact person takes over from its company is given with it, so that Odoo need not copy it one by one.
        partners = self.env["res.partner"].with_context(
            tracking_disable=True, mail_create_nosubscribe=True, no_vat_validation=True, _partners_skip_fields_sync=True
        )
        shared = [row._partner_values(countries, owner) for row in self]
        companies = partners.create(
            [
                {**vals, "name": row.name, "is_company": True, rank: 1, "phone": row.values["phone"] or False}
                for row, vals in zip(self, shared, strict=True)
            ]
        )
        people = []
        for row, company, vals in zip(self, companies, shared, strict=True):
            row.partner_id = company
            if row.values["contact"]:
                people.append({**vals, "name": row.values["contact"], "parent_id": company.id, "is_company": False})
        partners.create(people)

    def _partner_values(self, countries, owner):
        """What a company and its people have alike."""
        values = self.values
        return {
            "company_id": owner,
            "email": values["email"],
            "vat": values["vat"] or False,
            "country_id": countries.get(values["country"], False),
            "lang": values["language"] or self.env.user.lang,
            "street": values["street"] or False,
            "zip": values["zip"] or False,
            "city": values["city"] or False,
        }

    def _make_accounts(self):
        """Bank accounts as they came: not trusted for payments until somebody has called the company back."""
        self.env["res.partner.bank"].create(
            [
                {"acc_number": row.values["iban"], "partner_id": row.partner_id.id, "allow_out_payment": False}
                for row in self
                if row.values["iban"]
            ]
        )

    # -- business: words --------------------------------------------------------------------------------------------

    @api.model
    def _sentence(self, problem):
        """What is wrong with a row and what to do, to whoever wrote the file."""
        named = {"column": problem.column, "value": problem.detail}
        words = {
            "columns": lambda: self.env._(
                "The row has another number of cells than the header (%(value)s): a separator is missing or too many.",
                **named,
            ),
            "missing_name": lambda: self.env._("The name is missing."),
            "missing_email": lambda: self.env._("The e-mail address is missing."),
            "too_long": lambda: self.env._("“%(column)s” has more than %(value)s characters.", **named),
            "control_characters": lambda: self.env._(
                "“%(column)s” has characters that can't be seen, such as a line break. Type it again.", **named
            ),
            "unreadable_characters": lambda: self.env._(
                "“%(column)s” has characters that were lost when the file was saved. Save it as UTF-8.", **named
            ),
            "formula": lambda: self.env._("“%(column)s” begins like a formula.", **named),
            "no_name": lambda: self.env._("“%(value)s” is no name: it has no letter.", **named),
            "several_emails": lambda: self.env._("“%(value)s” is more than one e-mail address. Give one.", **named),
            "bad_email": lambda: self.env._("“%(value)s” is no e-mail address.", **named),
            "unknown_country": lambda: self.env._(
                "“%(value)s” is no country. Give its code of two letters, such as DE.", **named
            ),
            "no_country": lambda: self.env._("Give the country, so that the tax ID %(value)s can be checked.", **named),
            "other_country": lambda: self.env._(
                "The tax ID begins with %(value)s, which is another country than the row's.", **named
            ),
            "bad_vat": lambda: self.env._("The tax ID %(value)s is wrong: its check digits do not fit.", **named),
            "unknown_language": lambda: self.env._("The language “%(value)s” is not installed here.", **named),
            "bad_iban": lambda: self.env._("The IBAN %(value)s is wrong: its check digits do not fit.", **named),
            "own_email": lambda: self.env._("This e-mail address is your own company's."),
            "own_company": lambda: self.env._("This is your own company."),
            "refused_email": lambda: self.env._(
                "Whoever has the address %(value)s asked for no more e-mails.", **named
            ),
            "other_company": lambda: self.env._(
                "This contact belongs to another company of this database. Ask an administrator to share it."
            ),
            "archived": lambda: self.env._("The contact “%(value)s” is archived. Restore it to invite it.", **named),
            "member": lambda: self.env._("It is in the program already: %(value)s.", **named),
            "member_email": lambda: self.env._("“%(value)s” is in the program with this e-mail address.", **named),
            "ambiguous": lambda: self.env._(
                "Several contacts have “%(value)s”. Merge them, or invite from the list.", **named
            ),
            "other_name": lambda: self.env._(
                "This tax ID is that of your contact “%(value)s”. Use its name, or correct the tax ID.", **named
            ),
            "other_vat": lambda: self.env._(
                "Your contact of this name has the tax ID %(value)s. Correct one of the two.", **named
            ),
            "other_email": lambda: self.env._(
                "This e-mail address is that of your contact “%(value)s”. Use its name, or another address.", **named
            ),
            "same_contact": lambda: self.env._("The same company is in row %(value)s already.", **named),
            "same_vat": lambda: self.env._("Row %(value)s has the same tax ID.", **named),
            "same_email": lambda: self.env._("Row %(value)s has the same e-mail address.", **named),
            "refused": lambda: self.env._("It could not be saved: %(value)s", **named),
        }
        return words[problem.code]()
