/** What can go wrong with trust, by a code that pages say in the reader's language. */
export type TrustCode =
  /** This browser has no secure context, no IndexedDB or no algorithm that is needed. */
  | "unsupported"
  /** The browser did not keep or find what it should. */
  | "storage"
  | "too-large"
  /** Octets or a text that cannot be what they should be. */
  | "malformed"
  /** No identity of a community, or another one than expected. */
  | "identity"
  /** There is no key of this identity here, or a certificate belongs to another key. */
  | "key"
  /** A signature is missing or not genuine. */
  | "not-genuine"
  /** Expired, or of the future. */
  | "not-in-force"
  /** Taken back by its issuer. */
  | "revoked"
  /** Nobody approves what they have proposed. */
  | "own-proposal"
  /** A log's proof does not show what it should, or a revocation list is missing or cannot follow. */
  | "proof"
  /** The log shows itself under another key than before. */
  | "log-key"
  /** Evidence of a fork is kept, and was not exported yet. */
  | "evidence"
  /** Another page changed the same thing at the same time. */
  | "busy";

/** Something was refused; the message is for people who look closer, the code for the page. */
export class TrustError extends Error {
  override readonly name = "TrustError";

  constructor(
    readonly code: TrustCode,
    message: string,
  ) {
    super(message);
  }
}
