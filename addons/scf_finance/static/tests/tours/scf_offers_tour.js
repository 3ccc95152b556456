import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");

/** The card of a bank; other cards may name it too, where they tell how they differ. */
const cardOf = (bank) => `.o_scf_offer:has(.o_scf_offer_bank:contains(${bank}))`;

const cheapestComesFirst = {
    content: "The lowest total cost comes first, and says so in words",
    trigger: `${cardOf("Hansa Bank")}:first-child .o_scf_offer_mark:contains(Lowest total cost)`,
};

tours.add("scf_offers_accept", {
    steps: () => [
        cheapestComesFirst,
        {
            content: "Ask what a late buyer would change",
            trigger: ".o_scf_offers_late label:contains(30 days late)",
            run: "click",
        },
        {
            content: "Each offer says what it adds",
            trigger: `${cardOf("Banque du Rhône")} .o_scf_offer_change:contains(more than on time)`,
        },
        {
            content: "Accept the cheapest",
            trigger: `${cardOf("Hansa Bank")} .o_scf_offer_accept[aria-disabled=false]`,
            run: "click",
        },
        {
            content: "The question names the cost of paying on time",
            trigger: ".modal-body:contains(at a total cost of):contains(109.00)",
        },
        {
            content: "Confirm",
            trigger: ".modal-footer .btn-primary",
            run: "click",
        },
        {
            content: "The offer is being accepted",
            trigger: `${cardOf("Hansa Bank")}[data-offer-state=accepting]`,
        },
    ],
});

tours.add("scf_offers_as_requester", {
    steps: () => [
        cheapestComesFirst,
        {
            content: "The reason stands beside the button that can't be pressed",
            trigger: ".o_scf_offer:first-child:has(.o_scf_offer_accept[aria-disabled=true]) .o_scf_offer_why_not:contains(Only an approver)",
        },
        {
            content: "Decline one offer",
            trigger: `${cardOf("Banque du Rhône")} .o_scf_offer_decline`,
            run: "click",
        },
        {
            content: "Confirm",
            trigger: ".modal-footer .btn-primary",
            run: "click",
        },
        {
            content: "It is told in a line below",
            trigger: ".o_scf_offers_ended li:contains(Banque du Rhône):contains(Declined)",
        },
    ],
});
