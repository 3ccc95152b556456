from odoo import http
from odoo.http import request

from ..models.scf_confirmation import ANSWERS, COMMENT_LENGTH, NAME_LENGTH, ROLE_LENGTH

PATH = "/scf/confirm/<string:token>"
# The longest answer that the page takes, each character in its longest form, and nothing more.
MAX_BODY_BYTES = 12 * (NAME_LENGTH + ROLE_LENGTH + COMMENT_LENGTH) + 4096
# The address of the page is the key to it: no script or picture of others, such as a website's analytics, may see it.
POLICY = (
    "script-src 'self' 'unsafe-inline' 'unsafe-eval'; connect-src 'self'; img-src 'self' data:; frame-src 'none'; "
    "frame-ancestors 'none'; form-action 'self'; base-uri 'none'"
)
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


class Confirmation(http.Controller):
    """The page on which a buyer signs a document off, or disputes it; the link is all that it takes.

    Opening the page changes nothing: mail filters open links too.
    """

    @http.route(PATH, type="http", auth="public", website=True, multilang=False, sitemap=False, methods=["GET"])
    def show(self, token, **_query):
        """Show the document with the question, or what was answered."""
        confirmation = self._find(token)
        closed = None if confirmation.state in ANSWERS else confirmation._why_closed()
        return self._page(confirmation, token, closed=closed, status=410 if closed else 200)

    @http.route(
        PATH,
        type="http",
        auth="public",
        website=True,
        multilang=False,
        sitemap=False,
        methods=["POST"],
        max_content_length=MAX_BODY_BYTES,
    )
    def answer(self, token, answer="", signed_by="", role="", comment="", **_rest):
        """Take the buyer's answer; a link is answered once."""
        confirmation = self._find(token)
        if closed := confirmation._why_closed():
            return self._page(confirmation, token, closed=closed, status=410)
        if self._is_seller():
            return self._page(confirmation, token, status=403)
        given = {"answer": answer, "signed_by": signed_by.strip(), "role": role.strip(), "comment": comment.strip()}
        if errors := self._errors(given):
            return self._page(confirmation, token, given=given, errors=errors, status=422)
        confirmation._answer(**given)
        return request.redirect(request.httprequest.path, code=303)

    def _find(self, token):
        """What the token opens, in the language of the mail that brought it; who has none learns nothing."""
        confirmation = request.env["scf.confirmation"]._by_token(token)
        if not confirmation:
            raise request.not_found()
        request.update_context(lang=confirmation.lang)
        return confirmation.with_context(lang=confirmation.lang)

    def _is_seller(self):
        return request.env.user._is_internal()

    def _errors(self, given):
        """What is missing, by the name of the input, as sentences."""
        errors = {}
        if given["answer"] not in ANSWERS:
            errors["answer"] = request.env._("Choose one of the two answers.")
        if not given["signed_by"]:
            errors["signed_by"] = request.env._("Enter your name.")
        if not given["role"]:
            errors["role"] = request.env._("Enter your role in the company.")
        if given["answer"] == "disputed" and not given["comment"]:
            errors["comment"] = request.env._("Say what is wrong.")
        for name, length in (("signed_by", NAME_LENGTH), ("role", ROLE_LENGTH), ("comment", COMMENT_LENGTH)):
            if len(given[name]) > length:
                errors[name] = request.env._("Use at most %s characters.", length)
        return errors

    def _page(self, confirmation, token, *, closed=None, given=None, errors=None, status=200):
        response = request.render(
            "scf_finance.confirmation_page",
            {
                "confirmation": confirmation,
                "closed": closed,
                "given": given or {},
                "errors": errors or {},
                "is_seller": self._is_seller(),
                "action": f"/scf/confirm/{token}",
                "lengths": {"signed_by": NAME_LENGTH, "role": ROLE_LENGTH, "comment": COMMENT_LENGTH},
                "html_data": {"lang": confirmation.lang.replace("_", "-")},
            },
        )
        response.status_code = status
        response.headers.update(HEADERS)
        return response
