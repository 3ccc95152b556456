import { _t } from "@web/core/l10n/translation";
import { patch } from "@web/core/utils/patch";
import { X2ManyFieldDialog } from "@web/views/fields/relational_utils";

/**
 * What one bank may read opens under a title that asks the question, with one way to keep what was changed.
 *
 * Odoo offers "Save & New" for each record that has not been stored yet, whatever the view says about creating, and no
 * field can name the dialog that it opens: so the dialog is told here. Nobody adds a bank there; banks are chosen in
 * the request.
 */
patch(X2ManyFieldDialog.prototype, {
    setup() {
        super.setup(...arguments);
        if (this.record.resModel === "scf.consent.proposal") {
            this.canCreate = false;
            this.title = _t("What may %s read?", this.record.data.bank_id.display_name);
        }
    },

    get dialogProps() {
        const props = super.dialogProps;
        if (this.record.resModel === "scf.consent.proposal") {
            // It belongs to the request: alone on a page, it could not be sent.
            delete props.onExpand;
        }
        return props;
    },
});
