/** Limits of R by which users are satisfied, and nearly all are not (table B.1 of G.107). */
const GOOD_R = 80;
const POOR_R = 60;

/** How a line sounds, in one word. */
export const levelOf = (r: number) => (r >= GOOD_R ? "good" : r >= POOR_R ? "notice" : "bad");
