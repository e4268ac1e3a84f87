import { effect, signal } from "@preact/signals";
import { store, stored } from "./stored";

export type Theme = "dark" | "light";

const systemIsLight = matchMedia("(prefers-color-scheme: light)");

function chosen(): Theme {
  const kept = stored("theme");
  if (kept === "dark" || kept === "light") return kept;
  return systemIsLight.matches ? "light" : "dark";
}

export const theme = signal<Theme>(chosen());
systemIsLight.addEventListener("change", () => {
  theme.value = chosen();
});
effect(() => {
  document.documentElement.dataset.theme = theme.value;
});

export function switchTheme(): void {
  theme.value = theme.value === "dark" ? "light" : "dark";
  store("theme", theme.value);
}
