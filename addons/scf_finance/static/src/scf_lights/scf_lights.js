import { _t } from "@web/core/l10n/translation";
import { ConnectionLostError, RPCError } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { Component, onMounted, onWillUpdateProps, useState } from "@odoo/owl";

/** Each level has a shape and a word, so that colour is never alone. */
const LEVELS = {
    green: { label: _t("In order"), icon: "fa-check-circle" },
    amber: { label: _t("To note"), icon: "fa-exclamation-triangle" },
    red: { label: _t("Problem"), icon: "fa-times-circle" },
    grey: { label: _t("Not checked"), icon: "fa-circle-o" },
};

/**
 * The three lights on a document or an application, with the reasons one click away.
 *
 * They ask for themselves once they are on screen, and again for each new `occasion`: reading the evidence takes
 * longer than the rest of a form, which never waits for it. While they are asked again the last ones stay.
 */
export class ScfLights extends Component {
    static template = "scf_finance.ScfLights";
    static props = {
        resModel: String,
        resId: Number,
        method: String,
        occasion: { optional: true },
        isFull: { type: Boolean, optional: true },
    };

    setup() {
        this.orm = useService("orm");
        this.keepLast = new KeepLast();
        this.state = useState({ answer: null, error: "", opened: null });
        onMounted(() => this.load());
        onWillUpdateProps((nextProps) => {
            const { resModel, resId, occasion } = this.props;
            const isOther = resModel !== nextProps.resModel || resId !== nextProps.resId;
            if (isOther) {
                Object.assign(this.state, { answer: null, opened: null });
            }
            if (isOther || occasion !== nextProps.occasion) {
                this.load(nextProps);
            }
        });
    }

    /** A failure is told in place: what the panel says of money does not depend on it. */
    async load({ resModel, resId, method } = this.props) {
        this.state.error = "";
        try {
            this.state.answer = await this.keepLast.add(this.orm.silent.call(resModel, method, [[resId]]));
        } catch (error) {
            if (!(error instanceof RPCError || error instanceof ConnectionLostError)) {
                throw error;
            }
            this.state.error = error.data?.message || _t("The server could not be asked.");
        }
    }

    get lights() {
        return this.state.answer.lights;
    }

    get openedLight() {
        return this.lights.find((light) => light.light === this.state.opened);
    }

    level(level) {
        return LEVELS[level];
    }

    elementId(light) {
        return `scf_light_${this.props.resModel.replace(".", "_")}_${this.props.resId}_${light}`;
    }

    toggle(light) {
        this.state.opened = this.state.opened === light ? null : light;
    }
}

/** All checks of an application with figures and limits, as a page of its form. */
export class ScfChecks extends Component {
    static template = "scf_finance.ScfChecks";
    static components = { ScfLights };
    static props = { ...standardWidgetProps };
}

registry.category("view_widgets").add("scf_checks", { component: ScfChecks });
