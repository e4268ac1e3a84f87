import { useState } from "preact/hooks";
import { ActionButton, ConfirmDialog, Dialog, Loading, say } from "../../authority/kit";
import type { ConversationView } from "../mail/view";
import { calledName } from "./attention";
import { keepDraft, leaveThread } from "./beside";
import { self, shown, stage } from "./desk";
import { PageOrigin, Part, Safety } from "./SecuritySheet";
import { t } from "./words";

/** Who can read a conversation and how that is known, what is not protected, and its deletion. */
export function ConversationSheet(props: { person: string; name: string; onClose: () => void }) {
  const w = t.value.texts;
  const [erasing, setErasing] = useState(false);
  const view = shown.value.letters?.of(props.person) ?? null;
  if (erasing) return <Erase {...props} />;
  return (
    <Dialog title={w.sheetTitle(props.name)} onClose={props.onClose} wide reading>
      {view?.keys ? <Keys keys={view.keys} /> : <p class="soft">{w.noKeys}</p>}
      <Part title={t.value.notProtected}>
        <ul class="consequences">
          <PageOrigin />
          {w.notProtectedList.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      </Part>
      {view && view.entries.length > 0 ? (
        <Part title={w.onThisDevice}>
          <p class="soft">{w.eraseText}</p>
          <div>
            <ActionButton tone="danger" onPress={() => setErasing(true)}>
              {w.erase}
            </ActionButton>
          </div>
        </Part>
      ) : null}
      <div class="dialog-actions">
        <ActionButton onPress={props.onClose}>{t.value.close}</ActionButton>
      </div>
    </Dialog>
  );
}

function Keys(props: { keys: NonNullable<ConversationView["keys"]> }) {
  const w = t.value.texts;
  const { keys } = props;
  return (
    <>
      <Part title={w.members}>
        <p class="soft">{w.membersText}</p>
        <dl class="facts">
          {byPerson(keys.members).map(([person, devices]) => (
            <Devices key={person} person={person} devices={devices} />
          ))}
        </dl>
      </Part>
      {keys.safetyNumber === "" ? (
        <Part title={t.value.safety}>
          <Loading />
        </Part>
      ) : (
        <Safety safety={keys.safetyNumber} help={w.safetyHelp} />
      )}
      <Part title={t.value.keys}>
        <dl class="facts">
          <dt>{t.value.profile}</dt>
          <dd class="code">{keys.profile}</dd>
          <dt>{t.value.epoch}</dt>
          <dd>{String(keys.epoch)}</dd>
        </dl>
      </Part>
    </>
  );
}

/** `anna.rossi/phone` and the like: by person, the other before oneself. */
function byPerson(members: readonly string[]): [string, string[]][] {
  const found = new Map<string, string[]>();
  for (const member of members) {
    const at = member.lastIndexOf("/");
    const person = member.slice(0, at);
    found.set(person, [...(found.get(person) ?? []), member.slice(at + 1)]);
  }
  return [...found].sort(([a], [b]) => Number(a === self.value) - Number(b === self.value));
}

function Devices(props: { person: string; devices: readonly string[] }) {
  const w = t.value.texts;
  const at = stage.value;
  const here = at.state === "open" ? at.device.identity.device : "";
  const own = props.person === self.value;
  return (
    <>
      <dt>
        <bdi>{own ? w.you : calledName(props.person)}</bdi>
      </dt>
      <dd>
        <ul class="member-devices">
          {props.devices.map((device) => (
            <li key={device}>
              <bdi class="code">{device}</bdi>
              {own && device === here ? <span class="faint"> ({w.thisDevice})</span> : null}
            </li>
          ))}
        </ul>
      </dd>
    </>
  );
}

function Erase(props: { person: string; name: string; onClose: () => void }) {
  const w = t.value.texts;
  return (
    <ConfirmDialog
      title={w.eraseTitle(props.name)}
      consequences={w.eraseWhat}
      action={w.erase}
      onClose={props.onClose}
      onConfirm={async () => {
        shown.peek().letters?.erase(props.person);
        keepDraft(props.person, "");
        say(w.erased);
        leaveThread();
      }}
    />
  );
}
