import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");

const panelIn = (state) => ({
    content: `The panel says ${state}`,
    trigger: `.o_scf_panel[data-state=${state}]`,
});
const openDetails = {
    content: "Open the details",
    trigger: ".o_scf_panel_toggle[aria-expanded=false]",
    run: "click",
};

tours.add("scf_panel_request", {
    steps: () => [
        panelIn("eligible"),
        {
            content: "The amount is in the headline, the cost below it",
            trigger: ".o_scf_panel:has(.o_scf_panel_headline:contains(8,000.00)) .o_scf_panel_subline:contains(costs about)",
        },
        {
            content: "The lights come after the panel",
            trigger: ".o_scf_light[data-light=control][data-level=green] .o_scf_light_word:contains(In order)",
            run: "click",
        },
        {
            content: "The reason is a sentence",
            trigger: ".o_scf_light_checks li[data-check=collection-account]:contains(assigned and trusted)",
        },
        {
            content: "The other lights are there",
            trigger: ".o_scf_light[data-light=authenticity] ~ .o_scf_light[data-light=self_liquidation]",
        },
        openDetails,
        {
            content: "What was checked is listed",
            trigger: ".o_scf_panel_reasons li[data-level=ok]",
        },
        {
            content: "Request financing",
            trigger: ".o_scf_panel button[name=action_scf_request]",
            run: "click",
        },
        {
            content: "Both banks are offered with their published rate",
            trigger: ".modal .o_scf_bank_choice:contains(Banque du Rhône):contains(Hansa Bank):contains(7.90 % a year)",
        },
        {
            content: "The amount is proposed",
            trigger: ".modal .o_field_widget[name=requested_amount] input:value(8,000.00)",
        },
        {
            content: "Ask the banks",
            trigger: ".modal footer button[name=action_submit]",
            run: "click",
        },
        panelIn("requested"),
        {
            content: "Open the details",
            trigger: ".o_scf_panel_toggle",
            run({ anchor }) {
                if (anchor.ariaExpanded === "false") {
                    anchor.click();
                }
            },
        },
        {
            content: "Each bank's status has a word",
            trigger: ".o_scf_panel_submissions li:contains(Banque du Rhône) .o_scf_panel_state:not(:empty)",
        },
    ],
});

tours.add("scf_panel_compare_as_requester", {
    steps: () => [
        panelIn("offered"),
        {
            content: "Offers are compared without a click",
            trigger: ".o_scf_panel_offers tbody tr:first-child.o_scf_panel_best:contains(Hansa Bank)",
        },
        {
            content: "The requester reads why the decision is not his",
            trigger: ".o_scf_panel:not(:has(.o_scf_panel_accept)) .o_scf_panel_why_not",
        },
    ],
});

tours.add("scf_panel_accept", {
    steps: () => [
        panelIn("offered"),
        {
            content: "Accept the offer of the lowest cost",
            trigger: ".o_scf_panel_best .o_scf_panel_accept",
            run: "click",
        },
        {
            content: "The confirmation names what is received and paid",
            trigger: ".modal-body:contains(at a total cost of)",
        },
        {
            content: "Confirm",
            trigger: ".modal-footer .btn-primary",
            run: "click",
        },
        panelIn("accepted"),
    ],
});

tours.add("scf_panel_missing_setup", {
    steps: () => [
        panelIn("ineligible"),
        {
            content: "The fix is one click away",
            trigger: ".o_scf_panel_first_fix",
        },
        openDetails,
        {
            content: "The reason is a sentence",
            trigger: ".o_scf_panel_reasons li[data-level=stop]:not(:empty)",
        },
    ],
});

tours.add("scf_panel_financed_invoice", {
    steps: () => [
        panelIn("financed"),
        openDetails,
        {
            content: "The repayment is drawn and told",
            trigger: ".o_scf_panel_progress[aria-valuetext*='of']",
        },
        {
            content: "Open the loan",
            trigger: ".o_scf_panel_loan .btn-link",
            run: "click",
        },
        {
            content: "The loan's ledger shows the payout",
            trigger: ".o_form_view .nav-link[name=ledger]",
            run: "click",
        },
        {
            content: "A ledger entry",
            trigger: ".o_form_view .o_field_widget[name=entry_ids] .o_data_row:contains(Payout)",
        },
    ],
});

tours.add("scf_panel_no_role", {
    steps: () => [
        {
            content: "The form is there, the panel is not",
            trigger: ".o_form_view:not(:has(.o_widget_scf_panel)) .o_field_widget[name=partner_id]",
        },
    ],
});
