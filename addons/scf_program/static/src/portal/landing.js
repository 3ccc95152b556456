import { Interaction } from "@web/public/interaction";
import { registry } from "@web/core/registry";

/**
 * Says that a person looks at the invitation: with the first touch, click or key on it. Opening the page says nothing,
 * as programs that check mails open links too.
 */
export class Landing extends Interaction {
    static selector = "#scf_landing[data-seen]";
    dynamicContent = {
        _root: {
            "t-on-pointerdown": (ev) => this.see(ev),
            "t-on-keydown": (ev) => this.see(ev),
        },
    };

    /** @param {Event} ev of a person; one that a script made says nothing */
    see(ev) {
        if (!ev.isTrusted || this.isSeen) {
            return;
        }
        this.isSeen = true;
        const { seen, token } = this.el.dataset;
        navigator.sendBeacon(seen, new URLSearchParams({ csrf_token: token }));
    }
}

registry.category("public.interactions").add("scf_program.landing", Landing);
