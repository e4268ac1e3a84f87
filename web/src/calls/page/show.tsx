import { effect } from "@preact/signals";
import { render } from "preact";
import "../../authority/directory/directory.css";
import { authority, authorityProblem } from "../../frame/authority";
import { connection, consoleInfo, refreshConsole } from "../../frame/state";
import { callAttention } from "./attention";
import "./call.css";
import { type Exchange, openDesk } from "./desk";
import "./phone.css";
import "./messages.css";
import { PhonePage } from "./PhonePage";
import { textAttention } from "./textNews";

/** Shows the telephone, and opens it once it is known who is signed in, or that nobody can say. */
export function showPhone(exchange: Exchange): void {
  refreshConsole();
  callAttention();
  textAttention();
  effect(() => {
    if (consoleInfo.value) connection.value = { state: "connected" };
  });
  const page = document.getElementById("page");
  if (page) render(<PhonePage exchange={exchange} />, page);
  let opened = false;
  effect(() => {
    // Two people's keys may be here: whose telephone it is then goes by who is signed in.
    const known = authority.value !== undefined || authorityProblem.value !== null;
    if (!known || opened) return;
    opened = true;
    void openDesk(exchange);
  });
}
