/** The person's microphone and loudspeaker. */

import { effect, signal } from "@preact/signals";
import { Sentence } from "../../authority/kit/sentence";
import type { Sound } from "../talk/talkView";
import { loudspeakerId, microphoneId } from "./choices";
import { t } from "./words";

export type MicrophoneProblem = "refused" | "none" | "busy" | "failed";

/** Why the microphone could not be opened the last time; null once it could. */
export const microphoneProblem = signal<MicrophoneProblem | null>(null);

/** An element that plays where it is told to, as far as this browser can. */
type Player = HTMLAudioElement & { setSinkId?: (id: string) => Promise<void> };

/** Whether a page of this browser may choose the loudspeaker. */
export const choosesLoudspeaker = (): boolean => "setSinkId" in HTMLMediaElement.prototype;

/** Opens the microphone that was chosen, or the system's own where that one is gone. */
export async function openMicrophone(): Promise<MediaStreamTrack> {
  try {
    const track = await chosenMicrophone(microphoneId.value);
    microphoneProblem.value = null;
    return track;
  } catch (problem) {
    const why = whyNot(problem);
    microphoneProblem.value = why;
    throw new Sentence(t.value.microphoneProblem[why]);
  }
}

async function chosenMicrophone(id: string): Promise<MediaStreamTrack> {
  try {
    return await microphoneOf(id);
  } catch (problem) {
    const gone = problem instanceof DOMException && problem.name === "OverconstrainedError";
    if (!gone || id === "") throw problem;
    return microphoneOf("");
  }
}

async function microphoneOf(id: string): Promise<MediaStreamTrack> {
  // Without a safe context there is no such thing as media devices.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (!devices) throw new DOMException("no media devices", "NotAllowedError");
  const audio: MediaTrackConstraints = {
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
    ...(id === "" ? {} : { deviceId: { exact: id } }),
  };
  const stream = await devices.getUserMedia({ audio, video: false });
  const [track] = stream.getAudioTracks();
  if (!track) throw new DOMException("a stream without sound", "NotFoundError");
  return track;
}

function whyNot(problem: unknown): MicrophoneProblem {
  const name = problem instanceof DOMException ? problem.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "refused";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "none";
  return name === "NotReadableError" || name === "AbortError" ? "busy" : "failed";
}

/** The microphone for talks, and one player for each of them. */
export class PageSound implements Sound {
  readonly #players = new Map<string, Player>();

  constructor() {
    effect(() => {
      const id = loudspeakerId.value;
      for (const player of this.#players.values()) this.#direct(player, id);
    });
  }

  microphone(): Promise<MediaStreamTrack> {
    return openMicrophone();
  }

  play(call: string, stream: MediaStream | null): void {
    if (stream === null) {
      const player = this.#players.get(call);
      if (player) player.srcObject = null;
      this.#players.delete(call);
      return;
    }
    const player: Player = this.#players.get(call) ?? new Audio();
    this.#players.set(call, player);
    // What it plays already is played on: a call is there, silent, before it is answered.
    if (player.srcObject !== stream) player.srcObject = stream;
    this.#direct(player, loudspeakerId.value);
    // Refused only where nobody has touched the page: then nobody has answered either.
    player.play().catch(() => {});
  }

  #direct(player: Player, id: string): void {
    // A loudspeaker that was pulled out leaves the sound where it is.
    void player.setSinkId?.(id).catch(() => {});
  }
}
