{
    "name": "Assets for Browser Tests",
    "summary": "Takes a file off the web client's bundle that Debian's Odoo does not ship",
    "version": "19.0.1.0.0",
    "category": "Hidden",
    "author": "SCF for Odoo contributors",
    "license": "LGPL-3",
    "depends": ["mail"],
    "assets": {
        # Its absence is a console error, and a console error fails every browser test.
        "web.assets_backend": [("remove", "mail/static/lib/selfie_segmentation/selfie_segmentation.js")],
    },
    "installable": True,
}
