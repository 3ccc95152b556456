import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { Component } from "@odoo/owl";

import { useFinancingNews } from "../scf_after_form/after_form";

/**
 * How far a bulk request is, in words and as a bar; it follows the job over the bus while the page is open.
 *
 * The page may be left at any time: the job goes on without it.
 */
export class ScfBulkProgress extends Component {
    static template = "scf_finance.ScfBulkProgress";
    static props = { ...standardWidgetProps };

    setup() {
        useFinancingNews((record) => record.load());
    }

    get bulk() {
        return this.props.record.data;
    }

    get percent() {
        const { part_count, settled_count } = this.bulk;
        return part_count ? Math.round((100 * settled_count) / part_count) : 0;
    }

    get valueText() {
        const { part_count, settled_count } = this.bulk;
        return _t("%(settled)s of %(count)s requests", { settled: settled_count, count: part_count });
    }

    get isRunning() {
        return this.bulk.state === "running";
    }

    get alert() {
        const { state, failed_count, part_count } = this.bulk;
        if (state === "done") {
            return failed_count ? "warning" : "success";
        }
        return state === "stopped" || !part_count ? "warning" : "info";
    }

    get icon() {
        return {
            success: "fa-check-circle",
            warning: "fa-exclamation-triangle",
            info: this.isRunning ? "fa-clock-o" : "fa-info-circle",
        }[this.alert];
    }
}

registry.category("view_widgets").add("scf_bulk_progress", {
    component: ScfBulkProgress,
    fieldDependencies: [
        { name: "state", type: "selection" },
        { name: "summary", type: "char" },
        { name: "part_count", type: "integer" },
        { name: "settled_count", type: "integer" },
        { name: "failed_count", type: "integer" },
    ],
});
