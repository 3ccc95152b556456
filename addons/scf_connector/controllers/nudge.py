import logging
import time

from openscf.errors import SignatureInvalid
from openscf.keys import KeySet
from openscf.webhook import MAX_BODY_BYTES, verify_nudge

from odoo import http
from odoo.http import request
from odoo.tools import consteq

_logger = logging.getLogger(__name__)


class NudgeController(http.Controller):
    @http.route(
        '/scf/nudge/<int:bank_id>/<string:token>',
        type='http',
        auth='public',
        methods=['POST'],
        csrf=False,
        save_session=False,
    )
    def nudge(self, bank_id, token, **_query):
        """Take a bank's "look now" (docs/protocol.md, "Webhook"): it carries no fact, so it only wakes the job.

        An unknown bank and a wrong token look the same from outside.
        """
        bank = request.env['scf.bank'].sudo().search([('id', '=', bank_id)])
        if not bank.webhook_token or not consteq(bank.webhook_token.encode(), token.encode()):
            raise request.not_found()
        if (request.httprequest.content_length or 0) > MAX_BODY_BYTES:
            return request.make_response('', status=413)
        try:
            verify_nudge(
                request.httprequest.headers,
                request.httprequest.get_data(),
                keys=KeySet.from_jwks(bank.jwks or {'keys': []}),
                now=int(time.time()),
            )
        except SignatureInvalid as error:
            _logger.info("A nudge for scf.bank %s was refused: %s", bank.id, error)
            return request.make_response('', status=401)
        bank._trigger_poll()
        return request.make_response('', status=204)
