/** Cells that several tables of a site's calls have. */

import type { Precedence } from "../../api/authority";
import { kitWords } from "../../authority/kit";
import { plain, Told } from "../../network/figures";
import { t } from "./words";

/** "anna.rossi / phone"; the kind goes without saying. */
export function Who(props: { path: string }) {
  const [, name = props.path, device] = props.path.split("/");
  return (
    <span>
      <bdi class="code">{plain(name)}</bdi>
      {device === undefined ? null : <span class="faint small"> {plain(device)}</span>}
    </span>
  );
}

/** How urgent a call was, and whether it was an emergency. */
export function CallPrecedence({ of }: { of: { precedence: Precedence; emergency: boolean } }) {
  return (
    <span class="lines">
      <span class={`call-precedence call-precedence-${of.precedence}`}>
        {kitWords.value.precedences[of.precedence]}
      </span>
      {of.emergency ? <strong class="small call-emergency">{t.value.emergency}</strong> : null}
    </span>
  );
}

/** A reason in words, and the cause as SIP writes it. */
export function Why(props: { text: string; reason: string | null }) {
  return (
    <span class="lines">
      <Told text={props.text} />
      {props.reason === null ? null : (
        <bdi class="code faint small call-reason">{plain(props.reason)}</bdi>
      )}
    </span>
  );
}
