import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("scf_bulk_request", {
    steps: () => [
        {
            content: "Select all invoices",
            trigger: ".o_list_view:has(.o_data_row) thead .o_list_record_selector input",
            run: "click",
        },
        {
            content: "Open the actions",
            trigger: ".o_cp_action_menus .dropdown-toggle:contains(Actions)",
            run: "click",
        },
        {
            content: "Finance all of them",
            trigger: ".o-dropdown--menu .o-dropdown-item:contains(Get paid early)",
            run: "click",
        },
        {
            content: "Two currencies take two requests",
            trigger: ".o_scf_bulk_progress[data-state=draft]:contains(3 documents will be asked for in 2 requests)",
        },
        {
            content: "What can't be financed is left out, and why",
            trigger: ".o_field_widget[name=left_out_ids] .o_data_row:contains(is paid)",
        },
        {
            content: "What the banks may read stands below",
            trigger: ".o_field_widget[name=proposal_ids] .o_kanban_record:contains(24 months)",
        },
        {
            content: "Ask for all of them",
            trigger: "button[name=action_start]",
            run: "click",
        },
        {
            content: "It is on its way, and can be left",
            trigger: ".o_scf_bulk_progress[data-state=running]:contains(You may leave this page)",
        },
        {
            content: "Stop it",
            trigger: "button[name=action_stop]",
            run: "click",
        },
        {
            content: "Nothing was sent",
            trigger: ".o_scf_bulk_progress[data-state=stopped]:contains(Stopped after 0 of 2 requests)",
        },
        {
            content: "It can go on",
            trigger: "button[name=action_resume]",
            run: "click",
        },
        {
            content: "It is on its way again",
            trigger: ".o_scf_bulk_progress[data-state=running]",
        },
    ],
});
