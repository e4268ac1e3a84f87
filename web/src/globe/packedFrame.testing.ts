import { HEADER_BYTES } from "./frames";

/** A frame as the server packs it (little endian). */
export function packed(
  positions: [number, number, number][],
  statuses: number[],
  header: { time?: number; rate?: number; flags?: number; version?: number } = {},
): ArrayBuffer {
  const count = positions.length;
  const data = new ArrayBuffer(HEADER_BYTES + count * 13);
  const view = new DataView(data);
  new Uint8Array(data).set(new TextEncoder().encode("BSKY"));
  view.setUint16(4, header.version ?? 1, true);
  view.setUint16(6, header.flags ?? 0, true);
  view.setFloat64(8, header.time ?? 1_748_476_800, true);
  view.setFloat64(16, header.rate ?? 1, true);
  view.setUint32(24, count, true);
  view.setUint32(28, 7, true);
  positions.flat().forEach((value, index) => {
    view.setFloat32(HEADER_BYTES + index * 4, value, true);
  });
  statuses.forEach((status, index) => {
    view.setUint8(HEADER_BYTES + count * 12 + index, status);
  });
  return data;
}
