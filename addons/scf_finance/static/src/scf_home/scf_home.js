import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { useDebounced } from "@web/core/utils/timing";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

import { Component, onMounted, onWillUnmount, useState } from "@odoo/owl";

import { errorSentence } from "../scf_after_form/after_form";

/** News come in bursts, one for each document: the home is read once for all of them. */
const CALM_MS = 1500;

const TONE_ICONS = {
    danger: "fa-exclamation-circle",
    warning: "fa-exclamation-triangle",
    info: "fa-calendar",
    muted: "fa-calendar-o",
    success: "fa-check-circle",
};

/**
 * The first screen of Financing: what can be drawn today, what is due, what waits for a person.
 *
 * One call brings all of it, `scf_home` of the model `scf.home`, amounts already formatted; it is made after the screen
 * is there, and again when the server says over the bus that something has changed.
 */
export class ScfHome extends Component {
    static template = "scf_finance.ScfHome";
    static components = { Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.bus = useService("bus_service");
        this.keepLast = new KeepLast();
        this.display = { controlPanel: {} };
        this.state = useState({ home: null, error: "" });
        const onNews = useDebounced(() => this.load(), CALM_MS);
        onMounted(() => {
            this.bus.subscribe("scf_panel", onNews);
            this.load();
        });
        onWillUnmount(() => this.bus.unsubscribe("scf_panel", onNews));
    }

    /** Read the home; a failure is said in place, and what was shown before stays. */
    async load() {
        try {
            this.state.home = await this.keepLast.add(this.orm.silent.call("scf.home", "scf_home", []));
            this.state.error = "";
        } catch (error) {
            this.state.error = errorSentence(error);
        }
    }

    get home() {
        return this.state.home;
    }

    get isWorking() {
        const { due, loans } = this.home;
        return Boolean(loans.length || due.some((row) => row.count));
    }

    get moreText() {
        return _t("%s more", this.home.more_loans);
    }

    documentsText({ count }) {
        return count === 1 ? _t("on one document") : _t("on %s documents", count);
    }

    loansText({ count }) {
        return count === 1 ? _t("1 loan") : _t("%s loans", count);
    }

    repaidText({ repaid, principal }) {
        return _t("Repaid %(repaid)s of %(principal)s", { repaid, principal });
    }

    limitText({ largest, label }) {
        return _t("Up to %(largest)s in one loan: %(label)s", { largest, label });
    }

    lineLabel({ title, company }) {
        return _t("Draw: %(title)s, %(company)s", { title, company });
    }

    drawLabel({ label, currency }) {
        return _t("Draw on %(label)s in %(currency)s", { label, currency });
    }

    chooseLabel({ label }) {
        return _t("Choose in the list: %s", label);
    }

    toneIcon(tone) {
        return TONE_ICONS[tone];
    }

    /** Follow what the server offers; what was a dialog may have changed the figures. */
    open(action) {
        return this.action.doAction(action, { onClose: () => this.load() });
    }

    openLoan(loan) {
        return this.open({
            type: "ir.actions.act_window",
            res_model: "scf.loan",
            res_id: loan.id,
            views: [[false, "form"]],
        });
    }

    openLoans() {
        return this.open("scf_finance.action_scf_loan");
    }
}

registry.category("actions").add("scf_home", ScfHome);
