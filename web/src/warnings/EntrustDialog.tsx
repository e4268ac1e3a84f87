import { useState } from "preact/hooks";
import { readBody } from "../authority/approvals/bodies";
import { proposeCommand } from "../authority/approvals/signing";
import { ConfirmDialog, momentOf, now, Sentence, TextAreaField, TextField } from "../authority/kit";
import type { Json } from "../authority/shapes/json";
import type { DeviceKey } from "../trust/device";
import type { JsonObject } from "../trust/strictJson";
import { checkDraft } from "./api";
import { ChannelBanner } from "./ChannelFrame";
import type { Channel } from "./shapes";
import { sensorsOf, wholeOf } from "./standingShapes";
import { t } from "./words";

const DAY_S = 86_400;
const MOST_DAYS = 366;

/** When it ends, POSIX seconds: an hour early, as clocks differ and a year is the most. */
const endOf = (days: number) => Math.floor(now.value) + days * DAY_S - 3_600;

/** Proposes that sensors may send what is written, once, without anybody's hand. */
export function EntrustDialog(props: {
  draft: Json;
  channel: Channel;
  level: string;
  device: DeviceKey;
  onClose: () => void;
  onProposed: () => Promise<void>;
}) {
  const w = t.value;
  const [sensors, setSensors] = useState("");
  const [needed, setNeeded] = useState("2");
  const [days, setDays] = useState("30");
  const propose = async () => {
    const named = sensorsOf(sensors);
    if (!named) throw new Sentence(w.standing.wrongSensors);
    const agree = wholeOf(needed, 1, named.length);
    if (agree === null) throw new Sentence(w.standing.wrongNeeded(named.length));
    const span = wholeOf(days, 1, MOST_DAYS);
    if (span === null) throw new Sentence(w.standing.wrongDays(MOST_DAYS));
    const { body } = await checkDraft(props.draft);
    if (!body) throw new Sentence(w.noLonger);
    const until = endOf(span);
    const standing = { ...(body as JsonObject), sensors: named, needed: agree, until };
    const read = readBody("warning.preauthorise", standing);
    if (read?.kind !== "warning.preauthorise" || read.channel !== props.channel) {
      throw new Sentence(w.unreadable);
    }
    await proposeCommand("warning.preauthorise", standing, props.device);
    await props.onProposed();
  };
  return (
    <ConfirmDialog
      title={w.standing.entrustTitle}
      consequences={w.standing.entrustTexts}
      action={w.standing.entrustAct}
      understood={w.understood}
      onClose={props.onClose}
      onConfirm={propose}
    >
      <ChannelBanner channel={props.channel} level={props.level} />
      <TextAreaField
        label={w.standing.sensors}
        help={w.standing.sensorsHelp}
        value={sensors}
        rows={4}
        code
        required
        onChange={setSensors}
      />
      <TextField
        label={w.standing.needed}
        value={needed}
        inputMode="numeric"
        required
        onChange={setNeeded}
      />
      <TextField
        label={w.standing.days}
        help={w.standing.ends(momentOf(endOf(wholeOf(days, 1, MOST_DAYS) ?? MOST_DAYS)))}
        value={days}
        inputMode="numeric"
        required
        onChange={setDays}
      />
    </ConfirmDialog>
  );
}
