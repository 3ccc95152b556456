import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("scf_home", {
    steps: () => [
        {
            content: "Open the apps",
            trigger: ".o_navbar_apps_menu button:enabled",
            run: "click",
        },
        {
            content: "Open this one: home comes first",
            trigger: ".o-dropdown--menu .o_app[data-menu-xmlid='scf_connector.menu_scf_root']",
            run: "click",
        },
        {
            content: "It says what invoices could bring",
            trigger: "[data-kind=customer_invoice] .o_scf_home_amount:contains(12,000.00)",
        },
        {
            content: "Look at them in their list",
            trigger: "[data-kind=customer_invoice] button:contains(Choose in the list)",
            run: "click",
        },
        {
            content: "The filter is on, and leaves out what is paid",
            trigger: ".o_list_view:has(.o_facet_value:contains(Can Be Financed)):not(:has(.o_data_row:nth-child(3)))",
        },
        {
            content: "Show the column",
            trigger: ".o_optional_columns_dropdown button",
            run: "click",
        },
        {
            content: "Financing",
            trigger: ".o-dropdown--menu label:contains(Financing)",
            run: "click",
        },
        {
            content: "Each row says what a bank would lend on it",
            trigger: ".o_data_row .o_scf_financing:contains(Can be financed):contains(4,000.00)",
        },
        {
            content: "Back home",
            trigger: ".o_breadcrumb a:contains(Financing), .o_back_button",
            run: "click",
        },
        {
            content: "Draw",
            trigger: "[data-kind=customer_invoice] button.btn-primary",
            run: "click",
        },
        {
            content: "The dialog is filled in with all that can be drawn",
            trigger: ".modal .o_field_widget[name=amount] input:value(12,000.00)",
        },
        {
            content: "Take the documents",
            trigger: ".modal button[name=action_use]",
            run: "click",
        },
        {
            content: "They stand in a draft",
            trigger: ".o_form_view .o_field_widget[name=line_ids] .o_data_row:nth-child(2)",
        },
    ],
});
