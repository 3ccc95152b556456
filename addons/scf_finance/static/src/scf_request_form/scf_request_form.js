import { registry } from "@web/core/registry";
import { FormController } from "@web/views/form/form_controller";
import { formView } from "@web/views/form/form_view";

/**
 * Sends what stood on the screen with the click that asks the banks.
 *
 * Somebody else may have changed the draft since it was opened: the server compares, and refuses what nobody here read.
 */
export class ScfRequestFormController extends FormController {
    async beforeExecuteActionButton(clickParams) {
        if (clickParams.name !== "action_submit") {
            return super.beforeExecuteActionButton(...arguments);
        }
        const record = this.model.root;
        await record.isDirty(); // what was typed last belongs to what is read
        clickParams.buttonContext = { ...clickParams.buttonContext, scf_read: this.shown(record.data) };
        const saved = await super.beforeExecuteActionButton(...arguments);
        if (saved !== false) {
            await record.load(); // after a refusal, the screen shows the words of now
        }
        return saved;
    }

    /**
     * The documents and terms of the request, the supplier's account that is to be paid, and the words of each bank's
     * consent, by the bank's id, as they are on the screen. A line that is only now saved has no id yet, and counts.
     */
    shown({ line_ids, requested_amount, tenor_days, repayment, payee_account, proposal_ids }) {
        const words = proposal_ids.records.map(({ data }) => [data.bank_id.id, data.notice]);
        return {
            lines: line_ids.currentIds.filter(Number.isInteger),
            line_count: line_ids.currentIds.length,
            requested_amount,
            tenor_days,
            repayment,
            payee_account,
            words: Object.fromEntries(words),
        };
    }
}

registry.category("views").add("scf_request_form", { ...formView, Controller: ScfRequestFormController });
