from werkzeug.exceptions import abort

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request
from odoo.tools import email_normalize

from odoo.addons.portal.controllers.portal import CustomerPortal

from ..models.scf_program_document import MAX_FILE_BYTES
from ..models.scf_program_joining import STEPS
from ..models.scf_program_joining_facts import FACTS
from ..models.scf_program_signature import MAX_SIGNATORIES, NAME_LENGTH, ROLE_LENGTH
from .pages import MAX_FORM_BYTES, MEMBER_ROUTE, page, sender, typed

PATH = "/my/programs/<int:member_id>"
# Several pages photographed one by one come in one go.
MAX_FILES_AT_ONCE = 6
MAX_UPLOAD_BYTES = MAX_FILES_AT_ONCE * MAX_FILE_BYTES + MAX_FORM_BYTES


class Joining(CustomerPortal):
    """A member's own pages: where it stands, and the steps by which it joins. Each step is kept as it is sent."""

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "scf_program_count" in counters:
            values["scf_program_count"] = len(self._members())
        return values

    # -- pages ------------------------------------------------------------------------------------------------------

    @http.route("/my/programs", methods=["GET"], **MEMBER_ROUTE)
    def programs(self, **_query):
        """List the programs that the user's company is invited to, or in."""
        members = self._members()
        if len(members) == 1:
            return request.redirect(f"/my/programs/{members.id}")
        return self._page("scf_program.portal_programs", members, members=members)

    @http.route(PATH, methods=["GET"], **MEMBER_ROUTE)
    def overview(self, member_id, **_query):
        """Show where the member stands, and what to do next."""
        member, joining = self._find(member_id)
        return self._page("scf_program.portal_program", member, joining=joining)

    @http.route(f"{PATH}/company", methods=["GET"], **MEMBER_ROUTE)
    def company(self, member_id, **_query):
        """Ask for the facts about the company, filled in from what is known."""
        member, joining = self._find(member_id)
        return self._company_page(member, joining, joining._facts_as_typed())

    @http.route(f"{PATH}/company", methods=["POST"], max_content_length=MAX_FORM_BYTES, **MEMBER_ROUTE)
    def save_company(self, member_id, **_rest):
        """Check and keep the facts."""
        member, joining = self._find_open(member_id)
        given = {name: typed(name, 300) for name in FACTS}
        facts, errors = joining._checked_facts(given)
        if errors:
            return self._company_page(member, joining, given, errors=errors, status=422)
        joining._save_facts(facts)
        return self._go_on(member, joining, "company")

    @http.route(f"{PATH}/documents", methods=["GET"], **MEMBER_ROUTE)
    def documents(self, member_id, **_query):
        """Ask for the documents."""
        member, joining = self._find(member_id)
        return self._documents_page(member, joining)

    @http.route(f"{PATH}/documents", methods=["POST"], max_content_length=MAX_UPLOAD_BYTES, **MEMBER_ROUTE)
    def add_documents(self, member_id, **_rest):
        """Keep uploaded files; those that can't be taken are named, the others stay."""
        member, joining = self._find_open(member_id)
        kind = request.env["scf.kyb.kind"].sudo().search([("code", "=", typed("kind"))], limit=1)
        files = [file for file in request.httprequest.files.getlist("files") if file.filename]
        if not kind or not files:
            errors = {typed("kind"): request.env._("Choose a file.")}
            return self._documents_page(member, joining, errors=errors, status=422)
        problems = []
        for number, file in enumerate(files):
            if number >= MAX_FILES_AT_ONCE:
                problems.append(request.env._("Choose at most %s files at once.", MAX_FILES_AT_ONCE))
                break
            try:
                # One byte more than is taken says that there is more; the rest is never read.
                content = file.stream.read(MAX_FILE_BYTES + 1)
                request.env["scf.program.document"]._give(joining, kind, file.filename, content)
            except UserError as error:
                problems.append(f"{file.filename[:80]}: {error.args[0]}")
        if problems:
            errors = {kind.code: " ".join(problems)}
            return self._documents_page(member, joining, errors=errors, status=422)
        return request.redirect(f"/my/programs/{member.id}/documents#kind_{kind.code}", code=303)

    @http.route(f"{PATH}/documents/remove", methods=["POST"], max_content_length=MAX_FORM_BYTES, **MEMBER_ROUTE)
    def remove_document(self, member_id, **_rest):
        """Take back a file that was not sent yet."""
        member, joining = self._find_open(member_id)
        document = joining.document_ids.filtered(lambda item: str(item.id) == typed("document"))
        if not document:
            raise request.not_found()
        if not document.sent_revision:
            document.unlink()
        return request.redirect(f"/my/programs/{member.id}/documents", code=303)

    @http.route(f"{PATH}/terms", methods=["GET"], **MEMBER_ROUTE)
    def terms(self, member_id, **_query):
        """Show what is agreed, and who signed."""
        member, joining = self._find(member_id)
        if not joining.facts_saved_at:
            return request.redirect(f"/my/programs/{member.id}/company")
        return self._terms_page(member, joining)

    @http.route(f"{PATH}/terms", methods=["POST"], max_content_length=MAX_FORM_BYTES, **MEMBER_ROUTE)
    def sign(self, member_id, **_rest):
        """Sign for the member, and ask the others who have to sign."""
        member, joining = self._find_open(member_id)
        if not joining.facts_saved_at or joining._signatures():
            return request.redirect(f"/my/programs/{member.id}/terms", code=303)
        given = {"name": typed("name"), "role": typed("role"), "agree": typed("agree")}
        others = [
            {part: typed(f"{part}_{number}") for part in ("name", "role", "email")}
            for number in range(1, MAX_SIGNATORIES)
        ]
        errors = self._signing_errors(joining, given, others)
        if errors:
            return self._terms_page(member, joining, given={**given, "others": others}, errors=errors, status=422)
        joining._sign_first(
            name=given["name"],
            role=given["role"],
            email=self._own_email(),
            others=[{**one, "email": email_normalize(one["email"])} for one in others if any(one.values())],
            user=request.env.user,
            **sender(),
        )
        return self._go_on(member, joining, "terms")

    @http.route(f"{PATH}/terms/remind", methods=["POST"], max_content_length=MAX_FORM_BYTES, **MEMBER_ROUTE)
    def remind(self, member_id, **_rest):
        """Send somebody who has not signed yet a new link."""
        member, joining = self._find_open(member_id)
        signature = joining._signatures().filtered(
            lambda item: item.state == "waiting" and str(item.id) == typed("signature")
        )
        if not signature:
            raise request.not_found()
        try:
            signature._remind()
        except UserError as error:
            return self._terms_page(member, joining, errors={"remind": error.args[0]}, status=422)
        return request.redirect(f"/my/programs/{member.id}/terms", code=303)

    @http.route(f"{PATH}/terms/again", methods=["POST"], max_content_length=MAX_FORM_BYTES, **MEMBER_ROUTE)
    def sign_again(self, member_id, **_rest):
        """Drop the signatures, to name other people, while nothing was sent under them."""
        member, joining = self._find_open(member_id)
        joining._forget_signatures()
        return request.redirect(f"/my/programs/{member.id}/terms", code=303)

    @http.route(f"{PATH}/send", methods=["GET"], **MEMBER_ROUTE)
    def send_page(self, member_id, **_query):
        """Show all of it before it is sent."""
        member, joining = self._find(member_id)
        return self._step_page("send", member, joining)

    @http.route(f"{PATH}/send", methods=["POST"], max_content_length=MAX_FORM_BYTES, **MEMBER_ROUTE)
    def send(self, member_id, **_rest):
        """Send it to the banks, now or as soon as nothing is waited for."""
        member, joining = self._find_open(member_id)
        try:
            joining._ask_to_send()
        except UserError as error:
            return self._step_page("send", member, joining, errors={"send": error.args[0]}, status=422)
        return request.redirect(f"/my/programs/{member.id}", code=303)

    @http.route(f"{PATH}/leave", methods=["POST"], max_content_length=MAX_FORM_BYTES, **MEMBER_ROUTE)
    def leave(self, member_id, **_rest):
        """Take the consents back and leave the program."""
        member, _joining = self._find(member_id)
        member._leave(typed("reason", 500) or request.env._("The company took its consent back."))
        return request.redirect("/my/programs", code=303)

    # -- who and what -----------------------------------------------------------------------------------------------

    def _members(self):
        return request.env["scf.program.member"]._of_user(request.env.user)

    def _find(self, member_id):
        """A membership of the user's own company and what it gives; another one's is not found, as one that is not."""
        member = self._members().filtered(lambda item: item.id == member_id)
        if not member:
            raise request.not_found()
        if not member._has_accepted():
            abort(request.redirect(f"/scf/join/{member._link_token()}", code=303))
        joining = request.env["scf.program.joining"]._of(member)
        if not joining.joined_by_id:
            joining.joined_by_id = request.env.user
        return member, joining

    def _find_open(self, member_id):
        """As `_find`, for what changes something: where nothing may be changed any more, the overview says so."""
        member, joining = self._find(member_id)
        if not joining._is_open():
            abort(request.redirect(f"/my/programs/{member.id}", code=303))
        return member, joining

    def _own_email(self):
        """The address that the user signs in with: the one on the contact is the user's to change at any time."""
        user = request.env.user
        return email_normalize(user.login) or email_normalize(user.email) or user.login

    def _signing_errors(self, joining, given, others):
        """What is missing or wrong, by the name of the input, as sentences."""
        errors = {}
        if not given["name"]:
            errors["name"] = request.env._("Enter your name.")
        if not given["role"]:
            errors["role"] = request.env._("Enter your role in the company.")
        if not given["agree"]:
            errors["agree"] = request.env._("Tick the box to sign.")
        elif typed("notice_sha256") != joining._shown_notice_sha256():
            errors["agree"] = request.env._("The words have changed since you opened the page. Please read them again.")
        taken = {self._own_email()}
        for number, one in enumerate(others, start=1):
            if any(one.values()) and (problem := self._why_not_signatory(joining, one, taken)):
                errors[f"other_{number}"] = problem
        for name, most in (("name", NAME_LENGTH), ("role", ROLE_LENGTH)):
            if len(given[name]) > most:
                errors[name] = request.env._("Use at most %s characters.", most)
        return errors

    def _why_not_signatory(self, joining, one, taken):
        email = email_normalize(one["email"])
        if not (one["name"] and one["role"] and email):
            return request.env._("Enter name, role and one e-mail address, or leave all three empty.")
        if len(one["name"]) > NAME_LENGTH or len(one["role"]) > ROLE_LENGTH:
            return request.env._("Use at most %s characters.", NAME_LENGTH)
        if email in taken:
            return request.env._("Each person signs with an address of their own.")
        taken.add(email)
        signatures = request.env["scf.program.signature"]
        return signatures._why_not_theirs(email, joining.company_id) or signatures._why_not_ask(joining)

    # -- answers ----------------------------------------------------------------------------------------------------

    def _go_on(self, member, joining, step):
        """On to the next step that is not done; back to where it stands after the last one."""
        later = STEPS[STEPS.index(step) + 1 :]
        following = next((one for one in later if not joining._is_done(one)), None)
        return request.redirect(f"/my/programs/{member.id}" + (f"/{following}" if following else ""), code=303)

    def _company_page(self, member, joining, given, *, errors=None, status=200):
        countries = request.env["res.country"].sudo().search([])
        return self._step_page(
            "company", member, joining, given=given, countries=countries, errors=errors, status=status
        )

    def _documents_page(self, member, joining, *, errors=None, status=200):
        return self._step_page(
            "documents", member, joining, max_file_bytes=MAX_FILE_BYTES, errors=errors, status=status
        )

    def _terms_page(self, member, joining, *, given=None, errors=None, status=200):
        # An account may bear the company's name; the contact person is whoever went the steps.
        given = {"name": joining.contact_name or request.env.user.name, **(given or {})}
        values = {"given": given, "max_others": MAX_SIGNATORIES - 1, "email": self._own_email()}
        return self._step_page("terms", member, joining, errors=errors, status=status, **values)

    def _step_page(self, step, member, joining, *, errors=None, status=200, **values):
        values = {"joining": joining, "step": step, "errors": errors or {}, **values}
        return self._page(f"scf_program.portal_step_{step}", member, status=status, **values)

    def _page(self, template, member, *, status=200, **values):
        layout = self._prepare_portal_layout_values()
        return page(
            template,
            {**layout, "page_name": "scf_program", "member": member, "steps": STEPS, **values},
            status=status,
        )
