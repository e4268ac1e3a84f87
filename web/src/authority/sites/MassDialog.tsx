import { useState } from "preact/hooks";
import type { EdgeSite } from "../api";
import { REASONS } from "../approvals/bodies";
import { NoKey } from "../approvals/NoKey";
import { reasonTold } from "../approvals/reasons";
import { proposeCommand, type Signing } from "../approvals/signing";
import {
  ActionButton,
  ChecksField,
  ConfirmDialog,
  Dialog,
  kitWords,
  quoted,
  SelectField,
  Sentence,
  say,
  TextAreaField,
} from "../kit";
import { holdersOf, noHolders } from "./holders";
import { t } from "./words";

/** Propose to revoke several holders at once: a signed command that others have to approve. */
export function MassDialog(props: {
  sites: readonly EdgeSite[];
  signing: Signing;
  onClose: () => void;
}) {
  const w = t.value;
  const { signing } = props;
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [typed, setTyped] = useState("");
  const [reason, setReason] = useState("keyCompromise");
  const holders = holdersOf([...chosen, typed].join("\n"));
  if (signing.state !== "ready") {
    return (
      <Dialog title={w.massTitle} onClose={props.onClose}>
        <NoKey signing={signing} />
        <div class="dialog-actions">
          <ActionButton onPress={props.onClose}>{kitWords.value.close}</ActionButton>
        </div>
      </Dialog>
    );
  }
  return (
    <ConfirmDialog
      title={w.massTitle}
      consequences={w.massTexts}
      action={w.massPropose}
      understood={w.understoodRevoke}
      onClose={props.onClose}
      onConfirm={async () => {
        const wrong = noHolders(holders);
        if (wrong.length > 0) throw new Sentence(w.massWrong(quoted(wrong.join(", "))));
        if (holders.length < 1) throw new Sentence(w.massFew);
        await proposeCommand("certificates.revoke", { holders, reason }, signing.device);
        say(w.massProposed);
      }}
    >
      <div class="mass-edges">
        <ChecksField
          label={w.massEdges}
          choices={props.sites.map((site) => ({
            value: site.identity,
            label: site.identity,
          }))}
          chosen={chosen}
          onChange={setChosen}
        />
      </div>
      <TextAreaField
        label={w.massOthers}
        help={w.holderHint}
        value={typed}
        code
        onChange={setTyped}
      />
      <SelectField
        label={w.reason}
        value={reason}
        choices={REASONS.map((value) => ({ value, label: reasonTold(value) }))}
        onChange={setReason}
      />
      <p class="soft" role="status">
        {w.massCount(holders.length)}
      </p>
    </ConfirmDialog>
  );
}
