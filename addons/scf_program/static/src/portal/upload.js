import { Interaction } from "@web/public/interaction";
import { registry } from "@web/core/registry";

/** Sends files as soon as they are chosen, and says so before the line is busy, where one is too large. */
export class Upload extends Interaction {
    static selector = "form.o_scf_upload";
    dynamicContent = {
        "input[type=file]": { "t-on-change": (ev) => this.send(ev.currentTarget) },
        // Shown for browsers without scripts only.
        "button[type=submit]": { "t-att-class": () => ({ "d-none": true }) },
        ".o_scf_sending": { "t-att-class": () => ({ "d-none": !this.isSending }) },
        ".o_scf_too_large": { "t-att-class": () => ({ "d-none": !this.isTooLarge }) },
    };

    start() {
        // On a slow line the files can be chosen before this runs.
        this.send(this.el.querySelector("input[type=file]"));
    }

    /** @param {HTMLInputElement} input */
    send(input) {
        const most = Number(this.el.dataset.most);
        const files = [...input.files];
        this.isTooLarge = files.some((file) => file.size > most);
        if (!this.isTooLarge && files.length) {
            this.isSending = true;
            this.el.submit();
        }
    }
}

registry.category("public.interactions").add("scf_program.upload", Upload);
