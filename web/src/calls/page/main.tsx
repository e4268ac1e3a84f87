import { openCourt } from "../court/edgeCourt";
import { Telephone } from "../talk/telephone";
import { ownDevices, profileOf } from "./ownDevice";
import { showPhone } from "./show";

showPhone({
  devices: ownDevices,
  open: async (device, sound, changed) =>
    Telephone.open(device, await openCourt(profileOf(device)), sound, changed),
});
