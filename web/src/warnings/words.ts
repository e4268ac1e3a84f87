import { wordsOf } from "../authority/kit/language";
import { en } from "./en";
import { it } from "./it";

export { en, it };
/** The duty desk's texts in the reader's language. */
export const t = wordsOf({ it, en });
