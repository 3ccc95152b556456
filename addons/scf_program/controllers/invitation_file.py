from odoo import http
from odoo.exceptions import UserError
from odoo.http import content_disposition, request

from .landing import PATH
from .pages import LINK_ROUTE


class InvitationFile(http.Controller):
    """The invitation file: for who was sent the link, and for the anchor's own people."""

    @http.route(f"{PATH}/invitation-file", methods=["GET"], **LINK_ROUTE)
    def by_link(self, token, **_query):
        """Give the file to who has the link, while the link works."""
        member = request.env["scf.program.member"]._by_link_token(token)
        if not member or member._link_expired():
            raise request.not_found()
        return self._file(member)

    @http.route("/scf/program-member/<int:member_id>/invitation-file", type="http", auth="user", methods=["GET"])
    def by_anchor(self, member_id, **_query):
        """Give the file to a requester of the anchor; who may not see the member learns nothing."""
        member = request.env["scf.program.member"].browse(member_id).exists()
        is_requester = request.env.user.has_group("scf_connector.group_scf_requester")
        if not member or not is_requester or not member.has_access("read"):
            raise request.not_found()
        return self._file(member)

    def _file(self, member):
        try:
            name, content = member._invitation_file()
        except UserError as error:
            return request.make_response(
                str(error), headers=[("Content-Type", "text/plain; charset=utf-8")], status=409
            )
        return request.make_response(
            content,
            headers=[
                ("Content-Type", "application/json"),
                ("Content-Disposition", content_disposition(name)),
                ("X-Content-Type-Options", "nosniff"),
                ("Cache-Control", "no-store"),
            ],
        )
