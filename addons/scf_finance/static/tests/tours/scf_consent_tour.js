import { browser } from "@web/core/browser/browser";
import { registry } from "@web/core/registry";

const card = (bank) => `.modal .o_field_widget[name=proposal_ids] .o_kanban_record:contains(${bank})`;

registry.category("web_tour.tours").add("scf_consent_request", {
    steps: () => [
        {
            content: "Request financing",
            trigger: ".o_scf_panel button[name=action_scf_request]",
            run: "click",
        },
        {
            content: "Each bank's card says in short what it asks for",
            trigger: `${card("Banque du Rhône")} [data-row=asks] dd:contains(Taxes)`,
        },
        {
            content: "What is agreed to is folded below",
            trigger: `${card("Banque du Rhône")} .o_scf_in_full summary`,
            run: "click",
        },
        {
            content: "In full it is there",
            trigger: `${card("Banque du Rhône")} .o_scf_in_full[open]:contains(The buyers of the financed documents are always named.)`,
        },
        {
            content: "Open what the other bank may read",
            trigger: `${card("Hansa Bank")} footer`,
            run: "click",
        },
        {
            content: "The dialog asks in plain words, and offers no further bank",
            trigger:
                ".modal:has(.modal-title:contains(What may Hansa Bank read?)):not(:has(.o_form_button_save_new))",
        },
        {
            content: "What the bank requires is marked",
            trigger: ".modal .o_scf_section_choice div:contains(Taxes) .badge",
        },
        {
            content: "Keep the taxes back",
            trigger: ".modal .o_scf_section_choice .o-checkbox:contains(Taxes) input",
            run: "click",
        },
        {
            content: "The bank may decline for it",
            trigger: ".modal .alert-warning:contains(Taxes)",
        },
        {
            content: "Keep the change",
            trigger: ".modal .o_form_button_save",
            run: "click",
        },
        {
            content: "The dialog of the bank is closed",
            trigger: "body:not(:has(.o_scf_section_choice))",
        },
        {
            content: "The card says it",
            trigger: `${card("Hansa Bank")}:has(.text-warning:contains(Taxes)) [data-row=gets] dd:contains(Taxes)`,
        },
        {
            content: "Preview what it will see",
            trigger: `${card("Hansa Bank")} .o_scf_preview`,
            run(helpers) {
                const open = browser.open;
                browser.open = (url) => {
                    browser.open = open;
                    document.body.dataset.scfPreview = url;
                };
                return helpers.click();
            },
        },
        {
            content: "It opens beside the request, which is still there",
            trigger: "body[data-scf-preview^='/scf/preview/'] .modal footer button[name=action_submit]",
            run: "click",
        },
        {
            content: "The banks are asked",
            trigger: ".o_scf_panel[data-state=requested]",
        },
    ],
});
