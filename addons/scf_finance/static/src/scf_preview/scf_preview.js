import { browser } from "@web/core/browser/browser";
import { registry } from "@web/core/registry";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import { Component } from "@odoo/owl";

/** Opens what one bank would receive. The request is saved first: what is drawn is what would be sent. */
export class ScfPreview extends Component {
    static template = "scf_finance.ScfPreview";
    static props = standardWidgetProps;

    async open() {
        const { record } = this.props;
        const request = record.model.root;
        const bankId = record.data.bank_id.id;
        if (await request.save()) {
            browser.open(`/scf/preview/${request.resId}/${bankId}`, "_blank");
        }
    }
}

registry.category("view_widgets").add("scf_preview", {
    component: ScfPreview,
    fieldDependencies: [{ name: "bank_id", type: "many2one" }],
});
