/** The kit of the authority's pages: import from here. */

import "./styles";

export { AuthorityPage, Section, showPage } from "./AuthorityPage";
export { ActionButton, LinkButton, SubmitButton, type Tone } from "./Button";
export { CopyButton } from "./CopyButton";
export { ConfirmDialog, Dialog } from "./Dialog";
export { Elsewhere, isElsewhere } from "./Elsewhere";
export {
  CheckField,
  ChecksField,
  Field,
  Form,
  SelectField,
  TextAreaField,
  TextField,
} from "./fields";
export { kitWords, wordsOf } from "./language";
export {
  count,
  Fingerprint,
  IdentityName,
  identityParts,
  inGroups,
  Mark,
  PersonName,
  Roles,
} from "./names";
export { hasPasskeys, makePasskey, PasskeyError, usePasskey } from "./passkey";
export { Qr } from "./Qr";
export { EmptyState, ErrorState, Loading, Problem } from "./States";
export { quoted, Sentence, sentenceOf } from "./sentence";
export {
  askAuthority,
  authority,
  freshen,
  hasRole,
  mayUse,
  me,
  signedInAs,
  signOut,
  withPasskey,
} from "./session";
export { type Column, Table } from "./Table";
export { type Tab, Tabs } from "./Tabs";
export { say } from "./Toast";
export { distance, momentOf, now, span, When } from "./times";
export { useAct, useAnswer } from "./useAct";
