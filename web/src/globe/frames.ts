/** The binary frame that the server sends once a second: the whole sky at one moment. */

import { writeSphereOf } from "./geometry";

export const FRAME_VERSION = 1;
export const HEADER_BYTES = 40;

/** `terms.Status` of the server. */
export const Status = { OPERATIONAL: 0, RAISING: 1, DECAYED: 2, FAILED: 3 } as const;

/** What the picture does with a satellite. */
export const Shown = { HIDDEN: 0, DIM: 1, FULL: 2 } as const;

export interface SkyFrame {
  readonly replay: boolean;
  readonly paused: boolean;
  /** POSIX seconds UTC. */
  readonly skyTime: number;
  /** Sky seconds per real second; 0 when paused. */
  readonly rate: number;
  readonly count: number;
  readonly sequence: number;
  /** Places in the map's space, three numbers a satellite; (0, 0, 0) where there is none. */
  readonly places: Float32Array;
  /** `Shown` of each satellite. */
  readonly shown: Uint8Array;
}

export class FrameError extends Error {}

/** Read one frame; FrameError if it is none or of another version or length than it says. */
export function decodeFrame(data: ArrayBuffer): SkyFrame {
  if (data.byteLength < HEADER_BYTES) throw new FrameError("frame shorter than its header");
  const view = new DataView(data);
  if (view.getUint32(0, false) !== 0x42534b59)
    throw new FrameError("frame does not begin with BSKY");
  const version = view.getUint16(4, true);
  if (version !== FRAME_VERSION) throw new FrameError(`frame version ${version} is not known`);
  const flags = view.getUint16(6, true);
  const count = view.getUint32(24, true);
  if (data.byteLength !== HEADER_BYTES + count * 13) {
    throw new FrameError(`frame of ${count} satellites has ${data.byteLength} bytes`);
  }
  const skyTime = view.getFloat64(8, true);
  const rate = view.getFloat64(16, true);
  if (!Number.isFinite(skyTime) || !Number.isFinite(rate)) {
    throw new FrameError("frame of no time");
  }
  const places = new Float32Array(count * 3);
  const shown = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const at = HEADER_BYTES + i * 12;
    const x = view.getFloat32(at, true);
    const y = view.getFloat32(at + 4, true);
    const z = view.getFloat32(at + 8, true);
    const status = view.getUint8(HEADER_BYTES + count * 12 + i);
    if (!Number.isFinite(x + y + z)) continue;
    writeSphereOf(x, y, z, places, i * 3);
    if (status === Status.OPERATIONAL) shown[i] = Shown.FULL;
    else if (status === Status.RAISING) shown[i] = Shown.DIM;
  }
  return {
    replay: (flags & 1) !== 0,
    paused: (flags & 2) !== 0,
    skyTime,
    rate,
    count,
    sequence: view.getUint32(28, true),
    places,
    shown,
  };
}
