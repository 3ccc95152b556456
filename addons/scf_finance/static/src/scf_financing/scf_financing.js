import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component, onWillUpdateProps, useState } from "@odoo/owl";

import { askTogether } from "../scf_ask_together/ask_together";

/** With each state a shape, so that colour is never alone. */
const ICONS = {
    financeable: "fa-check-circle text-success",
    requested: "fa-clock-o text-info",
    offered: "fa-inbox text-warning",
    accepted: "fa-handshake-o text-info",
    financed: "fa-line-chart text-success",
};

/**
 * Asks where documents stand, once for all rows of a list that ask in the same moment.
 */
export const scfListCellsService = {
    dependencies: ["orm"],
    start(env, { orm }) {
        const ask = askTogether((resModel, ids) => orm.silent.call(resModel, "scf_list_cells", [ids]));
        return {
            /** What the column shows of one document: `{ state, label, amount, application_id }`, or null. */
            load: async (resModel, resId) => (await ask(resModel, resId)) ?? null,
        };
    },
};

/** The financing of a document in a column of a list; loaded after the list, empty where there is none. */
export class ScfFinancingField extends Component {
    static template = "scf_finance.ScfFinancingField";
    static props = { ...standardFieldProps };

    setup() {
        this.cells = useService("scf_list_cells");
        this.action = useService("action");
        this.state = useState({ cell: null });
        this.load(this.props.record);
        onWillUpdateProps(({ record }) => {
            if (record !== this.props.record) {
                this.load(record);
            }
        });
    }

    async load({ resModel, resId }) {
        this.state.cell = null;
        const cell = resId ? await this.cells.load(resModel, resId) : null;
        if (resId === this.props.record.resId) {
            this.state.cell = cell;
        }
    }

    get icon() {
        return ICONS[this.state.cell.state];
    }

    open() {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "scf.application",
            res_id: this.state.cell.application_id,
            views: [[false, "form"]],
        });
    }
}

registry.category("services").add("scf_list_cells", scfListCellsService);
registry.category("fields").add("scf_financing", {
    component: ScfFinancingField,
    displayName: _t("Financing"),
    supportedTypes: ["integer"],
});
