from odoo import http
from odoo.http import content_disposition, request


class Documents(http.Controller):
    """A member's documents, for the anchor's people and the member's own, to be kept and never opened in the page."""

    @http.route("/scf/program-document/<int:document_id>", type="http", auth="user", methods=["GET"])
    def download(self, document_id, **_query):
        """Offer a file for download, as it was given."""
        document = self._find(document_id)
        return request.make_response(
            document._bytes(),
            headers=[
                ("Content-Type", document.media_type),
                ("Content-Disposition", content_disposition(document.name)),
                ("Content-Security-Policy", "default-src 'none'; sandbox"),
                ("X-Content-Type-Options", "nosniff"),
                ("Cache-Control", "no-store"),
            ],
        )

    def _find(self, document_id):
        """The document with full rights, where the user may have it; who may not does not learn that it is there."""
        document = request.env["scf.program.document"].browse(document_id).exists()
        user = request.env.user
        if user._is_internal():
            may = document and document.has_access("read")
        else:
            members = request.env["scf.program.member"]._of_user(user)
            may = document.sudo().joining_id.member_id in members if document else False
        if not may:
            raise request.not_found()
        return document.sudo()
