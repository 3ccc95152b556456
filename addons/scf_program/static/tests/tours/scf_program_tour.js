import { registry } from "@web/core/registry";

// A computer that does many things at once takes its time.
const PATIENCE = 60000;
const patient = (steps) => steps.map((step) => ({ timeout: PATIENCE, ...step }));

registry.category("web_tour.tours").add("scf_program_invite", {
    steps: () =>
        patient([
        {
            content: "Open the program",
            trigger: ".o_list_view .o_data_row td[name=name]:contains(Early payment)",
            run: "click",
        },
        {
            content: "It says what happens next",
            trigger: ".o_form_view .alert-info:contains(Invite your suppliers)",
        },
        {
            content: "Look at its banks",
            trigger: ".o_notebook_headers .nav-link:contains(Banks)",
            run: "click",
        },
        {
            content: "Its bank says what it agreed to",
            trigger: ".o_field_widget[name=bank_ids] .o_data_row:contains(Running)",
        },
        {
            content: "Invite companies",
            trigger: "button:contains(Invite Companies)",
            run: "click",
        },
        {
            content: "Whoever matches the rules is proposed",
            trigger: ".modal .o_field_widget[name=source] input[data-value=rules]:checked",
        },
        {
            content: "Look at them",
            trigger: ".modal button[name=action_check]",
            run: "click",
        },
        {
            content: "Who can be invited, and that nothing was sent",
            trigger: ".o_scf_invitation_progress[data-state=draft]:contains(1 of 2 companies can be invited)",
        },
        {
            content: "Who can't is named with the reason",
            trigger: ".o_field_widget[name=bad_ids] .o_data_row:contains(The e-mail address is missing)",
        },
        {
            content: "They can be downloaded",
            trigger: "button[name=action_download_bad]",
        },
        {
            content: "Invite the other one",
            trigger: "button[name=action_start]",
            run: "click",
        },
        {
            content: "It is on its way, and can be left",
            trigger: ".o_scf_invitation_progress[data-state=running]:contains(You may leave this page)",
        },
    ]),
});

registry.category("web_tour.tours").add("scf_program_funnel", {
    steps: () =>
        patient([
        {
            content: "The funnel has its columns in order",
            trigger: ".o_kanban_group:contains(Invited) + .o_kanban_group:contains(Opened)",
        },
        {
            content: "Open who was invited",
            trigger: ".o_kanban_group:contains(Invited) .o_kanban_record:contains(Steelworks NV)",
            run: "click",
        },
        {
            content: "The member says what happens next",
            trigger: ".o_form_view .alert-info:contains(opens the link)",
        },
        {
            content: "Send it again",
            trigger: "button[name=action_invite]:contains(Send Again)",
            run: "click",
        },
        {
            content: "It is on its way",
            trigger: ".o_form_view .alert-info:contains(The e-mail is on its way)",
        },
    ]),
});
