from odoo import http
from odoo.exceptions import UserError
from odoo.http import content_disposition, request


class Preview(http.Controller):
    """What a bank would receive, drawn on the spot and kept nowhere."""

    @http.route("/scf/preview/<int:application_id>/<int:bank_id>", type="http", auth="user", methods=["GET"])
    def preview(self, application_id, bank_id):
        """Show what the bank would get with this request, in the browser's own viewer.

        :param int application_id: an ``scf.application`` in draft
        :param int bank_id: one of the banks that it asks
        """
        application = request.env["scf.application"].browse(application_id).exists()
        application.check_access("read")
        proposal = application.proposal_ids.filtered(lambda item: item.bank_id.id == bank_id)[:1]
        if not proposal:
            raise UserError(request.env._("This request does not ask that bank. Close this page and look again."))
        file = application._preview(proposal)
        suffix = "pdf" if file.media_type == "application/pdf" else "scf.json"
        name = request.env._("PREVIEW, not sent, %(bank)s.%(suffix)s", bank=proposal.bank_id.name, suffix=suffix)
        return request.make_response(
            file.content,
            headers=[
                ("Content-Type", file.media_type),
                ("Content-Disposition", content_disposition(name, disposition_type="inline")),
                ("X-Content-Type-Options", "nosniff"),
                ("Cache-Control", "no-store"),
            ],
        )
