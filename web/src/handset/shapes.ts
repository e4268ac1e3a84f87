/** What the authority tells a handset, checked where it enters. Times are POSIX seconds. */

import { get, post } from "../api/client";
import { array, boolean, type Check, number, object, oneOf, string } from "../api/validate";

/** Where this handset stands. */
export interface Handset {
  name: string;
  lat_deg: number;
  lon_deg: number;
}
const handset = object<Handset>({ name: string, lat_deg: number, lon_deg: number });

/** A handset hears exercises and tests; what is for the population never comes here. */
export type HeardChannel = "exercise" | "test";

export interface Message {
  id: string;
  channel: HeardChannel;
  message_id: number;
  serial: number;
  language: string;
  text: string;
  cancelled: boolean;
}
const channel: Check<HeardChannel> = oneOf("exercise", "test");

export interface Air {
  now: number;
  messages: Message[];
  handset: Handset;
}
export const air = object<Air>({
  now: number,
  messages: array(
    object<Message>({
      id: string,
      channel,
      message_id: number,
      serial: number,
      language: string,
      text: string,
      cancelled: boolean,
    }),
  ),
  handset,
});

const AT = "/api/authority/handset";
export const openHandset = (secret: string) => post(`${AT}/open`, { secret }, handset);
export const getAir = () => get(`${AT}/air`, air);
