import { localization } from "@web/core/l10n/localization";

import { Component } from "@odoo/owl";

/** The picture's own units; it grows with its place on the screen. */
const WIDTH = 240;
const HALF = 44;
const BAR = 10;

/**
 * Money in (a filled bar, upwards) and money out (an outlined bar, downwards) along the time.
 *
 * Places come from the server, in percent; all offers share one scale. The text beside it says the same.
 */
export class ScfCashFlow extends Component {
    static template = "scf_finance.ScfCashFlow";
    static props = { flows: Array, text: String };

    get viewBox() {
        return `0 0 ${WIDTH} ${2 * HALF + 2}`;
    }

    get axis() {
        return { x1: 0, x2: WIDTH, y: HALF + 1 };
    }

    /** Time runs with the script: to the left where one reads to the left. */
    get bars() {
        const room = WIDTH - BAR - 2;
        return this.props.flows.map((flow, index) => {
            const height = Math.max((flow.size * HALF) / 100, 2);
            const along = localization.direction === "rtl" ? 100 - flow.along : flow.along;
            return {
                key: index,
                isIn: flow.is_in,
                x: 1 + (along * room) / 100,
                y: flow.is_in ? HALF + 1 - height : HALF + 1,
                width: BAR,
                height,
            };
        });
    }
}
