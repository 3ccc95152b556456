import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { Component, useState } from "@odoo/owl";

import { useAfterForm } from "../scf_after_form/after_form";
import { askTogether } from "../scf_ask_together/ask_together";

/**
 * Asks what is pledged of records, once for all that ask in the same moment: a list of quants makes one call.
 */
export const scfPledgeHintsService = {
    dependencies: ["orm"],
    start(env, { orm }) {
        const ask = askTogether((resModel, ids) => orm.silent.call("scf.pledge", "scf_hints", [resModel, ids]));
        return {
            /** The hints of one record: `[{ pledge_id, text }]`, empty where nothing is pledged. */
            load: async (resModel, resId) => (await ask(resModel, resId)) || [],
        };
    },
};

/** What is pledged of a lot, a location or a quant; nothing is drawn where nothing is. Loaded after the screen. */
export class ScfPledgeHint extends Component {
    static template = "scf_finance.ScfPledgeHint";
    static props = { ...standardWidgetProps };

    setup() {
        this.hintsService = useService("scf_pledge_hints");
        this.action = useService("action");
        this.state = useState({ hints: [] });
        useAfterForm((record) => this.load(record));
    }

    async load({ resModel, resId }) {
        const hints = resId ? await this.hintsService.load(resModel, resId) : [];
        if (resId === this.props.record.resId) {
            this.state.hints = hints;
        }
    }

    open(hint) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "scf.pledge",
            res_id: hint.pledge_id,
            views: [[false, "form"]],
        });
    }
}

/** The same in a column of a list. */
export class ScfPledgeHintField extends ScfPledgeHint {
    static template = "scf_finance.ScfPledgeHintField";
    static props = { ...standardFieldProps };
}

registry.category("services").add("scf_pledge_hints", scfPledgeHintsService);
registry.category("view_widgets").add("scf_pledge_hint", { component: ScfPledgeHint });
registry.category("fields").add("scf_pledge_hint", {
    component: ScfPledgeHintField,
    displayName: _t("Pledged"),
    supportedTypes: ["integer"],
});
