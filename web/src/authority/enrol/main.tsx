import "../kit/styles";
import "./enrol.css";
import { computed } from "@preact/signals";
import { showPage } from "../kit";
import { EnrolPage, invitation, unreadable, words } from "./EnrolPage";
import { readInvitation, takeFromAddress } from "./invitation";

function take(): void {
  const handed = takeFromAddress(location, history);
  if (handed === "") return;
  invitation.value = readInvitation(handed);
  unreadable.value = invitation.value === null;
}

// Before anything else: the address holds a secret. A second link opened here comes as a change.
take();
addEventListener("hashchange", () => {
  if (location.hash !== "#content") take();
});
showPage(
  computed(() => words.value.title),
  EnrolPage,
);
