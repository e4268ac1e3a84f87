import { useMemo, useRef, useState } from "preact/hooks";
import type { Sky } from "../api/sky";
import { inLanguage, words } from "../frame/language";
import type { Controller } from "./controller";
import { select, sky } from "./state";

const MOST_RESULTS = 8;

export interface Found {
  readonly key: string;
  readonly name: string;
  readonly note: string;
  readonly site?: string;
  readonly satellite?: number;
}

/** Sites first, then satellites whose number or name begins with, then contains, what was typed. */
export function find(known: Sky, typed: string, siteWord: string): Found[] {
  const wanted = typed.trim().toLowerCase();
  if (wanted === "") return [];
  const sites = known.sites
    .map((site) => ({ id: site.id, name: inLanguage(site.name) }))
    .filter(({ name }) => name.toLowerCase().includes(wanted))
    .map(({ id, name }) => ({ key: id, name, note: siteWord, site: id }));
  const ranked: [number, number][] = [];
  const { names, numbers } = known.satellites;
  for (let index = 0; index < names.length; index++) {
    const name = (names[index] ?? "").toLowerCase();
    const number = String(numbers[index]);
    const rank =
      number === wanted || name === wanted
        ? 0
        : number.startsWith(wanted) || name.endsWith(`-${wanted}`)
          ? 1
          : name.includes(wanted)
            ? 2
            : 3;
    if (rank < 3) ranked.push([rank, index]);
  }
  ranked.sort(([a], [b]) => a - b);
  const satellites = ranked.slice(0, MOST_RESULTS).map(([, index]) => ({
    key: String(numbers[index]),
    name: names[index] ?? "",
    note: String(numbers[index]),
    satellite: numbers[index] as number,
  }));
  return [...sites, ...satellites].slice(0, MOST_RESULTS);
}

/** One box for satellites and sites; arrows and Enter work as in any list. */
export function Search(props: { controller: Controller | null }) {
  const t = words.value;
  const [typed, setTyped] = useState("");
  const [marked, setMarked] = useState(0);
  const [open, setOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const known = sky.value;
  const found = useMemo(() => (known ? find(known, typed, t.site) : []), [known, typed, t.site]);

  const choose = (item: Found | undefined) => {
    if (!item) return;
    // Before the panel takes the keyboard: closed, it must not open a phone's keyboard again.
    input.current?.blur();
    if (item.site !== undefined) {
      select({ kind: "site", id: item.site });
      props.controller?.lookAtSite(item.site);
    } else if (item.satellite !== undefined) {
      select({ kind: "satellite", number: item.satellite });
      props.controller?.lookAtSatellite(item.satellite);
    }
    setTyped("");
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setMarked(Math.min(marked + 1, found.length - 1));
    else if (event.key === "ArrowUp") setMarked(Math.max(marked - 1, 0));
    else if (event.key === "Enter") choose(found[marked]);
    else if (event.key === "Escape" && typed !== "") setTyped("");
    else return;
    event.preventDefault();
  };

  return (
    <search class="card search">
      <svg viewBox="0 0 24 24" class="icon" aria-hidden="true">
        <path d="m20 20-4.5-4.5M17 10.5a6.5 6.5 0 1 1-13 0 6.5 6.5 0 0 1 13 0Z" />
      </svg>
      <input
        ref={input}
        id="search"
        type="text"
        role="combobox"
        autocomplete="off"
        spellcheck={false}
        placeholder={t.search}
        aria-label={t.search}
        aria-expanded={open && found.length > 0}
        aria-controls="search-results"
        {...(found[marked] ? { "aria-activedescendant": `found-${found[marked].key}` } : {})}
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setMarked(0);
          setOpen(true);
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={onKeyDown}
      />
      {open && typed.trim() !== "" && found.length === 0 ? (
        <p class="search-results search-nothing faint" role="status">
          {t.searchNothing}
        </p>
      ) : null}
      {open && found.length > 0 ? (
        <div class="search-results" id="search-results" role="listbox" aria-label={t.search}>
          {found.map((item, index) => (
            <button
              key={item.key}
              id={`found-${item.key}`}
              type="button"
              role="option"
              aria-selected={index === marked}
              tabIndex={-1}
              // The keyboard stays in the box, which would else close before the click is done.
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => choose(item)}
            >
              <span class="search-name" dir="auto">
                {item.name}
              </span>
              <span class="faint">{item.note}</span>
            </button>
          ))}
        </div>
      ) : null}
    </search>
  );
}
