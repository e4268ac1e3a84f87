/**
 * How a call sounds: the E-model of ITU-T G.107 (06/2015), as `calls/quality.py` has it.
 *
 * Everything about telephones, rooms and echo is at the recommendation's defaults (table 3), and the
 * codec is Opus with the values chosen there. Vectors of both halves show that they are equal.
 */

import type { Report } from "./signalling/bodies";

/** How one end hears the other. */
export interface Quality {
  /** Rating, up to about 93. */
  r: number;
  /** Mean opinion score for conversation, 1 to 4.5. */
  mos: number;
}

/** What one end received, and from how far. */
export interface Reception {
  /** One way, from mouth to ear. */
  delayS: number;
  /** Packets that were not played, 0 to 1. */
  loss: number;
  /** BurstR: 1 where losses lie as chance has it. */
  burstRatio: number;
}

/** Opus at 32 kbit/s: equipment impairment, and robustness against loss. */
const IE = 0;
const BPL = 15;
/** A packet of 20 ms and 6.5 ms of look-ahead. */
const CODEC_DELAY_MS = 26.5;

/** Defaults of table 3; loudness and noise in dB, the names are the recommendation's. */
const SLR = 8;
const RLR = 2;
const STMR = 15;
const D_R = 3;
const D_S = 3;
const TELR = 65;
const WEPL = 110;
const QDU = 1;
const N_C = -70;
const N_FOR = -64;
const P_S = 35;
const P_R = 35;
const LEAST_DELAY_MS = 100;
const OLR = SLR + RLR;

/** How a receiver hears by what it reports; the way back is taken to be as long. */
export function qualityOf(report: Report): Quality {
  const delayS = (report.round_trip_ms / 2 + report.buffer_ms + CODEC_DELAY_MS) / 1000;
  return quality({ delayS, loss: lossOf(report), burstRatio: 1 }, delayS);
}

/** What was not played, 0 to 1; all of it where nothing has come at all. */
export function lossOf({ received, lost, concealed }: Report): number {
  const packets = received + lost;
  return packets === 0 ? 1 : Math.max(lost / packets, concealed);
}

/** How the receiving end hears; `backDelayS` is the way of its own voice. */
export function quality(reception: Reception, backDelayS: number): Quality {
  const r = rating(reception, backDelayS);
  return { r, mos: mosOf(r) };
}

/** The mean opinion score of a rating (annex B); 1 where the cubic dips below. */
export function mosOf(r: number): number {
  if (r <= 0) return 1;
  if (r >= 100) return 4.5;
  return Math.max(1, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6);
}

/** R = Ro - Is - Id - Ie-eff (clause 7.1). */
function rating({ delayS, loss, burstRatio }: Reception, backDelayS: number): number {
  const oneWay = 1000 * delayS;
  const roundTrip = 1000 * (delayS + backDelayS);
  const noise = allNoise();
  const ro = 15 - 1.5 * (SLR + noise);
  const impairment = simultaneous(ro, noise, oneWay) + delayed(ro, noise, oneWay, roundTrip);
  return ro - impairment - effectiveIe(100 * loss, burstRatio);
}

/** Ie-eff, what codec and loss take away together (clause 7.5). */
function effectiveIe(percent: number, burstRatio: number): number {
  const share = percent === 0 ? 0 : percent / (percent / burstRatio + BPL);
  return IE + (95 - IE) * share;
}

/** No, all noise added at the 0 dBr point, dBm0p (clause 7.2). */
function allNoise(): number {
  const lstr = STMR + D_R;
  const sender = P_S - SLR - D_S - 100 + 0.004 * (P_S - OLR - D_S - 14) ** 2;
  const room = P_R + 10 * Math.log10(1 + 10 ** ((10 - lstr) / 10));
  const receiver = RLR - 121 + room + 0.008 * (room - 35) ** 2;
  const powers = [N_C, sender, receiver, N_FOR + RLR].map((each) => 10 ** (each / 10));
  return 10 * Math.log10(powers.reduce((sum, each) => sum + each, 0));
}

/** Is: what comes with the voice: loudness, side tone, quantisation (clause 7.3). */
function simultaneous(ro: number, noise: number, oneWay: number): number {
  const x = (OLR + 0.2 * (64 + noise - RLR)) / 8;
  const loudness = 20 * ((1 + x ** 8) ** (1 / 8) - x);
  const q = 37 - 15 * Math.log10(QDU);
  const g = 1.07 + 0.258 * q + 0.0602 * q ** 2;
  const y = (ro - 100) / 15 + 46 / 8.4 - g / 9;
  const z = 46 / 30 - g / 40;
  return loudness + sideTone(oneWay) + 15 * Math.log10(1 + 10 ** y + 10 ** z);
}

/** Ist, what a side tone too loud or too faint takes away. */
function sideTone(oneWay: number): number {
  const echo = Math.exp(-oneWay / 4) * 10 ** (-TELR / 10);
  const heard = -10 * Math.log10(10 ** (-STMR / 10) + echo);
  return (
    12 * (1 + ((heard - 13) / 6) ** 8) ** (1 / 8) -
    28 * (1 + ((heard + 1) / 19.4) ** 35) ** (1 / 35) -
    13 * (1 + ((heard - 3) / 33) ** 13) ** (1 / 13) +
    29
  );
}

/** Id: echo of the talker, echo of the listener, and delay itself (clause 7.4). */
function delayed(ro: number, noise: number, oneWay: number, roundTrip: number): number {
  const listener = 10.5 * (WEPL + 7) * (roundTrip + 1) ** -0.25;
  const half = (ro - listener) / 2;
  const talker = talkerEcho(noise, oneWay);
  return talker + half + Math.sqrt(half ** 2 + 169) + delayAlone(oneWay);
}

/** Idte; a side tone of 15 dB neither hides it nor adds to it. */
function talkerEcho(noise: number, oneWay: number): number {
  if (oneWay < 1) return 0;
  const spread = Math.log10((1 + oneWay / 10) / (1 + oneWay / 150));
  const terv = TELR - 40 * spread + 6 * Math.exp(-0.3 * oneWay ** 2);
  const half = (-1.5 * (noise - RLR) - (80 + 2.5 * (terv - 14))) / 2;
  return (half + Math.sqrt(half ** 2 + 100) - 1) * (1 - Math.exp(-oneWay));
}

/** Idd, what delay takes away where there is no echo at all. */
function delayAlone(oneWay: number): number {
  if (oneWay <= LEAST_DELAY_MS) return 0;
  const x = Math.log2(oneWay / LEAST_DELAY_MS);
  return 25 * ((1 + x ** 6) ** (1 / 6) - 3 * (1 + (x / 3) ** 6) ** (1 / 6) + 2);
}
