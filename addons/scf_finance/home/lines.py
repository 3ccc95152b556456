"""The companies' working-capital lines: what can be drawn, or what one could be worth."""

from __future__ import annotations

from odoo.tools import format_amount


def read_lines(env) -> list[dict]:
    """A row for each line that runs, and for each company without one that a bank would give one: JSON.

    Where no bank gives lines, and none runs, nothing but the banks' profiles is looked at.
    """
    lines = env["scf.credit.line"].search([("company_id", "in", env.companies.ids)])
    running = lines.filtered("loan_id")
    rows = [_running(env, line) for line in running]
    for company in env.companies - running.company_id:
        if row := _could_be(env, company):
            rows.append(row)
    return rows


def _running(env, line) -> dict:
    def money(amount):
        return format_amount(env, amount, line.currency_id)

    return {
        "key": f"line_{line.id}",
        "company": line.company_id.sudo().name,
        "title": env._("Line at %s", line.bank_id.sudo().name),
        "amount": money(line.available_amount),
        "detail": env._(
            "can be drawn: %(used)s of %(limit)s is used",
            used=money(line.used_amount),
            limit=money(line.limit_amount),
        )
        + (env._(", %s is asked for", money(line.blocked_amount)) if line.blocked_amount else ""),
        "why_not": line.why_not_draw or "",
        "picture": line.limit_picture,
        "draw": None if line.why_not_draw else {**line.loan_id.action_draw(), "name": env._("Draw")},
        "open": line._open_form(),
    }


def _could_be(env, company) -> dict | None:
    """What a line in the company's own currency could be worth; None where no bank gives one, or nobody may ask."""
    banks = env["scf.bank"].sudo().search([("company_id", "=", company.id)])
    if not any(bank._is_open() and bank._technique("revolving_line") for bank in banks):
        return None
    line = env["scf.credit.line"]._of(company, company.currency_id)
    assessment = line._scf_assess()
    if not assessment.is_eligible:
        return None
    return {
        "key": f"company_{company.id}",
        "company": company.name,
        "title": env._("No line yet"),
        "amount": format_amount(env, float(assessment.eligible_amount), company.currency_id),
        "detail": env._("could be asked for at most: draw what you need, and pay interest on no more"),
        "why_not": "",
        "picture": None,
        "draw": None,
        "open": line._open_form(),
    }
