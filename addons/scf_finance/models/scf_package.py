import io
import secrets

from openscf.consent import sign_consent
from openscf.keys import SigningKey

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.pdf import add_banner
from odoo.tools.translate import LazyTranslate

from ..evidence.party import account_of, account_text, is_same_account
from ..evidence.sealing import Grant, seal_evidence
from .scf_bank import SECRET_BYTES

_lt = LazyTranslate(__name__)


class ScfPackage(models.Model):
    """The sealed evidence of one application, for all its banks. Never changed: a correction is a new package."""

    _name = "scf.package"
    _description = "Evidence package"
    _inherit = ["scf.record.unchanging"]
    _order = "id desc"
    _rec_name = "package_ref"
    _why_unchanged = _lt("A sealed package is never changed: a correction is a new package.")
    _why_kept = _lt("A sealed package is kept: it is the proof of what the banks received.")

    application_id = fields.Many2one("scf.application", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="application_id.company_id", store=True, index=True, precompute=True)
    package_ref = fields.Char(string="Package", required=True, readonly=True, index=True)
    root = fields.Char(
        required=True,
        readonly=True,
        help="Root of the tree over all that was sealed: the same for all banks.",
    )
    supersedes_id = fields.Many2one("scf.package", readonly=True, ondelete="restrict")
    disclosure_ids = fields.One2many("scf.disclosure", "package_id", string="Sent To", readonly=True)
    created_at = fields.Datetime(string="Sealed On", required=True, readonly=True)
    settled_partials = fields.Json(readonly=True, help="Reconciliations that the package already tells the bank of.")
    sealed_account = fields.Json(readonly=True, help="The collection account as the package names it.")
    sealed_payee = fields.Json(
        readonly=True, help="The supplier's account as the package names it, where the bank pays a supplier."
    )
    collection_account = fields.Char(
        compute="_compute_collection_account",
        help="The company's bank account as it was sealed: the bank draws repayments from it.",
    )
    payout_account = fields.Char(
        compute="_compute_collection_account",
        help="The account that the bank pays out to, as it was sealed: the supplier's, else the collection account.",
    )

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("sealed_account", "sealed_payee")
    def _compute_collection_account(self):
        for package in self:
            package.collection_account = account_text(package.sealed_account)
            package.payout_account = account_text(package._sealed_payout_account())

    # -- business ---------------------------------------------------------------------------------------------------

    @api.model
    @api.private
    def _build(self, application, consents, supersedes=None, request=None):
        """Read the evidence, cut it as each consent says, seal it with the company's key, and keep each bank's file.

        Each file is checked as its bank will check it.

        :param application: the ``scf.application``
        :param consents: ``scf.consent`` in force, one for each bank that gets a file
        :param supersedes: the ``scf.package`` that the new one replaces
        :param request: `evidence.sections.Request`, where the package is about other documents than the application's
        :raise UserError: where a consent has ended or was signed with a former key, where the records contradict each
            other, so that no bank would take the package, and where the collection account, or the supplier's,
            is not trusted or another one than in the package that is replaced
        """
        if supersedes:
            supersedes._refuse_changed_account()
        for consent in consents:
            if why_not := consent._why_not_carried():
                raise UserError(why_not)
        now = fields.Datetime.now()
        grants = [
            Grant(
                terms=consent._terms(),
                artefact=consent.artefact,
                file_kinds=tuple(consent.bank_id._scf_asked_files(application.technique)),
                pseudonym=consent.bank_id._scf_pseudonym(consent.bank_id._scf_pseudonym_secret()),
            )
            for consent in consents
        ]
        sealed = seal_evidence(
            application,
            grants,
            key=self.env["scf.key"]._for_company(application.company_id)._signing_key(),
            now=now,
            today=fields.Date.context_today(application),
            supersedes=supersedes.package_ref if supersedes else None,
            request=request,
        )
        (request.documents if request else application._documents())._scf_note_unmade(sealed.unmade)
        package = self.create(
            {
                "application_id": application.id,
                "package_ref": sealed.package_ref,
                "root": sealed.root,
                "supersedes_id": supersedes.id if supersedes else False,
                "created_at": now,
                "settled_partials": sealed.partial_ids,
                "sealed_account": sealed.collection_account,
                "sealed_payee": sealed.payee_account,
            }
        )
        for consent, grant in zip(consents, grants, strict=True):
            self.env["scf.disclosure"]._keep(package, consent, sealed.files[grant.terms.aud])
        return package

    def _refuse_changed_account(self):
        if sentence := self._changed_account():
            raise UserError(sentence)

    def _sealed_payout_account(self):
        """The account that the bank is asked to pay out to, as `evidence.party.account_of` gives one."""
        return self.sealed_payee or self.sealed_account

    def _changed_account(self):
        """Why the bank would pay out to another account than the right one of today; empty where it is that."""
        company = self.sudo().company_id
        current = account_of(company.scf_collection_bank_account_id, company.name)
        if not is_same_account(self.sealed_account, current):
            return self.env._(
                "The bank would pay out to %(sealed)s, but the company's collection account is by now %(current)s. "
                "Withdraw the request and ask again, or have an administrator choose the former account in the "
                "settings.",
                sealed=account_text(self.sealed_account),
                current=account_text(current),
            )
        return self._changed_payee() if self.sealed_payee else ""

    def _changed_payee(self):
        account = self.sudo().application_id._documents()._scf_payee_account()
        current = account_of(account, account.partner_id.name) if account else None
        if current and is_same_account(self.sealed_payee, current):
            return ""
        return self.env._(
            "The bank would pay the supplier on %(sealed)s, but his account is by now %(current)s. Withdraw the "
            "request and ask again, or give the supplier the former account back.",
            sealed=account_text(self.sealed_payee),
            current=account_text(current) if current else self.env._("another one or unknown"),
        )

    @api.model
    @api.private
    def _preview(self, application, proposal):
        """Draw what a bank would get of `application` today, marked on every page. Nothing is written.

        The file is sealed with a key that exists for this call only, and the mark breaks even that seal: no bank takes
        it for the company's word. A bank that was never asked before gets other pseudonyms when it is.

        :param proposal: the ``scf.consent.proposal`` for the bank
        :return: the bytes of a PDF
        """
        now, bank, key = fields.Datetime.now(), proposal.bank_id, SigningKey.generate()
        terms, _notice = proposal._terms(now)
        grant = Grant(
            terms=terms,
            artefact=sign_consent(terms, key=key),
            file_kinds=tuple(bank._scf_asked_files(application.technique)),
            pseudonym=bank._scf_pseudonym(bank._scf_kept_pseudonym_secret() or secrets.token_bytes(SECRET_BYTES)),
        )
        today = fields.Date.context_today(application)
        sealed = seal_evidence(application, [grant], key=key, now=now, today=today)
        return add_banner(io.BytesIO(sealed.files[terms.aud]), text=self.env._("PREVIEW, not sent")).getvalue()

    def _of_bank(self, bank):
        """What a bank got of this package."""
        return self.disclosure_ids.filtered(lambda disclosure: disclosure.bank_id == bank)
