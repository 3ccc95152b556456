import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component } from "@odoo/owl";

/** The home of a program: what can be paid early, what is due to banks, how far limits and own cash are used. */
export class PayablesBoard extends Component {
    static template = "scf_program.PayablesBoard";
    static props = { ...standardFieldProps };

    get board() {
        return this.props.record.data[this.props.name];
    }

    get hasDues() {
        return this.board.weeks.some((week) => week.amount || week.overdue);
    }
}

registry.category("fields").add("scf_payables_board", {
    component: PayablesBoard,
    supportedTypes: ["json"],
});
