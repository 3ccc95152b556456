import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { Component, useState } from "@odoo/owl";

import { useAfterForm } from "../scf_after_form/after_form";

/**
 * Asks what is pledged of records, once for all that ask in the same moment: a list of quants makes one call.
 */
export const scfPledgeHintsService = {
    dependencies: ["orm"],
    start(env, { orm }) {
        const waiting = new Map();

        async function askAll(resModel) {
            await Promise.resolve();
            const { ids } = waiting.get(resModel);
            waiting.delete(resModel);
            return orm.silent.call("scf.pledge", "scf_hints", [resModel, [...ids].sort((a, b) => a - b)]);
        }

        return {
            /** The hints of one record: `[{ pledge_id, text }]`, empty where nothing is pledged. */
            async load(resModel, resId) {
                if (!waiting.has(resModel)) {
                    const batch = { ids: new Set() };
                    waiting.set(resModel, batch);
                    batch.answer = askAll(resModel);
                }
                const batch = waiting.get(resModel);
                batch.ids.add(resId);
                return (await batch.answer)[resId] || [];
            },
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
