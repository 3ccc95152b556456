import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { Component, useState } from "@odoo/owl";

import { errorSentence, useAfterForm, useFinancingNews } from "../scf_after_form/after_form";
import { ScfLights } from "../scf_lights/scf_lights";
import { askToAccept } from "../scf_offers/acceptance";
import { useCountdown } from "../scf_offers/countdown";

/** What the accountant reads beside the headline, with a shape so that colour is never alone. */
const STATE_BADGES = {
    eligible: { label: _t("Available"), icon: "fa-check-circle", tone: "success" },
    ineligible: { label: _t("Not available yet"), icon: "fa-info-circle", tone: "muted" },
    draft: { label: _t("Being prepared"), icon: "fa-pencil", tone: "info" },
    requested: { label: _t("Banks asked"), icon: "fa-clock-o", tone: "info" },
    offered: { label: _t("To decide"), icon: "fa-inbox", tone: "warning" },
    accepted: { label: _t("Offer accepted"), icon: "fa-handshake-o", tone: "info" },
    financed: { label: _t("Financed"), icon: "fa-line-chart", tone: "success" },
    repaid: { label: _t("Repaid"), icon: "fa-check-circle", tone: "success" },
    declined: { label: _t("Declined"), icon: "fa-times-circle", tone: "danger" },
    expired: { label: _t("Expired"), icon: "fa-hourglass-end", tone: "muted" },
    cancelled: { label: _t("Cancelled"), icon: "fa-ban", tone: "muted" },
};
const TONE_ICONS = {
    success: "fa-check-circle",
    info: "fa-clock-o",
    warning: "fa-exclamation-triangle",
    danger: "fa-times-circle",
    muted: "fa-minus-circle",
};
const LEVELS = {
    ok: { label: _t("Fulfilled"), tone: "success" },
    warn: { label: _t("To note"), tone: "warning" },
    stop: { label: _t("Missing"), tone: "danger" },
};
/** In these states the next decision is in the details, so they open by themselves. */
const OPEN_STATES = ["offered"];

/**
 * What one document could bring today, or how far its financing is; around a screen that is no document, in rows.
 *
 * A strip in the form with the details one click below. Everything shown comes from `scf_panel()` of the
 * document, amounts already formatted; it is asked for after the form is on screen, again after each save
 * and whenever the server says over the bus that something has changed.
 */
