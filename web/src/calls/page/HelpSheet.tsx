import { ActionButton, CheckField, Dialog } from "../../authority/kit";
import { PageCopy } from "../installed/PageCopy";
import { keysOn } from "./choices";
import { SHORTCUTS } from "./shortcuts";
import { t } from "./words";

/** Which keys do what; whom they disturb switches them off. */
export function HelpSheet(props: { onClose: () => void }) {
  const w = t.value;
  return (
    <Dialog title={w.help} onClose={props.onClose} reading>
      <dl class="facts keys">
        {Object.entries(SHORTCUTS).map(([key, act]) => (
          <div key={key}>
            <dt>
              <kbd>{key.toUpperCase()}</kbd>
            </dt>
            <dd>{w.keysHelp[act]}</dd>
          </div>
        ))}
      </dl>
      <CheckField
        label={w.keysOn}
        help={w.keysOnHelp}
        checked={keysOn.value}
        onChange={(on) => {
          keysOn.value = on;
        }}
      />
      <section class="sheet-part">
        <h3>{w.whereRung}</h3>
        <p class="soft">{w.whereRungHelp}</p>
      </section>
      <PageCopy />
      <div class="dialog-actions">
        <ActionButton onPress={props.onClose}>{w.close}</ActionButton>
      </div>
    </Dialog>
  );
}
