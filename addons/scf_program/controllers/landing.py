from werkzeug.urls import url_encode

from odoo import http
from odoo.http import request

from .pages import LINK_ROUTE, MAX_FORM_BYTES, page, typed

PATH = "/scf/join/<string:token>"
REASON_LENGTH = 500


class Landing(http.Controller):
    """The page behind an invitation: who invites, what it is, what it costs; accept or decline.

    Opening it changes nothing, as mail filters open links too; the first touch of the page, or an answer, does.
    """

    @http.route(PATH, methods=["GET"], **LINK_ROUTE)
    def show(self, token, **_query):
        """Show the invitation."""
        member = self._find(token)
        closed = member._why_link_closed()
        return self._page(member, token, closed=closed, status=410 if closed else 200)

    @http.route(f"{PATH}/seen", methods=["POST"], max_content_length=MAX_FORM_BYTES, **LINK_ROUTE)
    def seen(self, token, **_rest):
        """Take note that a person looks at the page."""
        member = self._find(token)
        if not member._why_link_closed() and not request.env.user._is_internal():
            member._open()
        return request.make_response("", status=204)

    @http.route(f"{PATH}/accept", methods=["POST"], max_content_length=MAX_FORM_BYTES, **LINK_ROUTE)
    def accept(self, token, **_rest):
        """Go on to an account: a new one, the one that the company has, or the one that is logged in."""
        member = self._find(token)
        if closed := member._why_link_closed():
            return self._page(member, token, closed=closed, status=410)
        user, pages = request.env.user, f"/my/programs/{member.id}"
        if user._is_internal():
            return self._page(member, token, status=403)
        if user._is_portal():
            if not member._is_of(user):
                return self._page(member, token, problem=self._other_company(user), status=403)
            member._accept()
            return request.redirect(pages)
        whose, account = member._account_of_invited()
        if whose == "stranger":
            return self._page(member, token, problem=self._address_taken(member), status=409)
        if whose == "member" or member._has_joined():
            member._accept()
            query = {"redirect": pages, **({"login": account.login} if account else {})}
            return request.redirect(f"/web/login?{url_encode(query)}")
        member._accept()
        return request.redirect(member._signup_path(pages))

    @http.route(f"{PATH}/decline", methods=["POST"], max_content_length=MAX_FORM_BYTES, **LINK_ROUTE)
    def decline(self, token, **_rest):
        """Take a no, with its reason; while the link works, the company may still change its mind."""
        member = self._find(token)
        closed = member._why_link_closed()
        if closed or member._has_joined():
            return self._page(member, token, closed=closed, status=410 if closed else 403)
        if request.env.user._is_internal():
            return self._page(member, token, status=403)
        member._open()
        member._decline(typed("reason", REASON_LENGTH)[:REASON_LENGTH])
        return request.redirect(f"/scf/join/{token}", code=303)

    @http.route("/scf/programs/<int:program_id>/preview", type="http", auth="user", website=True, methods=["GET"])
    def preview(self, program_id, **_query):
        """Show the invitation to the people of the anchor, as a company would see it."""
        program = request.env["scf.program"].browse(program_id).exists()
        if not program or not program.has_access("read"):
            raise request.not_found()
        program = program.sudo()
        values = {"member": request.env["scf.program.member"].sudo(), "program": program, "is_preview": True}
        return page("scf_program.portal_landing", {**values, **program._landing_values()})

    def _find(self, token):
        """Whom the link invites, in the company's language; who has no link learns nothing."""
        member = request.env["scf.program.member"]._by_link_token(token)
        if not member or member.state == "draft":
            raise request.not_found()
        lang = member.partner_id.lang
        if lang in dict(request.env["res.lang"].get_installed()):
            request.update_context(lang=lang)
            member = member.with_context(lang=lang)
        return member

    def _other_company(self, user):
        return request.env._(
            "You are signed in as %s, of another company than the one that is invited. Sign out, then open the link "
            "from your e-mail again.",
            user.login,
        )

    def _address_taken(self, member):
        return request.env._(
            "Somebody has an account with the address %(email)s already, but not for %(company)s. Ask %(anchor)s to "
            "invite another address.",
            email=member._invited_address(),
            company=member.partner_id.commercial_partner_id.name,
            anchor=member.company_id.name,
        )

    def _page(self, member, token, *, closed=None, problem=None, status=200):
        program = member.program_id
        values = {
            "member": member,
            "program": program,
            "is_preview": False,
            "closed": closed,
            "problem": problem,
            "is_anchor": request.env.user._is_internal(),
            "has_joined": member._has_joined(),
            "action": f"/scf/join/{token}",
            "reason_length": REASON_LENGTH,
            **program._landing_values(member),
        }
        return page("scf_program.portal_landing", values, status=status)
