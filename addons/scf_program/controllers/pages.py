"""What the pages for members have in common."""

from odoo.http import request

from odoo.addons.scf_finance.controllers.confirmation import HEADERS

# Pages that an e-mail leads to. The address is part of the key, so search engines and languages leave it alone.
LINK_ROUTE = {"type": "http", "auth": "public", "website": True, "multilang": False, "sitemap": False}
MEMBER_ROUTE = {"type": "http", "auth": "user", "website": True}
# The longest form that somebody fills in honestly; more is never read.
MAX_FORM_BYTES = 64 * 1024


def page(template, values, *, status=200):
    """A page that no cache keeps, no frame holds and nobody else's script reads."""
    lang = (request.env.lang or "en_US").replace("_", "-")
    response = request.render(template, {"html_data": {"lang": lang}, **values})
    response.status_code = status
    response.headers.update(HEADERS)
    return response


def typed(name, most=200):
    """What was typed into a field of the form, without spaces around, cut where nobody types on."""
    return str(request.httprequest.form.get(name, ""))[: most + 1].strip()


def sender():
    """Network address and browser of whoever sent the request, as they are kept with a signature."""
    return {
        "address": request.httprequest.remote_addr or "",
        "user_agent": request.httprequest.user_agent.string or "",
    }
