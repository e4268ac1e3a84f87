import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, defineConfig, type Plugin } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** What others wrote and the pages carry; their licences ask to travel along. */
const CARRIED = [
  "maplibre-gl",
  "milsymbol",
  "preact",
  "@preact/signals",
  "@preact/signals-core",
  "topojson-client",
  "world-atlas",
  "@fontsource-variable/inter",
  "@hpke/common",
  "@hpke/core",
  "@hpke/dhkem-x25519",
  "@hpke/hybridkem-x-wing",
  "@hpke/ml-kem",
  "@noble/ciphers",
  "@noble/curves",
  "@noble/hashes",
  "@noble/post-quantum",
  "ts-mls",
];

function licences(): Plugin {
  return {
    name: "licences",
    generateBundle() {
      const texts = CARRIED.map((name) => {
        const folder = here(`node_modules/${name}`);
        const { version } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
        const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
        if (!file) throw new Error(`${name} has no licence file`);
        return `${name} ${version}\n\n${readFileSync(`${folder}/${file}`, "utf8").trim()}\n`;
      });
      const rule = `\n${"-".repeat(80)}\n\n`;
      this.emitFile({ type: "asset", name: "licences.txt", source: texts.join(rule) });
    },
  };
}

/** The service worker at its fixed address, one script on its own: it imports nothing at run time. */
function guard(): Plugin {
  return {
    name: "guard",
    async generateBundle() {
      const made = await build({
        configFile: false,
        logLevel: "warn",
        publicDir: false,
        build: {
          write: false,
          target: "es2022",
          rolldownOptions: {
            input: here("src/calls/installed/worker.ts"),
            output: { format: "iife", entryFileNames: "phone-worker.js" },
          },
        },
      });
      const [only, ...others] = Array.isArray(made) || !("output" in made) ? [] : made.output;
      if (only?.type !== "chunk" || others.length > 0) throw new Error("the guard is one script");
      this.emitFile({ type: "asset", fileName: only.fileName, source: only.code });
    },
  };
}

/** One entry per page. The console serves what lands in its static folder and nothing else. */
export default defineConfig({
  plugins: [licences(), guard()],
  build: {
    outDir: here("../src/baluardo/console/static"),
    emptyOutDir: true,
    // A data: address would need a hole in the Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    chunkSizeWarningLimit: 1400,
    rolldownOptions: {
      input: {
        globe: here("index.html"),
        missing: here("404.html"),
        signIn: here("sign-in.html"),
        enrol: here("enrol.html"),
        me: here("me.html"),
        start: here("start.html"),
        directory: here("directory.html"),
        approvals: here("approvals.html"),
        policy: here("policy.html"),
        sites: here("sites.html"),
        audit: here("audit.html"),
        network: here("network.html"),
        siteNetwork: here("site-network.html"),
        calls: here("calls.html"),
        phone: here("phone.html"),
        warnings: here("warnings.html"),
        fleet: here("fleet.html"),
        handset: here("handset.html"),
      },
    },
  },
});
