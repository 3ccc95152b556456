import { _t } from "@web/core/l10n/translation";
import { deserializeDate, formatDate } from "@web/core/l10n/dates";
import { registry } from "@web/core/registry";
import { formatMonetary } from "@web/views/fields/formatters";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component } from "@odoo/owl";

/** The bank's repayment schedule of a loan, read only, in the loan's currency. */
export class ScfSchedule extends Component {
    static template = "scf_finance.ScfSchedule";
    static props = { ...standardFieldProps };

    get instalments() {
        const currencyId = this.props.record.data.currency_id?.id;
        const money = (amount) => formatMonetary(Number(amount), { currencyId });
        return (this.props.record.data[this.props.name] || []).map((instalment) => ({
            number: instalment.number,
            dueDate: formatDate(deserializeDate(instalment.due_date)),
            principal: money(instalment.principal),
            interest: money(instalment.interest),
            amount: money(instalment.amount),
        }));
    }
}

export const scfSchedule = {
    component: ScfSchedule,
    displayName: _t("Repayment schedule"),
    supportedTypes: ["json", "jsonb"],
    fieldDependencies: [{ name: "currency_id", type: "many2one", relation: "res.currency" }],
};

registry.category("fields").add("scf_schedule", scfSchedule);
