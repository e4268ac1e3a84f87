import { ApiError, MisunderstoodError } from "../../api/client";
import { TrustError } from "../../trust/errors";
import { kitWords } from "./language";
import { PasskeyError } from "./passkey";

/** An error whose message is a sentence in the reader's language. */
export class Sentence extends Error {}

/** A sentence about what went wrong, and its language where that is not the page's. */
export function sentenceOf(error: unknown): { text: string; lang?: "en" } {
  const t = kitWords.value;
  if (error instanceof Sentence) return { text: error.message };
  if (error instanceof PasskeyError) return { text: t.passkey[error.why] };
  if (error instanceof TrustError) return { text: t.trust[error.code] };
  if (error instanceof MisunderstoodError) return { text: t.misunderstood };
  if (error instanceof ApiError) {
    if (error.status === 0) return { text: t.unreachable };
    // The server explains itself in English.
    if (error.message) return { text: error.message, lang: "en" };
    return { text: error.status === 404 ? t.missing : t.refused };
  }
  return { text: t.unexpected };
}

const LONGEST_QUOTED = 60;

/** What somebody wrote, inside a sentence: short, and nothing in it that turns or hides the rest. */
export function quoted(text: string): string {
  const plain = [...text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "\ufffd")];
  return plain.length > LONGEST_QUOTED
    ? `${plain.slice(0, LONGEST_QUOTED).join("")}…`
    : plain.join("");
}
