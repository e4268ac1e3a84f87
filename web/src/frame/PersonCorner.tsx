import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Me } from "../api/authority";
import { roleNames } from "../words/roles";
import { authority, signOut } from "./authority";
import { language, words } from "./language";
import { signInAddress } from "./ownAddress";

/** The right of the header: who is signed in, or the way in. Empty where there is no authority. */
export function PersonCorner(props: { path: string }) {
  const t = words.value;
  const state = authority.value;
  if (!state) return <div class="corner" />;
  if (state.me) return <PersonMenu person={state.me} />;
  if (props.path === "/sign-in" || props.path === "/enrol") return <div class="corner" />;
  return (
    <div class="corner">
      <a class="button corner-sign-in" href={signInAddress(location, state)}>
        {t.signIn}
      </a>
    </div>
  );
}

/** The first letters of the first and the last name. */
export function initials(name: string): string {
  const names = name.trim().split(/\s+/u);
  const first = [names[0], names.length > 1 ? names.at(-1) : ""];
  return first.map((part) => Array.from(part ?? "")[0] ?? "").join("");
}

function PersonMenu(props: { person: Me }) {
  const t = words.value;
  const { person } = props;
  const [open, setOpen] = useState(false);
  const [failed, setFailed] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    if (!open) return;
    const outside = (event: Event) => {
      if (!place.current?.contains(event.target as Node)) setOpen(false);
    };
    const pressed = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      setOpen(false);
      button.current?.focus();
      event.preventDefault();
    };
    document.addEventListener("click", outside);
    document.addEventListener("focusin", outside);
    document.addEventListener("keydown", pressed, { capture: true });
    return () => {
      document.removeEventListener("click", outside);
      document.removeEventListener("focusin", outside);
      document.removeEventListener("keydown", pressed, { capture: true });
    };
  }, [open]);
  const name = person.display_name || person.person;
  const telling = person.roles.filter((role) => role !== "member");
  const shown = telling.length > 0 ? telling : person.roles;
  const roles = shown.map((role) => roleNames[language.value][role]).join(", ");
  return (
    <div class="corner" ref={place}>
      <button
        ref={button}
        type="button"
        id="person"
        class={person.break_glass ? "corner-person corner-break-glass" : "corner-person"}
        aria-expanded={open}
        aria-label={t.signedInAs(name)}
        onClick={() => setOpen(!open)}
      >
        <span class="corner-initials" aria-hidden="true">
          {initials(name)}
        </span>
        <bdi class="corner-name">{name}</bdi>
      </button>
      {open ? (
        <div class="corner-menu card">
          <p class="corner-full">
            <bdi>{name}</bdi>
          </p>
          <p class="faint">
            <bdi>{person.person}</bdi>
          </p>
          <p class="corner-roles">{roles}</p>
          {person.break_glass ? <p class="problem">{t.breakGlassSession}</p> : null}
          <a class="button" href="/me">
            {t.myAccess}
          </a>
          <button
            type="button"
            class="button"
            id="sign-out"
            onClick={() => signOut().catch(() => setFailed(true))}
          >
            {t.signOut}
          </button>
          {failed ? (
            <p class="problem" role="alert">
              {t.signOutFailed}
            </p>
          ) : null}
        </div>
      ) : null}
    </div>
  );
}
