from openscf.package import PDF_MEDIA_TYPE

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
        name = request.env._("Preview for %s, not sent", proposal.bank_id.name)
        return request.make_response(
            application._preview(proposal),
            headers=[
                ("Content-Type", PDF_MEDIA_TYPE),
                ("Content-Disposition", content_disposition(f"{name}.pdf", disposition_type="inline")),
                ("X-Content-Type-Options", "nosniff"),
                ("Cache-Control", "no-store"),
            ],
        )
