import { registry } from "@web/core/registry";

const row = (text) => `.o_field_widget[name=line_ids] .o_data_row:contains(${text})`;

registry.category("web_tour.tours").add("scf_several_documents", {
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
            content: "Each stands in the draft with what it could bring",
            trigger: row("16,000.00"),
        },
        {
            content: "The paid one says why it can't",
            trigger: row("The invoice is paid"),
        },
        {
            content: "Leave it out",
            trigger: "button[name=action_leave_out]",
            run: "click",
        },
        {
            content: "Nothing hinders any more",
            trigger: ".o_form_view:not(:has(button[name=action_leave_out]))",
        },
        {
            content: "Less is needed than all of them carry",
            trigger: "button[name=action_reach]",
            run: "click",
        },
        {
            content: "So much",
            trigger: ".modal .o_field_widget[name=amount] input",
            run: "edit 10000 && press Tab",
        },
        {
            content: "The choice is told in words",
            trigger: ".modal .alert:contains(2 invoices reach):contains(would cost about)",
        },
        {
            content: "Take it",
            trigger: ".modal button[name=action_use]",
            run: "click",
        },
        {
            content: "The draft asks for that amount",
            trigger: "body:not(:has(.modal)) .o_field_widget[name=requested_amount] input:value(10,000.00)",
        },
        {
            content: "Of the two that pay soon",
            trigger: ".o_field_widget[name=line_ids]:not(:has(.o_data_row:contains(16,000.00))) .o_data_row:nth-child(2):contains(5,000.00)",
        },
        {
            content: "Add one by hand",
            trigger: ".o_field_widget[name=line_ids] .o_field_x2many_list_row_add a",
            run: "click",
        },
        {
            content: "Look for it by the customer's reference",
            trigger: ".o_field_widget[name=line_ids] .o_selected_row .o_field_widget[name=move_id] input",
            run: "edit Third",
        },
        {
            content: "Choose it",
            trigger: ".o-autocomplete--dropdown-item:contains(Third)",
            run: "click",
        },
        {
            content: "It counts at once",
            trigger: row("16,000.00"),
        },
        {
            content: "Ask the banks",
            trigger: "button[name=action_submit]",
            run: "click",
        },
        {
            content: "All of them are being financed",
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Requested)",
        },
        {
            content: "Open the list of them",
            trigger: ".nav-link[name=documents]",
            run: "click",
        },
        {
            content: "Three documents with the amounts of the request",
            trigger: ".o_field_widget[name=line_ids] .o_data_row:nth-child(3)",
        },
    ],
});
