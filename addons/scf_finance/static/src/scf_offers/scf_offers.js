import { _t } from "@web/core/l10n/translation";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { Component, useState } from "@odoo/owl";

import { errorSentence, useAfterForm, useFinancingNews } from "../scf_after_form/after_form";
import { askToAccept } from "./acceptance";
import { useCountdown } from "./countdown";
import { ScfCashFlow } from "./scf_cash_flow";

/** Each state has a shape and a word, so that colour is never alone. */
const STATE_ICONS = { open: "fa-inbox", accepting: "fa-clock-o", accepted: "fa-check-circle" };

/**
 * The offers of an application side by side, with what a late buyer would change.
 *
 * Every figure and sentence comes from `scf_offers()` of the application; here they are only shown. It is asked for
 * once the form is on screen, again after each save, and whenever the server says that something has changed.
 */
export class ScfOffers extends Component {
    static template = "scf_finance.ScfOffers";
    static components = { ScfCashFlow };
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.keepLast = new KeepLast();
        this.state = useState({
            answer: null,
            loadedId: false,
            error: "",
            daysLate: 0,
            isBusy: false,
            announcement: "",
        });
        this.countdown = useCountdown((offerId) => this.announceTimeLeft(offerId));
        useAfterForm((record) => this.load(record));
        useFinancingNews((record) => this.load(record));
    }

    // ----------------------------------------------------------------------------------------------
    // Loading
    // ----------------------------------------------------------------------------------------------

    /** A failure is shown in place and leaves the form alone. */
    async load({ resModel, resId } = this.props.record) {
        if (resId !== this.state.loadedId) {
            Object.assign(this.state, { answer: null, loadedId: resId, announcement: "" });
        }
        this.state.error = "";
        if (!resId) {
            return;
        }
        let answer;
        try {
            answer = await this.keepLast.add(this.orm.silent.call(resModel, "scf_offers", [[resId]]));
        } catch (error) {
            this.state.error = errorSentence(error);
            return;
        }
        this.show(answer);
    }

    show(answer) {
        this.countdown.start(answer.offers);
        this.state.answer = answer;
    }

    // ----------------------------------------------------------------------------------------------
    // What the template shows
    // ----------------------------------------------------------------------------------------------

    get answer() {
        return this.state.answer;
    }

    scenarioOf(offer) {
        return offer.scenarios.find((scenario) => scenario.days === this.state.daysLate);
    }

    announceTimeLeft(offerId) {
        const offer = this.answer.offers.find((offer) => offer.id === offerId);
        this.state.announcement = this.countdown.sentence(offer);
    }

    stateIcon(offer) {
        return STATE_ICONS[offer.state];
    }

    elementId(name, offer) {
        return ["scf_offers", this.props.record.resId, name, offer?.id].filter(Boolean).join("_");
    }

    whyNot(offer) {
        return this.countdown.isOver(offer) && offer.can_accept
            ? _t("This offer has expired. Ask the bank again.")
            : offer.why_not;
    }

    canAccept(offer) {
        return offer.can_accept && !this.countdown.isOver(offer) && !this.state.isBusy;
    }

    /** The button stands out where nothing speaks against the offer: lowest in total and in the year. */
    isPlainlyCheapest(offer) {
        const [onTime] = offer.scenarios;
        return this.answer.offers.length === 1 || onTime.marks.length === 2;
    }

    // ----------------------------------------------------------------------------------------------
    // What the user does
    // ----------------------------------------------------------------------------------------------

    chooseLateness(choice) {
        this.state.daysLate = choice.days;
        const costs = this.answer.offers.map((offer) => `${offer.bank} ${this.scenarioOf(offer).total_cost}`);
        const words = { when: choice.label, costs: costs.join(", ") };
        this.state.announcement = this.answer.supplier
            ? _t("If the goods are paid for %(when)s: %(costs)s", words)
            : _t("If the buyer pays %(when)s: %(costs)s", words);
    }

    openOffer(offer) {
        return this.action.doAction(
            {
                type: "ir.actions.act_window",
                res_model: "scf.offer",
                res_id: offer.id,
                views: [[false, "form"]],
            },
            { onClose: () => this.props.record.load() }
        );
    }

    accept(offer) {
        if (!this.canAccept(offer)) {
            return;
        }
        const [onTime] = offer.scenarios;
        const texts = { ...offer, total_cost: onTime.total_cost, apr_text: onTime.apr, due_date: onTime.paid_off_on };
        askToAccept(this.dialog, texts, () => this.decide("action_accept", offer));
    }

    decline(offer) {
        this.dialog.add(ConfirmationDialog, {
            title: _t("Decline the offer of %s?", offer.bank),
            body: _t("The bank is told that you do not want this offer; the other offers stay."),
            confirmLabel: _t("Decline the offer"),
            confirm: () => this.decide("action_decline", offer),
            cancel: () => {},
        });
    }

    async decide(method, offer) {
        if (this.state.isBusy) {
            return;
        }
        this.state.isBusy = true;
        try {
            await this.orm.call("scf.offer", method, [[offer.id]]);
        } finally {
            this.state.isBusy = false;
            await this.props.record.load();
        }
    }
}

registry.category("view_widgets").add("scf_offers", { component: ScfOffers });
