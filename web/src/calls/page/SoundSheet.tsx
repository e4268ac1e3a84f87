import { useEffect, useRef, useState } from "preact/hooks";
import { ActionButton, CheckField, Dialog, Field, Problem, SelectField } from "../../authority/kit";
import { askNotifications, notificationsAllowed, ringer } from "./attention";
import { loudspeakerId, microphoneId, notify, silent, textTone, volume } from "./choices";
import { watchLevel } from "./level";
import { choosesLoudspeaker, openMicrophone } from "./sound";
import { loudness, TONES } from "./tones";
import { t } from "./words";

/** Microphone, loudspeaker, ringing: chosen, tried, kept in this browser. */
export function SoundSheet(props: { onClose: () => void }) {
  const w = t.value;
  const devices = useDevices();
  return (
    <Dialog title={w.soundTitle} onClose={props.onClose} reading>
      <SelectField
        label={w.microphone}
        value={microphoneId.value}
        choices={choicesOf(devices, "audioinput")}
        onChange={(id) => {
          microphoneId.value = id;
        }}
      />
      <Level />
      {choosesLoudspeaker() ? (
        <SelectField
          label={w.loudspeaker}
          value={loudspeakerId.value}
          choices={choicesOf(devices, "audiooutput")}
          onChange={(id) => {
            loudspeakerId.value = id;
          }}
        />
      ) : (
        <p class="faint">{w.noChoice}</p>
      )}
      <Field
        label={w.volume}
        control={(wiring) => (
          <input
            {...wiring}
            type="range"
            class="volume"
            min="0"
            max="1"
            step="0.05"
            value={volume.value}
            onInput={(event) => {
              volume.value = Number(event.currentTarget.value);
            }}
          />
        )}
      />
      <div class="form-actions">
        <ActionButton onPress={() => ringer.once(TONES.routine, volume.value)}>
          {w.tryRing}
        </ActionButton>
      </div>
      <CheckField
        label={w.silent}
        help={w.silentHelp}
        checked={silent.value}
        onChange={(on) => {
          silent.value = on;
        }}
      />
      <CheckField
        label={w.texts.tone}
        checked={textTone.value}
        onChange={(on) => {
          textTone.value = on;
          if (on) ringer.once(TONES.text, loudness("text", volume.value, silent.value));
        }}
      />
      <Notifications />
      <div class="dialog-actions">
        <ActionButton onPress={props.onClose}>{w.close}</ActionButton>
      </div>
    </Dialog>
  );
}

/** The devices as the browser tells them: without names until the microphone was permitted once. */
function useDevices(): readonly MediaDeviceInfo[] {
  const [devices, setDevices] = useState<readonly MediaDeviceInfo[]>([]);
  useEffect(() => {
    const media = navigator.mediaDevices as MediaDevices | undefined;
    const ask = async () => setDevices((await media?.enumerateDevices().catch(() => [])) ?? []);
    const changed = () => void ask();
    media?.addEventListener("devicechange", changed);
    // Trying the microphone may be what made the names known.
    const timer = setInterval(changed, 2_000);
    changed();
    return () => {
      clearInterval(timer);
      media?.removeEventListener("devicechange", changed);
    };
  }, []);
  return devices;
}

function choicesOf(devices: readonly MediaDeviceInfo[], kind: MediaDeviceKind) {
  const w = t.value;
  const named = devices.filter(
    (each) => each.kind === kind && each.deviceId !== "" && each.deviceId !== "default",
  );
  const choices = named.map(({ deviceId, label }, at) => ({
    value: deviceId,
    label: label || w.unnamed(at + 1),
  }));
  return [{ value: "", label: w.standard }, ...choices];
}

/** What the microphone hears, before any call: opened by a press, and closed again. */
function Level() {
  const w = t.value;
  const [level, setLevel] = useState<number | null>(null);
  const [error, setError] = useState<unknown>(null);
  const stop = useRef<(() => void) | null>(null);
  const end = () => {
    stop.current?.();
    stop.current = null;
    setLevel(null);
  };
  useEffect(() => end, []);
  const id = microphoneId.value;
  useEffect(() => end, [id]);
  const begin = async () => {
    setError(null);
    try {
      const track = await openMicrophone();
      stop.current = watchLevel(track, setLevel);
      setLevel(0);
    } catch (problem) {
      setError(problem);
    }
  };
  return (
    <div class="level">
      <meter min={0} max={1} value={level ?? 0} aria-label={w.level} />
      <ActionButton onPress={level === null ? begin : end}>
        {level === null ? w.levelStart : w.levelStop}
      </ActionButton>
      <p class="field-help">{w.levelHelp}</p>
      {error ? <Problem error={error} /> : null}
    </div>
  );
}

function Notifications() {
  const w = t.value;
  const [refused, setRefused] = useState(false);
  if (notificationsAllowed() === "none") return null;
  const choose = async (on: boolean) => {
    const allowed = on && (await askNotifications());
    notify.value = allowed;
    setRefused(on && !allowed);
  };
  return (
    <CheckField
      label={w.notifications}
      checked={notify.value && notificationsAllowed() === "granted"}
      onChange={(on) => void choose(on)}
      {...(refused ? { help: w.notificationsRefused } : {})}
    />
  );
}
