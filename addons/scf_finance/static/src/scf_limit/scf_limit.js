import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component } from "@odoo/owl";

/** How much of a line is used, blocked and available: a bar, and the same in words. */
export class ScfLimit extends Component {
    static template = "scf_finance.ScfLimit";
    static props = { ...standardFieldProps };

    get picture() {
        return this.props.record.data[this.props.name];
    }
}

registry.category("fields").add("scf_limit", { component: ScfLimit, supportedTypes: ["json"] });
