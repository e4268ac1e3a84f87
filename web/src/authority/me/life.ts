/** Life of a certificate of a person's device, seconds (`LIFETIMES` in trust/identity.py). */
const PERSON_LIFE_S = 30 * 86_400;

/** When a certificate of which only the end is known is due for renewal: at two thirds of life. */
export const renewalOf = (notAfter: number) => notAfter - PERSON_LIFE_S / 3;
