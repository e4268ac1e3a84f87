/** Times of signalling, all in seconds, as `calls/timers.py` has them. */

// RFC 3261 section 17.1.1.1 and table 4.
/** T1: after which what was not acknowledged is said again; doubled after each time. */
export const FIRST_REPEAT_S = 0.5;
/** T2. */
export const LONGEST_REPEAT_S = 4;

// Our choice.
/** Silence of ours after which we say that we are there: the answer, or none, tells of the other. */
export const ALIVE_AFTER_S = 10;
/** How long the other end may leave something unacknowledged: two slots without any path. */
export const GIVE_UP_S = 30;
/** How long an ended call is remembered: longer than the other end goes on asking. */
export const LINGER_S = 40;
