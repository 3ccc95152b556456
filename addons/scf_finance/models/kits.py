"""Kits: products that come and go in their parts. Manufacturing, which knows them, need not be installed."""

from __future__ import annotations

from collections import defaultdict

from odoo.tools import SQL


def parts_of_kit(product, quantity: float, company) -> dict:
    """What so many kits are made of, kits in kits included: quantities by product, each in its own unit.

    :param float quantity: of the kit, in its product's unit
    :return: nothing where the product is no kit of the company
    """
    bill = _bill_of_kit(product, company)
    if not bill:
        return {}
    times = product.uom_id._compute_quantity(quantity, bill.product_uom_id, round=False) / bill.product_qty
    parts = defaultdict(float)
    for line, exploded in bill.explode(product, times)[1]:
        part = line.product_id
        parts[part] += line.product_uom_id._compute_quantity(exploded["qty"], part.uom_id, round=False)
    return {part: needed for part, needed in parts.items() if needed > 0}


def is_kit(env, product: str, company) -> SQL:
    """Whether a product is a kit of the company, as SQL.

    :param str product: alias of a row of `product_product`
    """
    if "mrp.bom" not in env:
        return SQL("FALSE")
    return SQL(
        "EXISTS (SELECT FROM mrp_bom bill WHERE bill.type = 'phantom' AND bill.active"
        " AND (bill.product_id = %(product)s.id"
        " OR bill.product_id IS NULL AND bill.product_tmpl_id = %(product)s.product_tmpl_id)"
        " AND (bill.company_id IS NULL OR bill.company_id = %(company)s))",
        product=SQL.identifier(product),
        company=company.id,
    )


def shares_of_parts(parts: dict, company) -> dict:
    """Which share of a kit's price stands for each of its parts, which have no price of their own: together 1.

    They share it by what they cost, as IFRS 15.79 (b) estimates prices that nobody sees; where nothing of that is
    known, by what they are sold for alone; where neither is, alike.

    :param dict parts: as `parts_of_kit` gives them
    """
    for price in ("standard_price", "lst_price"):
        worth = {part: quantity * max(part.with_company(company)[price], 0.0) for part, quantity in parts.items()}
        if whole := sum(worth.values()):
            return {part: amount / whole for part, amount in worth.items()}
    return dict.fromkeys(parts, 1 / len(parts)) if parts else {}


def _bill_of_kit(product, company):
    if not product or "mrp.bom" not in product.env:
        return None
    # Whoever sells or receives a kit need not see bills of materials.
    boms = product.env["mrp.bom"].sudo()
    return boms._bom_find(product.sudo(), company_id=company.id, bom_type="phantom")[product]
