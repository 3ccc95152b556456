"""What has to be there before anything can be drawn, said one after the other."""

from __future__ import annotations


def read_first_steps(env) -> list[dict]:
    """What is missing in the companies that the user works in, the first step first; empty where nothing is.

    Each has `code`, `sentence` and `action`, which is None where the user may not do it himself.
    """
    companies, many = env.companies.sudo(), len(env.companies) > 1
    banks = env["scf.bank"].sudo().search([("company_id", "in", companies.ids)], order="id")
    steps = []
    for company in companies:
        of_company = banks.filtered(lambda bank, company=company: bank.company_id == company)
        for code, sentence, action in _missing(env, company, of_company):
            steps.append(
                {"code": code, "sentence": f"{company.name}: {sentence}" if many else sentence, "action": action}
            )
    return steps


def _missing(env, company, banks):
    if not banks.filtered(lambda bank: bank._is_open()):
        if banks.filtered(lambda bank: bank.state == "pending"):
            yield "bank", env._("The bank has your registration: it lets you in, and nothing is left to do here."), None
        else:
            yield "bank", env._("Connect a bank: its address is all you need."), _banks(env)
    lacks = company._scf_lacks()
    if "tax_id" in lacks:
        yield (
            "tax_id",
            env._("Fill in the company's tax ID and country: banks know it by them."),
            _company(env, company),
        )
    if "accounts" in lacks:
        yield (
            "accounts",
            env._("Choose the journal and the accounts of loans, or have them created."),
            _books(env, company),
        )
    if "collection" in lacks:
        sentence = env._("Choose the collection account: the one that your customers pay to.")
        yield "collection", sentence, _settings(env)
    if "trust" in lacks:
        sentence = env._(
            "The collection account is not trusted: somebody who validates bank accounts has to look at it."
        )
        yield "collection", sentence, _settings(env)


def _banks(env):
    if not env.user.has_group("scf_connector.group_scf_admin"):
        return None
    return {
        "type": "ir.actions.act_window",
        "name": env._("Banks"),
        "res_model": "scf.bank",
        "views": [(False, "list"), (False, "form")],
        "target": "current",
    }


def _company(env, company):
    if not env.user.has_group("base.group_system"):
        return None
    return {
        "type": "ir.actions.act_window",
        "name": env._("Company"),
        "res_model": "res.company",
        "res_id": company.id,
        "views": [(False, "form")],
        "target": "current",
    }


def _books(env, company):
    if not env.user.has_group("account.group_account_manager"):
        return None
    return {
        **env["ir.actions.act_window"]._for_xml_id("scf_finance.action_scf_books_setup"),
        "context": {"allowed_company_ids": company.ids},
    }


def _settings(env):
    if not env.user.has_group("base.group_system"):
        return None
    return {
        "type": "ir.actions.act_window",
        "name": env._("Settings"),
        "res_model": "res.config.settings",
        "views": [(False, "form")],
        "target": "current",
        "context": {"module": "scf_finance", "bin_size": False},
    }
