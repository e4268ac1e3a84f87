import { wordsOf } from "../../authority/kit/language";
import { en } from "./en";
import { it } from "./it";

/** The texts of the telephone's page in the reader's language. */
export const t = wordsOf({ it, en });
