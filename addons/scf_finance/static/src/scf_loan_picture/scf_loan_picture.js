import { localization } from "@web/core/l10n/localization";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component } from "@odoo/owl";

/** What is drawn, the first at the back; the same order in the legend. */
const LINES = [
    { name: "owed", label: _t("Principal owed") },
    { name: "due", label: _t("To be paid by then") },
    { name: "real", label: _t("Came in") },
    { name: "expected", label: _t("Expected, from how these buyers pay") },
];

/**
 * A loan along the time: what is to be paid, what came in, what is expected of its buyers, and what is owed.
 *
 * The server gives places in percent (`scf.loan._picture`); the same is there as a sentence and as a table. The drawing
 * fills its place, and its words are HTML, so that they stay readable on a narrow screen.
 */
export class ScfLoanPicture extends Component {
    static template = "scf_finance.ScfLoanPicture";
    static props = { ...standardFieldProps };

    get picture() {
        return this.props.record.data[this.props.name];
    }

    get lines() {
        return LINES.filter(({ name }) => this.picture.lines[name].length).map((line) => ({
            ...line,
            points: this.points(this.picture.lines[line.name]),
        }));
    }

    /** The area between the earliest and the latest, as one closed line. */
    get band() {
        const { early, late } = this.picture.lines;
        return early.length ? this.points([...early, ...[...late].reverse()]) : "";
    }

    get todayX() {
        return this.along(this.picture.today.at);
    }

    /** Lines of the drawing count from the top. */
    level(at) {
        return 100 - at;
    }

    /** Time runs with the script: to the left where one reads to the left. */
    along(at) {
        return localization.direction === "rtl" ? 100 - at : at;
    }

    points(places) {
        return places.map(([along, up]) => `${this.along(along)},${this.level(up)}`).join(" ");
    }

    /** The outer words of the axis stay inside of it. */
    markClass(index) {
        if (index === 0) {
            return "o_scf_loan_picture_first";
        }
        return index === this.picture.marks.length - 1 ? "o_scf_loan_picture_last" : "";
    }
}

export const scfLoanPicture = {
    component: ScfLoanPicture,
    displayName: _t("Course of a loan"),
    supportedTypes: ["json", "jsonb"],
};

registry.category("fields").add("scf_loan_picture", scfLoanPicture);
