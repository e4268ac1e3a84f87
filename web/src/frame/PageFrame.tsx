import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import {
  askWhetherBegun,
  authority,
  begun,
  homeOf,
  me,
  offered,
  refreshIfThere,
} from "./authority";
import { Emblem } from "./Emblem";
import { inLanguage, language, switchLanguage, words } from "./language";
import { PersonCorner } from "./PersonCorner";
import { followWarnings } from "./publicWarnings";
import { StateBanners } from "./StateBanners";
import { StatusStrip } from "./StatusStrip";
import { consoleInfo } from "./state";
import { switchTheme, theme } from "./theme";
import { WarningBanners } from "./WarningBanners";

/** Header, status strip and the place for a page's content: what all pages share. */
export function PageFrame(props: { path: string; children: ComponentChildren }) {
  const t = words.value;
  const pages = consoleInfo.value?.pages;
  useEffect(() => refreshIfThere(pages), [pages !== undefined]);
  useEffect(() => followWarnings(props.path === "/phone"), []);
  const state = authority.value;
  useEffect(() => void askWhetherBegun(state), [state?.me?.person]);
  return (
    <>
      <a class="skip" href="#content">
        {t.skipToContent}
      </a>
      <header class="header">
        <a class="brand" href={homeOf(pages, me.value)}>
          <Emblem />
          <span class="brand-name">{t.name}</span>
          <span class="brand-tagline">{t.tagline}</span>
        </a>
        <Navigation path={props.path} />
        <PersonCorner path={props.path} />
        <div class="switches">
          <button
            type="button"
            class="quiet-button"
            id="language-switch"
            aria-label={t.languageSwitch}
            title={t.languageSwitch}
            onClick={switchLanguage}
          >
            {t.languageShort}
          </button>
          <ThemeSwitch />
        </div>
      </header>
      <WarningBanners />
      <StateBanners />
      <StatusStrip sky={props.path === "/"} />
      <main id="content" lang={language.value} tabIndex={-1}>
        {props.children}
      </main>
    </>
  );
}

function Navigation(props: { path: string }) {
  const pages = offered(consoleInfo.value?.pages ?? [], authority.value, begun.value);
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    // Where the line is longer than the screen, the page one is on is in sight.
    const current = nav.current?.querySelector<HTMLElement>("[aria-current]");
    if (nav.current && current) nav.current.scrollLeft = current.offsetLeft - 60;
  }, [pages.length]);
  return (
    <nav ref={nav} class={navigationClass(pages.length)} aria-label={words.value.navigation}>
      {pages.map((page) => (
        <a
          key={page.path}
          href={page.path}
          class={page.path === "/start" && authority.value?.first_run ? "navigation-first" : ""}
          {...(page.path === props.path ? { "aria-current": "page" as const } : {})}
        >
          {inLanguage(page.title)}
        </a>
      ))}
    </nav>
  );
}

/** Many pages get a line of their own where the screen is narrow. */
const navigationClass = (pages: number) =>
  pages > 2 ? "navigation navigation-many" : "navigation";

function ThemeSwitch() {
  const dark = theme.value === "dark";
  const label = dark ? words.value.themeToLight : words.value.themeToDark;
  return (
    <button
      type="button"
      class="quiet-button"
      id="theme-switch"
      aria-label={label}
      title={label}
      onClick={switchTheme}
    >
      <svg viewBox="0 0 24 24" class="icon" aria-hidden="true">
        {dark ? (
          <path d="M12 4V2m0 20v-2m8-8h2M2 12h2m13.7-5.7 1.4-1.4M4.9 19.1l1.4-1.4m0-11.4L4.9 4.9m14.2 14.2-1.4-1.4M16.5 12a4.5 4.5 0 1 1-9 0 4.5 4.5 0 0 1 9 0Z" />
        ) : (
          <path d="M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5Z" />
        )}
      </svg>
    </button>
  );
}
