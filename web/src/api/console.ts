import { get } from "./client";
import { array, type Check, object, oneOf, string } from "./validate";

/** One sentence in every language of the pages. */
export interface Text {
  it: string;
  en: string;
}
export const text: Check<Text> = object<Text>({ it: string, en: string });

export interface StatusItem {
  id: string;
  level: "ok" | "notice" | "warning";
  text: Text;
}

export interface ConsoleInfo {
  version: string;
  pages: { path: string; title: Text }[];
  status: StatusItem[];
}

const consoleInfo = object<ConsoleInfo>({
  version: string,
  pages: array(object<ConsoleInfo["pages"][number]>({ path: string, title: text })),
  status: array(object<StatusItem>({ id: string, level: oneOf("ok", "notice", "warning"), text })),
});

/** What the console is made of, and how its parts are. */
export const getConsole = () => get("/api/console", consoleInfo);