export class ScfPanel extends Component {
    static template = "scf_finance.ScfPanel";
    static components = { ScfLights };
    static props = { ...standardWidgetProps, isQuiet: { type: Boolean, optional: true } };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.keepLast = new KeepLast();
        this.countdown = useCountdown((offerId) => this.announceTimeLeft(offerId));
        this.state = useState({
            panel: null,
            loadedId: false,
            error: "",
            isBusy: false,
            isOpen: false,
            announcement: "",
        });
        useAfterForm((record) => this.load(record));
        useFinancingNews((record) => this.load(record));
    }

    // ----------------------------------------------------------------------------------------------
    // Loading
    // ----------------------------------------------------------------------------------------------

    /** Ask the document for its panel; a failure is shown in place and leaves the form alone. */
    async load(record = this.props.record) {
        const { resId, resModel } = record;
        if (resId !== this.state.loadedId) {
            Object.assign(this.state, { panel: null, loadedId: resId, isOpen: false, announcement: "" });
        }
        this.state.error = "";
        if (!resId) {
            return;
        }
        let panel;
        try {
            panel = await this.keepLast.add(this.orm.silent.call(resModel, "scf_panel", [[resId]]));
        } catch (error) {
            this.state.error = errorSentence(error);
            return;
        }
        this.show(panel);
    }

    show(panel) {
        const previous = this.state.panel;
        if (panel.state !== previous?.state) {
            this.state.isOpen = this.state.isOpen || OPEN_STATES.includes(panel.state);
        }
        if (previous && (previous.headline !== panel.headline || previous.next_step !== panel.next_step)) {
            this.state.announcement = [panel.headline, panel.next_step].filter(Boolean).join(". ");
        }
        this.countdown.start(panel.offers ?? []);
        this.state.panel = panel;
    }

    // ----------------------------------------------------------------------------------------------
    // What the template shows
    // ----------------------------------------------------------------------------------------------

    get panel() {
        return this.state.panel;
    }

    /** A document says at once that its panel is on the way; a screen with an overview stays as it is till then. */
    get isShown() {
        const { error, panel } = this.state;
        return Boolean(this.props.record.resId && (error || (panel ? panel.visible : !this.props.isQuiet)));
    }

    get detailsId() {
        return `scf_panel_details_${this.props.record.resId}`;
    }

    get badge() {
        return STATE_BADGES[this.panel.state];
    }

    level(reason) {
        return { ...LEVELS[reason.level], icon: TONE_ICONS[LEVELS[reason.level].tone] };
    }

    toneIcon(tone) {
        return TONE_ICONS[tone];
    }

    get primaryActions() {
        return this.panel.actions.filter((action) => action.kind === "primary");
    }

    get secondaryActions() {
        return this.panel.actions.filter((action) => action.kind !== "primary");
    }

    /** The first thing to mend, offered on the strip when there is nothing else to press. */
    get firstFix() {
        if (this.panel.state !== "ineligible") {
            return null;
        }
        return this.panel.reasons.find((reason) => reason.level === "stop" && reason.fix)?.fix ?? null;
    }

    get subline() {
        const { subline, indicative, next_step, state, loan } = this.panel;
        if (state === "eligible" && indicative) {
            return _t("%(basis)s · costs about %(cost)s (%(apr)s) · money by %(date)s", {
                basis: subline,
                cost: indicative.cost_text,
                apr: indicative.apr_text,
                date: indicative.cash_date,
            });
        }
        return subline || loan?.next_step || next_step;
    }

    /** The next step, unless the panel says it already. */
    get nextStep() {
        const { next_step, subline, loan } = this.panel;
        return [subline, loan?.next_step].includes(next_step) ? "" : next_step;
    }

    get progressText() {
        const { repaid, principal, repaid_percent } = this.panel.loan;
        return _t("Repaid %(repaid)s of %(principal)s (%(percent)s %)", {
            repaid,
            principal,
            percent: repaid_percent,
        });
    }

    announceTimeLeft(offerId) {
        const offer = this.panel.offers.find((offer) => offer.id === offerId);
        this.state.announcement = this.countdown.sentence(offer);
    }

    /** What it is best in is told by its marks; this one is best in what comes first: the total cost. */
    isBest(offer) {
        return offer.marks.some((mark) => mark.code === "total_cost");
    }

    /** The button stands out where nothing speaks against the offer: alone, or lowest in total and in the year. */
    isPlainlyCheapest(offer) {
        return offer.marks.length === 2 || this.panel.offers.filter((other) => other.can_accept).length === 1;
    }

    /** One sentence per distinct obstacle, below the table, instead of one per row. */
    get acceptObstacles() {
        if (this.panel.state !== "offered") {
            return [];
        }
        const sentences = this.panel.offers
            .filter((offer) => offer.state === "open" && !offer.can_accept && offer.why_not)
            .map((offer) => offer.why_not);
        return [...new Set(sentences)];
    }

    acceptLabel(offer) {
        return _t("Accept the offer of %s", offer.bank);
    }

    // ----------------------------------------------------------------------------------------------
    // What the user does
    // ----------------------------------------------------------------------------------------------

    toggle() {
        this.state.isOpen = !this.state.isOpen;
    }

    /** Run one step at a time on a saved document, then show what has become of it. */
    async run(step) {
        if (this.state.isBusy) {
            return;
        }
        this.state.isBusy = true;
        try {
            const { record } = this.props;
            if ((await record.isDirty()) && !(await record.save())) {
                return;
            }
            await step();
        } finally {
            this.state.isBusy = false;
        }
    }

    async openAction(action) {
        await this.action.doAction(action, { onClose: () => this.reload() });
    }

    async reload() {
        await this.props.record.load();
    }

    callDocument(name) {
        const { resModel, resId } = this.props.record;
        return this.run(() => this.callAndFollow(resModel, name, resId));
    }

    fix(fix) {
        return this.run(() => this.openAction(fix.action));
    }

    async callAndFollow(model, method, id) {
        const action = await this.orm.call(model, method, [[id]]);
        if (action?.type) {
            await this.openAction(action);
        } else {
            await this.reload();
        }
    }

    showLabel(row) {
        return _t("Show: %s", row.label);
    }

    openRow(row) {
        return this.run(() => this.openAction(row.action));
    }

    openRecord(model, id) {
        return this.openAction({
            type: "ir.actions.act_window",
            res_model: model,
            res_id: id,
            views: [[false, "form"]],
        });
    }

    acceptOffer(offer) {
        askToAccept(this.dialog, offer, () =>
            this.run(() => this.callAndFollow("scf.offer", "action_accept", offer.id))
        );
    }
}

export const scfPanel = {
    component: ScfPanel,
};

/** The same on a screen that is no document: it draws nothing before it has something to say. */
export const scfOverview = {
    component: ScfPanel,
    extractProps: () => ({ isQuiet: true }),
};

registry.category("view_widgets").add("scf_panel", scfPanel);
registry.category("view_widgets").add("scf_overview", scfOverview);
