import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";

import { onWillUnmount, useState } from "@odoo/owl";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** How much time left is worth saying aloud. */
const ANNOUNCED_SECONDS = [DAY, HOUR, 10 * MINUTE, MINUTE, 0];

/**
 * Count down to the end of offers, by the seconds that the server told: this computer's clock may be wrong.
 *
 * Each second counts on the screen; `onMark` is called with an offer's id only when a day, an hour, ten minutes, a
 * minute or nothing is left, so that it can be said aloud without talking over everything else.
 */
export function useCountdown(onMark) {
    const state = useState({ secondsLeft: {} });
    let deadlines = {};
    let timer = null;
    let isMounted = true;

    function readClock() {
        const now = Date.now();
        return Object.fromEntries(
            Object.entries(deadlines).map(([id, deadline]) => [id, Math.max(0, (deadline - now) / 1000)])
        );
    }

    function scheduleTick() {
        browser.clearTimeout(timer);
        const running = Object.values(state.secondsLeft).filter((seconds) => seconds > 0);
        if (running.length && isMounted) {
            timer = browser.setTimeout(tick, Math.min(...running.map(untilNextChange)));
        }
    }

    function tick() {
        const before = state.secondsLeft;
        state.secondsLeft = readClock();
        for (const id of Object.keys(deadlines)) {
            if (hasPassedMark(before[id], state.secondsLeft[id])) {
                onMark(Number(id));
            }
        }
        scheduleTick();
    }

    onWillUnmount(() => {
        isMounted = false;
        browser.clearTimeout(timer);
    });

    return {
        start(offers) {
            const now = Date.now();
            deadlines = Object.fromEntries(
                offers
                    .filter((offer) => offer.expires)
                    .map((offer) => [offer.id, now + offer.expires.seconds_left * 1000])
            );
            state.secondsLeft = readClock();
            scheduleTick();
        },
        isOver: (offer) => Boolean(offer.expires) && !state.secondsLeft[offer.id],
        text: (offer) => timeLeft(state.secondsLeft[offer.id]),
        sentence: (offer) =>
            _t("Offer of %(bank)s: %(left)s", { bank: offer.bank, left: timeLeft(state.secondsLeft[offer.id]) }),
    };
}

/** The time that is left, in the two largest units that matter. */
function timeLeft(seconds) {
    const whole = Math.max(0, Math.ceil(seconds));
    const days = Math.floor(whole / DAY);
    const hours = Math.floor((whole % DAY) / HOUR);
    const minutes = Math.floor((whole % HOUR) / MINUTE);
    if (days) {
        return _t("%(days)s d %(hours)s h left", { days, hours });
    }
    if (hours) {
        return _t("%(hours)s h %(minutes)s min left", { hours, minutes });
    }
    if (whole) {
        return _t("%(minutes)s min %(seconds)s s left", { minutes, seconds: whole % MINUTE });
    }
    return _t("Expired");
}

/** Milliseconds until the text of `timeLeft` changes: each second in the last hour, else with each minute. */
function untilNextChange(seconds) {
    const step = seconds > HOUR ? MINUTE : 1;
    return ((seconds % step) + 0.02) * 1000;
}

/** Whether one of the announced times has come between two readings of one clock. */
function hasPassedMark(before, now) {
    return ANNOUNCED_SECONDS.some((mark) => before > mark && now <= mark);
}
