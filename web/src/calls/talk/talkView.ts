/** A talk as the page shows it, and what a talk asks of the page: sound. */

import type { Precedence } from "../../api/authority";
import type { Peer } from "../../trust/chain";
import type { Profile } from "../../trust/mldsa";
import type { Quality } from "../quality";
import type { Side } from "../signalling/bodies";
import type { Cause } from "../signalling/causes";
import type { State } from "../signalling/steps";
import type { Trouble } from "./trouble";

/** The person's ears and mouth. */
export interface Sound {
  /** Asked for when dialling or answering, never before; the talk stops it at its end. */
  microphone(): Promise<MediaStreamTrack>;
  /** Plays what comes of a call, in the place of what it played of it before; null: it is over. */
  play(call: string, stream: MediaStream | null): void;
}

/** What is known of the other end. */
export type Security =
  | { state: "preparing" }
  /** Something was not as it must be: the call was ended for it. */
  | { state: "refused"; sentence: string }
  | {
      state: "secured";
      profile: Profile;
      /** Of the call's group. */
      epoch: bigint;
      /** The device at the other end: its chain, judged here. */
      peer: Peer;
      /** SHA-256 of the key of that device, small hexadecimal digits. */
      keyPrint: string;
      /** Who has cosigned the log that its certificate stands in: `italia.example/office/rome`. */
      witnesses: readonly string[];
      /** Equal at both ends if nobody stands between: groups of digits, apart by spaces. */
      safety: string;
    };

/** Something that was refused or went wrong, in a call or beside all of them. */
export interface Problem {
  /** What the page says of it; `edge` for what the edge refused, `texts` for written messages. */
  what: Trouble | "edge" | "texts";
  /** For people who look closer, in English. */
  sentence: string;
}

/** How the way of the sound stands. */
export type MediaState = "none" | "connecting" | "connected" | "lost";

export interface TalkView {
  readonly call: string;
  readonly side: Side;
  /** `anna.rossi` */
  readonly person: string;
  /** `phone`; empty until one has answered. */
  readonly device: string;
  readonly precedence: Precedence;
  readonly emergency: boolean;
  readonly state: State;
  readonly heldHere: boolean;
  readonly heldThere: boolean;
  readonly muted: boolean;
  /** Milliseconds of `Date.now()`. */
  readonly beganAt: number;
  readonly answeredAt: number | null;
  readonly endedAt: number | null;
  readonly security: Security;
  readonly media: MediaState;
  /** What the receiver has heard in the last seconds. */
  readonly quality: Quality | null;
  /** Why it ended; null while it goes on. */
  readonly cause: Cause | null;
  /** With glare, the call that stands instead. */
  readonly instead: string;
  /** What went wrong here and ended it; null if nothing did. */
  readonly trouble: Trouble | null;
  /** The same in a sentence, for people who look closer; empty if nothing did. */
  readonly problem: string;
}
