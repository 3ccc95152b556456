from odoo import http
from odoo.http import request

from .pages import LINK_ROUTE, MAX_FORM_BYTES, page, sender, typed

PATH = "/scf/sign/<string:token>"


class Signing(http.Controller):
    """The page on which a further person signs for a member: the link is all that it takes.

    Opening it signs nothing.
    """

    @http.route(PATH, methods=["GET"], **LINK_ROUTE)
    def show(self, token, **_query):
        """Show what is to be signed, or was."""
        signature = self._find(token)
        closed = signature._why_closed() if signature.state != "signed" else None
        return self._page(signature, token, closed=closed, status=410 if closed else 200)

    @http.route(PATH, methods=["POST"], max_content_length=MAX_FORM_BYTES, **LINK_ROUTE)
    def sign(self, token, **_rest):
        """Take the signature; a link signs once."""
        signature = self._find(token)
        if closed := signature._why_closed():
            return self._page(signature, token, closed=closed, status=410)
        if request.env.user._is_internal():
            return self._page(signature, token, status=403)
        errors = {}
        if typed("name").casefold() != signature.name.casefold():
            errors["name"] = request.env._("Type your name as it stands above: %s.", signature.name)
        if not typed("agree"):
            errors["agree"] = request.env._("Tick the box to sign.")
        if typed("notice_sha256") != signature.joining_id.notice_sha256:
            errors["agree"] = request.env._("The words have changed since you opened the page. Please read them again.")
        if errors:
            return self._page(signature, token, errors=errors, status=422)
        signature._sign(**sender())
        return request.redirect(f"/scf/sign/{token}", code=303)

    def _find(self, token):
        signature = request.env["scf.program.signature"]._by_token(token)
        if not signature:
            raise request.not_found()
        request.update_context(lang=signature.lang)
        return signature.with_context(lang=signature.lang)

    def _page(self, signature, token, *, closed=None, errors=None, status=200):
        values = {
            "signature": signature,
            "joining": signature.joining_id,
            "words": self._words(signature),
            "closed": closed,
            "errors": errors or {},
            "is_anchor": request.env.user._is_internal(),
            "action": f"/scf/sign/{token}",
        }
        return page("scf_program.portal_signing", values, status=status)

    def _words(self, signature):
        """Sentences with names in them, whole, as each language puts a name elsewhere."""
        joining = signature.joining_id
        names = {
            "company": joining.name,
            "program": joining.program_id.name,
            "anchor": joining.company_id.name,
            "name": signature.name,
            "role": signature.role,
        }
        return {
            "asks": request.env._("%(company)s asks you to sign", **names),
            "title": request.env._("%(program)s of %(anchor)s", **names),
            "signed_in": request.env._(
                "You are signed in as a user of %(anchor)s: only %(name)s can sign here.", **names
            ),
            "sign_as": request.env._("You sign as %(name)s, %(role)s.", **names),
        }
