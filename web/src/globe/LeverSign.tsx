import type { Lever } from "../api/paths";
import { words } from "../frame/language";

/** Whose hand is on a value. */
export function LeverSign(props: { lever: Lever }) {
  const t = words.value;
  const { name, meaning } = t.levers[props.lever];
  return (
    <span class="lever" data-lever={props.lever} title={meaning}>
      {name}
    </span>
  );
}
