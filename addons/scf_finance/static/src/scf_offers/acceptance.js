import { _t } from "@web/core/l10n/translation";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";

/**
 * Ask before an offer is accepted, with what is received and paid in the question.
 *
 * @param {import("@web/core/dialog/dialog_service").DialogServiceInterface} dialog
 * @param {Object} offer bank, in_hand, payout_account, total_cost, apr_text and due_date, all of them texts; supplier
 *  where the bank pays one
 * @param {() => Promise<void>} confirm
 */
export function askToAccept(dialog, offer, confirm) {
    const words = {
        in_hand: offer.in_hand,
        supplier: offer.supplier,
        account: offer.payout_account,
        cost: offer.total_cost,
        apr: offer.apr_text,
        due_date: offer.due_date,
    };
    dialog.add(ConfirmationDialog, {
        title: _t("Accept the offer of %s?", offer.bank),
        body: offer.supplier
            ? _t(
                  "The bank pays %(in_hand)s to %(supplier)s on the account %(account)s, at a total cost of %(cost)s (%(apr)s) for you, and you repay the bank by %(due_date)s. The acceptance is signed in your company's name; the other offers are declined.",
                  words
              )
            : _t(
                  "You receive %(in_hand)s on the account %(account)s, at a total cost of %(cost)s (%(apr)s), to be repaid by %(due_date)s. The acceptance is signed in your company's name; the other offers are declined.",
                  words
              ),
        confirmLabel: _t("Accept the offer"),
        confirm,
        cancel: () => {},
    });
}
