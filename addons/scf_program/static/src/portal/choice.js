import { Interaction } from "@web/public/interaction";
import { registry } from "@web/core/registry";

/** Says what the chosen invoices bring together, while they are chosen. */
export class Choice extends Interaction {
    static selector = "form.o_scf_choice";
    dynamicContent = {
        ".o_scf_offer": { "t-on-change": () => {} },
        ".o_scf_choice_sum": { "t-att-class": () => ({ "d-none": !this.chosen.length }) },
        ".o_scf_choice_sum strong": { "t-out": () => this.sum },
    };

    get chosen() {
        return [...this.el.querySelectorAll(".o_scf_offer:checked")];
    }

    get sum() {
        // For the eye only: what counts is what the next page shows.
        const sum = this.chosen.reduce((total, offer) => total + Number(offer.dataset.payout), 0);
        const style = { style: "currency", currency: this.el.dataset.currency };
        return new Intl.NumberFormat(document.documentElement.lang || undefined, style).format(sum);
    }
}

registry.category("public.interactions").add("scf_program.choice", Choice);
