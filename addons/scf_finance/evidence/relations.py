"""Whether a buyer is the applicant itself, or stands close to it."""

from odoo.tools import SQL


def relation(company) -> SQL:
    """The member `related` of BuyerRow as an SQL expression on the table `partner`, NULL where nothing is found.

    The closest relation wins: the company itself, its group (companies above and below it in this database, and the
    contacts above and below its own), its tax ID, one of its bank accounts, or somebody who works in its books.
    Tax IDs are compared as letters and digits.
    """
    own = company.sudo().partner_id
    return SQL(
        """
        CASE WHEN partner.id = %(own)s THEN 'own_company'
             WHEN partner.id IN %(group)s OR partner.parent_id = %(own)s
               OR partner.id = (SELECT parent_id FROM res_partner WHERE id = %(own)s) THEN 'same_group'
             WHEN REGEXP_REPLACE(UPPER(partner.vat), '[^A-Z0-9]', '', 'g') = %(tax_id)s THEN 'same_tax_id'
             WHEN EXISTS (
                  SELECT FROM res_partner_bank theirs
                    JOIN res_partner_bank ours ON ours.sanitized_acc_number = theirs.sanitized_acc_number
                   WHERE ours.partner_id = %(own)s AND theirs.partner_id = partner.id) THEN 'same_bank_account'
             WHEN EXISTS (
                  SELECT FROM res_partner person
                    JOIN res_users login ON login.partner_id = person.id AND login.active AND login.share IS NOT TRUE
                    JOIN res_company_users_rel access ON access.user_id = login.id AND access.cid = %(company)s
                   WHERE person.commercial_partner_id = partner.id) THEN 'own_user'
        END""",
        own=own.id,
        group=tuple(company.sudo().search([("id", "child_of", company.sudo().root_id.id)]).partner_id.ids),
        tax_id="".join(character for character in (own.vat or "").upper() if character.isalnum()) or None,
        company=company.id,
    )
