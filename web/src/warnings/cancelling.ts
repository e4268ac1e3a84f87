/** The one press with which an officer takes a warning back, signed with this browser's key. */

import { explaining } from "../authority/approvals/trustSentence";
import { freshen } from "../authority/kit";
import { cancelOf } from "../trust/commands";
import type { DeviceKey } from "../trust/device";
import { envelopeToJson } from "../trust/envelope";
import { cancelWarning } from "./api";
import type { FullWarning } from "./shapes";

/** Sign the cancel of a warning and hand it to the authority. */
export function signCancel(
  warning: string,
  reason: string,
  device: DeviceKey,
): Promise<FullWarning> {
  return explaining(async () => {
    await freshen();
    const envelope = await cancelOf(warning, reason, device, Date.now() / 1000);
    return cancelWarning(warning, envelopeToJson(envelope));
  });
}
