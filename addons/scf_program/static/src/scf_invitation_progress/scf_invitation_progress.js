import { registry } from "@web/core/registry";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { Component } from "@odoo/owl";

import { useFinancingNews } from "@scf_finance/scf_after_form/after_form";

/**
 * How far a bulk invitation is, in words and as a bar; it follows the job over the bus while the page is open.
 *
 * The page may be left at any time: the job goes on without it.
 */
export class ScfInvitationProgress extends Component {
    static template = "scf_program.ScfInvitationProgress";
    static props = { ...standardWidgetProps };

    setup() {
        useFinancingNews((record) => record.load());
    }

    get invitation() {
        return this.props.record.data;
    }

    get percent() {
        const { good_count, invited_count } = this.invitation;
        return good_count ? Math.round((100 * invited_count) / good_count) : 0;
    }

    get alert() {
        const { state, bad_count, good_count } = this.invitation;
        if (state === "done") {
            return bad_count ? "warning" : "success";
        }
        return state === "stopped" || !good_count ? "warning" : "info";
    }
}

registry.category("view_widgets").add("scf_invitation_progress", {
    component: ScfInvitationProgress,
    fieldDependencies: [
        { name: "state", type: "selection" },
        { name: "summary", type: "char" },
        { name: "good_count", type: "integer" },
        { name: "invited_count", type: "integer" },
        { name: "bad_count", type: "integer" },
    ],
});
