from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import email_normalize

from odoo.addons.base_iban.models.res_partner_bank import normalize_iban, pretty_iban, validate_iban

from ..joining.tax_id import is_tax_id, kept_tax_id

FACTS = (
    "name",
    "vat",
    "country_id",
    "legal_form",
    "company_registry",
    "street",
    "zip",
    "city",
    "contact_name",
    "contact_email",
    "contact_phone",
    "iban",
    "account_holder",
)
# What tells one company, and its money, from another's: the anchor has to stand by a change of it.
IDENTITY = ("vat", "iban", "account_holder")
# Under which keys of the context the page says what its reader saw of that.
SEEN = {f"scf_seen_{name}": name for name in IDENTITY}
# What nobody needs to have: a sole trader is in no register, and an e-mail reaches the contact too.
OPTIONAL = ("legal_form", "company_registry", "contact_phone")
MAX_LENGTH = {"name": 200, "street": 200}
USUAL_MAX_LENGTH = 100


class ScfProgramJoining(models.Model):
    """What a member says about itself, and what the anchor has to stand by before money may go where it says."""

    _inherit = "scf.program.joining"

    difference_text = fields.Text(string="Differs From Your Contact", compute="_compute_difference_text")

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends(*FACTS, "member_id.partner_id")
    def _compute_difference_text(self):
        labels = {name: self._fields[name]._description_string(self.env) for name in FACTS}
        for joining in self:
            known = joining._known_facts()
            lines = [
                self.env._(
                    "%(label)s: %(given)s (your contact: %(known)s)",
                    label=labels[name],
                    given=joining._text_of(name, joining[name]),
                    known=joining._text_of(name, known[name]) or "-",
                )
                for name in FACTS
                if joining[name] and joining[name] != known[name]
            ]
            joining.difference_text = "\n".join(lines) or False

    def _text_of(self, name, value):
        if name == "iban":
            return pretty_iban(value or "")
        return value.name if name == "country_id" else value or ""

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_confirm_account(self):
        """Stand by the account and the tax ID that the member gave, after asking it; then it goes to the banks."""
        for joining in self._for_approver():
            if joining.account_state != "to_check":
                raise UserError(self.env._("There is nothing to confirm: the account is known, or was decided on."))
            joining._check_seen()
            joining._set_account_state("confirmed")
            joining.member_id._tell(
                self.env._(
                    "%(user)s confirmed the account %(iban)s and the tax ID %(vat)s of %(name)s.",
                    user=self.env.user.name,
                    iban=pretty_iban(joining.iban),
                    vat=joining.vat,
                    name=joining.name,
                )
            )
            joining._send_when_ready()
        return True

    def action_refuse_account(self):
        """Say that the account or the tax ID is not the member's: nothing goes to the banks with it."""
        for joining in self._for_approver():
            if joining.account_state != "to_check":
                raise UserError(self.env._("There is nothing to refuse: the account is known, or was decided on."))
            joining._set_account_state("refused")
            joining.wants_sending_at = False
            joining.member_id._tell(
                self.env._(
                    "%(user)s refused the account %(iban)s or the tax ID %(vat)s given for %(name)s.",
                    user=self.env.user.name,
                    iban=pretty_iban(joining.iban),
                    vat=joining.vat,
                    name=joining.name,
                )
            )
        return True

    def _check_seen(self):
        """See that what is confirmed is what was on the screen: the member may have given another account meanwhile.

        :raise UserError: where it is another one, or nothing says what was seen
        """
        if any(self.env.context.get(key) != self[name] for key, name in SEEN.items()):
            raise UserError(
                self.env._(
                    "%s has changed its account or tax ID since you opened this page. Reload it, and call the company "
                    "about what stands there now.",
                    self.name,
                )
            )

    def _for_approver(self):
        """These records with full rights, for a user who may read them and approves."""
        self.check_access("read")
        if not self.env.user.has_group("scf_connector.group_scf_approver"):
            raise AccessError(
                self.env._(
                    "Only users with the role “Financing: Approver” may do this. Ask your administrator for the role."
                )
            )
        return self.sudo()

    def _set_account_state(self, state):
        """The only writer of `account_state` once facts are given: who decided is kept with it."""
        self.write(
            {
                "account_state": state,
                "account_checked_by_id": self.env.user.id,
                "account_checked_at": fields.Datetime.now(),
            }
        )

    # -- business: facts --------------------------------------------------------------------------------------------

    def _known_facts(self):
        """What the anchor knows of the member, under the names of the facts."""
        partner = self.partner_id.commercial_partner_id
        contact = self.partner_id if self.partner_id != partner else partner.child_ids[:1]
        account = self._known_accounts()[:1]
        return {
            "name": partner.name or False,
            "vat": partner.vat or False,
            "country_id": partner.country_id,
            "legal_form": False,
            "company_registry": partner.company_registry or False,
            "street": ", ".join(filter(None, (partner.street, partner.street2))) or False,
            "zip": partner.zip or False,
            "city": partner.city or False,
            "contact_name": contact.name or False,
            "contact_email": self.member_id.email or contact.email or partner.email or False,
            "contact_phone": contact.phone or partner.phone or False,
            "iban": account.sanitized_acc_number or False,
            "account_holder": account.acc_holder_name or (account and partner.name) or False,
        }

    def _known_accounts(self):
        """The member's accounts in the anchor's books, those first that somebody trusted."""
        accounts = self.partner_id.commercial_partner_id.bank_ids.filtered(lambda item: item.acc_type == "iban")
        return accounts.sorted(lambda item: (not item.allow_out_payment, item.sequence, item.id))

    def _save_facts(self, facts):
        """Keep checked facts. Signatures that were given for others end, and the anchor is asked where money may go.

        :param dict facts: every one of :data:`FACTS`
        """
        self.ensure_one()
        is_other = any(self[name] != facts[name] for name in FACTS) or not self.facts_saved_at
        if not is_other:
            return
        is_other_identity = any(self[name] != facts[name] for name in IDENTITY)
        self.write({**facts, "facts_saved_at": fields.Datetime.now()})
        self._forget_signatures()
        if is_other_identity or not self.account_state:
            self._judge_account()

    def _judge_account(self):
        """See whether the anchor's books know account and tax ID; where not, ask the anchor."""
        known = self._known_facts()
        # An account that came with a file or a stranger's bill stands in the books, too, and nobody trusts it yet.
        trusted = self._known_accounts().filtered("allow_out_payment")
        is_known_account = self.iban in trusted.mapped("sanitized_acc_number")
        is_same_company = not known["vat"] or known["vat"] == self.vat
        is_own_account = (self.account_holder or "").casefold() in {
            name.casefold() for name in (self.name, known["name"], known["account_holder"]) if name
        }
        is_known = is_known_account and is_same_company and is_own_account
        self.write(
            {
                "account_state": "known" if is_known else "to_check",
                "account_checked_by_id": False,
                "account_checked_at": False,
            }
        )
        if not is_known:
            self.member_id._tell(
                self.env._(
                    "%(name)s gives the account %(iban)s of %(holder)s and the tax ID %(vat)s. Call the company under "
                    "a number that you know, then confirm them or refuse them. Never use a number from this request.",
                    name=self.name,
                    iban=pretty_iban(self.iban),
                    holder=self.account_holder,
                    vat=self.vat,
                ),
                act=True,
            )

    def _facts_as_typed(self):
        """What the form is filled in with: what the member gave, or else what the anchor knows."""
        self.ensure_one()
        known = {name: self[name] for name in FACTS} if self.facts_saved_at else self._known_facts()
        return {
            **{name: known[name] or "" for name in FACTS},
            "country_id": known["country_id"].code or "",
            "iban": pretty_iban(known["iban"] or ""),
        }

    def _checked_facts(self, given):
        """Read the facts as they were typed.

        :param dict given: text by the names of the facts; `country_id` is the country's code
        :return: the facts as they are kept, and the sentences about what can't be, by the names of the facts
        :rtype: tuple[dict, dict]
        """
        country = self.env["res.country"].sudo().search([("code", "=", given["country_id"].upper())], limit=1)
        facts = {name: " ".join(given[name].split()) or False for name in FACTS}
        facts.update(
            {
                "country_id": country,
                "vat": kept_tax_id(given["vat"], country.code or "") or False,
                "iban": normalize_iban(given["iban"]).upper() or False,
                "contact_email": email_normalize(given["contact_email"]) or False,
            }
        )
        errors = {
            name: self.env._("Use at most %s characters.", MAX_LENGTH.get(name, USUAL_MAX_LENGTH))
            for name in FACTS
            if name != "country_id" and len(facts[name] or "") > MAX_LENGTH.get(name, USUAL_MAX_LENGTH)
        }
        if given["contact_email"].strip() and not facts["contact_email"]:
            errors["contact_email"] = self.env._("Enter one e-mail address, such as jane@example.com.")
        for name in FACTS:
            if not facts[name] and name not in OPTIONAL:
                errors.setdefault(name, self.env._("Please fill this in."))
        if facts["vat"] and country and not is_tax_id(facts["vat"], country.code):
            errors["vat"] = self.env._(
                "%(vat)s is no tax ID of %(country)s. Copy it from an invoice of yours.",
                vat=facts["vat"],
                country=country.name,
            )
        if facts["iban"]:
            try:
                validate_iban(facts["iban"])
            except ValidationError:
                errors["iban"] = self.env._(
                    "This is no IBAN. Copy it from a statement of your bank. Banks pay to an IBAN only: if yours has "
                    "none, as in the United States, ask %s how it can pay you early.",
                    self.company_id.name,
                )
        return facts, errors
